import { expect, test } from 'vitest';
import { describeMachine } from '../../src/index.ts';
import { describeNodeMachine, peakMemoryMiB } from '../../src/node/index.ts';

const kernels = { build: 'simd128', threads: 3 } as const;

test('the machine is plain data and names the kernels', () => {
  for (const machine of [describeMachine(kernels), describeNodeMachine(kernels)]) {
    expect(machine).toMatchObject({ kernelBuild: 'simd128', threads: 3 });
    expect(JSON.parse(JSON.stringify(machine))).toEqual(machine);
  }
  expect(describeNodeMachine()).toMatchObject({ runtime: `Node ${process.versions.node}`, kernelBuild: null, threads: null });
});

test('peak memory is at least what the process holds now', () => {
  const held = process.memoryUsage.rss() / 2 ** 20;
  expect(peakMemoryMiB()).toBeGreaterThanOrEqual(held * 0.9);
  expect(peakMemoryMiB()).toBeLessThan(100 * held);
});
