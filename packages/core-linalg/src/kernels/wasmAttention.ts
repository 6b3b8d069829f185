import type { AttentionShape, Kernels } from './kernels.ts';
import { ranges, type Tasks } from './tasks.ts';

/** The numbers of a shape in the order of the raw functions; without a causal bound the offset is Infinity. */
function numbers(shape: AttentionShape): { sizes: number[]; rest: number[]; work: number } {
  const { queries, keys, heads, keyHeads, d, dv, scale, causal } = shape;
  return {
    sizes: [queries, keys, heads, keyHeads, d, dv],
    rest: [scale, causal ?? Infinity],
    work: queries * keys * heads * ((2 * (d + dv)) / 30 + 1),
  };
}

/** `attention` and `attentionVjp` on raw kernels: a plan, then phases of tasks, each after the one before. */
export function wasmAttention(tasks: Tasks): Pick<Kernels, 'attention' | 'attentionVjp'> {
  const { memory, raw } = tasks;
  const call = (fn: string, ...args: readonly number[]): number => raw[fn]!(...args);

  return {
    attention(shape, q, k, v, z, logPartition) {
      const { queries, keys, heads, keyHeads, d, dv } = shape;
      const { sizes, rest, work } = numbers(shape);
      memory.call(() => {
        const arrays = [
          memory.place('attention', q, queries * heads * d, 'in'),
          memory.place('attention', k, keys * keyHeads * d, 'in'),
          memory.place('attention', v, keys * keyHeads * dv, 'in'),
          memory.place('attention', z, queries * heads * dv, 'out'),
          memory.place('attention', logPartition, heads * queries, 'out'),
        ];
        const plan = memory.reserve('attention', call('attentionBytes', ...sizes));
        call('planAttention', plan, ...arrays, ...sizes, ...rest);
        const pieces = tasks.pieces(work);
        tasks.run('attentionPack', ranges(call('attentionPackTasks', plan), pieces).map(([from, to]) => [plan, from, to]));
        tasks.run(
          'attentionForward', ranges(call('attentionTasks', plan), pieces).map(([from, to]) => [plan, 0, from, to]),
          1, call('attentionScratchBytes', d, dv),
        );
      });
    },

    attentionVjp(shape, q, k, v, z, logPartition, dz, dq, dk, dv) {
      const { queries, keys, heads, keyHeads, d, dv: width } = shape;
      const { sizes, rest, work } = numbers(shape);
      memory.call(() => {
        const arrays = [
          memory.place('attentionVjp', q, queries * heads * d, 'in'),
          memory.place('attentionVjp', k, keys * keyHeads * d, 'in'),
          memory.place('attentionVjp', v, keys * keyHeads * width, 'in'),
          memory.place('attentionVjp', z, queries * heads * width, 'in'),
          memory.place('attentionVjp', logPartition, heads * queries, 'in'),
          memory.place('attentionVjp', dz, queries * heads * width, 'in'),
          memory.place('attentionVjp', dq, queries * heads * d, 'inout'),
          memory.place('attentionVjp', dk, keys * keyHeads * d, 'inout'),
          memory.place('attentionVjp', dv, keys * keyHeads * width, 'inout'),
        ];
        const pieces = tasks.pieces(2.5 * work);
        // One segment of keys for each thread is enough work for all, and each more costs sums for dq.
        const segments = pieces === 1 ? 1 : Math.ceil(tasks.threads / keyHeads);
        const plan = memory.reserve('attentionVjp', call('attentionVjpBytes', ...sizes, segments));
        call('planAttentionVjp', plan, ...arrays, ...sizes, ...rest, segments);
        const columns = ranges(call('attentionVjpPackTasks', plan), pieces).map(([from, to]) => [plan, from, to]);
        tasks.run('attentionVjpPack', columns);
        tasks.run(
          'attentionVjpTiles', ranges(keyHeads * segments, pieces).map(([from, to]) => [plan, 0, from, to]),
          1, call('attentionVjpScratchBytes', d, width),
        );
        tasks.run('attentionVjpReduce', columns);
      });
    },
  };
}
