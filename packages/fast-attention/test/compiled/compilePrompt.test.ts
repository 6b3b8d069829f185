import { fc, test } from '@fast-check/vitest';
import { createKernels, createPlainKernels, monomialSet, randomSource, sliceColumns, spherePoint, tokens, uniformTokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { dot, fromNumber, toFloat64 } from '@prompt-limits/core-linalg/intervals';
import { describe, expect } from 'vitest';
import { compilePrompt, monomialCount, type CompiledPrompt, type CompileOptions, type PromptBlock } from '../../src/index.ts';
import { adversarialPrompt, exactly, largestOf, prompt, queriesWithin, rangesOf, toFloat32 } from './cases.ts';

/** How often the certificates of a reading are used up: the largest error over its bound, for outputs and log partitions. */
function usedUp(compiled: CompiledPrompt, block: PromptBlock, queries: Tokens<Float32Array> | Tokens<Float64Array>, kernels?: Kernels): { output: number; log: number } {
  const { heads, keyHeads, dv, scale } = compiled;
  const found = compiled.attend(queries as Tokens<Float64Array>, kernels);
  const exact = exactly(queries, block, scale, heads, keyHeads);
  const ranges = rangesOf(block.values);
  const { perQuery, perRow, relative, bound } = found.certificate;
  let [output, log] = [0, 0];
  found.output.data.forEach((z, at) => {
    const [row, i] = [at % (heads * dv), Math.floor(at / (heads * dv))];
    const a = Math.floor(row / dv);
    const range = ranges[Math.floor((a * keyHeads) / heads) * dv + (row % dv)]!;
    const error = Math.max(0, Math.abs(z - exact.output[at]!) - exact.outputSlack);
    const place = a * queries.n + i;
    const allowed = range === 0 ? perRow[row]! : Math.min(perRow[row]!, perQuery![place]! * range);
    output = Math.max(output, error === 0 ? 0 : error / allowed);
    expect(perQuery![place]!).toBeLessThanOrEqual(relative);
    expect(perRow[row]!).toBeLessThanOrEqual(bound);
  });
  found.logPartition.forEach((l, place) => {
    log = Math.max(log, Math.max(0, Math.abs(l - exact.logPartition[place]!) - exact.logSlack) / found.logPartitionError[place]!);
  });
  return { output, log };
}

const sizes = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  tokens: fc.integer({ min: 1, max: 61 }),
  d: fc.constantFrom(1, 2, 3, 5, 7),
  dv: fc.constantFrom(1, 2, 3, 5),
  keyHeads: fc.constantFrom(1, 2),
  group: fc.constantFrom(1, 3),
  kind: fc.constantFrom('uniform', 'signs', 'offset', 'constant') as fc.Arbitrary<'uniform' | 'signs' | 'offset' | 'constant'>,
  R: fc.constantFrom(0.01, 0.4, 1, 2.5),
  scale: fc.constantFrom(1, -0.5, 7),
  keyCentre: fc.constantFrom(0, 2, -30),
  queryCentre: fc.constantFrom(0, 0.5, -3),
  tolerance: fc.constantFrom(0.3, 1e-2, 1e-3),
  // Degree 10 leaves rounding alone at R = 0.4 and less.
  degree: fc.constantFrom(undefined, undefined, 10),
});

const kernelSets: [string, () => Promise<Kernels>, 'float32' | 'float64'][] = [
  ['Float64, plain', () => Promise.resolve(createPlainKernels({ precision: 'float64' })), 'float64'],
  ['Float32, plain', () => Promise.resolve(createPlainKernels({ precision: 'float32' })), 'float32'],
  ['Float32, WASM', () => createKernels({ threads: 1, memoryMiB: 16 }), 'float32'],
];

