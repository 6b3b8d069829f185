import type { Fixed } from './expFixed.ts';

// Halvings before the pieces: each saves more than its squaring costs while the first series is long.
const HALVINGS = 24;

/** exp(s 2^-F) for 0 <= s < 2^F: halved, cut into pieces of doubling length, each summed by binary splitting, squared back. */
export function expPieces(s: bigint, fraction: number): Fixed {
  const wide = fraction + HALVINGS + 8;
  const shift = BigInt(wide);
  const halved = s << 8n;
  let product = 1n << shift;
  let relative = 0;
  for (let start = HALVINGS; start < wide; start *= 2) {
    const end = Math.min(2 * start, wide);
    // The bits of x from 2^-(start + 1) down to 2^-end: u 2^-end < 2^-start.
    const u = BigInt.asUintN(end - start, halved >> BigInt(wide - end));
    if (u === 0n) continue;
    product = (product * binarySplitting(u, start, end, wide)) >> shift;
    // Factors and products are 1 or more, so errors in units are relative errors or less: 3 of the factor, 1 of the floor.
    relative += 4;
  }
  for (let i = 0; i < HALVINGS; i++) {
    product = (product * product) >> shift;
    relative = 2 * relative + 1;
  }
  // 2^(HALVINGS + 8) units of the wide fraction are one here; the result is below e and products of errors are negligible;
  // the floor adds 1.
  return { value: product >> BigInt(HALVINGS + 8), error: BigInt(Math.ceil((2.72 * relative) / 2 ** (HALVINGS + 8)) + 1) };
}

/** exp(u 2^-end) for u 2^-end < 2^-start, from below within 3 units of 2^-F. */
function binarySplitting(u: bigint, start: number, end: number, fraction: number): bigint {
  // The terms after n sum to less than 2 (2^-start)^(n + 1) / (n + 1)!, below 1 unit when the exponents of two suffice.
  let n = 0;
  for (let exponent = 0; exponent < fraction + 1;) {
    n++;
    exponent += start + 31 - Math.clz32(n);
  }
  const powers = new Map<number, bigint>([[1, u]]);
  const powerOf = (k: number): bigint => {
    const known = powers.get(k);
    if (known !== undefined) return known;
    const made = powerOf(k >> 1) * powerOf(k - (k >> 1));
    powers.set(k, made);
    return made;
  };
  // sum_{a <= i < b} of prod_{a <= j <= i} u 2^-end / j is t 2^(-end (b - a)) / q with q = a ... (b - 1).
  const sum = (a: number, b: number): { q: bigint; t: bigint } => {
    if (b - a === 1) return { q: BigInt(a), t: u };
    const middle = (a + b) >> 1;
    const left = sum(a, middle);
    const right = sum(middle, b);
    return { q: left.q * right.q, t: ((left.t * right.q) << BigInt(end * (b - middle))) + powerOf(middle - a) * right.t };
  };
  const { q, t } = sum(1, n + 1);
  const scale = fraction - end * n;
  return (1n << BigInt(fraction)) + (scale >= 0 ? t << BigInt(scale) : t >> BigInt(-scale)) / q;
}
