import { quantiseToGrid, randomSource, tokens, type RandomSource, type Tokens } from '@prompt-limits/core-linalg';
import { nextDown } from '@prompt-limits/core-linalg/intervals';
import { describe, expect, test } from 'vitest';
import { applyTable, buildApproximator, buildUniversal, promptOfTable, type FunctionTable, type UniversalTransformer } from '../../src/index.ts';
import { frontQuantiser, quantised, withPositions } from '../../src/universality/quantiseTokens.ts';
import { column, expectDigits, gridInput, randomTable, row } from './support.ts';

const forms = ['deep', 'wide'] as const;

/** An entry of each kind: 0, 1, just below 1, subnormal, a grid point, the end of a plateau, anywhere off the ramps. */
function offRamps({ m, theta }: UniversalTransformer, random: RandomSource): number {
  const k = random.integer(m);
  // With theta = 1/(4m) the plateau is a point, up to rounding.
  const end = k === m - 1 ? 1 : Math.max(k / m, (k + 1) / m - 4 * theta);
  const special = [0, 1, nextDown(1), 2 ** -1074, 1 - theta, 2 ** -1022 * 0.75, k / m, end];
  const at = random.integer(special.length + 4);
  return special[at] ?? k / m + random.uniform() * (end - k / m);
}

const belowIt = (table: FunctionTable, Z: Tokens): Int32Array => applyTable(table, quantiseToGrid(Z, table.m));

describe.each(forms)('%s', (form) => {
  test.each([
    [1, 1, 4, 'tight', 'full', 40],
    [2, 1, 2, 'tight', 'lazy', 40],
    [1, 2, 2, 'tight', 'full', 10],
    [1, 1, 13, 'compact', 'lazy', 40],
    [1, 2, 5, 'compact', 'lazy', 20],
    [2, 1, 5, 'lemma', 'lazy', 5],
    [1, 1, 5, 'lemma', 'lazy', 20],
  ] as const)('d = %i, L = %i, m = %i, %s, %s: off the ramps the output is that of the grid point below', (d, L, m, mode, evaluator, runs) => {
    const random = randomSource(2331);
    for (const theta of [undefined, 1 / (4 * m), 1 / (32 * m)]) {
      const tau = buildUniversal({ d, L, m, form, mode, evaluator, ...(theta && { theta }) });
      expect(tau.rampMeasure).toBe(Math.min(1, 4 * d * L * m * tau.theta));
      const table = randomTable(random, d, L, m);
      const run = tau.load(promptOfTable(table));
      for (let i = 0; i < runs; i++) {
        const Z = tokens(d, Float64Array.from({ length: d * L }, () => offRamps(tau, random)));
        expectDigits(run(Z), belowIt(table, Z), m, tau.labelError);
      }
    }
  });

  test.each([
    [1, 1, 4, 'tight'],
    [2, 1, 2, 'tight'],
    [1, 2, 2, 'tight'],
    [1, 1, 3, 'tight'],
    [1, 2, 3, 'compact'],
    [2, 1, 3, 'compact'],
    [1, 1, 7, 'lemma'],
  ] as const)('d = %i, L = %i, m = %i, %s: on the ramps outputs keep to their bound, and lazy is full', (d, L, m, mode) => {
    const random = randomSource(2332);
    for (const theta of [1 / (4 * m), 2 ** -12]) {
      const tau = buildUniversal({ d, L, m, form, mode, theta });
      const full = mode === 'tight' ? buildUniversal({ d, L, m, form, mode, theta, evaluator: 'full' }) : undefined;
      expect(tau.largestOutput).toBeLessThanOrEqual(form === 'wide' ? 1 + 2 ** -40 : tau.mapping.codes.rho * (tau.Lp + L) + 2);
      const P = promptOfTable(randomTable(random, d, L, m));
      const [run, same] = [tau.load(P), full?.load(P)];
      let ramps = 0;
      for (let i = 0; i < 60; i++) {
        // Every entry within 4 theta below a grid point.
        const Z = tokens(d, Float64Array.from({ length: d * L }, () => (1 + random.integer(m)) / m - 4 * theta * random.uniform()));
        const { data } = run(Z);
        for (const x of data) {
          expect(Math.abs(x)).toBeLessThanOrEqual(tau.largestOutput);
          if (form === 'wide') expect(x).toBeGreaterThanOrEqual(-tau.labelError);
        }
        if (same !== undefined) {
          const all = same(Z).data;
          if (form === 'deep') expect(all).toEqual(data);
          else all.forEach((x, at) => expect(Math.abs(x - data[at]!)).toBeLessThanOrEqual(2 * tau.labelError));
        }
        if (data.some((x) => x > 1 || Math.round(x * m) / m !== x)) ramps++;
      }
      if (form === 'deep') expect(ramps).toBeGreaterThan(0);
    }
  });
});

test('deep, d = 2: on a ramp whose ID is that of another token, lazy adds y - q of that token as the stored network does', () => {
  // Coordinate 1 a quarter of the way from l/m to (l + 1)/m has the code of coordinate 0 one step up, as m = 4: u.z = z_0 + 4 z_1.
  const [d, m, l, theta] = [2, 4, 1, 1 / 32];
  const front = frontQuantiser({ form: 'deep', d, m, n: 1, rho: 1, theta });
  const wanted = (l + 0.25) / m;
  let [low, high] = [(l + 1) / m - 4 * theta, (l + 1) / m];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (quantised(front, withPositions(column(0, middle), 1, 1, theta)).data[1]! - 1 < wanted) low = middle;
    else high = middle;
  }
  const table = randomTable(randomSource(2333), d, 1, m);
  const f = (z: Tokens): Tokens => gridInput(d, applyTable(table, quantiseToGrid(z, m)), m);
  const options = { d, L: 1, m, form: 'deep', theta } as const;
  const lazy = buildApproximator(f, { ...options, mode: 'compact', largestStep: 1 }).run(column(0, high)).data;
  const full = buildApproximator(f, { ...options, mode: 'tight', evaluator: 'full' }).run(column(0, high)).data;
  const label = applyTable(table, [1, l]);
  // z - q = (-1/m, 1/(4m)), within what the bisection leaves; what the attention adds is the same for one code.
  [-1 / m, 0.25 / m].forEach((shift, i) => {
    expect(Math.abs(full[i]! - (label[i]! / m + shift))).toBeLessThan(2 ** -40);
    expect(Math.abs(lazy[i]! - (label[i]! / m + shift))).toBeLessThan(2 ** -40);
  });
});

test('Float32 inputs: k/m as Float32 rounds it is the grid point, also where it lies below', () => {
  let lost = 0;
  for (const m of [10, 49]) {
    const tau = buildUniversal({ d: 1, L: 1, m, form: 'wide' });
    const table = { d: 1, L: 1, m, digits: Int32Array.from({ length: m }, (_, k) => m - 1 - k) };
    const run = tau.load(promptOfTable(table));
    let below = 0;
    for (let k = 0; k < m; k++) {
      const x = Math.fround(k / m);
      if (x < k / m) below++;
      expect(run(tokens(1, Float32Array.of(x))).data[0]).toBe((m - 1 - k) / m);
      // The same number in Float64 lies below the grid point, on the ramp or beyond it.
      if (run(row(x)).data[0] !== (m - 1 - k) / m) lost++;
    }
    expect(below).toBeGreaterThan(1);
  }
  expect(lost).toBeGreaterThan(5);
});
