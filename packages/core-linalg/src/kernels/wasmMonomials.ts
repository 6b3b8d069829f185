import type { MonomialSet } from '../monomials/monomialSet.ts';
import type { Kernels } from './kernels.ts';
import { ranges, type Tasks } from './tasks.ts';

/**
 * The order of the sums, on which `monomialRounding` relies: tokens of a block, monomials of a segment, segments whose
 * sums are added in float32 (assembly/monomialTiles.ts and monomials.ts), tasks for each thread with moments of their own.
 */
export const monomialOrder = { block: 128, segment: 32, group: 8, partsPerThread: 4 } as const;
const { block, segment, partsPerThread } = monomialOrder;

/** Nanoseconds of a task where one thread does all: a task is one call, and only new calls enter code compiled since. */
const taskWork = 1_000_000;

/** Bytes that the moments of all tasks may take where that is more than one for each thread. */
const sumsLimit = 32 * 1048576;

/** Tokens of a task, likewise: clearing and adding up its moments costs as much as some 50 tokens. */
const leastTokens = 1024;

/**
 * Monomials that stay in memory while a block of tokens is worked on: those that others are made from, up to the end
 * of their segment.
 */
function keptMonomials({ rank, runs }: MonomialSet): number {
  let parents = 1;
  for (let r = 0; r < runs.length; r += 4) parents = Math.max(parents, runs[r + 1]! + runs[r + 2]!);
  return Math.min(rank, Math.ceil(parents / segment) * segment);
}

/** Nanoseconds for one token: the products with the columns, and each monomial made and stored. */
const tokenWork = ({ rank }: MonomialSet, columns: number): number => rank * ((2 * columns) / 30 + 0.1);

/** `monomialMoments`, `monomialRead` and `monomialReadVjp` on raw kernels; threads share the tokens. */
export function wasmMonomials(tasks: Tasks): Pick<Kernels, 'monomialMoments' | 'monomialRead' | 'monomialReadVjp'> {
  const { memory, raw } = tasks;
  const call = (fn: string, ...args: readonly number[]): number => raw[fn]!(...args);

  /** Ranges of tokens: for all threads, or short ones for one. */
  function tokenRanges(n: number, work: number): (readonly [from: number, to: number])[] {
    return ranges(n, Math.max(tasks.pieces(work), Math.ceil(work / taskWork)), block);
  }

  return {
    monomialMoments(set, n, x, columns, y, moments) {
      const { d, rank } = set;
      if (n === 0) return;
      memory.call(() => {
        const xAt = memory.place('monomialMoments', x, n * d, 'in');
        const yAt = memory.place('monomialMoments', y, n * columns, 'in');
        const at = memory.place('monomialMoments', moments, rank * columns, 'inout');
        const runs = memory.placeIntegers('monomialMoments', set.runs);
        const kept = keptMonomials(set);
        const bytes = call('monomialSumBytes', rank, columns);
        const work = n * tokenWork(set, columns);
        const pieces = tasks.pieces(work);
        const most = Math.min(pieces, tasks.threads * partsPerThread, Math.floor(sumsLimit / bytes), Math.floor(n / leastTokens));
        const parts = pieces === 1 ? 1 : Math.max(tasks.threads, most);
        const shares = ranges(n, parts, block);
        const sums = memory.reserve('monomialMoments', bytes * shares.length);
        memory.clear(sums, bytes * shares.length);
        const lines = (list: readonly (readonly [from: number, to: number])[], own: boolean): number[][] =>
          list.map(([from, to], i) => [
            runs, rank, kept, d, xAt + from * d * 4, columns, yAt + from * columns * 4, sums + (own ? i * bytes : 0), to - from, 0,
          ]);
        const scratch = call('monomialMomentsScratchBytes', kept, d, columns);
        // Without threads to share them, tasks follow each other and add to the same sums.
        if (shares.length === 1) for (const line of lines(tokenRanges(n, work), false)) tasks.run('monomialMoments', [line], 9, scratch);
        else tasks.run('monomialMoments', lines(shares, true), 9, scratch);
        tasks.run(
          'monomialReduce',
          ranges(rank, tasks.pieces(rank * columns * shares.length), 16).map(([from, to]) => [rank, columns, sums, shares.length, at, from, to]),
        );
      });
    },

    monomialRead(set, n, x, columns, weights, out) {
      const { d, rank } = set;
      if (n === 0) return;
      memory.call(() => {
        const xAt = memory.place('monomialRead', x, n * d, 'in');
        const at = memory.place('monomialRead', weights, rank * columns, 'in');
        const outAt = memory.place('monomialRead', out, n * columns, 'out');
        const runs = memory.placeIntegers('monomialRead', set.runs);
        const kept = keptMonomials(set);
        tasks.run(
          'monomialRead',
          tokenRanges(n, n * tokenWork(set, columns)).map(([from, to]) => [
            runs, rank, kept, d, xAt + from * d * 4, columns, at, outAt + from * columns * 4, to - from, 0,
          ]),
          9, call('monomialReadScratchBytes', kept, d, columns),
        );
      });
    },

    monomialReadVjp(set, n, x, columns, weights, dOut, dx) {
      const { d, rank } = set;
      if (n === 0) return;
      memory.call(() => {
        const xAt = memory.place('monomialReadVjp', x, n * d, 'in');
        const at = memory.place('monomialReadVjp', weights, rank * columns, 'in');
        const dOutAt = memory.place('monomialReadVjp', dOut, n * columns, 'in');
        const dxAt = memory.place('monomialReadVjp', dx, n * d, 'inout');
        const runs = memory.placeIntegers('monomialReadVjp', set.runs);
        const kept = keptMonomials(set);
        tasks.run(
          'monomialReadVjp',
          tokenRanges(n, 2 * n * tokenWork(set, columns)).map(([from, to]) => [
            runs, runs + set.runs.length * 4, rank, kept, d, xAt + from * d * 4, columns, at, dOutAt + from * columns * 4, dxAt + from * d * 4, to - from, 0,
          ]),
          11, call('monomialReadVjpScratchBytes', kept, d, columns),
        );
      });
    },
  };
}
