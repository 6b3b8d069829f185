import type { Kernels } from './kernels.ts';
import { ranges, type Tasks } from './tasks.ts';

type TokenKernels = Pick<Kernels, 'tokenRanges' | 'furthestSquare' | 'centreTokens' | 'tokenQuotients' | 'holdTokens'>;

/** Nanoseconds for a value that is centred or compared in float64, and for one compared in float32. */
const [wideWork, narrowWork] = [0.4, 0.1];

/** Values of a task end on a cache line of every array if its tokens come in sixteens. */
const tokenStep = 16;

/** Values of n vectors `stride` apart. */
export const extent = (n: number, d: number, stride: number): number => (n - 1) * stride + d;

/** n tokens in ranges for tasks of `work` nanoseconds a token, or of the work on d values in float64. */
export const tokenShares = (tasks: Tasks, n: number, d: number, work: number = d * wideWork): (readonly [from: number, to: number])[] =>
  ranges(n, tasks.pieces(n * work), tokenStep);

/** The kernels on whole tokens around the sums over monomials; threads share the tokens. */
export function wasmTokens(tasks: Tasks): TokenKernels {
  const { memory } = tasks;

  return {
    tokenRanges(n, d, x, low, high) {
      let finite = true;
      memory.call(() => {
        const at = memory.place('tokenRanges', x, n * d, 'in');
        const parts = tokenShares(tasks, n, d, d * narrowWork);
        const found = memory.reserve('tokenRanges', parts.length * 2 * d * 4);
        const values = memory.view(found, parts.length * 2 * d);
        parts.forEach((_, i) => values.fill(Infinity, 2 * i * d, (2 * i + 1) * d).fill(-Infinity, (2 * i + 1) * d, (2 * i + 2) * d));
        tasks.run('tokenRanges', parts.map(([from, to], i) => [to - from, d, at + from * d * 4, found + 2 * i * d * 4, found + (2 * i + 1) * d * 4]));
        for (let c = 0; c < d; c++) {
          let [least, most] = [Infinity, -Infinity];
          for (let i = 0; i < parts.length; i++) {
            const [bottom, top] = [values[2 * i * d + c]!, values[(2 * i + 1) * d + c]!];
            if (Number.isNaN(bottom)) finite = false;
            if (bottom < least) least = bottom;
            if (top > most) most = top;
          }
          [low[c], high[c]] = [least, most];
        }
      });
      return finite;
    },

    furthestSquare(n, d, stride, x, centre, factor) {
      if (n === 0) return 0;
      let largest = 0;
      memory.call(() => {
        const at = memory.place('furthestSquare', x, extent(n, d, stride), 'in');
        const middle = memory.placeDoubles('furthestSquare', centre);
        const parts = tokenShares(tasks, n, d);
        const found = memory.reserve('furthestSquare', parts.length * 8);
        tasks.run('furthestSquare', parts.map(([from, to], i) => [to - from, d, stride, at + from * stride * 4, middle, factor, found + i * 8]));
        for (const square of memory.doubles(found, parts.length)) largest = Math.max(largest, square);
      });
      return largest;
    },

    centreTokens(n, d, stride, x, centre, factor, w, width, out) {
      if (n === 0) return;
      memory.call(() => {
        const at = memory.place('centreTokens', x, extent(n, d, stride), 'in');
        const [middle, by] = [memory.placeDoubles('centreTokens', centre), memory.placeDoubles('centreTokens', factor)];
        const weights = w === null ? 0 : memory.place('centreTokens', w, n, 'in');
        const to = memory.place('centreTokens', out, n * width, 'out');
        tasks.run('centreTokens', tokenShares(tasks, n, d).map(([from, end]) => [
          end - from, d, stride, at + from * stride * 4, middle, by, w === null ? 0 : weights + from * 4, width, to + from * width * 4,
        ]));
      });
    },

    holdTokens(n, d, x, low, high) {
      if (n === 0) return;
      memory.call(() => {
        const at = memory.place('holdTokens', x, n * d, 'inout');
        const bounds = memory.reserve('holdTokens', 2 * d * 4);
        const values = memory.view(bounds, 2 * d);
        values.set(low.length === d ? low : low.subarray(0, d));
        values.set(high.length === d ? high : high.subarray(0, d), d);
        tasks.run('holdTokens', tokenShares(tasks, n, d, d * narrowWork).map(([from, to]) => [to - from, d, at + from * d * 4, bounds, bounds + d * 4]));
      });
    },

    tokenQuotients(n, d, sums, centre, factor, low, high, z) {
      let least = Infinity;
      if (n === 0) return least;
      memory.call(() => {
        const at = memory.place('tokenQuotients', sums, n * (d + 1), 'in');
        const [middle, by, bottom, top] = [centre, factor, low, high].map((values) => memory.placeDoubles('tokenQuotients', values)) as [number, number, number, number];
        const to = memory.place('tokenQuotients', z, n * d, 'out');
        const parts = tokenShares(tasks, n, d);
        const found = memory.reserve('tokenQuotients', parts.length * 8);
        tasks.run('tokenQuotients', parts.map(([from, end], i) => [
          end - from, d, at + from * (d + 1) * 4, middle, by, bottom, top, to + from * d * 4, found + i * 8,
        ]));
        for (const total of memory.doubles(found, parts.length)) least = Math.min(least, total);
      });
      return least;
    },
  };
}
