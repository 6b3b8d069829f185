import { entrywiseNorm, randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { affineTarget, buildApproximator, buildUniversal, errorBudget, promptFor, sampledDistance, universalityError } from '../../src/index.ts';
import { row } from './support.ts';

const forms = ['deep', 'wide'] as const;

describe('Theorems 2.3 and 2.4 measured', () => {
  // 3/4-Lipschitz, and no grid has its values.
  const f = affineTarget({ d: 1, L: 1, slope: [0.75], offset: [0.1] });
  // Least squares of log2 y against log2 x.
  const slope = (points: readonly (readonly [number, number])[]): number => {
    const logs = points.map(([x, y]) => [Math.log2(x), Math.log2(y)] as const);
    const mean = (i: 0 | 1) => logs.reduce((sum, p) => sum + p[i], 0) / logs.length;
    return logs.reduce((sum, p) => sum + (p[0] - mean(0)) * (p[1] - mean(1)), 0) / logs.reduce((sum, p) => sum + (p[0] - mean(0)) ** 2, 0);
  };

  test.each(forms)('%s: below the bound with certainty, term by term, and falling like 1/m', (form) => {
    const points: [number, number][] = [];
    for (const m of [4, 8, 16, 32]) {
      const tau = buildUniversal({ d: 1, L: 1, m, form });
      const { measured, bound, holds, runs } = universalityError(tau, promptFor(tau, f), f, { alpha: 1, C: 0.75 });
      expect([measured.certified, holds, runs]).toEqual([true, true, m]);
      // The integral by hand: on cell k the error is f(z) - fbar with fbar = floor(m f(k/m))/m, positive and affine, so its mean is that at the centre.
      let exact = 0;
      for (let k = 0; k < m; k++) exact += (0.1 + (0.75 * (k + 0.5)) / m - Math.floor(m * (0.1 + (0.75 * k) / m)) / m) / m;
      // Ramps of measure 4 m theta where the error is at most rho n + 2 (deep) or 1.
      const onRamps = 4 * m * tau.theta * tau.largestOutput;
      expect(Math.abs(measured.value - exact)).toBeLessThan(2 ** -45);
      expect(measured.low).toBeLessThanOrEqual(exact);
      expect(measured.high).toBeGreaterThanOrEqual(exact);
      expect(measured.high - measured.low).toBeLessThanOrEqual(2 * onRamps + 2 ** -40);
      expect(bound).toEqual(errorBudget({ d: 1, L: 1, m, C: 0.75, alpha: 1, ramps: { measure: tau.rampMeasure, error: tau.largestOutput * (1 + 2 ** -40) } }));
      expect(bound.inputQuantisation).toBeGreaterThanOrEqual(0.75 / m);
      expect(bound.outputQuantisation).toBeGreaterThanOrEqual(1 / m);
      expect(bound.ramps).toBeGreaterThanOrEqual(onRamps);
      // On [low, high] together the slope is as certain as the measurement.
      points.push([m, measured.high]);
    }
    expect(Math.abs(slope(points) + 1)).toBeLessThan(0.2);
    expect(Math.abs(slope(points.map(([m, high], i) => [m, high * (1 - 0.001 * (i % 2))])) + 1)).toBeLessThan(0.2);
  });

  test('two tokens that trade places, width 2: the bound holds for every alpha and choice of table', () => {
    const mix = affineTarget({ d: 2, L: 1, slope: [-0.5, 1], offset: [0.75, 0], source: [1, 0] });
    const swap = affineTarget({ d: 1, L: 2, slope: [1, -1], offset: [0, 1], source: [1, 0] });
    for (const [d, L, g] of [[2, 1, mix], [1, 2, swap]] as const) {
      const tau = buildUniversal({ d, L, m: 5, form: 'wide' });
      for (const alpha of [1, 2, 3.5]) {
        for (const options of [{}, { at: 'centre' }, { round: 'nearest' }, { at: 'centre', round: 'nearest' }] as const) {
          const { measured, bound, holds } = universalityError(tau, promptFor(tau, g, options), g, { alpha, C: 1, ...options });
          expect([holds, measured.certified]).toEqual([true, true]);
          expect(measured.value).toBeLessThan(bound.total);
        }
      }
    }
  });

  test('a function without closed integrals: enclosed by its Lipschitz constant, and sampling agrees', () => {
    const fold = (z: Tokens): Tokens => row(Math.abs(1 - 2 * z.data[0]!));
    const tau = buildUniversal({ d: 1, L: 1, m: 7, form: 'wide' });
    const P = promptFor(tau, fold);
    const { measured, holds } = universalityError(tau, P, fold, { alpha: 2, C: 2 });
    expect([holds, measured.method, measured.certified]).toEqual([true, 'lipschitz', true]);
    const run = tau.load(P);
    const sampled = sampledDistance(run, fold, { d: 1, L: 1, alpha: 2, random: randomSource(2341), points: 251, shifts: 8 });
    expect(sampled.high).toBeGreaterThanOrEqual(measured.low);
    expect(sampled.low).toBeLessThanOrEqual(measured.high);
  });
});

test('ramps as wide as a cell: the transformer is run off them, and the enclosure holds what a fine sum finds', () => {
  const flat = affineTarget({ d: 1, L: 1, slope: [0], offset: [0.75] });
  for (const form of forms) {
    for (const share of [1, 0.9, 0.7, 0.55]) {
      const m = 4;
      const tau = buildUniversal({ d: 1, L: 1, m, form, theta: share / (4 * m) });
      const P = promptFor(tau, flat);
      const { measured } = universalityError(tau, P, flat, { alpha: 1, C: 0 });
      // Off the ramps the constant 3/4 is exact, whatever lies in the middle of a cell.
      expect(measured.value).toBe(0);
      const run = tau.load(P);
      const parts = 400;
      let sum = 0;
      for (let i = 0; i < parts; i++) sum += entrywiseNorm(row(run(row((i + 0.5) / parts)).data[0]! - 0.75), 1) / parts;
      // At most 2 m kinks and jumps, each off by the largest error on one part.
      const slack = (4 * m * (tau.largestOutput + 1)) / parts;
      expect(sum + slack).toBeGreaterThanOrEqual(measured.low);
      expect(sum - slack).toBeLessThanOrEqual(measured.high);
    }
  }
});

test('Theorem B.1 is measured the same way', () => {
  const f = affineTarget({ d: 1, L: 2, slope: [0.5, -1], offset: [0.25, 1], source: [1, 0] });
  const tau = buildApproximator(f, { d: 1, L: 2, m: 6, form: 'deep' });
  const { measured, holds } = universalityError({ ...tau, load: () => tau.run }, tokens(1, new Float64Array(0)), f, { alpha: 1, C: 1 });
  expect([holds, measured.certified]).toEqual([true, true]);
});

test('refuses more cells than maxEvaluations', () => {
  const tau = buildUniversal({ d: 1, L: 1, m: 8, form: 'wide' });
  const f = affineTarget({ d: 1, L: 1, slope: [1], offset: [0] });
  expect(() => universalityError(tau, promptFor(tau, f), f, { alpha: 1, C: 1, maxEvaluations: 7 })).toThrow('must be at most maxEvaluations = 7, got 8 ** 1');
});
