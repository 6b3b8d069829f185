import { fc, test } from '@fast-check/vitest';
import { attend as attendExact, attendReference, type AttentionProblem } from '@prompt-limits/attention';
import { createKernels, createPlainKernels, randomSource, tokens, type FloatArray, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { attendVjp, type FastGradient } from '../../src/index.ts';
import { exactGradient, inputs, largestShare, maxAbs, randomGradient, toFloat32, type Dimensions } from './problems.ts';

const float64 = createPlainKernels({ precision: 'float64' });
const float32: [string, Kernels][] = [
  ['plain', createPlainKernels()],
  ...(await Promise.all((['simd128', 'relaxed-simd'] as const).map(async (build): Promise<[string, Kernels]> => [build, await createKernels({ build, threads: 1, memoryMiB: 16 })]))),
];
const all: [string, Kernels][] = [['float64', float64], ...float32];

/** The fast gradient on `kernels`, and the largest share of its bounds that an error takes. */
function checked(
  { problem, dZ }: ReturnType<typeof randomGradient>, kernels: Kernels, tolerance: number, method: 'polynomial' | 'auto' | 'exact' = 'polynomial',
): { fast: FastGradient<FloatArray>; shares: Record<'queries' | 'keys' | 'values', number>; p: AttentionProblem<FloatArray>; dZ: Tokens } {
  const p: AttentionProblem<FloatArray> = kernels.precision === 'float32' ? toFloat32(problem) : problem;
  const stored: Tokens = kernels.precision === 'float32' ? tokens(dZ.d, Float32Array.from(dZ.data)) : dZ;
  const fast = attendVjp(p, null, stored, { tolerance, method, perToken: true, kernels });
  return { fast, shares: largestShare(p, stored, fast), p, dZ: stored };
}

const within = (shares: Record<string, number>): void => {
  for (const name of inputs) expect(shares[name], name).toBeLessThanOrEqual(1);
};

describe('the certificate holds', () => {
  const problems = fc.record({
    seed: fc.integer({ min: 0, max: 2 ** 31 }), queries: fc.integer({ min: 1, max: 43 }), keys: fc.integer({ min: 1, max: 41 }),
    d: fc.integer({ min: 1, max: 5 }), dv: fc.integer({ min: 1, max: 3 }), keyHeads: fc.integer({ min: 1, max: 2 }), group: fc.integer({ min: 1, max: 3 }),
    half: fc.constantFrom(0.05, 0.4, 0.8), scale: fc.constantFrom(-0.7, 0.3, 1), causal: fc.constantFrom(false, true, 0, 5, -7), shift: fc.constantFrom(0, 0.5, 4),
    tolerance: fc.constantFrom(0.2, 0.01, 2e-3),
  });
  for (const [name, kernels] of all) {
    test.prop([problems], { seed: 1, numRuns: 80 })(`on random problems: ${name}`, ({ seed, group, keyHeads, half, scale, causal, shift, tolerance, ...rest }) => {
      const made = randomGradient(seed, { ...rest, keyHeads, heads: keyHeads * group }, { half, scale, causal, shift });
      within(checked(made, kernels, tolerance, 'auto').shares);
      // Where float32 can certify the tolerance at all.
      if (kernels.precision === 'float64' || tolerance > 0.005) within(checked(made, kernels, tolerance).shares);
    });
  }

  const cases: [string, Dimensions, Parameters<typeof randomGradient>[2]][] = [
    ['several causal chunks, queries and keys off centre', { queries: 523, keys: 541, d: 3, dv: 2 }, { half: 0.5, scale: 0.6, causal: true, shift: 2 }],
    ['causal with keys before all queries, grouped', { queries: 307, keys: 811, d: 2, dv: 3, heads: 4, keyHeads: 2 }, { half: 0.6, scale: 0.7, causal: 401 }],
    ['causal with queries that see nothing', { queries: 601, keys: 523, d: 2, dv: 1 }, { half: 0.6, scale: 0.7, causal: -41 }],
    ['cross-attention of unequal lengths', { queries: 17, keys: 1009, d: 5, dv: 2 }, { half: 0.4, scale: 1 }],
    ['more tokens than one block of kernels', { queries: 8209, keys: 31, d: 2, dv: 1 }, { half: 0.5, scale: 1 }],
    ['a half-width near 4', { queries: 31, keys: 37, d: 1, dv: 2 }, { half: 2, scale: 1 }],
    ['large and small magnitudes', { queries: 31, keys: 37, d: 2, dv: 2 }, { half: 0.5, scale: 1 }],
  ];
  for (const [name, kernels] of all) {
    test.each(cases)(`${name}: %s`, (label, dims, rest) => {
      let made = randomGradient(5, dims, rest);
      if (label === 'large and small magnitudes') {
        const times = (t: Tokens<Float64Array>, f: number): Tokens<Float64Array> => tokens(t.d, t.data.map((x) => x * f));
        const { queries, keys, values, scale } = made.problem;
        made = { problem: { queries: times(queries, 2 ** 40), keys: times(keys, 2 ** -50), values: times(values, 2 ** 20), scale: scale * 2 ** 10 }, dZ: times(made.dZ, 2 ** -30) };
      }
      const { fast, shares } = checked(made, kernels, 0.02);
      expect(new Set(fast.plan.map((p) => p.method))).toEqual(new Set(['polynomial']));
      within(shares);
    });
  }
});

/** One head of width 1 in Float64. */
function narrowHead(queries: number[], keys: number[], values: number[], dZ: number[], tolerance: number): ReturnType<typeof checked> {
  const column = (x: number[]): Tokens<Float64Array> => tokens(1, Float64Array.from(x));
  return checked({ problem: { queries: column(queries), keys: column(keys), values: column(values), scale: 1 }, dZ: column(dZ) }, float64, tolerance);
}

test('adversarial heads come close to the bounds: half of any of them would be violated', () => {
  const random = randomSource(3);
  const most = { queries: 0, keys: 0, values: 0 };
  for (let trial = 0; trial < 2500; trial++) {
    // Queries and keys at the ends of an interval, the output's gradient on one query, two-point values, one key repeated.
    const R = 0.1 + 1.5 * random.uniform();
    const few = 2 + random.integer(4);
    const keys = [1, -1, ...Array.from({ length: few }, () => 2 * random.uniform() - 1)];
    const values = [0, 1, ...Array.from({ length: few }, () => random.integer(2))];
    const [times, which] = [1 + random.integer(60), random.integer(keys.length)];
    for (let i = 0; i < times; i++) {
      keys.push(keys[which]!);
      values.push(values[which]!);
    }
    const q = random.integer(2) === 1 ? R : R * (2 * random.uniform() - 1);
    const { shares } = narrowHead([R, -R, q], keys, values, [0, 0, 1], [0.5, 0.1, 0.02, 0.004][random.integer(4)]!);
    within(shares);
    for (const name of inputs) most[name] = Math.max(most[name], shares[name]);
  }
  expect(most.queries).toBeGreaterThan(0.55);
  expect(most.keys).toBeGreaterThan(0.9);
  expect(most.values).toBeGreaterThan(0.95);
});

test('relative errors hold in their natural units', () => {
  const { problem, dZ } = randomGradient(9, { queries: 53, keys: 47, d: 3, dv: 2 }, { half: 0.7, scale: 0.8 });
  const { fast } = checked({ problem, dZ }, float64, 0.05);
  const exact = exactGradient(problem, dZ);
  const { relative } = fast.certificate;
  // The centres in use lie in the box of the vectors, so these units are at least as large as with them.
  const span = (t: Tokens, c: number): number => {
    const row = Array.from({ length: t.n }, (_, j) => t.data[j * t.d + c]!);
    return Math.max(...row) - Math.min(...row);
  };
  const reach = Math.max(...[0, 1, 2].map((c) => span(problem.keys, c)));
  for (let i = 0; i < 53; i++) {
    const G = [0, 1].reduce((sum, c) => sum + Math.abs(dZ.data[2 * i + c]!) * span(problem.values, c), 0);
    for (let c = 0; c < 3; c++) {
      expect(Math.abs(fast.queries.data[3 * i + c]! - exact.queries.data[3 * i + c]!)).toBeLessThanOrEqual(relative.queries * 0.8 * reach * G * (1 + 1e-9));
    }
  }
  // Probabilities from a gradient that is 1 on one query: column i of dV is then P_i.
  const mass = new Float64Array(47);
  for (let i = 0; i < 53; i++) {
    const one = tokens(2, new Float64Array(106));
    one.data[2 * i] = 1;
    const P = exactGradient(problem, one).values.data;
    const g = Math.max(Math.abs(dZ.data[2 * i]!), Math.abs(dZ.data[2 * i + 1]!));
    for (let j = 0; j < 47; j++) mass[j]! += P[2 * j]! * g;
  }
  for (let j = 0; j < 47; j++) {
    for (let c = 0; c < 2; c++) {
      expect(Math.abs(fast.values.data[2 * j + c]! - exact.values.data[2 * j + c]!)).toBeLessThanOrEqual(relative.values * mass[j]! * (1 + 1e-9));
    }
  }
  expect(Math.max(relative.queries, relative.keys, relative.values)).toBeLessThanOrEqual(0.05);
});

test.each([[false], [true]])('central differences of the exact function agree within the certificate and their own error; causal %s', (causal) => {
  const { problem, dZ } = randomGradient(21, { queries: 7, keys: 7, d: 2, dv: 2, heads: 2, keyHeads: 1 }, { half: 0.6, scale: 0.9, causal });
  const fast = attendVjp(problem, null, dZ, { tolerance: 1e-4, method: 'polynomial' });
  const loss = (p: AttentionProblem): number => attendReference(p).output.data.reduce((sum, z, i) => sum + z * dZ.data[i]!, 0);
  // (f(x + h) - f(x - h)) / 2h errs by h^2 max|f'''| / 6 and by u |f| c / h. Third derivatives of softmax means in one entry of Q or K are
  // below 26 |scale|^3 max(|q|, |k|)^3 range(V), summed over the 14 rows with |dZ|: below 1e3; f is a sum of 28 terms below 10 with
  // errors of some 100 u each. With h = 2^-17: 1e3 h^2 / 6 = 1e-8 and 28 * 10 * 100 * 2^-53 / h = 4e-7.
  const h = 2 ** -17;
  for (const name of inputs) {
    const at = fast[name];
    for (let i = 0; i < at.data.length; i++) {
      const moved = (step: number): number => loss({ ...problem, [name]: tokens(at.d, problem[name].data.map((x, j) => (j === i ? x + step : x))) });
      const numeric = (moved(h) - moved(-h)) / (2 * h);
      expect(Math.abs(at.data[i]! - numeric)).toBeLessThanOrEqual(fast.certificate.bound[name] + 5e-7);
    }
  }
});

describe('degenerate inputs', () => {
  test('one query and one key: no gradient through the weights, all of it to the value', () => {
    const { fast, shares } = narrowHead([0.3], [0.7], [2], [5], 0.01);
    within(shares);
    expect(Math.abs(fast.queries.data[0]!)).toBe(0);
    expect(fast.values.data[0]).toBeCloseTo(5, 12);
  });
  test('equal keys: equal weights, exactly no dQ', () => {
    const { fast, shares } = narrowHead([0.3, -1, 2], [0.7, 0.7, 0.7, 0.7], [2, 1, 0, 5], [5, 1, 1], 0.01);
    within(shares);
    expect(maxAbs(fast.queries.data)).toBe(0);
    expect(fast.values.data[0]).toBeCloseTo(7 / 4, 12);
  });
  test('queries of zero, scale 0, values all equal', () => {
    within(narrowHead([0, 0], [0.7, 0.1, -1], [2, 1, 0], [5, 1], 0.01).shares);
    const { fast, shares } = narrowHead([0.4, 0.1], [0.7, 0.1, -1], [3, 3, 3], [5, 1], 0.01);
    within(shares);
    expect([maxAbs(fast.queries.data), maxAbs(fast.keys.data)]).toEqual([0, 0]);
    const { problem, dZ } = randomGradient(2, { queries: 5, keys: 7, d: 3, dv: 2 }, { half: 9, scale: 0 });
    within(checked({ problem, dZ }, float64, 0.01).shares);
  });
  test('a gradient of zero gives zeros, and bounds of next to nothing', () => {
    const { fast } = narrowHead([0.3, -1], [0.7, 0.1], [2, 1], [0, 0], 0.01);
    for (const name of inputs) {
      expect(maxAbs(fast[name].data)).toBe(0);
      expect(fast.certificate.bound[name]).toBeLessThan(1e-200);
    }
  });
  test('weights too small for float numbers: exact, and still within', () => {
    const made = randomGradient(4, { queries: 31, keys: 29, d: 2, dv: 2 }, { half: 0.3, scale: 1, shift: 40 });
    for (const [, kernels] of all) within(checked(made, kernels, 0.02).shares);
  });
});

describe('plans', () => {
  const made = randomGradient(6, { queries: 401, keys: 401, d: 2, dv: 2 }, { half: 0.3, scale: 1 });
  test('auto takes the polynomial where it is cheaper by count, the exact gradient elsewhere', () => {
    expect(checked(made, float64, 0.01, 'auto').fast.plan[0]!.method).toBe('polynomial');
    const wide = randomGradient(6, { queries: 61, keys: 61, d: 7, dv: 2 }, { half: 0.3, scale: 1 });
    const { fast, shares } = checked(wide, float64, 0.01, 'auto');
    expect(fast.plan[0]!.reason).toMatch(/^by count of operations/);
    within(shares);
  });
  test('scores beyond any polynomial are exact, with a bound of their rounding', () => {
    const far = randomGradient(6, { queries: 31, keys: 41, d: 2, dv: 2, heads: 2, keyHeads: 1 }, { half: 9, scale: 1, causal: true });
    for (const [, kernels] of all) {
      const { fast, shares } = checked(far, kernels, 0.01);
      expect(fast.plan[0]!.reason).toMatch(/^the half-width of its scores is/);
      expect(fast.certificate.relative).toEqual({ queries: 0, keys: 0, values: 0 });
      within(shares);
    }
  });
  test.each([1e4, 1e6])('scores of %d in float32: the exact gradient has a finite bound', (size) => {
    const { problem, dZ } = randomGradient(11, { queries: 11, keys: 13, d: 3, dv: 2 }, { half: Math.sqrt(size), scale: 1 });
    const p = toFloat32(problem);
    const stored = tokens(dZ.d, Float32Array.from(dZ.data));
    const fast = attendVjp(p, null, stored, { method: 'exact', perToken: true });
    for (const name of inputs) expect(fast.certificate.bound[name], name).toBeLessThan(Infinity);
    within(largestShare(p, stored, fast));
  });

  test('without a tolerance the exact gradient stands in where float32 cannot certify the default', () => {
    const { problem, dZ } = randomGradient(4, { queries: 31, keys: 37, d: 2, dv: 2 }, { half: 1.8, scale: 1 });
    const [p, stored] = [toFloat32(problem), tokens(dZ.d, Float32Array.from(dZ.data))];
    expect(() => attendVjp(p, null, stored, { method: 'polynomial', tolerance: 2 ** -10 })).toThrow(/^attendVjp: tolerance must be at least /);
    const fast = attendVjp(p, null, stored, { method: 'polynomial', perToken: true });
    expect(fast.plan[0]!.method).toBe('exact');
    expect(fast.plan[0]!.reason).toMatch(/^rounding in float32 leaves an error o/);
    within(largestShare(p, stored, fast));
  });

  test('a given forward result serves the exact gradient', () => {
    const { problem, dZ } = made;
    const forward = attendExact(problem);
    const [given, found] = [forward, null].map((f) => attendVjp(problem, f, dZ, { method: 'exact', perToken: true }));
    expect(given!.keys.data).toEqual(found!.keys.data);
    within(largestShare(problem, dZ, given!));
  });
  test('a tolerance below what float32 certifies is refused with the smallest that is not', () => {
    const { problem, dZ } = made;
    const p = toFloat32(problem);
    const g = tokens(dZ.d, Float32Array.from(dZ.data));
    const kernels = float32[1]![1];
    let message = '';
    try {
      attendVjp(p, null, g, { tolerance: 1e-7, method: 'polynomial', kernels });
    } catch (error) {
      message = (error as RangeError).message;
    }
    const [, smallest] = /^attendVjp: tolerance must be at least (\S+), the smallest that float32 certifies for this input, got 1e-7$/.exec(message)!;
    expect(attendVjp(p, null, g, { tolerance: Number(smallest), method: 'polynomial', kernels }).plan[0]!.method).toBe('polynomial');
    expect(attendVjp(p, null, g, { tolerance: 1e-7, kernels }).plan[0]!.method).toBe('exact');
  });
});

describe('bad input', () => {
  const { problem, dZ } = randomGradient(7, { queries: 3, keys: 5, d: 2, dv: 2 }, { half: 0.3, scale: 1 });
  const forward = attendExact(problem);
  const zero = (d: number, n: number): Tokens<Float64Array> => tokens(d, new Float64Array(d * n));
  const cases: [string, () => unknown, new (message: string) => Error, string][] = [
    ['shape of dZ', () => attendVjp(problem, null, zero(2, 4)), RangeError, 'attendVjp: outputGradient must be heads * dv x queries (2 x 3), got 2 x 4'],
    ['precision of dZ', () => attendVjp(problem as AttentionProblem, null, tokens(2, new Float32Array(6))), TypeError, 'attendVjp: outputGradient must be Tokens stored like queries in a Float64Array, got Float32Array(6)'],
    ['NaN in dZ', () => attendVjp(problem, null, tokens(2, new Float64Array(6).fill(Number.NaN))), RangeError, 'attendVjp: outputGradient must be finite, got NaN at index 0'],
    ['tolerance 0', () => attendVjp(problem, null, dZ, { tolerance: 0 }), RangeError, 'attendVjp: tolerance must lie in'],
    ['method', () => attendVjp(problem, null, dZ, { method: 'fast' as 'auto' }), RangeError, 'attendVjp: method must be'],
    ['no key', () => attendVjp({ ...problem, keys: zero(2, 0), values: zero(2, 0) }, null, dZ), RangeError, 'attendVjp: keys.n must be'],
    ['kernels', () => attendVjp(problem, null, dZ, { kernels: float32[0]![1] }), TypeError, 'attendVjp: kernels must compute in the precision of the tokens (float64)'],
    ['forward output', () => attendVjp(problem, { ...forward, output: zero(3, 3) }, dZ), RangeError, 'attendVjp: forward.output must be heads * dv x queries (2 x 3), got 3 x 3'],
    ['logs', () => attendVjp(problem, { ...forward, logPartition: new Float64Array(4) }, dZ), TypeError, 'attendVjp: forward.logPartition must be a Float64Array of length 3'],
    ['infinite logs', () => attendVjp(problem, { ...forward, logPartition: new Float64Array(3).fill(Infinity) }, dZ), RangeError, 'attendVjp: forward.logPartition must be finite or -Infinity, got Infinity'],
  ];
  test.each(cases)('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
