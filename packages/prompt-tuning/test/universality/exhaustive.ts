import { expect, test } from 'vitest';
import { buildUniversal, promptOfTable, tableOfNumber } from '../../src/index.ts';
import { everyDigits, expectDigits, gridInput, valueAt } from './support.ts';

/** Every function of a grid, through its own prompt, at every input: `full`, `lazy` and the table agree. Returns how many functions there were. */
export function exhaust(d: number, L: number, m: number, form: 'deep' | 'wide'): number {
  const shape = { d, L, m, form, mode: 'tight' } as const;
  const full = buildUniversal({ ...shape, evaluator: 'full' });
  const lazy = buildUniversal({ ...shape, evaluator: 'lazy' });
  expect(full.Lp).toBe(L * m ** (d * L));
  // y - q is a multiple of an ulp of q < 2^4, and rounds to 2^-50 at most; the wide form's bound is its own.
  expect(full.labelError).toBeLessThanOrEqual(form === 'deep' ? 2 ** -50 : 2 ** -40);
  const inputs = [...everyDigits(d * L, m)];
  const functions = inputs.length ** inputs.length;
  for (let number = 0; number < functions; number++) {
    const table = tableOfNumber(BigInt(number), { d, L, m });
    const P = promptOfTable(table);
    const [run, same] = [full.load(P), lazy.load(P)];
    for (const digits of inputs) {
      const Z = gridInput(d, digits, m);
      const [output, again] = [run(Z), same(Z)];
      expectDigits(output, valueAt(table, digits), m, full.labelError);
      if (form === 'deep') {
        if (output.data.some((x, i) => x !== again.data[i])) expect(again.data).toEqual(output.data);
      } else expectDigits(again, valueAt(table, digits), m, lazy.labelError);
    }
  }
  return functions;
}

/** Theorem 2.3 or 2.4 as tests, one a size. */
export function exhaustiveTests(form: 'deep' | 'wide', sizes: readonly (readonly [number, number, number, number])[]): void {
  test.each(sizes)(`${form}, d = %i, L = %i, m = %i: all %i functions of the grid, each by its prompt`, (d, L, m, functions) => {
    expect(exhaust(d, L, m, form)).toBe(functions);
  });
}
