import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { median, quantile } from '../../src/index.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const sample = fc.array(finite, { minLength: 1, maxLength: 31 });

describe('quantile', () => {
  test('of 0, 1, ..., n - 1 is p (n - 1): the line through the order statistics', () => {
    const values = Float64Array.from({ length: 11 }, (_, i) => (i * 7) % 11);
    for (const p of [0, 0.1, 0.25, 1 / 3, 0.5, 0.77, 1]) expect(quantile(values, p)).toBeCloseTo(p * 10, 13);
  });

  test('the ends of the float64 range do not overflow', () => {
    expect(quantile([-Number.MAX_VALUE, Number.MAX_VALUE], 0.5)).toBe(0);
    expect(quantile([Number.MAX_VALUE, Number.MAX_VALUE], 0.3)).toBe(Number.MAX_VALUE);
  });

  test.prop([sample, fc.double({ min: 0, max: 1, noNaN: true })])('lies between two neighbours that split the sample at p', (values, p) => {
    const q = quantile(values, p);
    const below = values.filter((v) => v < q).length;
    const above = values.filter((v) => v > q).length;
    // At most p (n - 1) values rounded up lie strictly below, and the mirror image above.
    expect(below).toBeLessThanOrEqual(Math.floor(p * (values.length - 1)) + 1);
    expect(above).toBeLessThanOrEqual(Math.ceil((1 - p) * (values.length - 1)) + 1);
    expect(q).toBeGreaterThanOrEqual(Math.min(...values));
    expect(q).toBeLessThanOrEqual(Math.max(...values));
  });

  test('refuses an empty sample, NaN and a p outside [0, 1]', () => {
    expect(() => quantile([], 0.5)).toThrow(new RangeError('quantile: values must hold at least one value, got none'));
    expect(() => quantile([1, NaN], 0.5)).toThrow('quantile: values must be finite, got NaN at index 1');
    expect(() => quantile([1], 1.5)).toThrow('quantile: p must lie in [0, 1], got 1.5');
  });
});

describe('median', () => {
  test('one value, odd and even counts, input kept', () => {
    const values = [9, 1, 4];
    expect(median([7])).toBe(7);
    expect(median(values)).toBe(4);
    expect(median([9, 1, 4, 5])).toBe(4.5);
    expect(values).toEqual([9, 1, 4]);
  });

  test('sorts numbers, not strings', () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  test('refuses an empty sample', () => {
    expect(() => median([])).toThrow('median: values must hold at least one value, got none');
  });
});
