import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { boltz, boltzGradient, boltzHessian, boltzSecondDerivatives, gibbsEntropy, logPartition, softmax } from '../src/index.ts';
import { references, type Reference } from './references/mpfr.ts';
import checkedIn from './references/mpfr.json' with { type: 'json' };

const U = 2 ** -52;
/** The documented bounds, as functions of the score count and the exact value. */
const bounds = {
  boltz: (n: number, value: number) => (n === 1 ? 0 : Math.abs(value) * U + (n + 6) * (1 + Math.log(n)) * U),
  logPartition: (n: number, value: number) => (n === 1 ? 0 : Math.abs(value) * U + (n + Math.log(n)) * U),
  softmax: (n: number, value: number, gap: number) => value * (n + 5 + Math.min(gap, 800) + Math.log(n)) * 2 ** -53 + 2 ** -1060,
  gradient: (n: number) => (n + 6) * (1 + Math.log(n)) ** 2 * U,
  second: (n: number) => (n === 1 ? 0 : 5 * (n + 6) * (1 + Math.log(n)) ** 2 * U),
};

/** |actual - expected| <= bound, said with the numbers on failure. */
function expectWithin(actual: number, expected: number, bound: number, what: string): void {
  expect(Math.abs(actual - expected), `${what}: got ${actual}, expected ${expected} within ${bound}`).toBeLessThanOrEqual(bound);
}

function expectAllWithin({ name, z, ...exact }: Reference): void {
  const n = z.length;
  const top = Math.max(...z);
  expectWithin(boltz(z), exact.boltz, bounds.boltz(n, exact.boltz), `boltz, ${name}`);
  expectWithin(logPartition(z), exact.logPartition, bounds.logPartition(n, exact.logPartition), `logPartition, ${name}`);
  softmax(z).forEach((p, i) => expectWithin(p, exact.softmax[i]!, bounds.softmax(n, exact.softmax[i]!, top - z[i]!), `softmax ${i}, ${name}`));
  boltzGradient(z).forEach((g, i) => expectWithin(g, exact.gradient[i]!, bounds.gradient(n), `gradient ${i}, ${name}`));
  boltzSecondDerivatives(z).forEach((h, i) => expectWithin(h, exact.second[i]!, bounds.second(n), `second derivative ${i}, ${name}`));
}

describe('references computed by MPFR', () => {
  test.each(checkedIn)('$name', (reference) => {
    expectAllWithin(reference);
    const n = reference.z.length;
    // The entropy of the rounded weights: their relative errors are weighted by p_i (1 + ln p_i).
    expectWithin(gibbsEntropy(softmax(reference.z)), reference.entropy, (n + 6) * (1 + Math.log(n)) ** 2 * U, 'entropy');
  });

  test('the checked-in file is what the script computes, with at least 40 cases', async () => {
    expect(checkedIn.length).toBeGreaterThanOrEqual(40);
    expect(JSON.parse(JSON.stringify(await references()))).toEqual(checkedIn);
  });
});

const score = fc.oneof(fc.double({ min: -50, max: 50, noNaN: true }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, 1, -1));
const scores = fc.array(score, { minLength: 1, maxLength: 13 });

propertyTest.prop([scores])('softmax is a distribution that keeps the order of the scores', (z) => {
  const p = softmax(z);
  expectWithin(p.reduce((a, b) => a + b), 1, z.length * U, 'sum');
  z.forEach((a, i) => z.forEach((b, j) => a > b && expect(p[i]).toBeGreaterThanOrEqual(p[j]!)));
});

propertyTest.prop([scores])('max(z) - ln n <= Boltz(z) <= max(z) <= ln Z(z) <= max(z) + ln n', (z) => {
  const n = z.length;
  const top = Math.max(...z);
  const slack = Math.abs(top) * 2 * U + (n + 6) * (1 + Math.log(n)) * U;
  expect(boltz(z)).toBeLessThanOrEqual(top);
  expect(boltz(z)).toBeGreaterThanOrEqual(top - Math.log(n) - slack);
  expect(boltz(z)).toBeGreaterThanOrEqual(Math.min(...z) - slack);
  expect(logPartition(z)).toBeGreaterThanOrEqual(top);
  expect(logPartition(z)).toBeLessThanOrEqual(top + Math.log(n) + slack);
});

propertyTest.prop([fc.array(fc.integer({ min: -2000, max: 2000 }), { minLength: 1, maxLength: 13 }), fc.integer({ min: -(2 ** 40), max: 2 ** 40 })])(
  'a common shift moves Boltz and ln Z by itself and leaves softmax and gradient bit for bit',
  (eighths, shift) => {
    // Sums of eighths below 2^50 are exact, so both calls see the same gaps.
    const z = eighths.map((x) => x / 8);
    const moved = z.map((x) => x + shift);
    expect(softmax(moved)).toEqual(softmax(z));
    expect(boltzGradient(moved)).toEqual(boltzGradient(z));
    expectWithin(boltz(moved), boltz(z) + shift, 2 * bounds.boltz(z.length, Math.abs(shift) + 250), 'boltz');
    expectWithin(logPartition(moved), logPartition(z) + shift, 2 * bounds.logPartition(z.length, Math.abs(shift) + 253), 'ln Z');
  },
);

