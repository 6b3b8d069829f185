import { fc, test } from '@fast-check/vitest';
import { createKernels, createPlainKernels, randomSource, spherePoint, tokens, uniformTokens, zeroTokens, type Kernels, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect } from 'vitest';
import { attendWithCompiled, compilePrompt, type PromptBlock } from '../../src/index.ts';
import { adversarialPrompt, concatenated, exactly, prompt, queriesWithin, rangesOf, toFloat32 } from './cases.ts';

const sizes = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  tokens: fc.integer({ min: 1, max: 31 }),
  user: fc.integer({ min: 0, max: 13 }),
  d: fc.constantFrom(1, 2, 5),
  dv: fc.constantFrom(1, 3),
  keyHeads: fc.constantFrom(1, 2),
  group: fc.constantFrom(1, 2),
  kind: fc.constantFrom('uniform', 'signs', 'constant') as fc.Arbitrary<'uniform' | 'signs' | 'constant'>,
  far: fc.constantFrom(0.5, 3, 40),
  scale: fc.constantFrom(1, -0.5),
  centre: fc.constantFrom(0, 2),
  causal: fc.constantFrom(false, true, 2, -3),
});

const kernelSets: [string, () => Promise<Kernels>][] = [
  ['Float64, plain', () => Promise.resolve(createPlainKernels({ precision: 'float64' }))],
  ['Float32, plain', () => Promise.resolve(createPlainKernels({ precision: 'float32' }))],
  ['Float32, WASM', () => createKernels({ threads: 1, memoryMiB: 16 })],
];

describe.each(kernelSets)('attention over [P, X], P compiled: %s', (_name, make) => {
  let made: Promise<Kernels> | undefined;
  test.prop([sizes], { numRuns: 60, seed: 2 })('is exact attention over the concatenation within its certificate', async (c) => {
    const kernels = await (made ??= make());
    const narrow = <T extends Tokens>(t: T): Tokens<Float64Array> => (kernels.precision === 'float32' ? toFloat32(t) : t) as Tokens<Float64Array>;
    const random = randomSource(c.seed);
    const shape = { ...c, heads: c.keyHeads * c.group };
    const given = prompt(random, shape, 1, c.centre, c.kind);
    const P = { keys: narrow(given.keys), values: narrow(given.values) };
    const queries = narrow(queriesWithin(random, 7, shape, 1, 0, P.keys));
    const X = { keys: narrow(uniformTokens(random, c.keyHeads * c.d, c.user, -c.far, c.far)), values: narrow(uniformTokens(random, c.keyHeads * c.dv, c.user, -2, 2)) };
    const compiled = compilePrompt({ ...P, scale: c.scale, heads: shape.heads, keyHeads: c.keyHeads, queryRadius: 1, tolerance: 1e-2, kernels });
    const { causal } = c;
    const found = attendWithCompiled(compiled, { queries, ...X, scale: c.scale, causal }, kernels);
    // Every query sees all of P, and of X what the mask says: key j of X stands at Lp + j.
    const all = concatenated(P, X);
    const offset = causal === false ? false : c.tokens + (causal === true ? c.user - 7 : causal);
    // A negative offset would hide prompt tokens from the first queries, so it is taken query by query.
    const ranges = rangesOf(all.values);
    const { certificate: { perQuery, perRow, relative, bound, terms } } = found;
    expect(terms.polynomial + terms.input + terms.sums + terms.storage).toBeGreaterThanOrEqual(Math.min(1, relative) * (1 - 1e-9));
    for (let i = 0; i < 7; i++) {
      const seen = offset === false ? all.keys.n : Math.min(all.keys.n, Math.max(c.tokens, i + offset + 1));
      const part: PromptBlock = { keys: tokens(all.keys.d, all.keys.data.slice(0, seen * all.keys.d)), values: tokens(all.values.d, all.values.data.slice(0, seen * all.values.d)) };
      const q = tokens(queries.d, queries.data.slice(i * queries.d, (i + 1) * queries.d));
      const exact = exactly(q, part, c.scale, shape.heads, c.keyHeads);
      for (let row = 0; row < shape.heads * c.dv; row++) {
        const a = Math.floor(row / c.dv);
        const range = ranges[Math.floor((a * c.keyHeads) / shape.heads) * c.dv + (row % c.dv)]!;
        const error = Math.max(0, Math.abs(found.output.data[i * shape.heads * c.dv + row]! - exact.output[row]!) - exact.outputSlack);
        expect(error).toBeLessThanOrEqual(perRow[row]!);
        if (range > 0) expect(error).toBeLessThanOrEqual(perQuery![a * 7 + i]! * range);
        expect(perRow[row]!).toBeLessThanOrEqual(bound);
        expect(perQuery![a * 7 + i]!).toBeLessThanOrEqual(relative);
        const place = a * 7 + i;
        expect(Math.abs(found.logPartition[place]! - exact.logPartition[a]!)).toBeLessThanOrEqual(found.logPartitionError[place]! + exact.logSlack);
      }
    }
  });
});

