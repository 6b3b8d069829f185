import { describe, expect, test } from 'vitest';
import { kernelModule, supportedBuilds, type RawKernels } from '../../src/kernels/wasmModule.ts';
import { numbers } from './fixtures.ts';

const sizes = { queries: 113, keys: 307, heads: 4, keyHeads: 2, d: 7, dv: 5 };
const { queries, keys, heads, keyHeads, d, dv } = sizes;
const counts = [queries, keys, heads, keyHeads, d, dv];
const [scale, causal] = [0.7, 150];
const builds = supportedBuilds().filter((build) => build !== 'plain');

/** Runs the tasks 0 to total - 1 as ranges; each range has its own scratch, so that nothing passes from one to the next. */
type Split = (total: number, run: (from: number, to: number) => void) => void;
const atOnce: Split = (total, run) => run(0, total);
const singly: Split = (total, run) => {
  for (let task = total - 1; task >= 0; task--) run(task, task + 1);
};

/** Attention and its gradient on a fresh instance of the module, all of whose free memory holds NaN. */
async function results(build: (typeof builds)[number], split: Split, segments: number): Promise<Record<string, Float32Array>> {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 256 });
  const instance = await WebAssembly.instantiate(await kernelModule(build, false), { env: { memory } });
  const raw = instance.exports as unknown as RawKernels;
  let top = 65536;
  new Uint8Array(memory.buffer, top).fill(255);
  const reserve = (bytes: number): number => {
    const at = top;
    top = Math.ceil((top + bytes) / 16) * 16;
    return at;
  };
  const next = numbers(3);
  const array = (length: number, value: () => number): Float32Array => {
    const values = new Float32Array(memory.buffer, reserve(length * 4), length);
    for (let i = 0; i < length; i++) values[i] = value();
    return values;
  };
  const zero = () => 0;
  const [q, k, v, dz] = [queries * heads * d, keys * keyHeads * d, keys * keyHeads * dv, queries * heads * dv].map((length) => array(length, next));
  const [z, logPartition] = [array(queries * heads * dv, zero), array(heads * queries, zero)];
  const [dq, dk, dvalues] = [array(q!.length, zero), array(k!.length, zero), array(v!.length, zero)];
  const at = (values: Float32Array | undefined): number => values!.byteOffset;

  const plan = reserve(raw['attentionBytes']!(...counts));
  const scratch = reserve(raw['attentionScratchBytes']!(d, dv));
  const end = reserve(0);
  raw['planAttention']!(plan, at(q), at(k), at(v), at(z), at(logPartition), ...counts, scale, causal);
  split(raw['attentionPackTasks']!(plan), (from, to) => raw['attentionPack']!(plan, from, to));
  split(raw['attentionTasks']!(plan), (from, to) => raw['attentionForward']!(plan, scratch, from, to));
  expect(new Uint8Array(memory.buffer, end, 65536).every((byte) => byte === 255)).toBe(true); // the sizes were enough

  const vjpPlan = reserve(raw['attentionVjpBytes']!(...counts, segments));
  const vjpScratch = reserve(raw['attentionVjpScratchBytes']!(d, dv));
  const vjpEnd = reserve(0);
  raw['planAttentionVjp']!(
    vjpPlan, at(q), at(k), at(v), at(z), at(logPartition), at(dz), at(dq), at(dk), at(dvalues), ...counts, scale, causal, segments,
  );
  split(raw['attentionVjpPackTasks']!(vjpPlan), (from, to) => raw['attentionVjpPack']!(vjpPlan, from, to));
  split(keyHeads * segments, (from, to) => raw['attentionVjpTiles']!(vjpPlan, vjpScratch, from, to));
  split(raw['attentionVjpPackTasks']!(vjpPlan), (from, to) => raw['attentionVjpReduce']!(vjpPlan, from, to));
  expect(new Uint8Array(memory.buffer, vjpEnd, 65536).every((byte) => byte === 255)).toBe(true);
  return { z, logPartition, dq, dk, dvalues } as Record<string, Float32Array>;
}

describe.each(builds)('attention tasks, %s', (build) => {
  test.each([1, 2, 5])('results are the same however the tasks are split, %i segments', async (segments) => {
    const whole = await results(build, atOnce, segments);
    const single = await results(build, singly, segments);
    for (const name in whole) {
      expect(whole[name]!.every(Number.isFinite), name).toBe(true);
      expect(single[name], name).toEqual(whole[name]);
    }
  });

  test('segments change dq by rounding only, and nothing else', async () => {
    const one = await results(build, atOnce, 1);
    const four = await results(build, atOnce, 4); // one for each of the 307 / 96 tiles
    for (const name of ['z', 'logPartition', 'dk', 'dvalues']) expect(four[name], name).toEqual(one[name]);
    // The same 4 sums of a tile each, added in the same order, the first two of them to 0.
    expect(four['dq']).toEqual(one['dq']);
  });
});
