import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { ImplementationName } from './implementations.ts';

/** What an implementation is asked to hold. */
export interface Problem {
  /** Tokens. */
  readonly n: number;
  /** Width of a token. */
  readonly d: number;
  /** Entries are uniform in [-bound, bound). */
  readonly bound: number;
  /** Seed of the entries, so that every process makes the same ones. */
  readonly seed: number;
  /** Tokens whose outputs come back to be checked. */
  readonly sampled: readonly number[];
}

/** What goes to the process. */
export type PeerRequest = { readonly prepare: Problem } | { readonly time: number };

/** What comes back: one for each request. */
export type PeerReply =
  | { readonly variant: string; readonly outputs: readonly (readonly number[])[] }
  | { readonly milliseconds: number }
  | { readonly failed: string };

/** An implementation in a process of its own, so that none shares threads, heap or settings with another. */
export interface Peer {
  /** Makes the inputs and returns the outputs of the sampled tokens. */
  prepare(problem: Problem): Promise<{ readonly variant: string; readonly outputs: readonly (readonly number[])[] }>;
  /** Milliseconds of `repeats` attentions, by the process's own clock. */
  time(repeats: number): Promise<number>;
  /** Ends the process. */
  close(): void;
}

/**
 * Starts one; it runs the hidden command `peer`.
 *
 * @param main - the program, this one unless given
 * @param execArgv - Node's own options, those of this process unless given
 */
export function startPeer(name: ImplementationName, threads: number, main: string = process.argv[1]!, execArgv: readonly string[] = process.execArgv): Peer {
  const child = fork(main, ['peer', name, String(threads)], { execArgv: [...execArgv], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const label = `${name} with ${threads} threads`;
  let ended: string | null = null;
  child.once('exit', (code, signal) => (ended = `it ended (${signal ?? `code ${code}`})`));
  // A write to a process that is gone comes as an event; the request that made it reports the failure.
  child.on('error', () => {});

  const ask = async (request: PeerRequest): Promise<PeerReply> => {
    const listening = new AbortController();
    try {
      if (ended) throw new Error(ended);
      const answer = Promise.race([
        once(child, 'message', { signal: listening.signal }),
        once(child, 'exit', { signal: listening.signal }).then(() => [{ failed: ended ?? 'it ended' }]),
      ]);
      child.send(request);
      const [reply] = (await answer) as [PeerReply];
      if ('failed' in reply) throw new Error(reply.failed);
      return reply;
    } catch (error) {
      throw new Error(`${label}: ${(error as Error).message}`, { cause: error });
    } finally {
      listening.abort();
    }
  };
  return {
    prepare: async (problem) => (await ask({ prepare: problem })) as Exclude<PeerReply, { milliseconds: number } | { failed: string }>,
    time: async (repeats) => ((await ask({ time: repeats })) as { milliseconds: number }).milliseconds,
    close: () => void child.kill('SIGKILL'),
  };
}
