import { fc, test } from '@fast-check/vitest';
import { entrywiseNorm, gridDigits, gridDigitsOf, gridIndex, randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { applyTable, promptOfTable, tableNumber, tableOf, tableOfNumber, tableOfPrompt, type FunctionTable } from '../../src/universality/functionTable.ts';
import { errorBudget } from '../../src/universality/errorBudget.ts';

const shapes = [[1, 1, 2], [1, 1, 5], [1, 2, 2], [2, 1, 2], [1, 2, 3], [2, 1, 3], [3, 1, 2], [2, 2, 2]] as const;

function randomTable(d: number, L: number, m: number, seed: number): FunctionTable {
  const random = randomSource(seed);
  return { d, L, m, digits: Int32Array.from({ length: m ** (d * L) * d * L }, () => random.integer(m)) };
}

// 2-Lipschitz in every norm (each entry of the result depends on one entry), from [0, 1] onto [0, 1], and mixes the tokens.
const fold = (z: Tokens): Tokens => tokens(z.d, Float64Array.from(z.data, (_, i) => Math.abs(1 - 2 * z.data[z.data.length - 1 - i]!)));

describe('tables and prompts', () => {
  test.each(shapes)('d = %i, L = %i, m = %i: block index(Z) of the prompt is the value at Z', (d, L, m) => {
    const table = randomTable(d, L, m, 421);
    const P = promptOfTable(table);
    expect([P.d, P.n]).toEqual([d, L * m ** (d * L)]);
    for (let i = 0; i < m ** (d * L); i++) {
      const z = gridDigitsOf(BigInt(i), m, d * L);
      const block = tokens(d, P.data.slice(i * d * L, (i + 1) * d * L));
      expect(gridDigits(block, m)).toEqual(applyTable(table, z));
      expect(Number(gridIndex(z, m))).toBe(i);
    }
  });

  test.each(shapes)('d = %i, L = %i, m = %i: a prompt comes back from float64, float32 and a float64 copy of float32', (d, L, m) => {
    const table = randomTable(d, L, m, 422);
    const P = promptOfTable(table);
    const single = tokens(d, Float32Array.from(P.data));
    expect(tableOfPrompt(P, { L, m })).toEqual(table);
    expect(tableOfPrompt(single, { L, m })).toEqual(table);
    expect(tableOfPrompt(tokens(d, Float64Array.from(single.data)), { L, m, tolerance: 2 ** -25 })).toEqual(table);
  });

  test('the 27 functions of three points have the 27 numbers, and each its own prompt', () => {
    const prompts = new Set<string>();
    for (let i = 0n; i < 27n; i++) {
      const table = tableOfNumber(i, { d: 1, L: 1, m: 3 });
      expect(tableNumber(table)).toBe(i);
      expect(i).toBe(BigInt(table.digits[0]! + 3 * table.digits[1]! + 9 * table.digits[2]!));
      prompts.add(promptOfTable(table).data.join());
    }
    expect(prompts.size).toBe(27);
    expect(() => tableOfNumber(27n, { d: 1, L: 1, m: 3 })).toThrow(RangeError);
  });

  test('a table of 2^18 blocks has a number and comes back', () => {
    const table = randomTable(1, 9, 4, 423);
    expect(tableOfNumber(tableNumber(table), table)).toEqual(table);
  });
});

describe('tableOf', () => {
  test('the paper\'s table: f at the lower corner, rounded down', () => {
    const table = tableOf(fold, { d: 1, L: 2, m: 4 });
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < 4; b++) {
        const expected = [b, a].map((k) => [3, 2, 0, 2][k]); // |1 - 2 k/4| is 1, 1/2, 0, 1/2
        expect([...applyTable(table, [a, b])]).toEqual(expected);
      }
    }
  });

  test('the identity is the identity on the grid, also where 1/m has no float', () => {
    for (const m of [2, 3, 7, 10, 49, 97]) {
      expect([...tableOf((z) => z, { d: 1, L: 1, m }).digits]).toEqual(Array.from({ length: m }, (_, k) => k));
      expect([...tableOf((z) => z, { d: 1, L: 1, m, round: 'nearest' }).digits]).toEqual(Array.from({ length: m }, (_, k) => k));
    }
  });

  test('float32 values of f are read as float32', () => {
    const single = (z: Tokens): Tokens => tokens(1, Float32Array.from(z.data));
    expect([...tableOf(single, { d: 1, L: 1, m: 97 }).digits]).toEqual(Array.from({ length: 97 }, (_, k) => k));
  });

  test.prop([fc.constantFrom(...shapes), fc.constantFrom('corner' as const, 'centre' as const), fc.constantFrom('down' as const, 'nearest' as const), fc.constantFrom(1, 2, 3.5), fc.integer({ min: 0, max: 2 ** 32 - 1 })], { seed: 424 })(
    'Lemma 2.3, repaired: everywhere the table is within its budget of f',
    ([d, L, m], at, round, alpha, seed) => {
      const table = tableOf(fold, { d, L, m, at, round });
      const { total } = errorBudget({ d, L, m, at, round, C: 2, alpha });
      const random = randomSource(seed);
      for (let i = 0; i < 20; i++) {
        const z = tokens(d, Float64Array.from({ length: d * L }, () => (random.integer(8) === 0 ? 1 : random.uniform())));
        const bar = applyTable(table, Int32Array.from(z.data, (x) => Math.min(m - 1, Math.floor(x * m))));
        const gap = tokens(d, Float64Array.from(fold(z).data, (y, k) => y - bar[k]! / m));
        // The floor of x m may be one cell off only within 2^-53 of a cell's end, which no such draw meets; fold is exact up to an ulp.
        expect(entrywiseNorm(gap, alpha)).toBeLessThanOrEqual(total + 2 ** -50);
      }
    },
  );

  test('refuses f that leaves the cube or its shape, and tables that would not fit', () => {
    const at = { d: 1, L: 2, m: 2 };
    expect(() => tableOf((z) => tokens(1, z.data.map((x) => 1.5 - x)), at)).toThrow(new RangeError('tableOf: f must have values in [0, 1], got 1.5 at coordinate 0 of token 0 for the input [0, 0]'));
    expect(() => tableOf((z) => tokens(1, z.data.map(() => Number.NaN)), at)).toThrow(RangeError);
    expect(() => tableOf((z) => tokens(2, z.data), at)).toThrow(new RangeError('tableOf: f must return 1 x 2 tokens, got 2 x 1 with 2 values for the input [0, 0]'));
    expect(() => tableOf(() => 3 as never, at)).toThrow(new TypeError('tableOf: f must return Tokens, got 3 for the input [0, 0]'));
    expect(() => tableOf(3 as never, at)).toThrow(new TypeError('tableOf: f must be a function from Tokens to Tokens, got 3'));
    expect(() => tableOf((z) => z, { ...at, m: 1 })).toThrow('tableOf: m must be an integer from 2 to 2147483648, got 1');
    expect(() => tableOf((z) => z, { d: 3, L: 3, m: 10 })).toThrow(new RangeError('tableOf: the table must have at most 2 ** 26 digits, got 9 * 10 ** 9 = 9000000000'));
    expect(() => tableOf((z) => z, { d: 512, L: 45, m: 10 })).toThrow('got 23040 * 10 ** 23040 (about 2 ** 76552)');
    expect(() => tableOf((z) => z, { ...at, at: 'middle' as never })).toThrow('tableOf: at must be one of corner, centre, got "middle"');
  });

  test('refuses what is no table or no prompt', () => {
    const P = promptOfTable(randomTable(1, 2, 3, 425));
    P.data[5] = 0.5;
    expect(() => tableOfPrompt(P, { L: 2, m: 3 })).toThrow(new RangeError('gridDigits: z must lie on the grid k/3, k = 0 to 2, got 0.5 at coordinate 0 of token 5'));
    expect(() => tableOfPrompt(tokens(1, new Float64Array(17)), { L: 2, m: 3 })).toThrow(new RangeError('tableOfPrompt: P must have L * m ** (d * L) = 18 tokens, got 17'));
    expect(() => tableOfPrompt(null as never, { L: 2, m: 3 })).toThrow(TypeError);
    expect(() => applyTable({ d: 1, L: 1, m: 3, digits: Int32Array.of(0, 1) }, [0])).toThrow('applyTable: table.digits must have length 3 (d * L * m ** (d * L)), got 2');
    expect(() => applyTable({ d: 1, L: 1, m: 3, digits: Int32Array.of(0, 1, 2) }, [3])).toThrow('applyTable: digit 0 of z must be an integer from 0 to 2, got 3');
    expect(() => promptOfTable({ d: 1, L: 1, m: 3, digits: Int32Array.of(0, 1, 3) })).toThrow('gridTokens: digit 2 must be an integer from 0 to 2, got 3');
    expect(() => tableNumber({} as never)).toThrow(new TypeError('tableNumber: table must be a FunctionTable with digits in an Int32Array, got Object'));
  });
});
