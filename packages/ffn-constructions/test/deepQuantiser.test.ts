import { fc, test as propertyTest } from '@fast-check/vitest';
import { randomSource, tokens, uniformTokens } from '@prompt-limits/core-linalg';
import { nextDown, nextUp } from '@prompt-limits/core-linalg/intervals';
import { describe, expect, test } from 'vitest';
import { applyFeedForward, applyStack, deepQuantiser, quantiserNetwork, type DeepQuantiserOptions, type FeedForward, type LayerStack } from '../src/index.ts';
import { exactFeedForward, output } from '../../attention/test/transformer/exactFeedForward.ts';

const line = (values: readonly number[]) => tokens(1, Float64Array.from(values));
const at = (network: FeedForward, ...z: number[]) => [...applyFeedForward(network, line(z)).data];
const full = (stack: LayerStack, z: readonly number[]) => [...applyStack(stack, line(z), { evaluator: 'full' }).data];
const lazy = (stack: LayerStack, z: readonly number[]) => [...applyStack(stack, line(z)).data];

const extents = [2, 3, 4, 5, 7, 8, 20, 64].flatMap((m): DeepQuantiserOptions[] => [
  { m, d: 1, theta: 1 / (4 * m) },
  { m, d: 1, theta: 1e-9, length: 5 },
  { m, d: 1, theta: 2 ** -20, positions: { n: 5, rho: 1 } },
  { m, d: 1, theta: 1e-6, positions: { n: 3, rho: 7 } },
]);

/** The grid of an option, from its definition: numerators over m, exact integers. */
const numerators = ({ m, length = 1, positions }: DeepQuantiserOptions): number[] =>
  positions
    ? Array.from({ length: positions.n * m }, (_, k) => positions.rho * (Math.floor(k / m) + 1) * m + (k % m))
    : Array.from({ length: m * length }, (_, k) => k);

test.each(extents)('grid points stay, and all of a cell but its ramp goes to its grid point, bit for bit: %o', (options) => {
  const { stack, points, layers, neurons, margin } = deepQuantiser(options);
  const { m, theta } = options;
  const grid = numerators(options).map((k) => k / m);
  expect([...points]).toEqual(grid);
  expect(layers).toBe(grid.length);
  expect(neurons).toBe(Array.from({ length: layers }, (_, i) => stack.layer(i).r).reduce((sum, r) => sum + r, 0));
  expect(stack.width).toBe(Math.max(...Array.from({ length: layers }, (_, i) => stack.layer(i).r)));
  expect(margin).toBeGreaterThan(theta / 4);
  const tried = grid.flatMap((g, k) => {
    const cellEnd = options.positions && (k + 1) % m === 0 ? g + 1 / m : (grid[k + 1] ?? g + 1 / m);
    // 2 ulp inside: cellEnd and the sums here are rounded.
    const last = nextDown(nextDown(cellEnd - 2 * theta));
    const below = g === 0 ? [] : [nextDown(g), nextUp(g - margin)];
    return [g, nextUp(g), g + 0.3 * (last - g), last, ...below].map((z) => ({ z, g }));
  });
  const inputs = tried.map(({ z }) => z);
  expect(full(stack, inputs)).toEqual(tried.map(({ g }) => g));
  expect(lazy(stack, inputs)).toEqual(tried.map(({ g }) => g));
});

test.each([7, 19, 21])('m = %i: what adding the position rounds by lies within the margin, deep and wide', (m) => {
  const options = { m, d: 1, theta: 2 ** -20, positions: { n: 13, rho: 3 } };
  const digits = Array.from({ length: 13 * m }, (_, k) => ({ j: 1 + Math.floor(k / m), c: k % m }));
  const encoded = digits.map(({ j, c }) => 3 * j + c / m);
  const points = digits.map(({ j, c }) => (3 * j * m + c) / m);
  // The two roundings seldom differ; for these m they do, or the test would show nothing.
  expect(encoded.some((z, k) => z !== points[k])).toBe(true);
  expect(full(deepQuantiser(options).stack, encoded)).toEqual(points);
  expect(at(quantiserNetwork(options).network, ...encoded)).toEqual(points);
});

const drawn = fc.record({
  m: fc.integer({ min: 1, max: 23 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  extent: fc.oneof(
    fc.record({ length: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ positions: fc.record({ n: fc.integer({ min: 1, max: 5 }), rho: fc.integer({ min: 1, max: 11 }) }) }),
  ),
  special: fc.array(fc.constantFrom(-0, 0, 5e-324, -5e-324, 2 ** -1022, -1e9, 1e-17, 3, 100), { maxLength: 3 }),
  shares: fc.array(fc.double({ min: -0.2, max: 1.2, noNaN: true }), { minLength: 1, maxLength: 11 }),
  onRamps: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 }),
}).map(({ m, share, extent, special, shares, onRamps }) => {
  const end = 'positions' in extent ? extent.positions.rho * extent.positions.n + 1 : extent.length;
  // theta from its smallest to its largest, on a logarithmic scale
  const smallest = end * 2 ** -41;
  return { options: { m, d: 1, theta: Math.min(1 / (4 * m), smallest * (1 / (4 * m) / smallest) ** share), ...extent }, end, special, shares, onRamps };
});

