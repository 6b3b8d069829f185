import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { column, normalTokens, randomSource, separatedDirection, spherePoint, tokens, tokensFromColumns, type SeparatedDirection, type Tokens } from '../../src/index.ts';
import { units } from '../exact.ts';

const dot = (a: readonly bigint[], b: readonly bigint[]): bigint => a.reduce((s, x, i) => s + x * b[i]!, 0n);

/** All pairs by rational arithmetic: c^2 |u|^2 |delta|^2 <= (u . delta)^2, everything in units of 2^-1074. */
function pairsBelow(points: Tokens, { direction }: SeparatedDirection, c: number): number {
  const u = [...direction].map(units);
  const columns = Array.from({ length: points.n }, (_, k) => [...column(points, k)].map(units));
  const c2 = units(c) ** 2n;
  let below = 0;
  for (let i = 0; i < columns.length; i++) {
    for (let j = 0; j < i; j++) {
      const delta = columns[i]!.map((x, k) => x - columns[j]![k]!);
      if (dot(delta, delta) > 0n && dot(u, delta) ** 2n * units(1) ** 2n < c2 * dot(u, u) * dot(delta, delta)) below++;
    }
  }
  return below;
}

/** The next float64 above c > 0. */
const above = (c: number): number => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, c);
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  return view.getFloat64(0);
};

function expectSound(points: Tokens, found: SeparatedDirection): void {
  expect(pairsBelow(points, found, found.reached)).toBe(0);
  if (found.pair !== null && found.reached < 1) expect(pairsBelow(points, found, above(found.reached))).toBeGreaterThan(0);
  expect(Math.abs(Math.hypot(...found.direction) - 1)).toBeLessThan((found.direction.length + 4) * 2 ** -52);
  // The formula itself is good to a few roundings.
  if (found.meets && found.pair !== null) expect(pairsBelow(points, found, found.guaranteed * (1 - 2 ** -49))).toBe(0);
}

// Multiples of 1/8 make ties and duplicates; the rest spans the range of float64.
const value = fc.oneof(fc.integer({ min: -9, max: 9 }).map((k) => k / 8), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(1e300, -1e300, 5e-324, 0, -0));
const pointSet = fc.integer({ min: 1, max: 5 }).chain((d) => fc.array(fc.array(value, { minLength: d, maxLength: d }), { minLength: 1, maxLength: 11 })).map((columns) => tokensFromColumns(columns));

propertyTest.prop([pointSet, fc.integer({ min: 0, max: 2 ** 32 - 1 })])('Lemma D.1: random and optimised directions hold their constants on every pair, in exact arithmetic', (points, seed) => {
  const drawn = separatedDirection(points, { random: randomSource(seed) });
  expectSound(points, drawn);
  expect(drawn.meets).toBe(true); // 64 draws fail with probability 0.64^64 < 10^-12
  const wide = separatedDirection(points, { method: 'optimise', random: randomSource(seed), steps: 30 });
  expectSound(points, wide);
});

propertyTest.prop([pointSet, fc.integer({ min: 0, max: 2 ** 32 - 1 })])('Eq. (D.1): against the origin, points count as themselves', (points, seed) => {
  const found = separatedDirection(points, { random: randomSource(seed), differences: 'origin' });
  const nonzero = Array.from({ length: points.n }, (_, k) => column(points, k)).filter((p) => p.some((x) => x !== 0));
  for (const p of nonzero) expectSound(tokensFromColumns([new Float64Array(points.d), p]), { ...found, pair: null, reached: found.reached });
  expect(found.pair === null).toBe(nonzero.length === 0);
});

test('optimisation widens: never below its best draw, and well above what one draw gives', () => {
  for (const [d, n, seed] of [[2, 11, 1], [3, 23, 2], [5, 31, 3]] as const) {
    const points = normalTokens(randomSource(seed), d, n);
    const start = separatedDirection(points, { method: 'optimise', random: randomSource(9), steps: 0 });
    const wide = separatedDirection(points, { method: 'optimise', random: randomSource(9) });
    expect(wide.reached).toBeGreaterThan(start.reached);
    const absolute = separatedDirection(points, { method: 'optimise', random: randomSource(9), objective: 'absolute' });
    const absoluteStart = separatedDirection(points, { method: 'optimise', random: randomSource(9), objective: 'absolute', steps: 0 });
    expect(absolute.gap).toBeGreaterThan(absoluteStart.gap);
    expectSound(points, wide);
    expectSound(points, absolute);
  }
});

