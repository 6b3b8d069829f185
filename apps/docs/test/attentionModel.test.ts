import { createPlainKernels } from '@prompt-limits/core-linalg';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { initialState, view, type Point } from '../components/attentionModel.ts';

const kernels = createPlainKernels({ precision: 'float32' });
const coordinate = fc.integer({ min: -200, max: 200 }).map((v) => v / 100);
const point = fc.tuple(coordinate, coordinate) as fc.Arbitrary<Point>;
const state = fc.record({ prompt: point, input: fc.array(point, { minLength: 1, maxLength: 7 }), scale: fc.double({ min: 0, max: 5, noNaN: true }) });

// Scores are below 5 * 2 * 2 * 2 = 40; weights carry about 40 + n roundings, entries are at most 2.
const TOLERANCE = 2 * 64 * 2 ** -52;

propertyTest.prop([state])('Eq. (I.2): the output lies between the prompt and the attention over the text alone', (s) => {
  const { output, withoutPrompt, promptShare } = view(s, kernels);
  for (const axis of [0, 1] as const) {
    const mean = promptShare * s.prompt[axis] + (1 - promptShare) * withoutPrompt[axis];
    expect(Math.abs(output[axis] - mean)).toBeLessThanOrEqual(TOLERANCE);
  }
});

propertyTest.prop([state])('every column of weights sums to 1, and Lemma C.1 ties Boltz to the log partition and the entropy', (s) => {
  const { weights, boltz, logPartition, entropy } = view(s, kernels);
  for (const column of weights) expect(Math.abs(column.reduce((sum, w) => sum + w, 0) - 1)).toBeLessThanOrEqual(TOLERANCE);
  expect(Math.abs(boltz - (logPartition - entropy))).toBeLessThanOrEqual(40 * TOLERANCE);
});

test('at scale 0 every token weighs the same', () => {
  expect(view({ ...initialState, scale: 0 }, kernels).weights.flat()).toEqual(Array.from({ length: 25 }, () => 0.2));
});
