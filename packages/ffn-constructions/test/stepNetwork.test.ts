import { fc, test as propertyTest } from '@fast-check/vitest';
import { tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { applyFeedForward, stepNetwork, type FeedForward } from '../src/index.ts';

const at = (network: FeedForward, ...z: number[]) => [...applyFeedForward(network, tokens(1, Float64Array.from(z))).data];
const multiples = (delta: number, count: number) => Array.from({ length: count }, (_, t) => t * delta);

propertyTest.prop([
  fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 1, maxLength: 11 }),
  fc.double({ min: 2 ** -20, max: 0.5, noNaN: true }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 1, maxLength: 13 }),
])('outside the ramps the staircase is the height times the number of steps behind, exactly', (starts, theta, height, values) => {
  const network = stepNetwork({ starts, height, theta });
  expect(network.r).toBe(2 * starts.length + 2);
  // The ends of ramps are computed with a few roundings of values up to 9: a margin of 2^-48.
  const onRamp = (z: number) => starts.some((s) => z > s && z < s + theta * (1 + 2 ** -20) + 2 ** -48);
  const tried = [...values, ...starts].filter((z) => !onRamp(z));
  const expected = tried.map((z) => height * starts.filter((s) => s < z).length);
  expect(at(network, ...tried).map((x) => x + 0)).toEqual(expected.map((x) => x + 0));
});

test('a ramp rises linearly over theta', () => {
  const network = stepNetwork({ starts: [1], height: 8, theta: 0.5 });
  expect(at(network, -3, 1, 1.125, 1.25, 1.375, 1.5, 100)).toEqual([0, 0, 2, 4, 6, 8, 8]);
});

describe('errata row 9: the number of steps up to L prime', () => {
  const [length, delta, theta] = [2, 0.5, 0.125];

  test('printed, t = 0 .. L (1/delta - 1): the staircase saturates below L', () => {
    const printed = stepNetwork({ starts: multiples(delta, length * (1 / delta - 1) + 1), height: delta, theta });
    expect(at(printed, length)).toEqual([1.5]);
  });

  test('repaired, t = 0 .. L/delta - 1: it reaches L', () => {
    const repaired = stepNetwork({ starts: multiples(delta, length / delta), height: delta, theta });
    expect(at(repaired, length, 100)).toEqual([length, length]);
  });
});

describe('errata row 10: Eq. (2.3) adds its input', () => {
  const repaired = stepNetwork({ starts: [0, 0.25, 0.5, 0.75], height: 0.25, theta: 0.0625 });

  test('printed, the sum of steps alone: the layer gives z + f(z)', () => {
    // The two neurons that cancel come first; without their output weights the layer is the printed one.
    const printed = { ...repaired, w2: repaired.w2.map((w, j) => (j < 2 ? 0 : w)) };
    expect(at(printed, 0.375, -2)).toEqual([0.375 + 0.5, -2]);
  });

  test('repaired: the layer gives f(z), for either sign of z', () => {
    expect(at(repaired, 0.375, -2)).toEqual([0.5, 0]);
  });
});

test.each<[() => unknown, string]>([
  [() => stepNetwork({ starts: [], height: 1, theta: 1 }), 'stepNetwork: starts must hold at least one value, got none'],
  [() => stepNetwork({ starts: [NaN], height: 1, theta: 1 }), 'stepNetwork: starts must be finite, got NaN at index 0'],
  [() => stepNetwork({ starts: [0], height: Infinity, theta: 1 }), 'stepNetwork: height must be finite, got Infinity'],
  [() => stepNetwork({ starts: [0], height: 1, theta: 0 }), `stepNetwork: theta must lie in [${2 ** -1000}, ${2 ** 1000}], got 0`],
  [() => stepNetwork({ starts: [0, 3], height: 1, theta: 2 ** -30 }), 'stepNetwork: starts[1] / theta must lie in [0, 2147483648], got 3221225472'],
  [() => stepNetwork({ starts: [-1], height: 1, theta: 1 }), 'stepNetwork: starts[0] / theta must lie in [0, 2147483648], got -1'],
  [() => stepNetwork({ starts: new Float64Array(65537), height: 1, theta: 1 }), 'stepNetwork: the number of starts must lie in [1, 65536], got 65537'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
