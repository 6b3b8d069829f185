import { fc, test } from '@fast-check/vitest';
import { createKernels, createPlainKernels, randomSource, sliceColumns, tokens, uniformTokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { appendToCompiled, compilePrompt, mergeCompiled, type CompiledPrompt, type CompileOptions, type PromptBlock } from '../../src/index.ts';
import { exactly, prompt, queriesWithin, rangesOf, toFloat32 } from './cases.ts';

const part = ({ keys, values }: PromptBlock, from: number, to: number): PromptBlock => ({ keys: sliceColumns(keys, from, to), values: sliceColumns(values, from, to) });

/** Every output and log partition within its certificate. */
function expectCertified(compiled: CompiledPrompt, block: PromptBlock, queries: Tokens<Float64Array>, kernels?: Kernels): void {
  const { heads, keyHeads, dv, scale } = compiled;
  const { output, logPartition, logPartitionError, certificate } = compiled.attend(queries, kernels);
  const exact = exactly(queries, block, scale, heads, keyHeads);
  const ranges = rangesOf(block.values);
  output.data.forEach((z, at) => {
    const row = at % (heads * dv);
    const a = Math.floor(row / dv);
    const range = ranges[Math.floor((a * keyHeads) / heads) * dv + (row % dv)]!;
    const error = Math.max(0, Math.abs(z - exact.output[at]!) - exact.outputSlack);
    expect(error).toBeLessThanOrEqual(certificate.perRow[row]!);
    if (range > 0) expect(error).toBeLessThanOrEqual(certificate.perQuery![a * queries.n + Math.floor(at / (heads * dv))]! * range);
  });
  logPartition.forEach((l, i) => expect(Math.abs(l - exact.logPartition[i]!)).toBeLessThanOrEqual(logPartitionError[i]! + exact.logSlack));
}

/** States of the same tokens differ by no more than the errors of both, in the measure of `errors` at q^ = e_v: moments of degree 0 and 1. */
function expectSameState(a: CompiledPrompt, b: CompiledPrompt): void {
  for (const [i, x] of a.parts.entries()) {
    const y = b.parts[i]!;
    expect([...y.middle, ...y.width, y.shift]).toEqual([...x.middle, ...x.width, x.shift]);
    const columns = a.dv + 1;
    for (let at = 0; at < columns; at++) expect(Math.abs(x.state[at]! - y.state[at]!)).toBeLessThanOrEqual(x.errors[at]! + y.errors[at]!);
    for (let v = 0; v < a.d && a.degree > 0; v++) {
      for (let c = 0; c < columns; c++) {
        const at = (1 + v) * columns + c;
        expect(Math.abs(x.state[at]! - y.state[at]!)).toBeLessThanOrEqual(x.errors[columns + c]! + y.errors[columns + c]!);
      }
    }
  }
}

const sizes = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  tokens: fc.integer({ min: 2, max: 41 }),
  cut: fc.integer({ min: 1, max: 40 }),
  d: fc.constantFrom(1, 2, 5),
  dv: fc.constantFrom(1, 3),
  keyHeads: fc.constantFrom(1, 2),
  group: fc.constantFrom(1, 2),
  kind: fc.constantFrom('uniform', 'signs', 'constant') as fc.Arbitrary<'uniform' | 'signs' | 'constant'>,
  centre: fc.constantFrom(0, 1.5),
  queryCentre: fc.constantFrom(0, 1, -4),
});

const kernelSets: [string, () => Promise<Kernels>][] = [
  ['Float64, plain', () => Promise.resolve(createPlainKernels({ precision: 'float64' }))],
  ['Float32, WASM', () => createKernels({ threads: 1, memoryMiB: 16 })],
];

describe.each(kernelSets)('%s', (_name, make) => {
  let made: Promise<Kernels> | undefined;
  test.prop([sizes], { numRuns: 60, seed: 3 })('appended and merged prompts keep their certificates, and are the prompt compiled at once', async (c) => {
    const kernels = await (made ??= make());
    const narrow = (t: Tokens): Tokens<Float64Array> => (kernels.precision === 'float32' ? toFloat32(t) : t) as Tokens<Float64Array>;
    const random = randomSource(c.seed);
    const shape = { ...c, heads: c.keyHeads * c.group };
    const drawn = prompt(random, shape, 1, c.centre, c.kind);
    const block = { keys: narrow(drawn.keys), values: narrow(drawn.values) };
    const cut = 1 + (c.cut % (c.tokens - 1));
    const queries = narrow(queriesWithin(random, 5, shape, 1, c.queryCentre, block.keys));
    const rows = c.keyHeads * c.d;
    const options: CompileOptions = {
      scale: 1, heads: shape.heads, keyHeads: c.keyHeads, queryRadius: 1.001, queryCentre: new Float64Array(rows).fill(c.queryCentre),
      keyCentre: new Float64Array(rows).fill(c.centre), keyRadius: 1.01, degree: 4, tolerance: 2e-2, kernels,
    };
    const whole = compilePrompt({ ...block, ...options });
    const [first, second] = [compilePrompt({ ...part(block, 0, cut), ...options }), compilePrompt({ ...part(block, cut, c.tokens), ...options })];
    const merged = mergeCompiled(first, second);
    const appended = appendToCompiled(first, part(block, cut, c.tokens));
    for (const compiled of [merged, appended]) {
      expect(compiled.tokens).toBe(c.tokens);
      expectCertified(compiled, block, queries, kernels);
    }
    expectSameState(merged, whole);
    // Nothing is lost but rounding: the certificates differ by a few stored states.
    expect(merged.certificate.relative).toBeLessThan(whole.certificate.relative * (1 + 1e-3) + 1e-4);
    expect(mergeCompiled(second, first).parts.map((p) => p.middle)).toEqual(merged.parts.map((p) => p.middle));
  });
});

