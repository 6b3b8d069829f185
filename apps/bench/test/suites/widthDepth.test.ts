import { expect, test } from 'vitest';
import { runCli } from '../support/runCli.ts';

test('width-depth --quick: 4 neurons in m^(m + 1) layers or 3 to 4 m^(m + 1) in one, outputs of full and lazy alike', { timeout: 180_000 }, async () => {
  const { code, stdout } = await runCli(['bench', 'width-depth', '--quick', '--json']);
  expect(code).toBe(0);
  const { suite, rows } = JSON.parse(stdout) as { suite: string; rows: Record<string, number | string | null>[] };
  expect(suite).toBe('width-depth');
  expect(rows.map(({ m, form }) => `${m} ${form}`)).toEqual([2, 3, 4, 5, 8, 16, 32, 64].flatMap((m) => [`${m} deep`, `${m} wide`]));
  for (const row of rows) {
    expect(Object.keys(row)).toEqual([
      'm', 'form', 'mode', 'layers', 'width', 'neurons', 'parameters', 'flopsPerToken', 'msPerTokenFull', 'msPerTokenLazy', 'maxDifference', 'printedLayers', 'printedNeurons',
    ]);
    expect(row['msPerTokenLazy']).toBeGreaterThan(0);
    expect(row['msPerTokenFull'] === null).toBe(row['mode'] === 'compact');
    // Rounding of hats in float64: far below the 1/m between two values; in any precision none.
    expect(row['maxDifference']).toBeLessThanOrEqual(row['mode'] === 'tight' ? 1e-9 : 0);
    const m = Number(row['m']);
    if (m > 8) continue; // text beyond
    const ids = m ** (m + 1);
    expect(row['printedLayers']).toBe(ids);
    // In front the quantiser has a layer for each of the m (m + 1) cells, or one for all. Behind, each ID has a layer of 4 neurons, or 3 (a tip) or 4 (a
    // plateau, where IDs are enclosed) of one layer that needs 2 more.
    const [layers, width] = [Number(row['layers']), Number(row['width'])];
    if (row['form'] === 'deep') expect([layers, width]).toEqual([m * (m + 1) + ids, 4]);
    else expect(row['mode'] === 'tight' ? [3] : [3, 4]).toContain((width - 2) / ids);
    if (row['form'] === 'wide') expect(layers).toBe(2);
    // Eq. (2.3) with d = 1: two weights and a bias a neuron, and a bias a layer.
    expect(row['parameters']).toBe(3 * Number(row['neurons']) + layers);
    expect(row['flopsPerToken']).toBe(6 * Number(row['neurons']) + 2 * layers);
  }
});