describe.each(kernelSets)('%s', (_name, make, precision) => {
  test.prop([sizes], { numRuns: 60, seed: 1 })('no output and no log partition leaves its certificate, for queries up to the radius', async (c) => {
    const kernels = await (made ??= make());
    const random = randomSource(c.seed);
    const all = { ...c, heads: c.keyHeads * c.group };
    const radius = 0.7;
    let block = prompt(random, all, c.R / radius / Math.abs(c.scale), c.keyCentre, c.kind);
    let queries: Tokens<Float32Array> | Tokens<Float64Array> = queriesWithin(random, 11, all, radius, c.queryCentre, block.keys);
    // Float32 stores a value of 300 to 300 2^-24, which the certificate has to count.
    if (precision === 'float32') {
      block = { keys: toFloat32(block.keys), values: toFloat32(block.values) };
      queries = toFloat32(queries);
    }
    const queryCentre = new Float64Array(c.keyHeads * c.d).fill(c.queryCentre);
    let compiled: CompiledPrompt;
    try {
      compiled = compilePrompt({ ...block, scale: c.scale, heads: all.heads, keyHeads: c.keyHeads, queryRadius: radius, queryCentre, tolerance: c.tolerance, kernels, ...(c.degree !== undefined && c.d < 5 && { degree: c.degree }) });
    } catch (error) {
      // A row of 'offset' values may have a range that Float32 cannot resolve to the tolerance.
      expect(String(error)).toMatch(/tolerance must be at least/);
      expect(precision).toBe('float32');
      return;
    }
    expect(compiled.certificate.relative).toBeLessThanOrEqual(c.tolerance);
    const used = usedUp(compiled, block, queries, kernels);
    expect(used.output).toBeLessThanOrEqual(1);
    expect(used.log).toBeLessThanOrEqual(1);
    const { certificate } = compiled.attend(queries as Tokens<Float64Array>, kernels);
    expect(certificate.relative).toBeLessThanOrEqual(compiled.certificate.relative * (1 + 1e-9));
    certificate.perRow.forEach((e, row) => {
      expect(e).toBeLessThanOrEqual(compiled.certificate.perRow[row]! * (1 + 1e-9));
    });
  });
  let made: Promise<Kernels> | undefined;

  test('two values at the scores where the polynomial errs most use the certificate up; half of it would be violated', async () => {
    const kernels = await (made ??= make());
    for (const [seed, radius, d] of [[1, 0.5, 2], [2, 1.5, 3], [3, 3, 5]] as const) {
      const direction = spherePoint(randomSource(seed), d);
      const frame = { scale: 1, queryRadius: radius, keyCentre: new Float64Array(d), keyRadius: 1, tolerance: 3e-2 };
      const model = compilePrompt({ keys: tokens(d, new Float64Array(d)), values: tokens(1, Float64Array.of(0)), ...frame, kernels });
      const { block, query } = adversarialPrompt(model, direction);
      const stored = precision === 'float32' ? { keys: toFloat32(block.keys), values: toFloat32(block.values) } : block;
      const compiled = compilePrompt({ ...stored, ...frame, keyRadius: 1 + 1e-6, kernels });
      expect(compiled.parts[0]!.coefficients.length).toBe(model.parts[0]!.coefficients.length);
      const { output } = usedUp(compiled, stored, precision === 'float32' ? toFloat32(query) : query, kernels);
      expect(output).toBeLessThanOrEqual(1);
      // What is missing is the bound on the rounding of Float32 sums, e^{2 R} times some 10^-5.
      expect(output).toBeGreaterThan(0.8);
    }
  });
});

/** The same compiled prompt from a source of many tokens. */
const frame: CompileOptions = { scale: 1 / Math.sqrt(8), queryRadius: 1.2, tolerance: 1e-3 };