propertyTest.prop([fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 1, maxLength: 7 })])('the gradient agrees with central differences', (z) => {
  const h = 2 ** -17;
  // Central differences are off by h^2/6 times the third derivative, a product of weights and at most 3 + |z_i - Boltz| <= 19,
  // plus the errors of two values of boltz over 2 h.
  const bound = 19 * h * h + bounds.boltz(z.length, 16) / h;
  boltzGradient(z).forEach((g, i) => {
    const at = (x: number) => boltz(z.map((value, j) => (j === i ? x : value)));
    expectWithin(g, (at(z[i]! + h) - at(z[i]! - h)) / (2 * h), bound, `entry ${i}`);
  });
});

propertyTest.prop([scores])('the gradient sums to 1: a common shift moves Boltz by itself', (z) => {
  expectWithin(boltzGradient(z).reduce((a, b) => a + b), 1, z.length * bounds.gradient(z.length), 'sum');
});

propertyTest.prop([fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 1, maxLength: 7 })])('the Hessian agrees with central differences of the gradient', (z) => {
  const n = z.length;
  const h = 2 ** -17;
  const hessian = boltzHessian(z);
  // h^2/6 times a third derivative of the gradient, a product of weights and at most 4 (3 + |z_i - Boltz|) <= 76, plus two gradients over 2 h.
  const bound = 76 * h * h + bounds.gradient(n) / h + bounds.second(n);
  for (let j = 0; j < n; j++) {
    const at = (x: number) => boltzGradient(z.map((value, k) => (k === j ? x : value)));
    const [above, below] = [at(z[j]! + h), at(z[j]! - h)];
    above.forEach((g, i) => expectWithin(hessian[i * n + j]!, (g - below[i]!) / (2 * h), bound, `entry ${i}, ${j}`));
  }
});

propertyTest.prop([scores])('the Hessian is symmetric, its rows sum to 0, its diagonal is boltzSecondDerivatives', (z) => {
  const n = z.length;
  const hessian = boltzHessian(z);
  const diagonal = boltzSecondDerivatives(z);
  for (let i = 0; i < n; i++) {
    const row = hessian.subarray(i * n, (i + 1) * n);
    expectWithin(row.reduce((a, b) => a + b), 0, n * bounds.second(Math.max(n, 2)), `row ${i}`);
    expect(row[i]).toBe(diagonal[i]);
    row.forEach((h, j) => expect(hessian[j * n + i]).toBe(h));
  }
});

test('logPartition keeps what 1 + rest would lose: ln(1 + e^-40) to a few roundings', () => {
  expectWithin(logPartition([-40, 0]), 4.248354255291589e-18, 8 * U * 4.25e-18, 'ln Z');
  expect(logPartition([0, -5e300, -744])).toBeGreaterThan(0);
});

test('gibbsEntropy: certain is 0, uniform is ln n and the largest', () => {
  expect(gibbsEntropy([1, 0, 0])).toBe(0);
  for (const n of [1, 2, 7, 101]) expectWithin(gibbsEntropy(Array<number>(n).fill(1 / n)), Math.log(n), 2 * (n + 3) * U * Math.log(n), `n = ${n}`);
  expect(gibbsEntropy([0.4, 0.3, 0.3])).toBeLessThan(Math.log(3));
  expect(gibbsEntropy(Float32Array.of(0.7, 0.1, 0.2))).toBeGreaterThan(0.8);
});

describe('bad input', () => {
  test.each([boltz, boltzGradient, boltzHessian, boltzSecondDerivatives, logPartition, softmax])('%o', (f) => {
    const { name } = f;
    expect(() => f([])).toThrow(new RangeError(`${name}: z must hold at least one value, got none`));
    expect(() => f([0, NaN])).toThrow(new RangeError(`${name}: z must be finite, got NaN at index 1`));
    expect(() => f([-Infinity])).toThrow(new RangeError(`${name}: z must be finite, got -Infinity at index 0`));
    expect(() => f(['0'] as never)).toThrow(new TypeError(`${name}: z must hold numbers, got "0" at index 0`));
    expect(() => f(undefined as never)).toThrow(new TypeError(`${name}: z must be an array, got undefined`));
  });

  test('gibbsEntropy', () => {
    expect(() => gibbsEntropy([])).toThrow(new RangeError('gibbsEntropy: p must hold at least one value, got none'));
    expect(() => gibbsEntropy([0.5, 0.6])).toThrow(new RangeError('gibbsEntropy: p must sum to 1, got 1.1'));
    expect(() => gibbsEntropy([1.5, -0.5])).toThrow(new RangeError('gibbsEntropy: p[0] must lie in [0, 1], got 1.5'));
  });
});
