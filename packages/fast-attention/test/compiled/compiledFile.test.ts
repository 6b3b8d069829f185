import { crc32 as zlibCrc32 } from 'node:zlib';
import { fc, test } from '@fast-check/vitest';
import { createKernels, createPlainKernels, randomSource, tokens, uniformTokens } from '@prompt-limits/core-linalg';
import { parseSafetensors, tensorFloat64Values, tensorValues, tensorView, writeSafetensors, type TensorView } from '@prompt-limits/core-linalg/files';
import { describe, expect } from 'vitest';
import { appendToCompiled, compilePrompt, loadCompiledPrompt, mergeCompiled, saveCompiledPrompt, type CompiledPrompt } from '../../src/index.ts';
import { crc32 } from '../../src/compiled/crc32.ts';
import { prompt, queriesWithin } from './cases.ts';

const shape = { tokens: 23, d: 3, dv: 2, heads: 4, keyHeads: 2 };
const block = prompt(randomSource(1), shape, 0.8, 0.2, 'uniform');
const options = { ...block, scale: 1, heads: 4, keyHeads: 2, queryRadius: [1, 0.7], queryCentre: [0, 0, 0, 0.1, 0, 0.2], tolerance: 1e-2 };
const compiled = compilePrompt(options);
const file = saveCompiledPrompt(compiled);

test.prop([fc.uint8Array({ maxLength: 300 })])('the checksum is that of zlib', (bytes) => {
  expect(crc32(bytes)).toBe(zlibCrc32(bytes));
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcb_f4_39_26);
});

describe('what is saved is what is loaded', () => {
  const queries = queriesWithin(randomSource(2), 7, shape, 0.4, 0, block.keys);
  const same = (a: CompiledPrompt, b: CompiledPrompt): void => {
    expect(b.parts).toEqual(a.parts);
    expect(b.certificate).toEqual(a.certificate);
    const { attend: _a, kept: _k, parts: _p, ...rest } = a;
    expect(b).toMatchObject(rest);
    expect(b.attend(queries)).toEqual(a.attend(queries));
    expect(saveCompiledPrompt(b)).toEqual(saveCompiledPrompt(a));
  };
  test('numbers, certificate and outputs, bit by bit; also after appending and merging', () => {
    same(compiled, loadCompiledPrompt(file));
    const grown = appendToCompiled(compilePrompt({ ...options, keyRadius: 2 }), block);
    same(grown, loadCompiledPrompt(saveCompiledPrompt(grown)));
    const merged = mergeCompiled(compiled, compiled);
    expect(loadCompiledPrompt(saveCompiledPrompt(merged)).tokens).toBe(46);
    // A loaded prompt grows like any other.
    expect(mergeCompiled(loadCompiledPrompt(file), compiled).parts).toEqual(merged.parts);
  });

  test('Float32 prompts, other kernels, kept prompts, a file inside a larger array', async () => {
    const narrow = compilePrompt({ ...options, keys: tokens(6, Float32Array.from(block.keys.data)), values: tokens(4, Float32Array.from(block.values.data)), keep: true });
    const loaded = loadCompiledPrompt(saveCompiledPrompt(narrow));
    expect(loaded.certificate).toEqual(narrow.certificate);
    expect([narrow.kept === null, loaded.kept]).toEqual([false, null]);
    const kernels = await createKernels({ threads: 1, memoryMiB: 16 });
    expect(loadCompiledPrompt(file, { kernels }).certificate.relative).toBeGreaterThan(compiled.certificate.relative);
    const inside = new Uint8Array(file.length + 3);
    inside.set(file, 3);
    expect(loadCompiledPrompt(inside.subarray(3)).parts).toEqual(compiled.parts);
  });

  test('the state is a Float32 tensor that other tools read, at most 20 KB a head of width 8', () => {
    const random = randomSource(3);
    const wide = compilePrompt({ keys: uniformTokens(random, 8, 50, -0.5, 0.5), values: uniformTokens(random, 8, 50, -0.5, 0.5), scale: 1 / Math.sqrt(8), queryRadius: 1.2, tolerance: 1e-3, degree: 4 });
    const bytes = saveCompiledPrompt(wide);
    expect(bytes.length).toBeLessThan(20 * 1024);
    const view = parseSafetensors(bytes).tensors.get('head.0.state')!;
    expect([view.dtype, view.shape]).toEqual(['F32', [495, 9]]);
    expect(tensorValues(view)).toEqual(wide.parts[0]!.state);
  });
});