describe('size', () => {
  test('a head of width 8 takes at most 20 KB up to degree 4, whatever the length', () => {
    const states = [1, 7, 700].map((n) => {
      const random = randomSource(n);
      const compiled = compilePrompt({ keys: uniformTokens(random, 8, n, -0.5, 0.5), values: uniformTokens(random, 8, n, -0.5, 0.5), ...frame, degree: 4 });
      expect(compiled.parts[0]!.state.byteLength).toBe(compiled.stateBytes);
      return compiled.stateBytes;
    });
    expect(states).toEqual([17_820, 17_820, 17_820]);
  });

  test('the degree is the least that meets the tolerance', () => {
    const random = randomSource(5);
    const block = { keys: uniformTokens(random, 3, 101, -0.5, 0.5), values: uniformTokens(random, 2, 101, -1, 1) };
    for (const tolerance of [0.1, 1e-3, 1e-5]) {
      const { degree } = compilePrompt({ ...block, scale: 1, queryRadius: 1, tolerance });
      if (degree > 0) expect(() => compilePrompt({ ...block, scale: 1, queryRadius: 1, tolerance, degree: degree - 1 })).toThrow(/tolerance must be at least/);
    }
  });
});

describe('blocks', () => {
  const random = randomSource(11);
  const [keys, values] = [uniformTokens(random, 3, 1009, -0.6, 0.6), uniformTokens(random, 2, 1009, 0, 1)];
  const cut = (sizesOfBlocks: number): Iterable<PromptBlock> => ({
    *[Symbol.iterator]() {
      for (let at = 0; at < keys.n; at += sizesOfBlocks) yield { keys: sliceColumns(keys, at, Math.min(keys.n, at + sizesOfBlocks)), values: sliceColumns(values, at, Math.min(keys.n, at + sizesOfBlocks)) };
    },
  });
  const options = { scale: 1, queryRadius: 1, tolerance: 1e-4, keyCentre: [0, 0, 0] };

  test('give what the whole gives', () => {
    const whole = compilePrompt({ keys, values, ...options });
    for (const size of [1, 97, 5000]) {
      const compiled = compilePrompt({ blocks: cut(size), ...options });
      expect(compiled.parts[0]!.state).toEqual(whole.parts[0]!.state);
      expect(compiled.tokens).toBe(1009);
    }
  });

  test('that end, grow or change between passes are refused', () => {
    const once = cut(97)[Symbol.iterator]() as unknown as Iterable<PromptBlock>;
    expect(() => compilePrompt({ blocks: once, ...options })).toThrow(/blocks must give the same tokens in every pass \(1009\), got 0/);
    let pass = 0;
    const changing: Iterable<PromptBlock> = { *[Symbol.iterator]() {
      pass++;
      yield { keys: pass === 3 ? tokens(3, keys.data.map((x) => 2 * x)) : keys, values };
    } };
    expect(() => compilePrompt({ blocks: changing, ...options })).toThrow(/every key must lie within the key radius/);
    pass = 0;
    const other: Iterable<PromptBlock> = { *[Symbol.iterator]() {
      pass++;
      yield { keys, values: pass === 3 ? tokens(2, values.data.map((x) => 2 * x)) : values };
    } };
    expect(() => compilePrompt({ blocks: other, ...options })).toThrow(/values must lie in/);
  });
});