propertyTest.prop([drawn])('full and lazy give the same bits everywhere, ramps included, and a second pass changes nothing off the ramps', ({ options, end, special, shares, onRamps }) => {
  const { stack, points, margin } = deepQuantiser(options);
  const { theta } = options;
  const ramps = onRamps.flatMap((share) => [...points].map((g) => g - 3 * theta * share));
  // Beyond 2^43 margin nothing is promised.
  const inputs = [...special, ...shares.map((share) => share * end), ...ramps].filter((z) => Math.abs(z) <= 2 ** 43 * margin);
  const result = full(stack, inputs);
  expect(lazy(stack, inputs)).toEqual(result);
  const known = new Set(points);
  result.forEach((g, i) => {
    const z = inputs[i]! + 0;
    // Any output lies between the grid points around the input, or is the input where there are none.
    const below = points.findLast((p) => p <= z);
    const above = points.find((p) => p > z);
    expect(g).toBeGreaterThanOrEqual(below ?? z);
    expect(g).toBeLessThanOrEqual(above ?? (below === undefined ? z : points.at(-1)!));
    // A value that is off the grid lay on a ramp, at most 2 theta before a grid point's margin, or below all of them.
    if (!known.has(g) && below !== undefined) expect(above! - z).toBeLessThanOrEqual(2 * theta + 2 ** -51 * end);
  });
});

propertyTest.prop([drawn])('one layer gives back, in exact arithmetic, what lies beyond its ramp, and puts its plateau on the grid point', ({ options }) => {
  const { stack, points, margin } = deepQuantiser(options);
  [...points].forEach((g, k) => {
    const network = stack.layer(points.length - 1 - k);
    expect(exactFeedForward(network, [g])).toEqual([output(g)]);
    if (k + 1 < points.length) expect(exactFeedForward(network, [points[k + 1]! + margin])).toEqual([output(points[k + 1]! + margin)]);
    const inside = g + margin / 3;
    expect(exactFeedForward(network, [inside])).toEqual([output(g)]);
  });
});

test('d = 3: coordinates do not touch, the wide quantiser gives the same off the ramps, and ramps take the stated share', () => {
  const options = { m: 7, d: 3, theta: 0.003, positions: { n: 2, rho: 1 } };
  const { stack, layers, points, rampMeasure, rampLength, margin } = deepQuantiser(options);
  expect([layers, stack.count, stack.d]).toEqual([3 * 14, 3 * 14, 3]);
  expect(rampLength).toBe(13 * 2 * margin);
  expect(rampMeasure).toBeCloseTo(1 - (1 - 7 * 2 * margin) ** 3, 15);
  const z = uniformTokens(randomSource(5), 3, 4001, 1, 2);
  const deep = applyStack(stack, z);
  expect([...applyStack(stack, z, { evaluator: 'full' }).data]).toEqual([...deep.data]);
  expect([...deep.data]).toEqual([...applyStack(deepQuantiser({ ...options, d: 1 }).stack, tokens(1, z.data)).data]);
  const wide = applyFeedForward(quantiserNetwork(options).network, z).data;
  const known = new Set(points);
  let offGrid = 0;
  for (let k = 0; k < z.n; k++) {
    const triple = [0, 1, 2].map((i) => deep.data[3 * k + i]!);
    offGrid += triple.every((x) => known.has(x)) ? 0 : 1;
    // Both round down: off their ramps they agree.
    triple.forEach((x, i) => known.has(x) && known.has(wide[3 * k + i]!) && z.data[3 * k + i]! < x + 1 / 7 - 4 * 0.003 && expect(wide[3 * k + i]).toBe(x));
  }
  // Binomial with 4001 draws: five standard deviations.
  expect(Math.abs(offGrid - 4001 * rampMeasure)).toBeLessThan(5 * Math.sqrt(4001 * rampMeasure * (1 - rampMeasure)));
});

test('values between positions go down to the last grid point before them, in both forms', () => {
  const options = { m: 2, d: 1, theta: 2 ** -10, positions: { n: 2, rho: 5 } };
  const values = [5, 5.75, 6, 7.3, 9.9, 10, 10.6, 11, 40];
  const expected = [5, 5.5, 5.5, 5.5, 5.5, 10, 10.5, 10.5, 10.5];
  expect(lazy(deepQuantiser(options).stack, values)).toEqual(expected);
  expect(full(deepQuantiser(options).stack, values)).toEqual(expected);
  expect(at(quantiserNetwork(options).network, ...values)).toEqual(expected);
  // Below the first grid point the deep form leaves a value alone, the wide form lifts it.
  expect(full(deepQuantiser(options).stack, [4, -3])).toEqual([4, -3]);
  expect(at(quantiserNetwork(options).network, 4)).toEqual([5]);
});

