import { test } from '@fast-check/vitest';
import { logPartition as logPartitionOf, softmax } from '@prompt-limits/boltzmann';
import { column, tokens, zeroTokens } from '@prompt-limits/core-linalg';
import { expect } from 'vitest';
import { attendReference, attendVjpReference } from '../../src/index.ts';
import { logBound, maxDifference, problem, u64 } from '../problems.ts';

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

test.prop([problem])('weights and log partition are those of the Boltzmann distribution over the scores', (p) => {
  const { heads = 1, keyHeads = heads } = p;
  const d = p.queries.d / heads;
  const { weights, logPartition } = attendReference({ ...p, causal: false });
  for (let head = 0; head < heads; head++) {
    const group = Math.floor((head * keyHeads) / heads);
    for (let i = 0; i < p.queries.n; i++) {
      const scores = Array.from({ length: p.keys.n }, (_, j) => {
        let score = 0;
        for (let c = 0; c < d; c++) score += p.scale * column(p.queries, i)[head * d + c]! * column(p.keys, j)[group * d + c]!;
        return score;
      });
      expect(Math.abs(logPartition[head * p.queries.n + i]! - logPartitionOf(scores))).toBeLessThanOrEqual(logBound(p, u64));
      // Scores that err by logBound / 2 on either side move a weight, at most 1, by no more than that bound each.
      expect(maxDifference(column(weights[head]!, i), softmax(scores))).toBeLessThanOrEqual(2 * logBound(p, u64));
    }
  }
});

test('no key: zero output, empty weights', () => {
  const { output, weights, logPartition } = attendReference({ queries: zeroTokens(3, 2), keys: zeroTokens(3, 0), values: zeroTokens(5, 0), scale: 1 });
  expect(output.data).toEqual(new Float64Array(10));
  expect([...logPartition]).toEqual([-Infinity, -Infinity]);
  expect(weights[0]!.n).toBe(0);
});
