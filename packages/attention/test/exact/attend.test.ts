import { test, fc } from '@fast-check/vitest';
import { column, createKernels, createPlainKernels, tokens, tokensFromColumns, zeroTokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { attend, attendReference, type AttentionProblem } from '../../src/index.ts';
import { logBound, mapTokens, maxAbs, maxDifference, outputBound, permuted, problem, randomProblem, scoreBound, toFloat32, u32, u64 } from '../problems.ts';

const one = (...values: number[]): Tokens<Float64Array> => tokens(1, Float64Array.from(values));
/** Tokens of two heads, each head written three times in a row. */
function threefold(t: Tokens): Tokens<Float64Array> {
  const d = t.d / 2;
  const result = zeroTokens(6 * d, t.n);
  for (let at = 0; at < result.data.length; at++) {
    const [k, head, row] = [Math.floor(at / (6 * d)), Math.floor((at % (6 * d)) / (3 * d)), at % d];
    result.data[at] = t.data[k * t.d + head * d + row]!;
  }
  return result;
}

const primes = { queries: 11, keys: 13, d: 7, dv: 5, heads: 1, keyHeads: 1 };

describe('the formula', () => {
  test.prop([problem])('equals the two-pass reference within both error bounds', (p) => {
    const { output, logPartition } = attend(p);
    const reference = attendReference(p);
    expect(maxDifference(output.data, reference.output.data)).toBeLessThanOrEqual(2 * outputBound(p, u64));
    logPartition.forEach((l, i) => {
      if (reference.logPartition[i] === -Infinity) expect(l).toBe(-Infinity);
      else expect(Math.abs(l - reference.logPartition[i]!)).toBeLessThanOrEqual(logBound(p, u64));
    });
  });

  test('weights 1 : 2 : 4 by hand', () => {
    const p = { queries: one(Math.LN2), keys: one(0, 1, 2), values: one(7, 14, 21), scale: 1 };
    const { output, logPartition } = attend(p);
    expect(Math.abs(output.data[0]! - (7 + 28 + 84) / 7)).toBeLessThanOrEqual(outputBound(p, u64));
    expect(logPartition[0]).toBeCloseTo(Math.log(7), 14);
  });

  test('more keys than one block of the kernels: online rescaling changes nothing', () => {
    const p = randomProblem(3, { ...primes, queries: 3, keys: 1031 }, { scale: 2 });
    // Ascending scores force a rescaling in every block.
    const ascending = { ...p, keys: mapTokens(p.keys, (x, _, k) => x / 8 + k / 500), queries: mapTokens(p.queries, Math.abs) };
    expect(maxDifference(attend(ascending).output.data, attendReference(ascending).output.data)).toBeLessThanOrEqual(2 * outputBound(ascending, u64));
  });
});

describe('properties of the softmax', () => {
  test.prop([problem])('weights sum to 1: values all ones give ones', (p) => {
    const ones = { ...p, values: mapTokens(p.values, () => 1) };
    const { output, logPartition } = attend(ones);
    const { heads = 1 } = p;
    output.data.forEach((z, at) => {
      const [i, head] = [Math.floor(at / output.d), Math.floor((at % output.d) / (output.d / heads))];
      const expected = logPartition[head * p.queries.n + i] === -Infinity ? 0 : 1;
      // Numerator and denominator sum the same weights in the same order, so only n roundings of each differ.
      expect(Math.abs(z - expected)).toBeLessThanOrEqual((2 * p.keys.n + 4) * u64);
    });
  });

  test.prop([problem, fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 21, maxLength: 21 })])(
    'adding one vector to every key leaves Z',
    (p, shift) => {
      const shifted = { ...p, keys: mapTokens(p.keys, (x, i) => x + shift[i]!) };
      // Rounding x + shift moves a score by at most u S of the shifted problem.
      const bound = outputBound(p, u64) + 2 * outputBound(shifted, u64);
      expect(maxDifference(attend(shifted).output.data, attend(p).output.data)).toBeLessThanOrEqual(bound);
    },
  );

  test.prop([problem, fc.integer({ min: 1, max: 16 })])('permuting keys with values leaves Z, permuting queries permutes Z', (p, by) => {
    const full = { ...p, causal: false };
    const rotation = (n: number): number[] => Array.from({ length: n }, (_, k) => (k + by) % n);
    const [keyOrder, queryOrder] = [rotation(p.keys.n), rotation(p.queries.n)];
    const moved = attend({ ...full, keys: permuted(p.keys, keyOrder), values: permuted(p.values, keyOrder), queries: permuted(p.queries, queryOrder) });
    expect(maxDifference(moved.output.data, permuted(attend(full).output, queryOrder).data)).toBeLessThanOrEqual(2 * outputBound(full, u64));
  });

  test.prop([problem])('every output lies in the range of its row of the values', (p) => {
    const full = { ...p, causal: false };
    const { output } = attend(full);
    const { heads = 1, keyHeads = heads } = p;
    const dv = p.values.d / keyHeads;
    for (let row = 0; row < output.d; row++) {
      const head = Math.floor(row / dv);
      const valueRow = Math.floor((head * keyHeads) / heads) * dv + (row % dv);
      const seen = Array.from({ length: p.keys.n }, (_, j) => column(p.values, j)[valueRow]!);
      const slack = (2 * p.keys.n + 4) * u64 * maxAbs(seen);
      for (let i = 0; i < output.n; i++) {
        expect(column(output, i)[row]).toBeGreaterThanOrEqual(Math.min(...seen) - slack);
        expect(column(output, i)[row]).toBeLessThanOrEqual(Math.max(...seen) + slack);
      }
    }
  });

  test.each([
    ['equal keys', { keys: tokensFromColumns(Array.from({ length: 13 }, () => [1, 2, 3, 5, 7, 11, 13])) }],
    ['scale 0', { scale: 0 }],
    ['zero queries', { queries: zeroTokens(7, 11) }],
  ])('%s: Z is the mean of the values, the log partition is ln n plus the score', (_, change) => {
    const p = { ...randomProblem(5, primes, { scale: 0.25 }), ...change };
    const { output, logPartition } = attend(p);
    for (let i = 0; i < 11; i++) {
      const score = p.scale * column(p.keys, 0).reduce((sum, k, c) => sum + k * column(p.queries, i)[c]!, 0);
      expect(Math.abs(logPartition[i]! - score - Math.log(13))).toBeLessThanOrEqual(4 * (7 + 5) * (1 + scoreBound(p)) * u64);
      for (let c = 0; c < 5; c++) {
        const mean = Array.from({ length: 13 }, (__, j) => column(p.values, j)[c]!).reduce((a, b) => a + b) / 13;
        expect(Math.abs(column(output, i)[c]! - mean)).toBeLessThanOrEqual(outputBound(p, u64));
      }
    }
  });
});