test('the smallest grids', () => {
  const one = deepQuantiser({ m: 1, d: 2, theta: 0.25 });
  expect([one.layers, one.neurons, one.stack.width, one.rampMeasure]).toEqual([2, 2, 1, 0]);
  expect([...applyStack(one.stack, tokens(2, Float64Array.of(0.9, 0, 7, -1)), { evaluator: 'full' }).data]).toEqual([0, 0, 0, -1]);
  const two = deepQuantiser({ m: 2, d: 1, theta: 0.125 });
  expect([two.layers, two.neurons, two.stack.width]).toEqual([2, 5, 3]);
  expect(applyStack(two.stack, tokens(1, new Float64Array(0))).n).toBe(0);
});

describe('errata row 5: phi of Eq. (B.1) and (E.4) as a layer of 4 neurons', () => {
  const [m, k, theta] = [4, 2, 2 ** -10];
  // phi(t) = slope-minus-one piece from `start` at t = 0 to t = delta - theta, ramps of width theta on both sides.
  const layer = (start: number): FeedForward => {
    const g = k / m;
    const end = g + 1 / m;
    const kinks = [g - theta, g, end - theta, end];
    const fall = 1 / m - theta - start;
    const slopes = [0, start / theta, -1, fall / theta, 0];
    const w2 = Float64Array.from(kinks, (_, j) => slopes[j + 1]! - slopes[j]!);
    return { d: 1, r: 4, w1: new Float64Array(4).fill(1), b1: Float64Array.from(kinks, (x) => -x), w2, b2: new Float64Array(1) };
  };

  test('printed, phi(t) = -t + 1: a value of the cell goes to k delta + 1', () => {
    expect(at(layer(1), 0.5, 0.625)).toEqual([k / m + 1, k / m + 1]);
  });

  test('repaired, phi(t) = -t: it goes to k delta, by this layer and by the one that is built', () => {
    expect(at(layer(0), 0.5, 0.625)).toEqual([k / m, k / m]);
    const { stack } = deepQuantiser({ m, d: 1, theta });
    expect(at(stack.layer(m - 1 - k), 0.5, 0.625)).toEqual([k / m, k / m]);
    expect(full(stack, [0.5, 0.625])).toEqual([k / m, k / m]);
  });
});

describe('errata row 6: 4 ReLU neurons against the jump of phi', () => {
  const m = 4;

  test('printed, exact everywhere: at every theta some value ends halfway between two grid points', () => {
    for (const theta of [2 ** -6, 2 ** -20, 2 ** -40]) {
      const { stack, margin } = deepQuantiser({ m, d: 1, theta });
      // The ramp before 1/2 is [1/2 - 3 margin, 1/2 - margin]; its lower half falls back to the diagonal, its upper half rises from there.
      const halfway = full(stack, [0.5 - 2.5 * margin, 0.5 - 2 * margin, 0.5 - 1.5 * margin]);
      expect(halfway.every((x) => x > 0.25 && x < 0.5)).toBe(true);
    }
  });

  test('repaired: grid points are exact, and the share of ramps falls with theta', () => {
    const shares = [2 ** -6, 2 ** -20, 2 ** -40].map((theta) => {
      const { stack, rampMeasure } = deepQuantiser({ m, d: 1, theta });
      expect(full(stack, [0, 0.25, 0.5, 0.75])).toEqual([0, 0.25, 0.5, 0.75]);
      return rampMeasure / theta;
    });
    for (const share of shares) expect(Math.abs(share - 3)).toBeLessThan(2 ** -45);
  });
});

test.each<[() => unknown, string]>([
  [() => deepQuantiser({ m: 0, d: 1, theta: 0.1 }), 'deepQuantiser: m must be at least 1, got 0'],
  [() => deepQuantiser({ m: 2, d: 0, theta: 0.1 }), 'deepQuantiser: d must be at least 1, got 0'],
  [() => deepQuantiser({ m: 2, d: 1, theta: 0.2 }), `deepQuantiser: theta must lie in [${2 ** -41}, 0.125], got 0.2`],
  [() => deepQuantiser({ m: 2, d: 1, theta: 0.1, length: 2, positions: { n: 1, rho: 1 } }), 'deepQuantiser: only one of length and positions may be given, got both'],
  [() => deepQuantiser({ m: 2, d: 1, theta: 0.1, positions: { n: 1, rho: 0.5 } }), 'deepQuantiser: positions.rho must be an integer, got 0.5'],
  [() => quantiserNetwork({ m: 2, d: 1, theta: 0.1, positions: { n: 0, rho: 1 } }), 'quantiserNetwork: positions.n must be at least 1, got 0'],
  [() => applyStack(deepQuantiser({ m: 2, d: 1, theta: 2 ** -20 }).stack, line([0, 2 ** 30])), 'applyStack: token 1: a quantiser\'s values must lie in [-4194304, 4194304], got 1073741824'],
  [() => applyStack(deepQuantiser({ m: 2, d: 1, theta: 0.1 }).stack, tokens(2, new Float64Array(2))), 'applyStack: z must have the stack\'s width (d = 1), got d = 2'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
