import { expect, test } from 'vitest';
import { multiplyAddCeiling } from '../../src/kernels/multiplyAddCeiling.ts';
import { supportedBuilds } from '../../src/kernels/wasmModule.ts';

for (const build of supportedBuilds().filter((b) => b !== 'plain')) {
  test(`${build}: after r rounds each of the 48 sums is 2 - 2^-r`, async () => {
    const ceiling = await multiplyAddCeiling(build);
    expect(ceiling.operationsPerRound).toBe(96);
    // Every partial sum is a multiple of 2^-r below 2^7, so float32 holds it exactly.
    for (const rounds of [0, 1, 2, 7]) expect(ceiling.run(rounds)).toBe(48 * (2 - 2 ** -rounds));
    expect(ceiling.run(100_000)).toBe(96);
  });
}

test('refuses a build without WASM and rounds that are no count', async () => {
  await expect(multiplyAddCeiling('plain')).rejects.toThrow(new RangeError('multiplyAddCeiling: build must be one of relaxed-simd, simd128, got "plain"'));
  const ceiling = await multiplyAddCeiling('simd128');
  expect(() => ceiling.run(-1)).toThrow(RangeError);
  expect(() => ceiling.run(0.5)).toThrow(RangeError);
});