test('the share of the prompt is what the log partitions say, and 1 without user tokens', () => {
  const P = { keys: tokens(1, Float64Array.of(0, 0, 0)), values: tokens(1, Float64Array.of(0, 3, 6)) };
  const compiled = compilePrompt({ ...P, scale: 1, queryRadius: 1, tolerance: 1e-6 });
  const queries = tokens(1, Float64Array.of(0.5));
  const { promptShare, output } = attendWithCompiled(compiled, { queries, keys: tokens(1, Float64Array.of(0)), values: tokens(1, Float64Array.of(7)) });
  expect(promptShare[0]).toBeCloseTo(0.75, 12);
  expect(output.data[0]).toBeCloseTo(4, 12);
  const alone = attendWithCompiled(compiled, { queries, keys: zeroTokens(1, 0), values: zeroTokens(1, 0) });
  expect([alone.promptShare[0], alone.output.data[0]]).toEqual([1, compiled.attend(queries).output.data[0]]);
  expect(alone.certificate.relative).toBeLessThanOrEqual(compiled.attend(queries).certificate.relative + 1e-14);
});

test('an adversarial prompt and user token use more than half of the certificate: half of it would be violated', () => {
  const d = 3;
  const direction = spherePoint(randomSource(5), d);
  const frame = { scale: 1, queryRadius: 1.5, keyCentre: new Float64Array(d), keyRadius: 1, tolerance: 3e-2 };
  const model = compilePrompt({ keys: tokens(d, new Float64Array(d)), values: tokens(1, Float64Array.of(0)), ...frame });
  const { block, query } = adversarialPrompt(model, direction);
  const compiled = compilePrompt({ ...block, ...frame });
  // A user token as heavy as the prompt, at either end of the values.
  const used = [0, 1].map((value) => {
    const user = { keys: tokens(d, direction.map((u) => u * (Math.log(2500) / 1.5))), values: tokens(1, Float64Array.of(value)) };
    const { output, certificate } = attendWithCompiled(compiled, { queries: query, ...user });
    const { output: exact, outputSlack } = exactly(query, concatenated(block, user), 1, 1, 1);
    return Math.max(0, Math.abs(output.data[0]! - exact[0]!) - outputSlack) / certificate.bound;
  });
  expect(Math.max(...used)).toBeLessThanOrEqual(1);
  expect(Math.max(...used)).toBeGreaterThan(0.5);
});

test('a query outside the radius: refused, or exact where the prompt was kept', () => {
  const random = randomSource(9);
  const shape = { tokens: 11, d: 2, dv: 2, heads: 1, keyHeads: 1 };
  const P = prompt(random, shape, 1, 0, 'uniform');
  const X = { keys: uniformTokens(random, 2, 3, -1, 1), values: uniformTokens(random, 2, 3, -1, 1) };
  const queries = tokens(2, Float64Array.of(0.3, 0.1, 5, -2));
  const options = { ...P, scale: 1, queryRadius: 1, tolerance: 1e-3 };
  expect(() => attendWithCompiled(compilePrompt(options), { queries, ...X })).toThrow(/^attendWithCompiled: every query must lie within queryRadius = 1/);
  const { output, certificate } = attendWithCompiled(compilePrompt({ ...options, keep: true }), { queries, ...X });
  const exact = exactly(queries, concatenated(P, X), 1, 1, 1);
  expect(certificate.perQuery![1]).toBeLessThan(1e-11);
  output.data.forEach((z, at) => expect(Math.abs(z - exact.output[at]!)).toBeLessThanOrEqual(certificate.perRow[at % 2]! + exact.outputSlack));
});

test('bad input', () => {
  const P = { keys: tokens(2, new Float64Array(4)), values: tokens(3, new Float64Array(6)) };
  const compiled = compilePrompt({ ...P, scale: 1, queryRadius: 1, tolerance: 1e-3 });
  const X = { queries: zeroTokens(2, 1), keys: zeroTokens(2, 1), values: zeroTokens(3, 1) };
  const call = (change: object, prompt_: unknown = compiled) => () => attendWithCompiled(prompt_ as typeof compiled, { ...X, ...change });
  expect(call({ scale: 2 })).toThrow(new RangeError('attendWithCompiled: scale must be that of the prompt (1), got 2'));
  expect(call({ values: zeroTokens(2, 1) })).toThrow(new RangeError('attendWithCompiled: values must have keyHeads dv = 3 rows, got 2'));
  expect(call({ keys: zeroTokens(3, 1) })).toThrow(RangeError);
  expect(call({ keys: tokens(2, Float64Array.of(NaN, 0)) })).toThrow(RangeError);
  expect(call({}, { ...compiled })).toThrow(new TypeError('attendWithCompiled: compiled must be made by compilePrompt or loadCompiledPrompt'));
});