describe('masks and heads', () => {
  test.prop([problem])('a causal query equals a query alone with the keys up to its offset', (p) => {
    for (const causal of [true, 0, 2, -3] as const) {
      const { output } = attend({ ...p, causal });
      const offset = causal === true ? p.keys.n - p.queries.n : causal;
      for (let i = 0; i < p.queries.n; i++) {
        const visible = Array.from({ length: p.keys.n }, (_, j) => j).filter((j) => j <= i + offset);
        const alone = visible.length === 0
          ? new Float64Array(output.d)
          : attendReference({ ...p, causal: false, queries: permuted(p.queries, [i]), keys: permuted(p.keys, visible), values: permuted(p.values, visible) }).output.data;
        expect(maxDifference(column(output, i), alone)).toBeLessThanOrEqual(2 * outputBound(p, u64));
      }
    }
  });

  test('causal true aligns the last query with the last key, so decoding one token sees all keys', () => {
    const p = randomProblem(8, { ...primes, queries: 1 }, { scale: 1, causal: true });
    expect(attend(p)).toEqual(attend({ ...p, causal: false }));
  });

  test('grouped-query attention equals heads whose keys and values are repeated', () => {
    const p = randomProblem(9, { ...primes, heads: 6, keyHeads: 2 }, { scale: 0.5, causal: true });
    expect(attend({ ...p, keys: threefold(p.keys), values: threefold(p.values), keyHeads: 6 })).toEqual(attend(p));
  });

  test('a query that sees no key gets the zero token and log partition -Infinity', () => {
    const p = randomProblem(10, { ...primes, queries: 5, keys: 3 }, { scale: 1, causal: true });
    const { output, logPartition } = attend(p);
    expect([...column(output, 0), ...column(output, 1)]).toEqual(Array.from({ length: 10 }, () => 0));
    expect([...logPartition.subarray(0, 2)]).toEqual([-Infinity, -Infinity]);
    expect(column(output, 2)).toEqual(column(p.values, 0));

    const none = attend({ ...p, keys: zeroTokens(7, 0), values: zeroTokens(5, 0), causal: false });
    expect(none.output.data).toEqual(new Float64Array(25));
    expect(none.logPartition).toEqual(new Float64Array(5).fill(-Infinity));
  });

  test('no query at all gives no token', () => {
    const p = randomProblem(11, primes, { scale: 1 });
    const { output, logPartition } = attend({ ...p, queries: zeroTokens(7, 0) });
    expect({ d: output.d, n: output.n, logs: logPartition.length }).toEqual({ d: 5, n: 0, logs: 0 });
  });
});

