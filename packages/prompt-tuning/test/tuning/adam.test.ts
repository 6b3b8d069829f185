import { describe, expect, test } from 'vitest';
import { createAdam } from '../../src/tuning/adam.ts';

const plain = { betas: [0.9, 0.99], epsilon: 1e-8, weightDecay: 0 } as const;

describe('createAdam', () => {
  test('the first update has the length of the learning rate, whatever the gradient', () => {
    const x = Float64Array.of(1, 1, 1);
    createAdam(3, plain).update(x, Float64Array.of(1e-3, -7, 0), 0.1);
    // m / (1 - b1) = g and v / (1 - b2) = g^2, so the step is g / (|g| + epsilon).
    expect(x[0]).toBeCloseTo(1 - 0.1 / (1 + 1e-5), 14);
    expect(x[1]).toBeCloseTo(1.1, 9);
    expect(x[2]).toBe(1);
  });

  test('two updates by hand', () => {
    const x = Float64Array.of(0);
    const adam = createAdam(1, { ...plain, betas: [0.5, 0.75], epsilon: 1 });
    adam.update(x, Float64Array.of(3), 1);
    // m = 1.5, v = 2.25; corrected 3 and 9: 3 / (3 + 1)
    expect(x[0]).toBeCloseTo(-0.75, 15);
    adam.update(x, Float64Array.of(-1), 2);
    // m = 0.25, v = 1.9375; corrected 1/3 and 31/7: (1/3) / (sqrt(31/7) + 1)
    expect(x[0]).toBeCloseTo(-0.75 - (2 * (1 / 3)) / (Math.sqrt(31 / 7) + 1), 15);
  });

  test('weight decay is decoupled from the gradient', () => {
    const x = Float64Array.of(10);
    createAdam(1, { ...plain, weightDecay: 0.5 }).update(x, Float64Array.of(0), 0.1);
    expect(x[0]).toBe(9.5);
  });

  test('walks down a valley whose sides differ by a factor of 10^4', () => {
    const x = Float64Array.of(3, 3);
    const adam = createAdam(2, plain);
    for (let i = 0; i < 500; i++) adam.update(x, Float64Array.of(1e2 * x[0]!, 1e-2 * x[1]!), 0.05 * (1 - i / 500));
    expect(Math.hypot(...x)).toBeLessThan(1e-3);
  });
});
