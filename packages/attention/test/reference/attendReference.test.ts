import { test } from '@fast-check/vitest';
import { column, tokens, zeroTokens } from '@prompt-limits/core-linalg';
import { expect } from 'vitest';
import { attendReference, attendVjpReference } from '../../src/index.ts';
import { problem, u64 } from '../problems.ts';

test('a case in closed form: scores 0, ln 2, ln 4', () => {
  const p = { queries: tokens(1, Float64Array.of(Math.LN2)), keys: tokens(1, Float64Array.of(0, 1, 2)), values: tokens(1, Float64Array.of(7, 14, 21)), scale: 1 };
  const { weights, output, logPartition } = attendReference(p);
  [1 / 7, 2 / 7, 4 / 7].forEach((w, j) => expect(weights[0]!.data[j]).toBeCloseTo(w, 15));
  expect(output.data[0]).toBeCloseTo(17, 13);
  expect(logPartition[0]).toBeCloseTo(Math.log(7), 14);
  // dz/dv is the weights; dz/dq = sum w_j k_j (v_j - z) = (0 + 2 (14 - 17) + 8 (21 - 17)) / 7.
  const gradient = attendVjpReference(p, tokens(1, Float64Array.of(1)));
  expect(gradient.queries.data[0]).toBeCloseTo(26 / 7, 13);
  expect(gradient.values.data[2]).toBeCloseTo(4 / 7, 15);
});

test.prop([problem])('columns of the weights sum to 1, or to 0 where the query sees no key', (p) => {
  const { weights, logPartition } = attendReference(p);
  weights.forEach((A, head) => {
    for (let i = 0; i < A.n; i++) {
      const sum = column(A, i).reduce((a, b) => a + b, 0);
      const expected = logPartition[head * p.queries.n + i] === -Infinity ? 0 : 1;
      expect(Math.abs(sum - expected)).toBeLessThanOrEqual((2 * A.d + 2) * u64);
    }
  });
});

test('no key: zero output, empty weights', () => {
  const { output, weights, logPartition } = attendReference({ queries: zeroTokens(3, 2), keys: zeroTokens(3, 0), values: zeroTokens(5, 0), scale: 1 });
  expect(output.data).toEqual(new Float64Array(10));
  expect([...logPartition]).toEqual([-Infinity, -Infinity]);
  expect(weights[0]!.n).toBe(0);
});
