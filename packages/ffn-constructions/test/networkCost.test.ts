import { fc, test as propertyTest } from '@fast-check/vitest';
import { tokens } from '@prompt-limits/core-linalg';
import { expect, test } from 'vitest';
import { deepQuantiser, deepValueMap, networkCost, quantiserNetwork, valueMapCost, wideValueMap, type FeedForward } from '../src/index.ts';

/** Every context of n grid tokens at positions 1 to n, and its L read tokens; the context's number stands in for the attention. */
function every({ d, L, n, m }: { d: number; L: number; n: number; m: number }) {
  const contexts = m ** (d * n);
  const ids: number[] = [];
  const labels: number[] = [];
  for (let context = 0; context < contexts; context++) {
    for (let read = 0; read < L; read++) {
      for (let i = 0; i < d; i++) {
        ids.push(n - read + (i === 0 ? context / (2 * contexts) : 0));
        labels.push(((context + i) % m) / m);
      }
    }
  }
  return { direction: Array.from({ length: d }, (_, i) => m ** i), ids: tokens(d, Float64Array.from(ids)), labels: tokens(d, Float64Array.from(labels)) };
}

const sizes = [
  { d: 1, L: 1, n: 3, m: 2 },
  { d: 1, L: 2, n: 4, m: 3 },
  { d: 2, L: 1, n: 3, m: 2 },
  { d: 3, L: 2, n: 2, m: 2 },
];

test.each(sizes)('what is counted without building is what is built: %o', (size) => {
  const parts = every(size);
  const check = (symbolic: ReturnType<typeof valueMapCost>, built: ReturnType<typeof networkCost>) => {
    const { nonZeros, ...rest } = built;
    const { ids, printed, ...counted } = symbolic;
    expect(counted).toEqual(Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, BigInt(value)])));
    expect(nonZeros).toBeLessThanOrEqual(built.parameters);
    expect(ids).toBe(BigInt(parts.ids.n));
    return printed;
  };
  const printed = check(valueMapCost({ form: 'deep', ...size }), networkCost(deepValueMap(parts).stack));
  for (const hat of ['tip', 'plateau'] as const) check(valueMapCost({ form: 'wide', hat, ...size }), networkCost(wideValueMap({ ...parts, hat }).network()));
  const { d, L, n, m } = size;
  expect(printed).toEqual({ layers: BigInt(L * m ** (d * n)), neurons: BigInt(3 * d * n * m ** (d * n)), neuronsTheoremF1: BigInt(d * n) });
  // As L <= L', the printed count of Lemma F.2 covers the hats; that of Theorem F.1 never does.
  expect(valueMapCost({ form: 'wide', ...size }).neurons).toBeLessThanOrEqual(printed.neurons + BigInt(2 * d));
  expect(valueMapCost({ form: 'wide', ...size }).neurons).toBeGreaterThan(printed.neuronsTheoremF1);
});

propertyTest.prop([fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 7 }), fc.infiniteStream(fc.integer({ min: -1, max: 1 }))])(
  'a dense layer is counted entry by entry and operation by operation',
  (d, r, values) => {
    const fill = (length: number) => Float64Array.from({ length }, () => values.next().value!);
    const network: FeedForward = { d, r, w1: fill(r * d), b1: fill(r), w2: fill(d * r), b2: fill(d) };
    let flops = 0;
    for (let j = 0; j < r; j++) flops += d + (d - 1) + 1 + 1; // products, their sum, the bias, the comparison
    for (let i = 0; i < d; i++) flops += r + (r - 1) + 2; // products, their sum, bias and residual
    flops += r + d; // the first product of each sum is added to 0
    const all = [...network.w1, ...network.b1, ...network.w2, ...network.b2];
    expect(networkCost(network)).toEqual({ layers: 1, width: r, neurons: r, parameters: all.length, nonZeros: all.filter((x) => x !== 0).length, flopsPerToken: flops });
  },
);

test('quantisers: the deep form has d m n layers, the wide form about half the neurons', () => {
  const options = { m: 5, d: 2, theta: 1e-3, positions: { n: 3, rho: 1 } };
  const deep = deepQuantiser(options);
  const cost = networkCost(deep.stack);
  expect([cost.layers, cost.width, cost.neurons]).toEqual([2 * 15, 4, deep.neurons]);
  expect(deep.neurons).toBe(2 * (4 * 15 - 2));
  expect(networkCost(quantiserNetwork(options).network).neurons).toBe(2 * (2 * 15 - 1));
});

test('sizes that nobody could build', () => {
  const { neurons, layers } = valueMapCost({ form: 'deep', d: 1, L: 2, n: 130, m: 8 });
  expect(layers).toBe(2n ** 391n);
  expect(neurons).toBe(2n ** 393n);
});

test.each<[() => unknown, string]>([
  [() => valueMapCost({ form: 'deep', d: 1, L: 2, n: 1, m: 2 }), 'valueMapCost: L must be an integer from 1 to 1, got 2'],
  [() => valueMapCost({ form: 'deep', d: 1, L: 1, n: 1, m: 1 }), 'valueMapCost: m must be at least 2, got 1'],
  [() => valueMapCost({ form: 'deep', d: 2, L: 1, n: 2 ** 20, m: 2 }), 'valueMapCost: d n log2 m must lie in [0, 1048576], got 2097152'],
  [() => networkCost({ ...deepQuantiser({ m: 2, d: 1, theta: 0.1 }).stack, count: 2 ** 21 }), 'networkCost: the number of layers must lie in [0, 1048576], got 2097152'],
])('bad input %#', (body, message) => {
  expect(body).toThrow(new RangeError(message));
});
