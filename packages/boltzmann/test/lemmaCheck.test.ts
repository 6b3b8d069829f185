import { expect, test } from 'vitest';
import { checkSides } from '../src/lemmaCheck.ts';

test('slack, holds and proven for every relation, on both sides of the error', () => {
  // [left, relation, right, slack, holds, proven] at error 0.5
  const cases = [
    [3, '>', 2, 1, true, true],
    [3, '>', 2.5, 0.5, true, false],
    [3, '>=', 2.5, 0.5, true, true],
    [3, '>', 3.25, -0.25, true, false],
    [3, '>', 4, -1, false, false],
    [3, '<', 4, 1, true, true],
    [3, '<=', 3.5, 0.5, true, true],
    [3, '<', 2, -1, false, false],
    [3, '=', 3.5, -0.5, true, false],
    [3, '=', 3.75, -0.75, false, false],
  ] as const;
  for (const [left, relation, right, slack, holds, proven] of cases) {
    expect(checkSides('Lemma', [], left, relation, right, 0.5)).toEqual({ lemma: 'Lemma', hypotheses: [], left, relation, right, error: 0.5, slack, holds, proven });
  }
});
