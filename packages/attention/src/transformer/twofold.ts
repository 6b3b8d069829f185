// Veltkamp's constant for float64: it splits 53 bits into 26 and 27.
const SPLITTER = 2 ** 27 + 1;

/**
 * start + bias + sum a_j b_j as if summed in twice the working precision and rounded once (Ogita, Rump and Oishi, Dot2):
 * products and sums are split without error into a float64 and its remainder, and the remainders are summed aside.
 *
 * @internal
 */
export function twofoldDot(start: number, a: Float64Array, aFrom: number, b: Float64Array, bias: number): number {
  let sum = start + bias;
  let aside = remainder(start, bias, sum);
  for (let j = 0; j < b.length; j++) {
    const x = a[aFrom + j]!;
    const y = b[j]!;
    if (x === 0 || y === 0) continue;
    const product = x * y;
    const xs = SPLITTER * x;
    const xHigh = xs - (xs - x);
    const ys = SPLITTER * y;
    const yHigh = ys - (ys - y);
    const xLow = x - xHigh;
    const yLow = y - yHigh;
    const next = sum + product;
    aside += xLow * yLow - (product - xHigh * yHigh - xLow * yHigh - xHigh * yLow) + remainder(sum, product, next);
    sum = next;
  }
  return sum + aside;
}

/** a + b - sum exactly, for sum = a + b rounded (Knuth's TwoSum). */
function remainder(a: number, b: number, sum: number): number {
  const shift = sum - a;
  return a - (sum - shift) + (b - shift);
}