describe('extremes', () => {
  const one = (x: number, v: number): PromptBlock => ({ keys: tokens(1, Float64Array.of(x)), values: tokens(1, Float64Array.of(v)) });

  test('one token, equal keys, equal values, the zero query', () => {
    const single = compilePrompt({ ...one(5, 7), scale: 1, queryRadius: 2, tolerance: 1e-9 });
    expect([single.degree, single.rank]).toEqual([0, 1]);
    const found = single.attend(tokens(1, Float64Array.of(0, 2, -2)));
    expect([...found.output.data]).toEqual([7, 7, 7]);
    found.logPartition.forEach((l, i) => expect(Math.abs(l - [0, 10, -10][i]!)).toBeLessThanOrEqual(found.logPartitionError[i]!));
    expect(found.certificate.relative).toBe(0);
    const none = single.attend(tokens(1, new Float64Array(0)));
    expect([none.output.n, none.logPartition.length, none.certificate.bound]).toEqual([0, 0, 0]);

    const equal = { keys: tokens(2, new Float64Array(14).fill(0.1)), values: tokens(1, Float64Array.from({ length: 7 }, (_, j) => j)) };
    const compiled = compilePrompt({ ...equal, scale: 3, queryRadius: 100, tolerance: 1e-6 });
    expect(compiled.degree).toBe(0);
    const { output, certificate } = compiled.attend(tokens(2, Float64Array.of(0, 0, 50, -3)));
    output.data.forEach((z) => expect(Math.abs(z - 3)).toBeLessThanOrEqual(certificate.bound));
  });

  test.each([1e-300, 1e-30, 1e30, 1e100])('keys, queries and values of size %d, scores of size 1', (size) => {
    const random = randomSource(3);
    const block = { keys: uniformTokens(random, 3, 31, -size, size), values: uniformTokens(random, 2, 31, -size, size) };
    const [scale, radius] = [1, 0.5 / size];
    const compiled = compilePrompt({ ...block, scale, queryRadius: radius, tolerance: 1e-4 });
    const queries = queriesWithin(random, 7, { tokens: 31, d: 3, dv: 2, heads: 1, keyHeads: 1 }, radius, 0, block.keys);
    expect(usedUp(compiled, block, queries).output).toBeLessThanOrEqual(1);
  });

  test.each([5e-324, 1e-200, 0])('scale %d: scores that no rounding sees', (scale) => {
    const random = randomSource(4);
    const block = { keys: uniformTokens(random, 3, 31, -1, 1), values: uniformTokens(random, 2, 31, -1, 1) };
    for (const degree of [0, 3]) {
      const compiled = compilePrompt({ ...block, scale, queryRadius: 1, tolerance: 1e-4, degree });
      expect(usedUp(compiled, block, tokens(3, Float64Array.of(0.5, 0, 0.5))).output).toBeLessThanOrEqual(1);
    }
  });

  test('a longer prompt than a block of the kernels, in Float32', async () => {
    const kernels = await createKernels({ memoryMiB: 16 });
    const random = randomSource(8);
    const block = { keys: toFloat32(uniformTokens(random, 5, 20_011, -0.5, 0.5)), values: toFloat32(uniformTokens(random, 3, 20_011, -1, 1)) };
    const compiled = compilePrompt({ ...block, scale: 1, queryRadius: 1, tolerance: 1e-4, kernels });
    const queries = toFloat32(queriesWithin(random, 13, { tokens: 1, d: 5, dv: 3, heads: 1, keyHeads: 1 }, 1, 0, block.keys));
    expect(usedUp(compiled, block, queries, kernels).output).toBeLessThanOrEqual(1);
    kernels.close();
  });
});

test('the log partition of one token is its score: the rounding of the scalar product with the centre is counted', () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = randomSource(seed);
    const [a, b] = [2 ** 20 * (1 + random.uniform()), 2 ** 20 * (1 + random.uniform())];
    const compiled = compilePrompt({ keys: tokens(2, Float64Array.of(a, -b)), values: tokens(1, Float64Array.of(1)), scale: 1, queryRadius: 2 ** 23, tolerance: 0.1 });
    const { logPartition, logPartitionError } = compiled.attend(tokens(2, Float64Array.of(b, a)));
    // ab - ba = 0, and each product is near 2^41.
    expect(Math.abs(logPartition[0]!)).toBeLessThanOrEqual(logPartitionError[0]!);
    const { logPartition: l, logPartitionError: e } = compiled.attend(tokens(2, Float64Array.of(b, 0)));
    const { low, high } = toFloat64(dot([fromNumber(a), fromNumber(l[0]!)], [fromNumber(b), fromNumber(-1)], 200));
    expect(Math.max(-low, high)).toBeLessThanOrEqual(e[0]!);
    expect(e[0]!).toBeLessThan(2 ** 43 * 10 * 2 ** -53);
  }
});

