import { uniformAttention } from '@prompt-limits/bench';
import { randomSource } from '@prompt-limits/core-linalg';
import { prepare, type ImplementationName, type Prepared } from './implementations.ts';
import type { PeerReply, PeerRequest } from './process.ts';

/** The body of the hidden command `peer`: answers the requests of `startPeer` until the parent goes away. */
export function runPeer(name: ImplementationName, threads: number): Promise<void> {
  let prepared: Prepared | null = null;

  const answer = async (request: PeerRequest): Promise<PeerReply> => {
    if ('prepare' in request) {
      const { n, d, bound, seed, sampled } = request.prepare;
      prepared = await prepare(name, threads, uniformAttention(randomSource(seed), d, n, bound));
      const output = await prepared.output();
      return { variant: prepared.variant, outputs: sampled.map((i) => Array.from({ length: d }, (_, c) => output[i * d + c]!)) };
    }
    if (!prepared) throw new Error('nothing was prepared');
    const start = performance.now();
    for (let i = 0; i < request.time; i++) {
      const result = prepared.run();
      if (result instanceof Promise) await result;
    }
    return { milliseconds: performance.now() - start };
  };
  process.on('message', (request: PeerRequest) => {
    answer(request)
      .catch((error: unknown): PeerReply => ({ failed: error instanceof Error ? error.message : String(error) }))
      .then((reply) => process.send!(reply));
  });
  // Ctrl-C reaches the whole group of processes; the parent decides when this one ends.
  process.on('SIGINT', () => {});
  return new Promise((resolve) => process.once('disconnect', () => resolve(process.exit())));
}
