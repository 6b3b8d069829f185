import { expect, test } from 'vitest';
import { interleave, type TimedCase } from '../../src/index.ts';

/** Cases on a clock that only they move; `calls` records who ran. */
function fakeCases(costs: Record<string, number>): { cases: TimedCase[]; calls: string[]; now: () => number } {
  let time = 0;
  const calls: string[] = [];
  const cases = Object.entries(costs).map(([name, cost]) => ({
    name,
    run: (): void => {
      calls.push(name);
      time += cost;
    },
  }));
  return { cases, calls, now: () => time };
}

test('reports the cost of one call, repeated until a sample is long enough', async () => {
  const { cases, now } = fakeCases({ slow: 32, fast: 3 });
  const result = await interleave(cases, { rounds: 3, minMilliseconds: 20, now });
  expect(result).toEqual([
    { name: 'slow', milliseconds: [32, 32, 32], repeats: 1 },
    { name: 'fast', milliseconds: [3, 3, 3], repeats: 8 },
  ]);
});

test('rounds go through all cases, and the one that begins moves on', async () => {
  const { cases, calls, now } = fakeCases({ a: 1, b: 1, c: 1 });
  await interleave(cases, { rounds: 3, minMilliseconds: 0, warmUpRounds: 0, now });
  expect(calls.join('')).toBe('abcabcbcacab');
});

test('warm-up rounds are not kept: a case that is slow at first is measured at its later speed', async () => {
  let time = 0;
  let call = 0;
  const run = (): void => {
    time += call++ < 3 ? 100 : 1;
  };
  const [s] = await interleave([{ name: 'a', run }], { rounds: 4, minMilliseconds: 0, warmUpRounds: 2, now: () => time });
  expect(s!.milliseconds).toEqual([1, 1, 1, 1]);
});

test('awaits promises, and takes the time that a case measures itself', async () => {
  let time = 0;
  const cases: TimedCase[] = [
    { name: 'promise', run: () => Promise.resolve().then(() => (time += 5)) },
    { name: 'elsewhere', time: async (repeats) => 7 * repeats },
  ];
  const [a, b] = await interleave(cases, { rounds: 2, minMilliseconds: 10, now: () => time });
  expect(a).toEqual({ name: 'promise', milliseconds: [5, 5], repeats: 2 });
  expect(b).toEqual({ name: 'elsewhere', milliseconds: [7, 7], repeats: 2 });
});

test('progress ends at 1; an aborted signal stops it', async () => {
  const { cases, now } = fakeCases({ a: 1, b: 2 });
  const seen: number[] = [];
  await interleave(cases, { rounds: 2, minMilliseconds: 0, now, onProgress: (f) => seen.push(f) });
  expect(seen).toEqual([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1]);
  const controller = new AbortController();
  const run = interleave(cases, { now, minMilliseconds: 0, signal: controller.signal, onProgress: () => controller.abort(new Error('enough')) });
  await expect(run).rejects.toThrow('enough');
});

test('refuses nothing, twins and bad options before any call', async () => {
  const { cases, calls, now } = fakeCases({ a: 1 });
  await expect(interleave([])).rejects.toThrow('interleave: cases must hold at least one value, got none');
  await expect(interleave([...cases, ...cases], { now })).rejects.toThrow('interleave: every case must have a name of its own, got "a" twice');
  await expect(interleave(cases, { rounds: 0 })).rejects.toThrow('interleave: rounds must be at least 1, got 0');
  await expect(interleave(cases, { minMilliseconds: NaN })).rejects.toThrow('interleave: minMilliseconds must be finite and at least 0, got NaN');
  expect(calls).toEqual([]);
});
