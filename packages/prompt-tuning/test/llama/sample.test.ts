import { randomSource } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { assertSampleOptions, likeliest, sampleToken, type SampleOptions } from '../../src/llama/sample.ts';

const LOGITS = [0, Math.log(2), Math.log(4), Math.log(3)]; // probabilities 0.1, 0.2, 0.4, 0.3
const DRAWS = 20_000;

function frequencies(options: Omit<SampleOptions, 'random'>): number[] {
  const random = randomSource(17);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < DRAWS; i++) counts[sampleToken(LOGITS, { random, ...options })]!++;
  return counts.map((count) => count / DRAWS);
}

/** Each frequency lies within 5 standard deviations of its probability. */
function expectNear(found: number[], probabilities: number[]): void {
  probabilities.forEach((p, i) => expect(Math.abs(found[i]! - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / DRAWS)));
}

describe('sampleToken', () => {
  test('at temperature 0 takes the likeliest token, the first of equals', () => {
    expect(sampleToken(LOGITS, {})).toBe(2);
    expect(likeliest([1, 5, 5, 2])).toBe(1);
  });
  test('at temperature 1 follows the softmax', () => expectNear(frequencies({ temperature: 1 }), [0.1, 0.2, 0.4, 0.3]));
  test('a temperature of 1/2 squares the probabilities', () => {
    expectNear(frequencies({ temperature: 0.5 }), [1, 4, 16, 9].map((w) => w / 30));
  });
  test('topK keeps the likeliest', () => expectNear(frequencies({ temperature: 1, topK: 2 }), [0, 0, 4 / 7, 3 / 7]));
  test('topP keeps the fewest that reach it', () => {
    expectNear(frequencies({ temperature: 1, topP: 0.65 }), [0, 0, 4 / 7, 3 / 7]);
    expectNear(frequencies({ temperature: 1, topP: 0.75 }), [0, 2 / 9, 4 / 9, 3 / 9]);
    expectNear(frequencies({ temperature: 1, topP: 1e-9 }), [0, 0, 1, 0]);
  });
  test('survives logits that overflow an exponential', () => {
    expect(sampleToken([1000, -1000, 900], { temperature: 1, random: randomSource(1) })).toBe(0);
  });
  test('refuses options that mean nothing', () => {
    expect(() => assertSampleOptions('generate', { temperature: -1 })).toThrow('generate: temperature must be at least 0, got -1');
    expect(() => assertSampleOptions('generate', { temperature: 1 })).toThrow('generate: random must be given for a temperature above 0, got undefined');
    expect(() => assertSampleOptions('generate', { topK: 0 })).toThrow('generate: topK must be at least 1, got 0');
    expect(() => assertSampleOptions('generate', { topP: 0 })).toThrow(RangeError);
  });
});
