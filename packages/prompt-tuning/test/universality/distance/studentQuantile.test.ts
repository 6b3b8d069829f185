import { expect, test } from 'vitest';
import { studentQuantile } from '../../../src/universality/distance/studentQuantile.ts';

// Two-sided points of Student's t, as printed in tables.
test.each([
  [1, 0.95, 12.7062047], [2, 0.95, 4.3026527], [3, 0.95, 3.1824463], [4, 0.9, 2.1318468], [5, 0.99, 4.032143], [7, 0.95, 2.3646243],
  [10, 0.99, 3.1692727], [15, 0.95, 2.1314495], [15, 0.99, 2.9467129], [30, 0.95, 2.0422725], [31, 0.95, 2.0395134], [120, 0.95, 1.9799304],
])('nu = %i, confidence %f: %f', (nu, confidence, t) => {
  expect(studentQuantile(nu, confidence)).toBeCloseTo(t, 6);
});

test('closed forms: nu = 1 is tan, nu = 2 is c sqrt(2 / (1 - c^2))', () => {
  for (const c of [0.01, 0.5, 0.9, 0.999]) {
    expect(studentQuantile(1, c) / Math.tan((Math.PI * c) / 2)).toBeCloseTo(1, 11);
    expect(studentQuantile(2, c) / (c * Math.sqrt(2 / (1 - c * c)))).toBeCloseTo(1, 11);
  }
});
