import { describe, expect, test } from 'vitest';
import { countLipschitzFunctions } from '../../../src/universality/counting/countLipschitzFunctions.ts';
import { necessaryPromptLength } from '../../../src/universality/counting/necessaryPromptLength.ts';

describe('necessaryPromptLength', () => {
  test.each([[1, 1, 2], [1, 1, 7], [2, 1, 3], [1, 3, 2], [2, 2, 2]] as const)('d = %i, L = %i, m = %i: for all functions the table is the shortest, counted one token at a time', (d, L, m) => {
    const points = BigInt(m) ** BigInt(d * L);
    let length = 0n;
    for (let prompts = 1n; prompts < points ** points; length++) for (let i = 0; i < d; i++) prompts *= BigInt(m);
    expect(necessaryPromptLength({ d, L, m })).toBe(length);
    expect(length).toBe(BigInt(L) * points);
    // With a constant so large that every function counts, the same.
    expect(necessaryPromptLength({ d, L, m, lipschitz: { C: 100, alpha: 2 } })).toBe(length);
  });

  test('errata rows 20 and 21: Lipschitz functions could do with a shorter prompt than the table that Theorem 2.5 calls a lower bound', () => {
    const at = { d: 1, L: 1, m: 8 } as const;
    const { exact } = countLipschitzFunctions({ ...at, C: 1, alpha: 1 });
    const length = necessaryPromptLength({ ...at, lipschitz: { C: 1, alpha: 1 } });
    expect(length).toBe(5n);
    // 5 tokens have a prompt for each of these functions, 4 do not; the table has 8.
    expect(8n ** 5n >= exact! && 8n ** 4n < exact!).toBe(true);
    expect(length).toBeLessThan(necessaryPromptLength(at));
  });

  test('the constants of C < 1 need one block, at any size', () => {
    expect(necessaryPromptLength({ d: 2, L: 3, m: 7, lipschitz: { C: 0.5, alpha: 2 } })).toBe(3n);
  });

  test('from the lower bound where no count is exact, rounded up; and all functions of a grid too large to count', () => {
    // 2^81 functions at least, log2 9 bits a token: 25.55 tokens.
    expect(necessaryPromptLength({ d: 2, L: 2, m: 3, lipschitz: { C: 1, alpha: 1 } })).toBe(26n);
    expect(necessaryPromptLength({ d: 3, L: 3, m: 100, lipschitz: { C: 1e6, alpha: 2 } })).toBe(3n * 100n ** 9n);
    expect(() => necessaryPromptLength({ d: 400, L: 1, m: 10 })).toThrow('necessaryPromptLength: the grid must have at most 2 ** 1000 points, got 10 ** 400');
  });
});
