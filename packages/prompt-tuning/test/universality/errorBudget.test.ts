import { fc, test } from '@fast-check/vitest';
import { tokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { sufficientPromptLength } from '../../src/capacity/sufficientPromptLength.ts';
import { errorBudget, gridForError } from '../../src/universality/errorBudget.ts';
import { applyTable, tableOf } from '../../src/universality/functionTable.ts';

describe('errorBudget', () => {
  test('errata row 7: the printed C delta (dL)^{1/alpha} is exceeded in the mean, the repaired budget is not', () => {
    // f(z) = 3/4 + (z - 1/2)/64 is 1/64-Lipschitz with values in (11/16 + 1/20, 13/16). With m = 4 values are rounded down to
    // 1/2 for z < 1/2 and to 3/4 above: the mean error is at least 1/2 * (3/4 - 1/128 - 1/2) > 0.12, while C delta = 1/256.
    const f = (z: Tokens): Tokens => tokens(1, Float64Array.from(z.data, (x) => 0.75 + (x - 0.5) / 64));
    const table = tableOf(f, { d: 1, L: 1, m: 4 });
    expect([...table.digits]).toEqual([2, 2, 3, 3]);
    // f - fbar is affine and positive on every cell: its integral there is the value in the middle, times 1/4.
    let mean = 0;
    for (let k = 0; k < 4; k++) mean += (f(tokens(1, Float64Array.of((k + 0.5) / 4))).data[0]! - applyTable(table, [k])[0]! / 4) / 4;
    const budget = errorBudget({ d: 1, L: 1, m: 4, C: 1 / 64, alpha: 1 });
    expect(mean).toBeGreaterThan(30 * budget.inputQuantisation);
    expect(mean).toBeLessThanOrEqual(budget.total);
  });

  test('errata row 7: both terms are needed, and no constant below 1 does for either', () => {
    // f(z) = min(1, C z + r): just below the end of a cell the input term is C delta, and a value just below a grid point loses delta.
    const [m, C] = [5, 2];
    const f = (z: Tokens): Tokens => tokens(1, Float64Array.from(z.data, (x) => Math.min(1, C * x + 1 / m - 1e-9)));
    const x = 1 / m - 1e-12; // in cell 0: f(0) = 1/m - 1e-9 goes to 0, f(x) is about C/m + 1/m
    expect(applyTable(tableOf(f, { d: 1, L: 1, m }), [0])[0]).toBe(0);
    const { total } = errorBudget({ d: 1, L: 1, m, C, alpha: 1 });
    const error = f(tokens(1, Float64Array.of(x))).data[0]!;
    expect(error).toBeLessThanOrEqual(total);
    expect(error).toBeGreaterThan(total - 1e-8);
  });

  test.prop([fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 7 }), fc.integer({ min: 2, max: 1000 }), fc.double({ min: 0, max: 1e3, noNaN: true }), fc.integer({ min: 1, max: 6 })], { seed: 431 })(
    'is above its formula in exact arithmetic and within 2^-46',
    (d, L, m, C, alpha) => {
      const { inputQuantisation, outputQuantisation, total } = errorBudget({ d, L, m, C, alpha });
      // total^alpha m^alpha >= (C + 1)^alpha dL, by fractions over a power of two.
      const scaled = (x: number): bigint => BigInt(Math.floor(x * 2 ** 40)) << 60n; // at most 2^-40 too low: compared with slack below
      const left = (scaled(total) * BigInt(m)) ** BigInt(alpha);
      const right = (scaled(C + 1) ** BigInt(alpha)) * BigInt(d * L);
      expect(Number((left * 10n ** 12n) / right) / 1e12).toBeGreaterThan(1 - alpha * m * 2 ** -38);
      const formula = ((C + 1) / m) * (d * L) ** (1 / alpha);
      expect(total).toBeGreaterThanOrEqual(formula);
      expect(total).toBeLessThanOrEqual(formula * (1 + 2 ** -46 + m * 2 ** -52));
      expect(inputQuantisation + outputQuantisation).toBe(total);
    },
  );

  test('a table at centres halves the input term; nearest halves the output term below 1 - delta/2 only', () => {
    const at = { d: 2, L: 3, m: 8, C: 3, alpha: 2 } as const;
    const [corner, centre] = [errorBudget(at), errorBudget({ ...at, at: 'centre' })];
    expect(centre.inputQuantisation / corner.inputQuantisation).toBeCloseTo(0.5, 12);
    const output = (highest: number): number => errorBudget({ ...at, round: 'nearest', highest }).outputQuantisation / corner.outputQuantisation;
    expect(output(1)).toBeCloseTo(1, 12);
    expect(output(1 - 1 / 16)).toBeCloseTo(0.5, 12);
    expect(output(1 - 1 / 32)).toBeCloseTo(0.75, 12);
    // The witness: f = 1 is rounded to 7/8, an eighth away.
    expect(tableOf((z) => tokens(1, z.data.map(() => 1)), { d: 1, L: 1, m: 8, round: 'nearest' }).digits[0]).toBe(7);
  });

  test('ramps enter as measure times error^alpha', () => {
    const at = { d: 1, L: 1, m: 4, C: 1, alpha: 2 } as const;
    const { ramps, total } = errorBudget({ ...at, ramps: { measure: 0.01, error: 1 } });
    expect(ramps).toBeCloseTo(0.1, 12);
    expect(total).toBeCloseTo(Math.sqrt(0.25 + 0.01), 12);
    expect(errorBudget({ ...at, ramps: { measure: 0, error: 1 } }).total).toBe(errorBudget(at).total);
  });

  test('refuses what has no budget', () => {
    const good = { d: 1, L: 1, m: 4, C: 1, alpha: 1 } as const;
    expect(() => errorBudget({ ...good, m: 1 })).toThrow('errorBudget: m must be an integer from 2 to 2147483648, got 1');
    expect(() => errorBudget({ ...good, C: -1 })).toThrow(RangeError);
    expect(() => errorBudget({ ...good, alpha: Infinity })).toThrow(RangeError);
    expect(() => errorBudget({ ...good, ramps: { measure: 1.5, error: 0 } })).toThrow('errorBudget: ramps.measure must lie in [0, 1], got 1.5');
    expect(() => errorBudget({ ...good, at: 'middle' as never })).toThrow(RangeError);
  });
});

