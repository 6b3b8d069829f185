import { assertInteger, assertNonEmpty, describe } from '@prompt-limits/core-linalg';

/** One implementation to be timed: give `run`, or `time` where the clock must stand elsewhere (another process). */
export type TimedCase =
  | {
      /** Names the case in the result; each name once. */
      readonly name: string;
      /** One call of what is measured. */
      readonly run: () => unknown;
    }
  | {
      /** Names the case in the result; each name once. */
      readonly name: string;
      /** Makes `repeats` calls and returns the milliseconds that they took together. */
      readonly time: (repeats: number) => number | Promise<number>;
    };

/** Options of `interleave`. */
export interface InterleaveOptions {
  /** Samples of each case, an integer >= 1. Default 7. */
  readonly rounds?: number;
  /** A sample repeats the call until it lasts at least this long, in milliseconds. Default 20. */
  readonly minMilliseconds?: number;
  /** Rounds that are run and thrown away first, an integer >= 0. Default 1. */
  readonly warmUpRounds?: number;
  /** The clock, in milliseconds. Default `performance.now`. */
  readonly now?: () => number;
  /** Stops between two samples; what was measured so far is lost. */
  readonly signal?: AbortSignal;
  /** Called after each sample with the fraction of the samples that are done. */
  readonly onProgress?: (fraction: number) => void;
}

/** The samples of one case. */
export interface Samples {
  /** The case. */
  readonly name: string;
  /** Milliseconds of one call, one value a round. */
  readonly milliseconds: readonly number[];
  /** Calls that each sample averages. */
  readonly repeats: number;
}

/** More repeats than this would mean that the call does nothing. */
const MAX_REPEATS = 2 ** 24;

/**
 * Times several implementations in turn, so that a machine that slows down slows all of them: every round takes one
 * sample of each case, and the case that begins moves on by one each round.
 *
 * The number of calls in a sample is fixed per case before the rounds begin: it doubles from 1 until a sample lasts
 * `minMilliseconds`. Those calls and `warmUpRounds` whole rounds are the warm-up; none of them is kept.
 *
 * @param cases - at least one, with different names; promises that `run` returns are awaited
 * @returns the samples, in the order of the cases
 *
 * @throws RangeError if there is no case, a name comes twice or an option is out of range
 * @throws what a case throws; and the signal's reason once it is aborted
 * @example
 * const [a] = await interleave([{ name: 'a', run: () => Math.sqrt(2) }], { rounds: 3, minMilliseconds: 1 });
 * a.milliseconds.length; // => 3
 */
export async function interleave(cases: readonly TimedCase[], options: InterleaveOptions = {}): Promise<readonly Samples[]> {
  const { rounds = 7, minMilliseconds = 20, warmUpRounds = 1, now = () => performance.now(), signal, onProgress } = options;
  assertNonEmpty('interleave', 'cases', cases);
  assertInteger('interleave', 'rounds', rounds, 1);
  assertInteger('interleave', 'warmUpRounds', warmUpRounds);
  if (!(minMilliseconds >= 0 && minMilliseconds < Infinity)) {
    throw new RangeError(`interleave: minMilliseconds must be finite and at least 0, got ${describe(minMilliseconds)}`);
  }
  const names = new Set<string>();
  for (const { name } of cases) {
    if (names.has(name)) throw new RangeError(`interleave: every case must have a name of its own, got ${describe(name)} twice`);
    names.add(name);
  }

  const repeats: number[] = [];
  for (const c of cases) {
    signal?.throwIfAborted();
    let count = 1;
    while ((await sample(c, count, now)) < minMilliseconds && count < MAX_REPEATS) count *= 2;
    repeats.push(count);
  }
  const milliseconds = cases.map((): number[] => []);
  const samples = (warmUpRounds + rounds) * cases.length;
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (let turn = 0; turn < cases.length; turn++) {
      signal?.throwIfAborted();
      const i = (turn + round + warmUpRounds) % cases.length;
      const value = (await sample(cases[i]!, repeats[i]!, now)) / repeats[i]!;
      if (round >= 0) milliseconds[i]!.push(value);
      onProgress?.(((round + warmUpRounds) * cases.length + turn + 1) / samples);
    }
  }
  return cases.map((c, i) => ({ name: c.name, milliseconds: milliseconds[i]!, repeats: repeats[i]! }));
}

async function sample(c: TimedCase, repeats: number, now: () => number): Promise<number> {
  if ('time' in c) return c.time(repeats);
  const start = now();
  for (let i = 0; i < repeats; i++) {
    const result = c.run();
    // Awaiting only what is a promise keeps a microtask out of the time of synchronous code.
    if (result instanceof Promise) await result;
  }
  return now() - start;
}
