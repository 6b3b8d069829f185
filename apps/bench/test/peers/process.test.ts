import { fileURLToPath } from 'node:url';
import { uniformAttention } from '@prompt-limits/bench';
import { randomSource } from '@prompt-limits/core-linalg';
import { afterAll, expect, test } from 'vitest';
import { startPeer } from '../../src/peers/process.ts';
import { attentionReference } from '../../src/peers/reference.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const peer = startPeer('prompt-limits', 1, main, ['--conditions=@prompt-limits/source']);
afterAll(() => peer.close());

test('a peer makes the inputs of the seed by itself, answers for sampled tokens, and measures', async () => {
  await expect(peer.time(1)).rejects.toThrow('prompt-limits with 1 threads: nothing was prepared');
  const problem = { n: 41, d: 3, bound: 2, seed: 9, sampled: [0, 17, 40] };
  const { variant, outputs } = await peer.prepare(problem);
  const reference = attentionReference(uniformAttention(randomSource(9), 3, 41, 2), problem.sampled);
  expect(['relaxed-simd', 'simd128', 'plain']).toContain(variant);
  // Scores up to 12 are off by at most (d + 2) 12 * 2^-24 = 3.6e-6, outputs by twice that times the bound 2.
  for (const [i, row] of reference.entries()) for (const [c, wanted] of row.entries()) expect(Math.abs(outputs[i]![c]! - wanted)).toBeLessThan(1.5e-5);
  expect(await peer.time(50)).toBeGreaterThan(0);
});

test('a peer that fails says so and lives on; one that has ended says that', async () => {
  await expect(peer.prepare({ n: 4, d: 0, bound: 1, seed: 1, sampled: [] })).rejects.toThrow('prompt-limits with 1 threads: uniformTokens: d must be at least 1, got 0');
  const other = startPeer('ml-matrix', 1, main, ['--conditions=@prompt-limits/source']);
  other.close();
  await expect(other.time(1)).rejects.toThrow('ml-matrix with 1 threads: ');
});