describe('gridForError', () => {
  test.prop([fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }), fc.double({ min: 0.01, max: 50, noNaN: true }), fc.double({ min: 0.01, max: 5, noNaN: true }), fc.integer({ min: 1, max: 5 }), fc.constantFrom('corner' as const, 'centre' as const)], { seed: 432 })(
    'is the smallest grid whose budget is at most epsilon',
    (d, L, C, epsilon, alpha, at) => {
      const m = gridForError({ d, L, C, alpha, epsilon, at });
      const total = (points: number): number => errorBudget({ d, L, m: points, C, alpha, at }).total;
      expect(total(m)).toBeLessThanOrEqual(epsilon * (1 + 2 ** -46 + m * 2 ** -51));
      if (m > 2) expect(total(m - 1)).toBeGreaterThan(epsilon);
      if (at === 'corner') expect(m).toBe(Math.max(2, sufficientPromptLength({ d, L, C, alpha, epsilon: 2 * epsilon }).gridPoints));
    },
  );

  test('ends of the range', () => {
    expect(gridForError({ d: 1, L: 1, C: 5e-324, alpha: 1, epsilon: 0.25, at: 'centre' })).toBe(5); // (1 + C/2) m^-1 <= 1/4 fails at m = 4, by C/2
    expect(gridForError({ d: 1, L: 1, C: 1, alpha: 1, epsilon: 1.7e308 })).toBe(2);
    expect(() => gridForError({ d: 1, L: 1, C: 1, alpha: 1, epsilon: 1e-300 })).toThrow('gridForError: epsilon must be reached with at most 2 ** 31 grid points per entry, got 1e-300, which needs 1.9999999999999998e+300');
    expect(() => gridForError({ d: 1, L: 1, C: 1, alpha: 1, epsilon: 0 })).toThrow(new RangeError('gridForError: epsilon must be above 0, got 0'));
    expect(() => gridForError({ d: 1, L: 1, C: 0, alpha: 1, epsilon: 1 })).toThrow(RangeError);
  });
});
