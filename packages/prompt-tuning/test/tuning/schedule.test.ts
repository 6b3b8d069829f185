import { describe, expect, test } from 'vitest';
import { learningRateAt } from '../../src/tuning/schedule.ts';

const rates = (schedule: 'constant' | 'cosine' | 'linear', warmupSteps: number, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => learningRateAt({ schedule, learningRate: 8, warmupSteps, steps }, step));

describe('learningRateAt', () => {
  test('rises evenly in the warm-up, then stays', () => expect(rates('constant', 4, 7)).toEqual([2, 4, 6, 8, 8, 8, 8]));
  test('falls evenly', () => expect(rates('linear', 2, 6)).toEqual([4, 8, 8, 6, 4, 2]));
  test('falls as half a cosine', () => {
    const found = rates('cosine', 1, 5);
    [8, 8, 4 + 4 * Math.SQRT1_2, 4, 4 - 4 * Math.SQRT1_2].forEach((rate, i) => expect(found[i]).toBeCloseTo(rate, 14));
  });
  test('may be all warm-up or have none', () => {
    expect(rates('cosine', 4, 4)).toEqual([2, 4, 6, 8]);
    expect(rates('linear', 0, 4)).toEqual([8, 6, 4, 2]);
  });
});
