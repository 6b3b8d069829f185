import { fc, test as propertyTest } from '@fast-check/vitest';
import { randomSource, spherePoint, tokens, uniformTokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { applyFeedForward, bumpNetwork, type FeedForward } from '../src/index.ts';

const at = (network: FeedForward, ...z: number[]) => [...applyFeedForward(network, tokens(1, Float64Array.from(z))).data];
const relu = (x: number) => Math.max(0, x);

describe('errata row 11: the weights of a bump', () => {
  test('printed, ReLU(x - 1) - ReLU(x) + ReLU(x + 1): grows like x', () => {
    const printed = (x: number) => relu(x - 1) - relu(x) + relu(x + 1);
    expect([printed(0), printed(10), printed(1000)]).toEqual([1, 10, 1000]);
  });

  test('repaired, middle weight -2: 1 at 0, linear, 0 from distance 1 on', () => {
    const hat = bumpNetwork({ direction: [1], centers: [0], halfWidth: 1, labels: tokens(1, Float64Array.of(1)) });
    expect(at(hat, -1000, -1, -0.5, 0, 0.25, 1, 1000)).toEqual([0, 0, 0.5, 1, 0.75, 0, 0]);
  });
});

describe('errata row 12: one hat for each output of the attention', () => {
  // Two tokens of width 2 that agree in their first coordinate; only the first has a label.
  const [known, other] = [[0.25, 0.75], [0.25, 0]];
  const K = 8;

  test('printed, the mean of hats over all entries: the other token gets half of the label', () => {
    const hat = (x: number) => relu(x - 1) - 2 * relu(x) + relu(x + 1);
    const printed = (q: number[]) => q.reduce((sum, x, i) => sum + hat(K * (x - known[i]!)), 0) / q.length;
    expect([printed(known), printed(other)]).toEqual([1, 0.5]);
  });

  test('repaired, one hat on a scalar that tells them apart: it gets nothing', () => {
    const network = bumpNetwork({ direction: [0.5, 0.5], centers: [0.5], halfWidth: 1 / K, labels: tokens(2, Float64Array.of(1, 1)) });
    expect([...applyFeedForward(network, tokens(2, Float64Array.of(...known, ...other))).data]).toEqual([1, 1, 0, 0]);
  });
});

propertyTest.prop([
  fc.uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 11 }),
  fc.integer({ min: -9, max: 3 }),
  fc.infiniteStream(fc.integer({ min: -999, max: 999 })),
])('on a dyadic grid labels at centers and zeros away from them are exact', (grid, exponent, values) => {
  const halfWidth = 2 ** exponent;
  const centers = grid.map((g) => 2 * g * halfWidth);
  const labels = Float64Array.from(grid, () => values.next().value!);
  const network = bumpNetwork({ direction: [1], centers, halfWidth, labels: tokens(1, labels) });
  expect(network.r).toBe(3 * grid.length + 2);
  expect(at(network, ...centers)).toEqual([...labels]);
  expect(at(network, ...centers.map((c) => c + halfWidth)).map(Math.abs)).toEqual(grid.map(() => 0));
});

test('d = 5, any direction: every output is the sum of hats within the stated bound', () => {
  const [d, N] = [5, 7];
  const random = randomSource(31);
  const direction = spherePoint(random, d);
  const centers = Array.from({ length: N }, (_, k) => 0.3 * k + 0.05 * random.uniform());
  const halfWidth = 0.125;
  const labels = uniformTokens(random, d, N, -1, 1);
  const network = bumpNetwork({ direction, centers, halfWidth, labels });
  expect(network.r).toBe(3 * N + 2 * d);
  const z = uniformTokens(random, d, 211, -1, 1);
  // Half of the tokens are moved onto a center along the direction.
  for (let k = 0; k < z.n; k += 2) {
    const token = z.data.subarray(k * d, (k + 1) * d);
    const scalar = token.reduce((sum, x, i) => sum + x * direction[i]!, 0);
    token.forEach((_, i) => (token[i]! += (centers[k % N]! - scalar) * direction[i]!));
  }
  const result = applyFeedForward(network, z);
  let reached = 0;
  for (let k = 0; k < z.n; k++) {
    const token = z.data.subarray(k * d, (k + 1) * d);
    const scalar = token.reduce((sum, x, i) => sum + x * direction[i]!, 0);
    const R = Math.max(token.reduce((sum, x, i) => sum + Math.abs(x * direction[i]!), 0), ...centers.map(Math.abs));
    // The test's own scalar product and hats add (d + 4) 2^-53 (R + w)/w; labels are at most 1 and N hats are summed.
    const bound = N * (2 * d + 17) * ((R + halfWidth) / halfWidth) * 2 ** -53 + 2 ** -52;
    const hats = centers.map((c) => Math.max(0, 1 - Math.abs(scalar - c) / halfWidth));
    reached += Math.max(...hats) > 1 - 1e-9 ? 1 : 0;
    for (let i = 0; i < d; i++) {
      const expected = hats.reduce((sum, h, j) => sum + h * labels.data[j * d + i]!, 0);
      expect(Math.abs(result.data[k * d + i]! - expected)).toBeLessThanOrEqual(bound);
    }
  }
  expect(reached).toBe(106);
});

const label = tokens(1, Float64Array.of(1, 2));
test.each<[() => unknown, string]>([
  [() => bumpNetwork({ direction: [], centers: [0, 1], halfWidth: 0.5, labels: label }), 'bumpNetwork: direction must hold at least one value, got none'],
  [() => bumpNetwork({ direction: [1], centers: [0, 1], halfWidth: 0, labels: label }), 'bumpNetwork: halfWidth must be above 0, got 0'],
  [() => bumpNetwork({ direction: [1], centers: [1, 0], halfWidth: 0.75, labels: label }), 'bumpNetwork: centers must be at least 2 halfWidth = 1.5 apart, got 0 and 1'],
  [() => bumpNetwork({ direction: [1], centers: [0], halfWidth: 0.5, labels: label }), 'bumpNetwork: labels must have length 1 (one label a center), got 2'],
  [() => bumpNetwork({ direction: [1, 0], centers: [0, 1], halfWidth: 0.5, labels: label }), 'bumpNetwork: labels must have the width of direction (d = 2), got d = 1'],
  [() => bumpNetwork({ direction: [NaN], centers: [0, 1], halfWidth: 0.5, labels: label }), 'bumpNetwork: direction must be finite, got NaN at index 0'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
