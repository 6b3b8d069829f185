import { inSingleAttentionClass, singleAttentionClass } from '@prompt-limits/attention';
import { randomSource, tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { buildUniversal, filesFromMap, peftAdapter, promptFor, promptOfTable, readPeftAdapter, softPrompt } from '../../src/index.ts';
import { column, everyDigits, expectDigits, gridInput, randomDigits, randomTable, row, valueAt } from './support.ts';

const forms = ['deep', 'wide'] as const;

describe.each(forms)('%s, lazy', (form) => {
  test.each([
    [1, 1, 20, 'compact', 20],
    [1, 1, 20, 'lemma', 5],
    [1, 2, 8, 'compact', 6],
    [2, 1, 8, 'compact', 10],
    [2, 1, 8, 'lemma', 1],
    [1, 1, 31, 'compact', 20],
    [1, 2, 5, 'lemma', 3],
    [2, 1, 7, 'compact', 10],
    [3, 1, 3, 'compact', 10],
    [1, 3, 3, 'lemma', 2],
  ] as const)('d = %i, L = %i, m = %i, %s: random functions at random inputs of the grid, exactly', (d, L, m, mode, runs) => {
    const random = randomSource(2321);
    const tau = buildUniversal({ d, L, m, form, mode });
    expect([tau.Lp, tau.labelError, tau.mapping.mode, tau.evaluator]).toEqual([L * m ** (d * L), 0, mode, 'lazy']);
    for (let trial = 0; trial < 2; trial++) {
      const table = randomTable(random, d, L, m);
      const run = tau.load(promptOfTable(table));
      for (let i = 0; i < runs; i++) {
        const z = randomDigits(random, d * L, m);
        expectDigits(run(gridInput(d, z, m)), valueAt(table, z), m, 0);
      }
    }
  });
});

test.each([[1, 1, 4], [1, 2, 2], [2, 1, 2], [1, 1, 3]] as const)('d = %i, L = %i, m = %i: every mode, form and evaluator is the same function of the grid', (d, L, m) => {
  const random = randomSource(2322);
  const kinds = [['lemma', 'lazy'], ['compact', 'lazy'], ['tight', 'full'], ['tight', 'lazy']] as const;
  const all = forms.flatMap((form) => kinds.map(([mode, evaluator]) => buildUniversal({ d, L, m, form, mode, evaluator })));
  for (let trial = 0; trial < 5; trial++) {
    const table = randomTable(random, d, L, m);
    const P = promptOfTable(table);
    for (const tau of all) {
      const run = tau.load(P);
      for (const z of everyDigits(d * L, m)) expectDigits(run(gridInput(d, z, m)), valueAt(table, z), m, tau.labelError);
    }
  }
});

describe('the classes of Section 2.3 and 2.4, read off the weights', () => {
  const shapes = [[1, 1, 3], [1, 2, 2], [2, 1, 2]] as const;

  test.each(shapes)('d = %i, L = %i, m = %i, deep: T_A with h = 1, s = 1, r = 4 and the layers that are counted', (d, L, m) => {
    const tau = buildUniversal({ d, L, m, form: 'deep', mode: 'tight' });
    const network = tau.network!();
    expect(inSingleAttentionClass(network, { form: 'A', h: 1, s: 1, r: 4, rank: 1 })).toEqual({ member: true, reasons: [] });
    const { layersBefore, layersAfter, h, s } = singleAttentionClass(network);
    const n = tau.Lp + L;
    // A layer for every cell of every coordinate and position, and one for every ID.
    expect([layersBefore, layersAfter, h, s]).toEqual([d * m * n, L * m ** (d * n), 1, 1]);
    const layers = [...network.before, ...network.after];
    expect(tau.cost).toMatchObject({
      layersBefore: BigInt(layersBefore), layersAfter: BigInt(layersAfter), width: 4n,
      neurons: BigInt(layers.reduce((sum, { r }) => sum + r, 0)),
      parameters: BigInt(layers.reduce((sum, { r }) => sum + 2 * d * r + r + d, 0)),
      flopsPerToken: BigInt(layers.reduce((sum, { r }) => sum + 4 * d * r + 2 * r + 2 * d, 0)),
      ids: BigInt(layersAfter),
    });
  });

  test.each(shapes)('d = %i, L = %i, m = %i, wide: T_B with h = 1, s = 1 and r as counted, no smaller', (d, L, m) => {
    const tau = buildUniversal({ d, L, m, form: 'wide', mode: 'tight' });
    const network = tau.network!();
    const ids = L * m ** (d * (tau.Lp + L));
    const r = 3 * ids + 2 * d;
    expect(tau.cost).toMatchObject({ layersBefore: 1n, layersAfter: 1n, width: BigInt(r), neurons: BigInt(network.before[0]!.r + r), ids: BigInt(ids) });
    expect(inSingleAttentionClass(network, { form: 'B', h: 1, s: 1, r, rank: 1 })).toEqual({ member: true, reasons: [] });
    expect(inSingleAttentionClass(network, { form: 'B', h: 1, s: 1, r: r - 1 }).member).toBe(false);
  });

  test('the wide form of compact and lemma mode is evaluated with plateaus: four neurons a hat', () => {
    for (const mode of ['compact', 'lemma'] as const) {
      const tau = buildUniversal({ d: 1, L: 2, m: 3, form: 'wide', mode });
      expect(tau.cost!.width).toBe(4n * 2n * 3n ** 20n + 2n);
      expect(buildUniversal({ d: 1, L: 2, m: 3, form: 'deep', mode }).cost!.layersAfter).toBe(2n * 3n ** 20n);
      expect(tau.mapping.head.wQ.rows).toBe(1);
    }
  });

  test('counts of more than 2^20 bits are left out', () => {
    expect(buildUniversal({ d: 1, L: 4, m: 16, form: 'deep' }).cost).toBe(null);
  });
});

describe('prompts', () => {
  const square = (z: { readonly data: Float64Array }) => tokens(1, z.data.map((x) => x * x));

  test.each(['float32', 'float64'] as const)('go through the PEFT adapter in %s and run as before', async (precision) => {
    for (const m of [8, 11]) {
      const tau = buildUniversal({ d: 1, L: 1, m, form: 'wide' });
      const P = promptFor(tau, square);
      const { embeddings } = await readPeftAdapter(filesFromMap('memory', peftAdapter(softPrompt(P, { precision }))));
      expect(embeddings.data).toBeInstanceOf(precision === 'float32' ? Float32Array : Float64Array);
      const [run, again] = [tau.load(P), tau.load(embeddings)];
      for (const z of everyDigits(1, m)) expect(again(gridInput(1, z, m))).toEqual(run(gridInput(1, z, m)));
    }
  });

  test('off the grid, of another shape or no tokens: refused', () => {
    const tau = buildUniversal({ d: 1, L: 1, m: 3, form: 'wide' });
    const bad = (P: unknown, message: string, kind: new (message: string) => Error = RangeError) => expect(() => tau.load(P as never)).toThrow(new kind(message));
    bad(row(0, 0.5, 2 / 3), 'gridDigits: z must lie on the grid k/3, k = 0 to 2, got 0.5 at coordinate 0 of token 1');
    bad(row(0, 1, 0), 'gridDigits: z must lie on the grid k/3, k = 0 to 2, got 1 at coordinate 0 of token 1');
    bad(row(0, Number.NaN, 0), 'gridDigits: z must be finite, got NaN at index 1');
    bad(row(0, 0), 'run: P must be 1 x 3, got 1 x 2');
    bad(column(0, 0, 0), 'run: P must be 1 x 3, got 3 x 1');
    bad([0, 0, 0], 'run: P must be Tokens, got Array(3)', TypeError);
    // A float64 copy of float32 values is neither.
    bad(tokens(1, Float64Array.from(Float32Array.of(0, 1 / 3, 2 / 3))), `gridDigits: z must lie on the grid k/3, k = 0 to 2, got ${Math.fround(1 / 3)} at coordinate 0 of token 1`);
    expect(tau.run(tokens(1, Float32Array.of(0, 1 / 3, 2 / 3)), row(0.4)).data[0]).toBe(1 / 3);
  });

  test('promptFor needs tables', () => {
    const tau = buildUniversal({ d: 1, L: 1, m: 3, form: 'wide', layout: 'dictionary', examples: 2 });
    expect(() => promptFor(tau, square)).toThrow(new RangeError("promptFor: tau's prompts must be tables, got layout 'dictionary'"));
    // P = (key, label, key, label).
    expect(tau.run(row(0, 1 / 3, 2 / 3, 2 / 3), row(2 / 3)).data[0]).toBe(2 / 3);
    expect(tau.run(row(0, 1 / 3, 2 / 3, 2 / 3), row(1 / 3)).data[0]).toBe(0);
  });
});

test('inputs of another shape, outside of the cube or not finite: refused', () => {
  const tau = buildUniversal({ d: 2, L: 1, m: 2, form: 'deep' });
  const run = tau.load(tokens(2, new Float64Array(2 * tau.Lp)));
  expect(() => run(row(0, 0))).toThrow(new RangeError('run: Z must be 2 x 1, got 1 x 2'));
  expect(() => run(column(0, 1.5))).toThrow(new RangeError('run: Z must lie in [0, 1], got 1.5 at coordinate 1 of token 0'));
  expect(() => run(column(-1e-300, 0))).toThrow(new RangeError('run: Z must lie in [0, 1], got -1e-300 at coordinate 0 of token 0'));
  expect(() => run(column(0, Number.NaN))).toThrow(new RangeError('run: Z must be finite, got NaN at index 1'));
  expect(() => run(3 as never)).toThrow(new TypeError('run: Z must be Tokens, got 3'));
});

const small = { d: 1, L: 1, m: 4, form: 'wide' } as const;
test.each<[() => unknown, string]>([
  [() => buildUniversal({ ...small, form: 'flat' as 'wide' }), 'buildUniversal: form must be one of deep, wide, got "flat"'],
  [() => buildUniversal({ ...small, mode: 'loose' as 'tight' }), 'buildUniversal: mode must be one of tight, lemma, compact, got "loose"'],
  [() => buildUniversal({ ...small, evaluator: 'some' as 'full' }), 'buildUniversal: evaluator must be one of full, lazy, got "some"'],
  [() => buildUniversal({ ...small, layout: 'list' as 'table' }), 'buildUniversal: layout must be one of table, dictionary, got "list"'],
  [() => buildUniversal({ ...small, layout: 'dictionary', examples: 0 }), 'buildUniversal: examples must be at least 1, got 0'],
  [() => buildUniversal({ ...small, m: 1 }), 'tableSurrogate: m must be an integer from 2 to 2147483648, got 1'],
  [() => buildUniversal({ ...small, evaluator: 'full' }), "buildUniversal: evaluator 'full' needs mode 'tight', whose weights are float64 numbers, got mode 'compact'"],
  // 3 * 5^6 + 2 neurons fit; 3 * 6^7 + 2 = 839,810 do not.
  [() => buildUniversal({ ...small, m: 6, mode: 'tight', evaluator: 'full' }), "buildUniversal: evaluator 'full' needs at most 65536 contexts m^(d (Lp + L)), got 6^7, whose value map has 839810 neurons; evaluator 'lazy' with mode 'compact' or 'lemma' stores none of them"],
  [() => buildUniversal({ ...small, m: 6, mode: 'tight' }), "buildUniversal: mode 'tight' needs at most 65536 contexts m^(d (Lp + L)), got 6^7, whose value map has 839810 neurons; evaluator 'lazy' with mode 'compact' or 'lemma' stores none of them"],
  [() => buildUniversal({ ...small, form: 'deep', m: 64, evaluator: 'full' }), "buildUniversal: evaluator 'full' needs at most 65536 contexts m^(d (Lp + L)), got 64^65, whose value map has about 10^118 neurons; evaluator 'lazy' with mode 'compact' or 'lemma' stores none of them"],
  [() => buildUniversal({ ...small, theta: 0.07 }), 'buildUniversal: theta must lie in [1.4921397450962104e-12, 0.0625], got 0.07'],
  [() => buildUniversal({ ...small, theta: 1e-30 }), 'buildUniversal: theta must lie in [1.4921397450962104e-12, 0.0625], got 1e-30'],
  [() => buildUniversal({ d: 1, L: 2, m: 128, form: 'wide' }), 'buildUniversal: ramps must be at most 1/(4m) = 0.001953125 wide, but in float64 the wide form needs 0.0019533783279257477 for Lp + L = 32770 tokens; the deep form needs less'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
