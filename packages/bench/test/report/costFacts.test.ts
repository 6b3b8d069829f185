import { randomSource } from '@prompt-limits/core-linalg';
import { randomModel } from '@prompt-limits/prompt-tuning';
import { expect, test } from 'vitest';
import { attentionOperations, costFacts, readingOperations } from '../../src/report/costFacts.ts';

const { config } = randomModel({ random: randomSource(1), config: { d: 6, layers: 3, heads: 4, keyHeads: 2, headSize: 2, r: 7, vocabularySize: 11 } });

test('operations of one token, counted by hand', () => {
  // Per layer: q and o 6 x 8, k and v 6 x 4, three 6 x 7: 96 + 48 + 126 = 270 weights, 2 operations each.
  // Attention: 4 heads see one pair: 2 * 2 for the score, 2 * 2 for the value, 16 for the exponential.
  expect(attentionOperations(config, 1)).toBe(3 * 4 * 24);
  expect(readingOperations(config, 1)).toBe(2 * 3 * 270 + 3 * 4 * 24 + 2 * 6 * 11);
});

test('the causal mask leaves n (n + 1) / 2 pairs', () => {
  expect(attentionOperations(config, 7) / attentionOperations(config, 1)).toBe(28);
});

test('the prompt adds its tokens to the reading and its keys and values to the cache', () => {
  const { withPrompt, withoutPrompt, attentionShare, promptCacheBytes } = costFacts(config, 5, 7);
  expect(withPrompt).toBe(readingOperations(config, 12));
  expect(withoutPrompt).toBe(readingOperations(config, 7));
  expect(attentionShare).toBe(attentionOperations(config, 12) / withPrompt);
  expect(promptCacheBytes).toBe(5 * 3 * 2 * (2 * 2) * 4);
});