test('a draw meets the guarantee with probability above 0.36, and one difference is missed as rarely as claimed', () => {
  const draws = 4001;
  let met = 0;
  for (let t = 0; t < draws; t++) {
    const points = normalTokens(randomSource(1000 + t), 3, 7);
    if (separatedDirection(points, { random: randomSource(t), tries: 1 }).meets) met++;
  }
  // Hoeffding: met / draws falls below p - h with probability at most exp(-2 h^2 draws), below 10^-9 for this h.
  const h = Math.sqrt(Math.log(1e9) / (2 * draws));
  expect(met / draws).toBeGreaterThan(1 - (2 / Math.PI) * (1 - 1 / 7) - h);

  // In d = 3 the coordinate of a uniform unit vector is uniform on [-1, 1] (Archimedes): P(|u_1| < c) = c exactly.
  const line = tokensFromColumns(Array.from({ length: 3 }, (_, k) => [k, 0, 0]));
  const c = separatedDirection(line, { random: randomSource(1) }).guaranteed;
  const random = randomSource(77);
  let missed = 0;
  for (let t = 0; t < draws; t++) if (Math.abs(spherePoint(random, 3)[0]!) < c) missed++;
  expect(c).toBeLessThan(4 / (Math.PI * 9));
  expect(Math.abs(missed / draws - c)).toBeLessThan(h);
});

test('the guaranteed constant is sqrt(8 / (pi d)) / n^2 with duplicates and -0 counted once', () => {
  const points = tokens(2, Float64Array.of(0, 1, -0, 1, 3, 4, 3, 4, 5, 5));
  const found = separatedDirection(points, { random: randomSource(3) });
  expect(found.guaranteed / (Math.sqrt(8 / (2 * Math.PI)) / 9)).toBeCloseTo(1, 14);
});

test('no difference: one point, or duplicates of it, are separated by any direction', () => {
  for (const points of [tokens(3, Float64Array.of(1, 2, 3)), tokens(2, Float64Array.of(0, 7, -0, 7))]) {
    expect(separatedDirection(points, { random: randomSource(4) })).toMatchObject({ reached: 1, gap: Infinity, pair: null, meets: true, tries: 1 });
  }
  expect(separatedDirection(tokens(2, new Float64Array(4)), { random: randomSource(4), differences: 'origin' }).pair).toBe(null);
});

test('d = 1: the direction is 1, every ratio is 1, and no random source is needed', () => {
  const found = separatedDirection(tokens(1, Float64Array.of(1e300, -1e300, 5e-324, 0)));
  expect(found).toMatchObject({ direction: Float64Array.of(1), reached: 1, gap: 5e-324, meets: true, tries: 0 });
});

test('ends of float64: huge and subnormal points are measured exactly', () => {
  for (const points of [tokens(2, Float64Array.of(1e300, 1, -1e300, 2, 1e300, 3)), tokens(2, Float64Array.of(5e-324, 0, 0, 5e-324, 1.7e308, -1.7e308))]) {
    const found = separatedDirection(points, { random: randomSource(5) });
    expectSound(points, found);
    expect(found.meets).toBe(true);
  }
});

test('tries that run out give the best draw and say so', () => {
  // On a line of n points a draw fails with probability c; try seeds until one does.
  const line = tokensFromColumns([[0, 0, 0], [1, 0, 0]]);
  const failures = Array.from({ length: 60 }, (_, seed) => separatedDirection(line, { random: randomSource(seed), tries: 1 })).filter((f) => !f.meets);
  expect(failures.length).toBeGreaterThan(0);
  for (const f of failures) {
    expect(f.reached).toBeLessThan(f.guaranteed);
    expect(f.tries).toBe(1);
    expectSound(line, f);
  }
});

test.each<[() => unknown, Error]>([
  [() => separatedDirection(tokens(2, new Float64Array(0)), { random: randomSource(1) }), new RangeError('separatedDirection: the number of points must be at least 1, got 0')],
  [() => separatedDirection(tokens(2, Float64Array.of(0, NaN))), new RangeError('separatedDirection: points must be finite, got NaN at index 1')],
  [() => separatedDirection(tokens(2, Float64Array.of(0, 1))), new RangeError('separatedDirection: random must be given for method random, got undefined')],
  [() => separatedDirection(tokens(2, Float64Array.of(0, 1)), { random: randomSource(1), tries: 0 }), new RangeError('separatedDirection: tries must be an integer from 1 to 1000000, got 0')],
  [() => separatedDirection(tokens(2, Float64Array.of(0, 1)), { method: 'grid' }), new RangeError('separatedDirection: levels must be given for method grid, got undefined')],
  [() => separatedDirection(tokens(2, Float64Array.of(0, 1)), { method: 'best' as 'grid' }), new RangeError('separatedDirection: method must be one of random, grid, optimise, got "best"')],
])('bad input %#', (body, error) => {
  expect(body).toThrow(error);
});