describe('queries outside the radius', () => {
  const random = randomSource(21);
  const shape = { tokens: 29, d: 3, dv: 2, heads: 2, keyHeads: 1 };
  const block = prompt(random, shape, 0.8, 0.3, 'uniform');
  const options = { scale: 1, heads: 2, keyHeads: 1, queryRadius: 1, tolerance: 1e-3 };
  const queries = queriesWithin(random, 9, shape, 1, 0, block.keys);
  queries.data[4 * 6 + 3] = 2.5; // head 1 of query 4

  test('are refused, and at the radius itself are not', () => {
    const compiled = compilePrompt({ ...block, ...options });
    expect(() => compiled.attend(queries)).toThrow(RangeError);
    expect(() => compiled.attend(queries)).toThrow(/every query must lie within queryRadius = 1 of the query centre, got 2\.\d+ for query 4 of head 1; compile with keep: true/);
    for (let seed = 0; seed < 200; seed++) compiled.attend(tokens(6, Float64Array.from([...spherePoint(randomSource(seed), 3), 0, 0, 1])));
  });

  test('are served exactly where the prompt was kept, others as before', () => {
    const compiled = compilePrompt({ ...block, ...options, keep: true });
    expect(compiled.kept!.keys).toBe(block.keys);
    const used = usedUp(compiled, block, queries);
    expect(used.output).toBeLessThanOrEqual(1);
    expect(used.log).toBeLessThanOrEqual(1);
    const { certificate: { perQuery } } = compiled.attend(queries);
    expect(perQuery![queries.n + 4]).toBeLessThan(1e-12);
    expect(largestOf(perQuery!)).toBeGreaterThan(1e-6);
  });
});

describe('bad input', () => {
  const random = randomSource(2);
  const good = { keys: uniformTokens(random, 2, 13, -1, 1), values: uniformTokens(random, 2, 13, -1, 1), scale: 1, queryRadius: 1, tolerance: 1e-3 };
  const cases: [string, Record<string, unknown>, string | RegExp][] = [
    ['NaN keys', { keys: tokens(2, new Float64Array(26).fill(NaN)) }, 'compilePrompt: keys must be finite, got NaN at index 0'],
    ['infinite values', { values: tokens(2, new Float64Array(26).fill(Infinity)) }, 'compilePrompt: values must be finite, got Infinity at index 0'],
    ['huge keys', { keys: tokens(2, new Float64Array(26).fill(1e200)) }, 'compilePrompt: keys must be at most 2^400 in absolute value, got 1e+200 at index 0'],
    ['no token', { keys: tokens(2, new Float64Array(0)), values: tokens(2, new Float64Array(0)) }, 'compilePrompt: the prompt must hold at least one token, got none'],
    ['fewer values', { values: tokens(2, new Float64Array(24)) }, 'compilePrompt: values must have as many tokens as keys (n = 13), got n = 12'],
    ['tolerance 0', { tolerance: 0 }, /^compilePrompt: tolerance must lie in/],
    ['radius 0', { queryRadius: 0 }, 'compilePrompt: queryRadius must be above 0, got 0'],
    ['two radii for one head', { queryRadius: [1, 1] }, 'compilePrompt: queryRadius must be a number or hold one for each of 1 key heads, got Array(2)'],
    ['scale NaN', { scale: NaN }, 'compilePrompt: scale must be finite, got NaN'],
    ['heads', { heads: 3, keyHeads: 2 }, 'compilePrompt: keyHeads must divide heads = 3, got 2'],
    ['rows', { heads: 3 }, 'compilePrompt: keyHeads must divide the rows of keys (2), got 3'],
    ['wide scores', { queryRadius: 20 }, /^compilePrompt: \|scale\| queryRadius keyRadius must be at most 8, got \d+\.\d+; a queryRadius of \d\.\d+ would do$/],
    ['small key radius', { keyRadius: 0.1 }, /^compilePrompt: keyRadius must reach every key, at least 1\.\d+, got 0.1$/],
    ['query centre', { queryCentre: [1] }, 'compilePrompt: queryCentre must have length keyHeads d = 2, got Array(1)'],
    ['far centre', { queryCentre: [1e12, 0] }, /^compilePrompt: \|scale\| \|queryCentre\| keyRadius must be at most 100000000, got/],
    ['keep blocks', { blocks: [], keep: true }, 'compilePrompt: keep must be false for blocks, got true'],
    ['degree', { degree: 1.5 }, 'compilePrompt: degree must be an integer, got 1.5'],
  ];
  test.each(cases)('%s', (_name, change, message) => {
    const call = (): unknown => compilePrompt({ ...good, ...change } as Parameters<typeof compilePrompt>[0]);
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });

  test('kinds', () => {
    expect(() => compilePrompt({ ...good, keys: undefined as never })).toThrow(TypeError);
    const compiled = compilePrompt(good);
    expect(() => compiled.attend(undefined as never)).toThrow(TypeError);
    expect(() => compiled.attend(tokens(2, new Float64Array(2)), createPlainKernels())).toThrow(TypeError);
    expect(() => compiled.attend(tokens(3, new Float64Array(3)))).toThrow('attend: queries must have heads d = 2 rows, got d = 3');
    expect(() => compiled.attend(tokens(2, Float64Array.of(0, NaN)))).toThrow('attend: queries must be finite, got NaN at index 1');
  });

  test('a rank that does not fit is named', () => {
    const wide = { keys: uniformTokens(random, 64, 5, -0.3, 0.3), values: tokens(1, new Float64Array(5)), scale: 1, queryRadius: 1, tolerance: 1e-3, degree: 8 };
    expect(() => compilePrompt(wide)).toThrow(`got rank ${monomialCount(64, 8)} (d = 64, dv = 1, degree 8)`);
  });

  test('a tolerance below what Float32 certifies: the message names one that works', () => {
    const narrow = { ...good, keys: toFloat32(good.keys), values: toFloat32(good.values) };
    const message = ((): string => {
      try {
        return String(compilePrompt({ ...narrow, tolerance: 1e-9 }));
      } catch (error) {
        return String(error);
      }
    })();
    const named = Number(/tolerance must be at least (\S+) or so/.exec(message)?.[1]);
    expect(named).toBeLessThan(1e-5);
    expect(compilePrompt({ ...narrow, tolerance: named }).certificate.relative).toBeLessThanOrEqual(named);
  });
});

