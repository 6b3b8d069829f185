import type { Fixed } from './expFixed.ts';

/** One block of the series: integer coefficients of s^0 ... s^(j - 1) over a divisor; s^j times the next block joins them. */
interface Block {
  readonly coefficients: readonly bigint[];
  readonly divisor: bigint;
}

/** The exponential series in blocks of j terms, for one precision. */
export type Series = readonly Block[];

/** exp(s) for 0 <= s 2^-F <= 2^-6, term by term: for tables, once per precision. */
export function taylor(s: bigint, fraction: number): Fixed {
  const shift = BigInt(fraction);
  let sum = 1n << shift;
  let term = sum;
  let n = 0;
  while (term !== 0n) {
    n++;
    term = ((term * s) >> shift) / BigInt(n);
    sum += term;
  }
  // A term's error is at most its predecessor's times 2^-6 and 2 for its floors, so below 2.1; the first term that
  // comes out as 0 is below 2.1, and all after it are below 0.1 together.
  return { value: sum, error: BigInt(Math.ceil(2.1 * n + 0.1)) };
}

/** The blocks for 0 <= s < 2^-start. */
export function makeSeries(fraction: number, start: number): Series {
  // The terms from n on sum to less than 1.1 (2^-start)^n / n!: below 1.1 units when these exponents of two suffice.
  let n = 1;
  for (let exponent = start; exponent < fraction; exponent += start + 31 - Math.clz32(n)) n++;
  // j products make the powers, n / j the blocks; 8 factors below 2^8 keep a coefficient in one 64-bit word.
  const j = Math.min(8, Math.max(2, Math.ceil(Math.sqrt(n))));
  // sum_n s^n / n! = S_0 with S_k = sum_{i < j} s^i (k j)! / (k j + i)! + s^j (k j)! / (k j + j)! S_{k + 1}. Over the divisor
  // (k j + 1) ... (k j + j) all coefficients are integers, the last one 1.
  return Array.from({ length: Math.ceil(n / j) }, (_, k) => {
    const coefficients: bigint[] = [];
    let c = 1n;
    for (let i = j - 1; i >= 0; i--) {
      c *= BigInt(k * j + i + 1);
      coefficients[i] = c;
    }
    return { coefficients, divisor: c };
  });
}

/** exp(s) for 0 <= s < 2^-start in units of 2^-F, from below within 6 units: Smith's rectangular splitting. */
export function sumSeries(series: Series, s: bigint, fraction: number): bigint {
  const shift = BigInt(fraction);
  const j = series[0]!.coefficients.length;
  // s^i is from below within 1.1 units for i >= 2: its floor, and its predecessor's error times s.
  const powers: bigint[] = [1n << shift, s];
  for (let i = 2; i <= j; i++) powers[i] = (powers[i - 1]! * s) >> shift;
  let sum = 0n;
  for (let k = series.length - 1; k >= 0; k--) {
    const { coefficients, divisor } = series[k]!;
    let block = sum === 0n ? 0n : (powers[j]! * sum) >> shift;
    for (let i = 0; i < j; i++) block += powers[i]! * coefficients[i]!;
    // Before the division by 2 or more, in divisors: 1.1 (1/2! + 1/3! + ...) < 0.8 of the powers, (1.1 * 1.1 + 1) / 2 of s^j and
    // its floor, next to nothing of S_{k + 1}; the floor here adds 1 and the tail of the series 1.1: below 4.1 units.
    sum = block / divisor;
  }
  return sum;
}
