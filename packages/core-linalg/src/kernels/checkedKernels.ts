import { assertFiniteNumber, assertInteger, assertNumber, assertOneOf, describe } from '../checks/checks.ts';
import { assertMonomialSet, type MonomialSet } from '../monomials/monomialSet.ts';
import type { FloatArray } from '../tokens/tokens.ts';
import type { AttentionShape, Kernels, PackedMatrix } from './kernels.ts';

/** An array argument: its name, the array, the values needed and the formula that says why. */
type Argument = readonly [name: string, array: FloatArray, needed: number, formula: string];

function integers(fn: string, named: Readonly<Record<string, number>>, low: number = 0): void {
  for (const name in named) assertInteger(fn, name, named[name], low);
}

/**
 * `raw` with every argument checked before any work: kinds of arrays, integers and lengths, so that the
 * implementations compute and nothing else. Values inside the arrays are not looked at.
 */
export function checkedKernels(raw: Kernels): Kernels {
  const ArrayType = raw.precision === 'float32' ? Float32Array : Float64Array;
  const packs = new WeakSet<PackedMatrix>();

  const arrays = (fn: string, list: readonly Argument[]): void => {
    for (const [name, array, needed, formula] of list) {
      if (!(array instanceof ArrayType)) throw new TypeError(`${fn}: ${name} must be a ${ArrayType.name}, got ${describe(array)}`);
      if (array.length < needed) {
        throw new RangeError(`${fn}: ${name} must hold at least ${formula} = ${needed} values, got ${array.length}`);
      }
    }
  };
  const rowwise = (fn: string, rows: number, columns: number, list: Readonly<Record<string, FloatArray>>): void => {
    integers(fn, { rows, columns });
    arrays(fn, Object.entries(list).map(([name, array]) => [name, array, rows * columns, 'rows * columns']));
  };
  const elementwise = (fn: string, length: number, list: Readonly<Record<string, FloatArray>>): void => {
    integers(fn, { length });
    arrays(fn, Object.entries(list).map(([name, array]) => [name, array, length, 'length']));
  };
  const normed = (fn: string, n: number, d: number, epsilon: number, gain: FloatArray, list: Readonly<Record<string, FloatArray>>): void => {
    integers(fn, { n });
    integers(fn, { d }, 1);
    assertFiniteNumber(fn, 'epsilon', epsilon);
    if (epsilon < 0) throw new RangeError(`${fn}: epsilon must be at least 0, got ${epsilon}`);
    arrays(fn, Object.entries(list).map(([name, array]) => [name, array, n * d, 'n * d']));
    arrays(fn, [['gain', gain, d, 'd']]);
  };

  const monomials = (fn: string, set: MonomialSet, n: number, columns: number, x: FloatArray): void => {
    assertMonomialSet(fn, 'set', set);
    integers(fn, { n });
    integers(fn, { columns }, 1);
    arrays(fn, [['x', x, n * set.d, 'n * d']]);
  };

  /** Parameters in float64, whatever the kernels' precision. */
  const doubles = (fn: string, needed: number, list: Readonly<Record<string, Float64Array>>, formula: string = 'd'): void => {
    for (const name in list) {
      const array = list[name]!;
      if (!(array instanceof Float64Array)) throw new TypeError(`${fn}: ${name} must be a Float64Array, got ${describe(array)}`);
      if (array.length < needed) throw new RangeError(`${fn}: ${name} must hold at least ${formula} = ${needed} values, got ${array.length}`);
    }
  };
  const strided = (fn: string, n: number, d: number, stride: number, x: FloatArray, name: string = 'x', step: string = 'stride'): void => {
    integers(fn, { n });
    integers(fn, { d }, 1);
    assertInteger(fn, step, stride, d);
    arrays(fn, [[name, x, n === 0 ? 0 : (n - 1) * stride + d, `(n - 1) * ${step} + d`]]);
  };

  return {
    build: raw.build,
    precision: raw.precision,
    get threads() {
      return raw.threads;
    },
    allocate(length) {
      integers('allocate', { length });
      return raw.allocate(length);
    },
    scratch: (body) => raw.scratch(() => {
      const result = body();
      // What an asynchronous body allocates would be freed before it goes on.
      if (result instanceof Promise) throw new TypeError('scratch: body must be synchronous, got a promise');
      return result;
    }),
    gemm(form, m, n, k, alpha, a, b, beta, c) {
      assertOneOf('gemm', 'form', form, ['NN', 'NT', 'TN']);
      integers('gemm', { m, n, k });
      assertNumber('gemm', 'alpha', alpha);
      assertNumber('gemm', 'beta', beta);
      arrays('gemm', [['a', a, m * k, 'm * k'], ['b', b, k * n, 'k * n'], ['c', c, m * n, 'm * n']]);
      raw.gemm(form, m, n, k, alpha, a, b, beta, c);
    },
    pack(form, k, n, b) {
      assertOneOf('pack', 'form', form, ['N', 'T']);
      integers('pack', { k, n });
      arrays('pack', [['b', b, k * n, 'k * n']]);
      const packed = raw.pack(form, k, n, b);
      packs.add(packed);
      return packed;
    },
    gemmPacked(m, a, b, c, accumulate = false) {
      if (!packs.has(b)) throw new TypeError(`gemmPacked: b must be a matrix that these kernels packed, got ${describe(b)}`);
      integers('gemmPacked', { m });
      arrays('gemmPacked', [['a', a, m * b.k, 'm * k'], ['c', c, m * b.n, 'm * n']]);
      raw.gemmPacked(m, a, b, c, accumulate);
    },
    exp(length, x, y) {
      elementwise('exp', length, { x, y });
      raw.exp(length, x, y);
    },
    softmaxRows(rows, columns, x, y) {
      rowwise('softmaxRows', rows, columns, { x, y });
      raw.softmaxRows(rows, columns, x, y);
    },
    softmaxRowsVjp(rows, columns, y, dy, dx) {
      rowwise('softmaxRowsVjp', rows, columns, { y, dy, dx });
      raw.softmaxRowsVjp(rows, columns, y, dy, dx);
    },
    rmsNorm(n, d, epsilon, x, gain, y) {
      normed('rmsNorm', n, d, epsilon, gain, { x, y });
      raw.rmsNorm(n, d, epsilon, x, gain, y);
    },
    rmsNormVjp(n, d, epsilon, x, gain, dy, dx, dgain) {
      normed('rmsNormVjp', n, d, epsilon, gain, { x, dy, dx });
      if (dgain !== undefined) arrays('rmsNormVjp', [['dgain', dgain, d, 'd']]);
      raw.rmsNormVjp(n, d, epsilon, x, gain, dy, dx, dgain);
    },
    silu(length, x, y) {
      elementwise('silu', length, { x, y });
      raw.silu(length, x, y);
    },
    siluVjp(length, x, dy, dx) {
      elementwise('siluVjp', length, { x, dy, dx });
      raw.siluVjp(length, x, dy, dx);
    },
    swiglu(length, gate, up, y) {
      elementwise('swiglu', length, { gate, up, y });
      raw.swiglu(length, gate, up, y);
    },
    swigluVjp(length, gate, up, dy, dgate, dup) {
      elementwise('swigluVjp', length, { gate, up, dy, dgate, dup });
      raw.swigluVjp(length, gate, up, dy, dgate, dup);
    },
    attention(shape, q, k, v, z, logPartition) {
      arrays('attention', attentionArguments('attention', shape, q, k, v, z, logPartition));
      raw.attention(shape, q, k, v, z, logPartition);
    },
    attentionVjp(shape, q, k, v, z, logPartition, dz, dq, dk, dv) {
      const { queries, keys, heads, keyHeads, d, dv: width } = shape;
      arrays('attentionVjp', attentionArguments('attentionVjp', shape, q, k, v, z, logPartition));
      arrays('attentionVjp', [
        ['dz', dz, queries * heads * width, 'queries * heads * dv'],
        ['dq', dq, queries * heads * d, 'queries * heads * d'],
        ['dk', dk, keys * keyHeads * d, 'keys * keyHeads * d'],
        ['dv', dv, keys * keyHeads * width, 'keys * keyHeads * dv'],
      ]);
      raw.attentionVjp(shape, q, k, v, z, logPartition, dz, dq, dk, dv);
    },
    monomialMoments(set, n, x, columns, y, moments) {
      monomials('monomialMoments', set, n, columns, x);
      arrays('monomialMoments', [['y', y, n * columns, 'n * columns'], ['moments', moments, set.rank * columns, 'rank * columns']]);
      raw.monomialMoments(set, n, x, columns, y, moments);
    },
    monomialRead(set, n, x, columns, weights, out) {
      monomials('monomialRead', set, n, columns, x);
      arrays('monomialRead', [['weights', weights, set.rank * columns, 'rank * columns'], ['out', out, n * columns, 'n * columns']]);
      raw.monomialRead(set, n, x, columns, weights, out);
    },
    monomialReadVjp(set, n, x, columns, weights, dOut, dx) {
      monomials('monomialReadVjp', set, n, columns, x);
      arrays('monomialReadVjp', [
        ['weights', weights, set.rank * columns, 'rank * columns'],
        ['dOut', dOut, n * columns, 'n * columns'],
        ['dx', dx, n * set.d, 'n * d'],
      ]);
      raw.monomialReadVjp(set, n, x, columns, weights, dOut, dx);
    },
    tokenRanges(n, d, x, low, high) {
      integers('tokenRanges', { n, d }, 1);
      arrays('tokenRanges', [['x', x, n * d, 'n * d']]);
      doubles('tokenRanges', d, { low, high });
      return raw.tokenRanges(n, d, x, low, high);
    },
    furthestSquare(n, d, stride, x, centre, factor) {
      strided('furthestSquare', n, d, stride, x);
      doubles('furthestSquare', d, { centre });
      assertFiniteNumber('furthestSquare', 'factor', factor);
      return raw.furthestSquare(n, d, stride, x, centre, factor);
    },
    centreTokens(n, d, stride, x, centre, factor, w, width, out) {
      strided('centreTokens', n, d, stride, x);
      doubles('centreTokens', d, { centre, factor });
      if (width !== d && width !== d + 1) throw new RangeError(`centreTokens: width must be d = ${d} or d + 1, got ${describe(width)}`);
      if (w !== null) arrays('centreTokens', [['w', w, n, 'n']]);
      arrays('centreTokens', [['out', out, n * width, 'n * width']]);
      raw.centreTokens(n, d, stride, x, centre, factor, w, width, out);
    },
    tokenQuotients(n, d, sums, centre, factor, low, high, z) {
      strided('tokenQuotients', n, d, d, z);
      arrays('tokenQuotients', [['sums', sums, n * (d + 1), 'n * (d + 1)']]);
      doubles('tokenQuotients', d, { centre, factor, low, high });
      return raw.tokenQuotients(n, d, sums, centre, factor, low, high, z);
    },
    holdTokens(n, d, x, low, high) {
      strided('holdTokens', n, d, d, x);
      doubles('holdTokens', d, { low, high });
      raw.holdTokens(n, d, x, low, high);
    },
    tokenQuotientsVjp(n, d, sums, stride, dz, half, size, facts) {
      strided('tokenQuotientsVjp', n, d, stride, dz, 'dz');
      arrays('tokenQuotientsVjp', [['sums', sums, n * (d + 1), 'n * (d + 1)']]);
      doubles('tokenQuotientsVjp', d, { half });
      assertFiniteNumber('tokenQuotientsVjp', 'size', size);
      doubles('tokenQuotientsVjp', n * 5, { facts }, 'n * 5');
      raw.tokenQuotientsVjp(n, d, sums, stride, dz, half, size, facts);
    },
    tokenSizes(n, d, x, square, largest) {
      strided('tokenSizes', n, d, d, x);
      doubles('tokenSizes', n, { square, largest }, 'n');
      raw.tokenSizes(n, d, x, square, largest);
    },
    addTokens(n, d, stride, x, factor, outStride, out, largest) {
      strided('addTokens', n, d, stride, x);
      strided('addTokens', n, d, outStride, out, 'out', 'outStride');
      doubles('addTokens', n, { factor, largest }, 'n');
      raw.addTokens(n, d, stride, x, factor, outStride, out, largest);
    },
    close: () => raw.close(),
  };
}

function attentionArguments(
  fn: string, shape: AttentionShape, q: FloatArray, k: FloatArray, v: FloatArray, z: FloatArray, logPartition: FloatArray,
): Argument[] {
  const { queries, keys, heads, keyHeads, d, dv, scale, causal } = shape;
  integers(fn, { queries, keys });
  integers(fn, { heads, keyHeads, d, dv }, 1);
  if (heads % keyHeads !== 0) throw new RangeError(`${fn}: keyHeads must divide heads = ${heads}, got ${keyHeads}`);
  assertFiniteNumber(fn, 'scale', scale);
  if (causal !== null) assertInteger(fn, 'causal', causal, Number.MIN_SAFE_INTEGER);
  return [
    ['q', q, queries * heads * d, 'queries * heads * d'],
    ['k', k, keys * keyHeads * d, 'keys * keyHeads * d'],
    ['v', v, keys * keyHeads * dv, 'keys * keyHeads * dv'],
    ['z', z, queries * heads * dv, 'queries * heads * dv'],
    ['logPartition', logPartition, heads * queries, 'heads * queries'],
  ];
}