test('the state is what its definition says: weighted moments of centred keys and values', () => {
  const random = randomSource(31);
  const block = { keys: uniformTokens(random, 2, 17, -1, 1), values: uniformTokens(random, 3, 17, -1, 1) };
  const compiled = compilePrompt({ ...block, scale: 0.5, queryRadius: 1, queryCentre: [0.3, -0.2], tolerance: 1e-3 });
  const { state, errors, keyCentre, keyRadius, queryCentre, shift, middle, width, coefficients } = compiled.parts[0]!;
  const { rank, exponents } = monomialSet(2, compiled.degree);
  const factorial = (m: number): number => (m === 0 ? 1 : m * factorial(m - 1));
  for (let a = 0; a < rank; a++) {
    const [i, j] = [exponents[2 * a]!, exponents[2 * a + 1]!];
    const m = i + j;
    for (let c = 0; c < 4; c++) {
      let sum = 0;
      for (let t = 0; t < 17; t++) {
        const [x, y] = [0, 1].map((e) => block.keys.data[2 * t + e]! - keyCentre[e]!) as [number, number];
        const omega = Math.exp(0.5 * (queryCentre[0]! * x + queryCentre[1]! * y) - shift);
        const value = c === 3 ? 1 : (block.values.data[3 * t + c]! - middle[c]!) / width[c]!;
        sum += omega * value * (x / keyRadius) ** i * (y / keyRadius) ** j;
      }
      const expected = (coefficients[m]! * (0.5 * keyRadius) ** m * factorial(m) * sum) / factorial(i) / factorial(j);
      expect(Math.abs(state[a * 4 + c]! - expected)).toBeLessThanOrEqual(errors[m * 4 + c]! + 1e-14);
    }
  }
});