describe('extreme values', () => {
  test('one key: Z is its value exactly, whatever the score', () => {
    for (const score of [-1e300, -745, 0, 5e-324, 1e300]) {
      const { output, logPartition } = attend({ queries: one(score), keys: one(1), values: one(0.1), scale: 1 });
      expect(output.data[0]).toBe(0.1);
      expect(logPartition[0]).toBe(score);
    }
  });

  test('huge scores: the largest takes all, ties share exactly', () => {
    const values = one(1, 3, 100);
    expect(attend({ queries: one(1e150), keys: one(1e150, 1e150, -1e150), values, scale: 1 }).output.data[0]).toBe(2);
    expect(attend({ queries: one(-1e150), keys: one(1e150, 1e150, -1e150), values, scale: 1 }).output.data[0]).toBe(100);
  });

  test('subnormal keys and values at the limit of the format', () => {
    expect(attend({ queries: one(1), keys: one(5e-324, 0), values: one(5e-324, 5e-324), scale: 1 }).output.data[0]).toBe(5e-324);
    const largest = Number.MAX_VALUE / 2;
    expect(attend({ queries: one(1), keys: one(0, 0), values: one(largest, largest), scale: 1 }).output.data[0]).toBe(largest);
  });
});

describe('Float32', async () => {
  const builds = await Promise.all((['plain', 'simd128', 'relaxed-simd'] as const).map(async (build) => {
    const kernels = await createKernels({ build, threads: 1, memoryMiB: 16 });
    return [build, kernels] as const;
  }));
  for (const [build, kernels] of builds) {
    test.prop([problem])(`${build} kernels agree with the Float64 reference within the Float32 bound`, (p) => {
      const narrow = { ...p, queries: toFloat32(p.queries), keys: toFloat32(p.keys), values: toFloat32(p.values) };
      const { output, logPartition } = attend(narrow, kernels);
      expect(output.data).toBeInstanceOf(Float32Array);
      expect(logPartition).toBeInstanceOf(Float32Array);
      // The inputs are the same Float32 values on both sides, so the bound of `attend` with u = 2^-24 covers the difference.
      const reference = attendReference(narrow);
      expect(maxDifference(output.data, reference.output.data)).toBeLessThanOrEqual(outputBound(narrow, u32) + outputBound(narrow, u64));
      logPartition.forEach((l, i) => {
        if (reference.logPartition[i] === -Infinity) expect(l).toBe(-Infinity);
        else expect(Math.abs(l - reference.logPartition[i]!)).toBeLessThanOrEqual(logBound(p, u32));
      });
    });
  }

  test.each(builds)('%s: huge scores, ties share exactly', (_, kernels) => {
    const p = { queries: toFloat32(one(1e18, -1e18)), keys: toFloat32(one(1e18, 1e18, -1e18)), values: toFloat32(one(1, 3, 100)), scale: 1 };
    expect([...attend(p, kernels).output.data]).toEqual([2, 100]);
    expect(() => attend({ ...p, scale: 100 }, kernels)).toThrow('so that no score overflows');
  });

  test('without kernels plain ones compute', () => {
    const p = randomProblem(13, primes, { scale: 0.5 });
    const narrow = { ...p, queries: toFloat32(p.queries), keys: toFloat32(p.keys), values: toFloat32(p.values) };
    expect(attend(narrow)).toEqual(attend(narrow, createPlainKernels({ precision: 'float32' })));
  });

  test('arrays in kernel memory are used in place', () => {
    const [, kernels] = builds[1]!;
    const p = randomProblem(14, primes, { scale: 0.5 });
    kernels.scratch(() => {
      const inside = (t: Tokens): Tokens<Float32Array> => {
        const data = kernels.allocate(t.data.length) as Float32Array;
        data.set(t.data);
        return tokens(t.d, data);
      };
      const narrow = { ...p, queries: inside(p.queries), keys: inside(p.keys), values: inside(p.values) };
      const outside = { ...p, queries: toFloat32(p.queries), keys: toFloat32(p.keys), values: toFloat32(p.values) };
      expect(attend(narrow, kernels)).toEqual(attend(outside, kernels));
    });
  });
});

