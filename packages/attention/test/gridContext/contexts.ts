import { randomSource } from '@prompt-limits/core-linalg';
import { add, divide, exp, fromDyadic, fromNumber, fromRational, multiply, multiplyDyadic, dyadicFromNumber, type Dyadic, type Interval } from '@prompt-limits/core-linalg/intervals';
import { positionedCodes, type GridCodes, type GridContextMapping } from '../../src/index.ts';

/** The codes of all m^(d n) sequences. */
export function allContexts(grid: GridCodes): Float64Array[] {
  const { d, m, n } = grid;
  return Array.from({ length: m ** (d * n) }, (_, index) => positionedCodes(grid, Array.from({ length: d * n }, (__, i) => Math.floor(index / m ** i) % m)));
}

/** The codes of random sequences. */
export function randomContexts(grid: GridCodes, count: number, seed: number): Float64Array[] {
  const random = randomSource(seed);
  return Array.from({ length: count }, () => positionedCodes(grid, Array.from({ length: grid.d * grid.n }, () => Math.floor(random.uniform() * grid.m))));
}

/** The attention mean from the formula, an exponential for every key. */
export function naiveMean(codes: ArrayLike<number>, lambda: Dyadic, bits: number): Interval {
  const top = Math.max(...Array.from(codes));
  let [total, weighted] = [fromNumber(0), fromNumber(0)];
  for (const a of Array.from(codes)) {
    const weight = exp(fromDyadic(multiplyDyadic(lambda, dyadicFromNumber(a - top))), bits);
    total = add(total, weight, bits);
    weighted = add(weighted, multiply(weight, fromNumber(a), bits), bits);
  }
  return divide(weighted, total, bits);
}

/** The ID from the formula. */
export function naiveId({ beta, kappa, codes: { m } }: GridContextMapping, codes: ArrayLike<number>, token: number, bits: number): Interval {
  const a = codes[token]!;
  const mean = naiveMean(codes, multiplyDyadic(beta, dyadicFromNumber(a)), bits);
  return multiply(add(fromNumber(a), multiply(fromNumber(kappa), mean, bits), bits), fromRational(1n, BigInt(m), bits), bits);
}