test('every change of a single byte is refused', () => {
  for (const flip of [1, 0x20, 0x80]) {
    for (let at = 0; at < file.length; at++) {
      const changed = file.slice();
      changed[at]! ^= flip;
      expect(() => loadCompiledPrompt(changed), `byte ${at} xor ${flip}`).toThrow(RangeError);
    }
  }
  for (const cut of [0, 7, 8, 100, file.length - 1]) expect(() => loadCompiledPrompt(file.slice(0, cut))).toThrow(RangeError);
  expect(() => loadCompiledPrompt(Uint8Array.from([...file, 0]))).toThrow(RangeError);
});

/** The file with other tensors or fields, and a checksum that fits: what someone writes on purpose. */
function forged(change: { fields?: (fields: Record<string, unknown>) => void; tensors?: (name: string, values: Float64Array) => void; views?: (views: TensorView[]) => TensorView[]; version?: string }): Uint8Array {
  const { metadata, tensors } = parseSafetensors(file);
  const fields = JSON.parse(metadata.get('fields')!) as Record<string, unknown>;
  change.fields?.(fields);
  let views = [...tensors.values()].map((view) => {
    const values = tensorFloat64Values(view).slice();
    change.tensors?.(view.name, values);
    return tensorView(view.name, view.shape, view.dtype === 'F32' ? Float32Array.from(values) : values);
  });
  views = change.views?.(views) ?? views;
  const write = (checksum: string): Uint8Array => writeSafetensors(views, [['format', metadata.get('format')!], ['version', change.version ?? '1'], ['fields', JSON.stringify(fields)], ['checksum', checksum]]);
  return write(zlibCrc32(write('00000000')).toString(16).padStart(8, '0'));
}

const field = (name: string, value: unknown) => ({ fields: (f: Record<string, unknown>) => void (f[name] = value) });
const tensor = (name: string, edit: (values: Float64Array) => void) => ({ tensors: (n: string, values: Float64Array) => void (n === name && edit(values)) });