describe('bad input', () => {
  const good = randomProblem(12, primes, { scale: 1 });
  const nan = mapTokens(good.keys, (x, i, k) => (i === 2 && k === 1 ? Number.NaN : x));
  const cases: [string, Partial<Record<keyof AttentionProblem, unknown>>, new (message: string) => Error, string][] = [
    ['rows of keys', { keys: zeroTokens(11, 13) }, RangeError, 'attend: keys must have as many rows as queries (d = 7), got d = 11'],
    ['tokens of values', { values: zeroTokens(5, 12) }, RangeError, 'attend: values must have as many tokens as keys (n = 13), got n = 12'],
    ['rows of grouped keys', { heads: 7, keyHeads: 1, values: zeroTokens(3, 13) }, RangeError, 'attend: keys must have keyHeads * d / heads rows (1 * 7 / 7 = 1), got d = 7'],
    ['key heads', { heads: 7, keyHeads: 2 }, RangeError, 'attend: keyHeads must divide heads = 7, got 2'],
    ['heads', { heads: 2 }, RangeError, 'attend: heads must divide the rows of queries (7), got 2'],
    ['value heads', { heads: 7, keyHeads: 7 }, RangeError, 'attend: keyHeads must divide the rows of values (5), got 7'],
    ['zero heads', { heads: 0 }, RangeError, 'attend: heads must be at least 1, got 0'],
    ['NaN', { keys: nan }, RangeError, 'attend: keys must be finite, got NaN at index 9'],
    ['infinite scale', { scale: Infinity }, RangeError, 'attend: scale must be finite, got Infinity'],
    ['no scale', { scale: undefined }, TypeError, 'attend: scale must be a number, got undefined'],
    ['half a token of offset', { causal: 0.5 }, RangeError, 'attend: causal must be an integer, got 0.5'],
    ['mixed precision', { values: zeroTokens(5, 13, 'float32') }, TypeError, 'attend: values must be stored like queries in a Float64Array, got Float32Array(65)'],
    ['no tokens', { queries: [1, 2] }, TypeError, 'attend: queries must be Tokens over a Float32Array or a Float64Array, got Array(2)'],
    ['forged length', { queries: { d: 7, n: 2, data: new Float64Array(7) } }, RangeError, 'attend: queries.data must have length d * n = 14, got 7'],
    ['scores that overflow', { scale: 1e308 }, RangeError, 'so that no score overflows, got'],
    ['values that overflow', { values: mapTokens(good.values, () => 1e308) }, RangeError, 'so that no sum of 13 overflows, got 1e+308'],
  ];
  test.each(cases)('%s', (_, change, kind, message) => {
    const call = (): unknown => attend({ ...good, ...change } as AttentionProblem);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  test('kernels of the other precision', () => {
    expect(() => attend(good, createPlainKernels())).toThrow(new TypeError('attend: kernels must compute in the precision of the tokens (float64), got "float32"'));
  });
});
