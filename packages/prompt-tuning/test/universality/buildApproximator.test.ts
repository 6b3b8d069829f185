import { randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { applyTable, buildApproximator, tableOfNumber, type FunctionTable } from '../../src/index.ts';
import { everyDigits, expectDigits, gridInput, randomDigits, randomTable } from './support.ts';

/** A function that has the table's values at the corners of the cells. */
const functionOf = (table: FunctionTable) => (z: Tokens): Tokens => gridInput(table.d, applyTable(table, Int32Array.from(z.data, (x) => Math.round(x * table.m))), table.m);

describe.each(['deep', 'wide'] as const)('Theorem B.1, %s', (form) => {
  test.each([[1, 1, 2, 4], [1, 1, 3, 27], [1, 2, 2, 256], [2, 1, 2, 256]] as const)('d = %i, L = %i, m = %i: all %i functions, without a prompt, full, tight and compact', (d, L, m, functions) => {
    for (let number = 0; number < functions; number += functions > 27 ? 5 : 1) {
      const table = tableOfNumber(BigInt(number), { d, L, m });
      const all = [['tight', 'full'], ['tight', 'lazy'], ['compact', 'lazy']] as const;
      for (const [mode, evaluator] of all) {
        const tau = buildApproximator(functionOf(table), { d, L, m, form, mode, evaluator });
        expect(tau.Lp).toBe(0);
        expect(tau.table).toEqual(table);
        let block = 0;
        for (const z of everyDigits(d * L, m)) expectDigits(tau.run(gridInput(d, z, m)), table.digits.subarray(block * d * L, ++block * d * L), m, tau.labelError);
      }
    }
  });

  test.each([[1, 1, 1009], [1, 2, 31], [2, 1, 29], [1, 4, 5], [2, 2, 5], [3, 1, 7]] as const)('d = %i, L = %i, m = %i: random functions at random inputs of the grid and above', (d, L, m) => {
    const random = randomSource(2351);
    const table = randomTable(random, d, L, m);
    for (const mode of ['lemma', 'compact'] as const) {
      const tau = buildApproximator(functionOf(table), { d, L, m, form, mode });
      for (let i = 0; i < 12; i++) {
        const z = randomDigits(random, d * L, m);
        const above = Float64Array.from(z, (k) => (k + 0.7 * random.uniform()) / m);
        for (const Z of [gridInput(d, z, m), tokens(d, above)]) expectDigits(tau.run(Z), applyTable(table, z), m, 0);
      }
    }
  });
});

test('f that leaves the cube, or a table that would not fit: refused', () => {
  expect(() => buildApproximator((z) => tokens(1, z.data.map(() => 2)), { d: 1, L: 1, m: 3, form: 'wide' })).toThrow('tableOf: f must have values in [0, 1], got 2 at coordinate 0 of token 0 for the input [0]');
  expect(() => buildApproximator((z) => z, { d: 3, L: 3, m: 10, form: 'wide' })).toThrow('tableOf: the table must have at most 2 ** 26 digits');
  expect(() => buildApproximator((z) => z, { d: 1, L: 1, m: 3, form: 'thin' as 'wide' })).toThrow('buildApproximator: form must be one of deep, wide, got "thin"');
});
