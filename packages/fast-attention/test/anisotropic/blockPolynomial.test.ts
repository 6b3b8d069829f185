import { test, fc } from '@fast-check/vitest';
import { randomSource, spherePoint } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { blockPolynomial, monomialCount, polynomialDegree, type BlockPolynomial } from '../../src/index.ts';
import { abs, divide, exp, fixed, multiply, one, toNumber } from '../fixedPoint.ts';

/** sum_a w_a q^a k^a and the sum of its absolute values, without rounding. */
function value({ set, weights, used }: BlockPolynomial, q: ArrayLike<number>, k: ArrayLike<number>): { P: bigint; absolute: bigint } {
  const phi: bigint[] = [];
  const x = Array.from({ length: used }, (_, c) => multiply(fixed(q[c]!), fixed(k[c]!)));
  let [P, absolute] = [0n, 0n];
  for (let a = 0; a < set.rank; a++) {
    phi[a] = x.reduce((product, factor, c) => {
      let power = product;
      for (let e = 0; e < set.exponents[a * used + c]!; e++) power = multiply(power, factor);
      return power;
    }, one);
    const term = multiply(fixed(weights[a]!), phi[a]!);
    P += term;
    absolute += abs(term);
  }
  return { P, absolute };
}

/** q and k whose blocks have |q_b| |k_b| = reach * rho_b (a hair below, for the rounding of norms), aligned up to `sign`. */
function pair(seed: number, sizes: readonly number[], radii: readonly number[], reach: number, signs: number): { q: number[]; k: number[]; x: bigint } {
  const random = randomSource(seed);
  const [q, k]: [number[], number[]] = [[], []];
  sizes.forEach((size, b) => {
    const point = spherePoint(random, size);
    const length = Math.sqrt(radii[b]! * reach) * (1 - 2 ** -48);
    for (const c of point) {
      q.push(c * length);
      k.push((signs >> b) % 2 === 0 ? c * length : -c * length);
    }
  });
  return { q, k, x: q.reduce((sum, v, c) => sum + multiply(fixed(v), fixed(k[c]!)), 0n) };
}

const questions = [
  { sizes: [3, 13], radii: [0.5, 0.05], tolerance: 5e-3 },
  { sizes: [2, 3, 5], radii: [1.1, 0.2, 0.01], tolerance: 1e-3 },
  { sizes: [1, 1, 2, 3], radii: [2, 0.5, 0.5, 1e-4], tolerance: 1e-2 },
  { sizes: [5], radii: [0.7], tolerance: 1e-4 },
  { sizes: [2, 3], radii: [1e-9, 0], tolerance: 1e-6 },
  { sizes: [1, 1], radii: [4, 0.3], tolerance: 1e-6 },
];

describe('blockPolynomial', () => {
  const polynomials = questions.map((question) => blockPolynomial(question)!);
  const place = fc.record({ which: fc.nat(questions.length - 1), seed: fc.nat(1000), reach: fc.constantFrom(0, 0.3, 0.77, 1), signs: fc.nat(15) });
  test.prop([place], { numRuns: 250, seed: 5 })('the error and the absolute sum hold in exact arithmetic', ({ which, seed, reach, signs }) => {
    const P = polynomials[which]!;
    const { q, k, x } = pair(seed, P.sizes, P.radii, reach, signs);
    const found = value(P, q, k);
    expect(Math.abs(toNumber(divide(found.P, exp(x)) - one))).toBeLessThanOrEqual(P.error);
    expect(P.error).toBeLessThanOrEqual(questions[which]!.tolerance);
    expect(toNumber(found.absolute)).toBeLessThanOrEqual(P.absolute);
  });

  test('the error is attained within a factor of 4 somewhere on the box', () => {
    for (const [which, P] of polynomials.slice(0, 4).entries()) {
      let largest = 0;
      for (let signs = 0; signs < 2 ** P.sizes.length; signs++) {
        const { q, k, x } = pair(which, P.sizes, P.radii, 1, signs);
        largest = Math.max(largest, Math.abs(toNumber(divide(value(P, q, k).P, exp(x)) - one)));
      }
      expect(largest).toBeGreaterThan(P.error / 4);
    }
  });

  test.each([[3, 0.5, 1e-3], [16, 1, 1e-2], [5, 2, 1e-4]])('one block (d = %d, R = %d, tolerance %d) is the isotropic polynomial', (d, R, tolerance) => {
    const P = blockPolynomial({ sizes: [d], radii: [R], tolerance })!;
    expect(BigInt(P.set.rank)).toBe(monomialCount(d, polynomialDegree({ halfWidth: R, tolerance })));
  });

  test('a block that does not matter needs no monomial and no coordinate', () => {
    const P = blockPolynomial({ sizes: [2, 7], radii: [0.5, 1e-4], tolerance: 1e-3 })!;
    expect([P.used, P.set.d]).toEqual([2, 2]);
    expect(BigInt(P.set.rank)).toBe(monomialCount(2, 3));
    const none = blockPolynomial({ sizes: [3], radii: [1e-5], tolerance: 1e-3 })!;
    expect([none.used, none.set.rank]).toEqual([3, 1]);
  });

  test('null where float64 cannot prove it or the rank is too large', () => {
    expect(blockPolynomial({ sizes: [2], radii: [8], tolerance: 1e-12 })).toBe(null);
    expect(blockPolynomial({ sizes: [16], radii: [1], tolerance: 1e-2, mostRank: 968 })).toBe(null);
  });

  const good = { sizes: [2, 3], radii: [1, 0.1], tolerance: 1e-2 };
  test.each([
    [{ sizes: [] }, 'blockPolynomial: sizes must hold at least one value, got none'],
    [{ sizes: [2, 0] }, 'blockPolynomial: sizes[1] must be at least 1, got 0'],
    [{ radii: [1] }, 'blockPolynomial: radii must have length 2 (the length of sizes), got 1'],
    [{ radii: [1, 8.1] }, 'blockPolynomial: radii[1] must lie in [0, 8], got 8.1'],
    [{ radii: [Number.NaN, 1] }, 'blockPolynomial: radii[0] must lie in [0, 8], got NaN'],
    [{ tolerance: 0 }, 'blockPolynomial: tolerance must lie in'],
  ])('bad input %o', (change, message) => {
    expect(() => blockPolynomial({ ...good, ...change })).toThrow(message);
  });
});
