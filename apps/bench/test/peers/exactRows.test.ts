import { attendReference } from '@prompt-limits/attention';
import { randomSource, tokens, uniformTokens } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { exactRows, sampledError } from '../../src/peers/exactRows.ts';

const sizes = { heads: 4, keyHeads: 2, d: 3, dv: 5 };

test.each([false, true, -2, 3])('rows agree with the reference over grouped heads, causal %s; a wrong entry is seen at its size', (causal) => {
  const random = randomSource(3);
  const { heads, keyHeads, d, dv } = sizes;
  const problem = {
    queries: uniformTokens(random, heads * d, 13, -2, 2), keys: uniformTokens(random, keyHeads * d, 17, -2, 2), values: uniformTokens(random, keyHeads * dv, 17, -3, 5),
    scale: 0.7, heads, keyHeads, causal,
  };
  const { output } = attendReference(problem);
  const rows = exactRows(problem);
  for (let i = 0; i < 13; i++) for (let a = 0; a < heads; a++) expect(rows.error(output.data, i, a)).toBe(0);
  const wrong = Float64Array.from(output.data);
  const at = (7 * heads + 2) * dv + 4;
  wrong[at]! += 0.25;
  const column = Array.from({ length: 17 }, (_, j) => problem.values.data[j * keyHeads * dv + dv + 4]!);
  expect(rows.error(wrong, 7, 2)).toBeCloseTo(0.25 / (Math.max(...column) - Math.min(...column)), 12);
  expect(exactRows(problem, 2).error(wrong, 7, 2)).toBeCloseTo(0.125, 12);
  expect(rows.error(wrong, 7, 1)).toBe(0);
  expect(sampledError(problem, wrong, 13)).toBe(rows.error(wrong, 7, 2));
  wrong[at] = Number.NaN;
  expect(rows.error(wrong, 7, 2)).toBe(Infinity);
});

test('columns of equal values have to be exact; one query', () => {
  const one = tokens(1, Float64Array.of(0.5));
  const problem = { queries: one, keys: tokens(1, Float64Array.of(1, 2, 3)), values: tokens(1, Float64Array.of(4, 4, 4)), scale: 1 };
  expect(sampledError(problem, [4], 8)).toBe(0);
  expect(sampledError(problem, [4.000001], 8)).toBe(Infinity);
});