describe('files written on purpose', () => {
  test('the forger itself: nothing changed gives the file', () => {
    expect(forged({})).toEqual(file);
  });

  const { relative } = compiled.certificate;
  const cases: [string, Uint8Array, RegExp][] = [
    ['a smaller certificate', forged(field('relative', relative / 2)), /: relative must be at least 0\.00\d+, which the state proves, got/],
    ['a smaller absolute bound', forged(field('bound', 0)), /: bound must be at least 0\.00\d+, which the state proves, got 0$/],
    ['a tolerance below the certificate', forged({ fields: (f) => Object.assign(f, { tolerance: relative / 2, relative: relative / 4 }) }), /: the certificate must stay within the tolerance/],
    ['errors below the rounding of the state', forged(tensor('head.0.errors', (e) => e.fill(0))), /: head 0: errors\[0\] must be at least \d/],
    ['errors halved', forged(tensor('head.1.errors', (e) => e.forEach((x, i) => (e[i] = x / 4)))), /: head 1: errors\[\d+\] must be at least \d/],
    ['another polynomial', forged(tensor('head.0.coefficients', (c) => void (c[1]! *= 1.5))), /: the certificate must stay within the tolerance|relative must be at least/],
    ['a wider radius', forged(tensor('head.0.frame', (f) => void (f[0]! *= 3))), /: the certificate must stay within the tolerance|relative must be at least/],
    ['a huge radius', forged(tensor('head.0.frame', (f) => void (f[0] = 1e300))), /: head 0: frame\[0\] must be finite and at most 2\^400|must be at most 8/],
    ['a radius of 0', forged(tensor('head.0.frame', (f) => void (f[0] = 0))), /: head 0: queryRadius must be above 0, got 0/],
    ['a negative key radius', forged(tensor('head.0.frame', (f) => void (f[1] = -1))), /: head 0: keyRadius must be at least 0, got -1/],
    ['a shift that no key has', forged(tensor('head.0.frame', (f) => void (f[2] = 5))), /: head 0: shift must be at most 0 in absolute value, got 5/],
    ['NaN in the state', forged(tensor('head.0.state', (s) => void (s[3] = NaN))), /: head 0: state\[3\] must be finite, got NaN/],
    ['no mass', forged(tensor('head.0.state', (s) => void s.fill(0))), /: the certificate must stay within the tolerance/],
    ['ranges out of order', forged(tensor('head.0.values', (v) => void (v[4] = 9))), /: head 0: low <= middle <= high must hold in row 0/],
    ['a width of 0', forged(tensor('head.0.values', (v) => void (v[2] = 0))), /: head 0: width\[0\] must be above 0, or 0 for a row of equal values, got 0/],
    ['a wider range', forged(tensor('head.0.values', (v) => void (v[6]! += 100))), /must stay within the tolerance|must be at least/],
    ['a negative constant', forged(tensor('head.0.coefficients', (c) => void (c[0] = -1))), /: head 0: coefficients\[0\] must be above 0, got -1/],
    ['another degree', forged(field('degree', 9)), /: tensor head\.0\.coefficients: shape must be 10, got/],
    ['another width', forged(field('d', 4)), /: tensor head\.0\.queryCentre: shape must be 4, got "3"/],
    ['an absurd width', forged(field('d', 2 ** 24)), /shape must be 16777216, got "3"/],
    ['more key heads', forged(field('keyHeads', 4)), /: 28 tensors are needed for 4 key heads, got 14/],
    ['heads that do not divide', forged(field('heads', 3)), /: keyHeads must divide heads = 3, got 2/],
    ['no tokens', forged(field('tokens', 0)), /: tokens must be an integer from 1 to/],
    ['a scale that is text', forged(field('scale', '1')), /: scale must be finite, got "1"/],
    ['another precision', forged(field('precision', 'int8')), /: precision must be float32 or float64, got "int8"/],
    ['one field more', forged(field('extra', 1)), /: fields must hold 11 members, got 12/],
    ['one tensor less', forged({ views: (v) => v.slice(1) }), /: 14 tensors are needed for 2 key heads, got 13/],
    ['the state in Float64', forged({ views: (v) => v.map((x) => (x.name === 'head.0.state' ? tensorView(x.name, x.shape, tensorFloat64Values(x)) : x)) }), /dtype must be F32, got "F64"/],
    ['a later version', forged({ version: '2' }), /: version must be 1, got "2"/],
  ];
  test.each(cases)('%s', (_name, bytes, message) => {
    expect(() => loadCompiledPrompt(bytes, { name: 'p.safetensors' })).toThrow(RangeError);
    expect(() => loadCompiledPrompt(bytes, { name: 'p.safetensors' })).toThrow(message);
    expect(() => loadCompiledPrompt(bytes, { name: 'p.safetensors' })).toThrow(/^loadCompiledPrompt: p\.safetensors: /);
  });
});

test('bad input', () => {
  expect(() => loadCompiledPrompt([] as never)).toThrow(TypeError);
  expect(() => loadCompiledPrompt(writeSafetensors([], [['format', 'pt']]))).toThrow('loadCompiledPrompt: compiled prompt: format must be "prompt-limits compiled prompt", got "pt"');
  expect(() => saveCompiledPrompt({ ...compiled })).toThrow(TypeError);
  // Kernels that cannot certify the tolerance: Float32 against one that only Float64 meets.
  const near = { keys: tokens(1, Float64Array.of(0, 0)), values: tokens(1, Float64Array.of(0, 1)), scale: 1, queryRadius: 1 };
  const tolerance = compilePrompt({ ...near, tolerance: 1e-3 }).certificate.relative * 1.1;
  const fine = saveCompiledPrompt(compilePrompt({ ...near, tolerance }));
  expect(loadCompiledPrompt(fine).tolerance).toBe(tolerance);
  expect(() => loadCompiledPrompt(fine, { kernels: createPlainKernels() })).toThrow(/the certificate must stay within the tolerance/);
});