describe('appending', () => {
  const random = randomSource(7);
  const block = { keys: uniformTokens(random, 3, 101, -0.5, 0.5), values: uniformTokens(random, 2, 101, -1, 1) };
  const options = { scale: 1, queryRadius: 1, keyCentre: [0, 0, 0], keyRadius: 0.9, tolerance: 1e-3 };
  const queries = queriesWithin(random, 7, { tokens: 1, d: 3, dv: 2, heads: 1, keyHeads: 1 }, 1, 0, block.keys);

  test('token by token: each append costs a rounding of the state, and the certificate counts it', () => {
    let compiled = compilePrompt({ ...part(block, 0, 1), ...options });
    for (let j = 1; j < 101; j++) compiled = appendToCompiled(compiled, part(block, j, j + 1));
    expect(compiled.tokens).toBe(101);
    expectCertified(compiled, block, queries);
    const { sums } = compiled.certificate.terms;
    const atOnce = compilePrompt({ ...block, ...options }).certificate.terms.sums;
    expect(sums).toBeGreaterThan(10 * atOnce);
    expect(sums).toBeLessThan(200 * atOnce);
  });

  test('leaves the old one as it was, widens ranges, and serves rows that were constant', () => {
    const start = compilePrompt({ keys: tokens(3, new Float64Array(6)), values: tokens(2, Float64Array.of(1, 5, 1, 6)), ...options });
    const before = start.parts[0]!.state.slice();
    const grown = appendToCompiled(start, part(block, 0, 50));
    expect(start.parts[0]!.state).toEqual(before);
    expect([...start.parts[0]!.high]).toEqual([1, 6]);
    const all = { keys: tokens(3, Float64Array.from([...new Float64Array(6), ...part(block, 0, 50).keys.data])), values: tokens(2, Float64Array.from([1, 5, 1, 6, ...part(block, 0, 50).values.data])) };
    expectCertified(grown, all, queries);
    expect(appendToCompiled(start, part(block, 0, 0)).tokens).toBe(2);
  });

  test('keeps the prompt where it was kept', () => {
    const kept = appendToCompiled(compilePrompt({ ...part(block, 0, 7), ...options, keep: true }), part(block, 7, 9));
    expect(kept.kept!.keys.data).toEqual(block.keys.data.slice(0, 27));
    expectCertified(kept, part(block, 0, 9), tokens(3, Float64Array.of(4, 0, 0, 0, 0.5, 0)));
  });

  test('is refused outside the key radius, beyond the weights that fit, and beyond the tolerance', () => {
    const compiled = compilePrompt({ ...block, ...options });
    const far = { keys: tokens(3, Float64Array.of(1, 0, 0)), values: tokens(2, new Float64Array(2)) };
    expect(() => appendToCompiled(compiled, far)).toThrow(/^appendToCompiled: every key must lie within the key radius 0\.9 of the centre, got 1\.0+\d* for token 0$/);
    const heavy = compilePrompt({ keys: tokens(3, Float64Array.of(-1, 0, 0)), values: tokens(2, new Float64Array(2)), ...options, keyRadius: 1, queryCentre: [30, 0, 0] });
    expect(() => appendToCompiled(heavy, far)).toThrow('appendToCompiled: scale q0 . k of every key must be at most 40 above the prompt\'s, got 60 for token 0');
    expect(() => appendToCompiled(compiled, { keys: block.values, values: block.values })).toThrow('appendToCompiled: keys must have keyHeads d = 3 rows, got 2');
    // Thousands of appends round the state thousands of times.
    const narrow = compilePrompt({ ...block, ...options, tolerance: 2e-4 });
    let grown = narrow;
    expect(() => {
      for (let j = 0; j < 3000; j++) grown = appendToCompiled(grown, part(block, j % 101, (j % 101) + 1));
    }).toThrow(/^appendToCompiled: the certificate must stay within the tolerance 0\.0002 of the prompt, got /);
  });
});

test('merging names what differs', () => {
  const keys = tokens(2, Float64Array.of(0.1, 0.2, -0.1, 0));
  const values = tokens(1, Float64Array.of(0, 1));
  const options = { keys, values, scale: 1, queryRadius: 1, keyCentre: [0, 0], keyRadius: 1, degree: 4, tolerance: 0.1 };
  const one = compilePrompt(options);
  const cases: [object, string][] = [
    [{ scale: 2, tolerance: 0.5 }, 'mergeCompiled: both must have the same scale, got 1 and 2'],
    [{ degree: 5 }, 'mergeCompiled: both must have the same degree, got 4 and 5'],
    [{ keyRadius: 0.9 }, 'mergeCompiled: both must have the same keyRadius in head 0, got 1 and 0.9'],
    [{ queryRadius: 0.9 }, 'mergeCompiled: both must have the same queryRadius in head 0, got 1 and 0.9'],
    [{ keyCentre: [0, 0.1] }, 'mergeCompiled: both must have the same keyCentre in head 0, got 0 and 0.1 at index 1'],
    [{ queryCentre: [1, 0] }, 'mergeCompiled: both must have the same queryCentre in head 0, got 0 and 1 at index 0'],
  ];
  for (const [change, message] of cases) expect(() => mergeCompiled(one, compilePrompt({ ...options, ...change }))).toThrow(new RangeError(message));
  expect(() => mergeCompiled(one, {} as CompiledPrompt)).toThrow(TypeError);
});
