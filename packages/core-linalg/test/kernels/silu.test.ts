import { describe, expect, test } from 'vitest';
import { createPlainKernels, type FloatArray } from '../../src/index.ts';
import { allKernels, centralDifference, dot, filled, firstBeyond, numbers, unit } from './fixtures.ts';

const reference = createPlainKernels({ precision: 'float64' });
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const silu = (x: number) => x * sigmoid(x);
const slope = (x: number) => sigmoid(x) * (1 + x * sigmoid(-x));
const lengths = [0, 1, 2, 3, 4, 5, 7, 13, 1009, 60_013];

describe.each(await allKernels())('SiLU, %s', (_, kernels) => {
  const u = unit(kernels) + 2 ** -53;
  // e^-|x| errs by 2.04 u, the denominator by at most 2 u, the product and the quotient by u each, the reference by as
  // much in float64: 7 u. Below 2^-126 the exponential errs by the subnormal grid, which |x| multiplies.
  const near = (x: number) => 7 * u * Math.abs(silu(x)) + (1 + Math.abs(x)) * 2 ** -148;
  // sigmoid(x) and sigmoid(-x) err by 6 u, the sum 1 + x sigmoid(-x) by u of its terms, the product by u.
  const nearSlope = (x: number) => 14 * u * sigmoid(x) * (1 + Math.abs(x) * sigmoid(-x)) + (1 + Math.abs(x)) * 2 ** -147;

  // In kernel memory the value behind an output shows a store too many, with foreign arrays the copying is tested.
  test.each(lengths.flatMap((length) => [[length, false], [length, true]] as const))('silu and its gradient, length %i, foreign %s', (length, foreign) => {
    kernels.scratch(() => {
      const next = numbers(length);
      const x = filled(kernels, length + 1, () => next() * 100, foreign);
      const y = filled(kernels, length + 1, () => 7, foreign);
      kernels.silu(length, x, y);
      const values = Array.from(x.subarray(0, length));
      expect(firstBeyond(y, [...values.map(silu), 7], (i) => (i < length ? near(x[i]!) : 0))).toBeUndefined();
      const dy = filled(kernels, length, next);
      const old = filled(kernels, length + 1, next);
      const dx = filled(kernels, length + 1, (i) => old[i]!, foreign);
      kernels.siluVjp(length, x, dy, dx);
      const expected = [...values.map((v, i) => old[i]! + dy[i]! * slope(v)), old[length]!];
      // The product and the addition to dx round once more.
      const bound = (i: number) => (i < length ? nearSlope(x[i]!) + 2 * u * (Math.abs(old[i]!) + Math.abs(slope(x[i]!))) : 0);
      expect(firstBeyond(dx, expected, bound)).toBeUndefined();
      kernels.silu(length, x, x);
      expect(Array.from(x.subarray(0, length))).toEqual(Array.from(y.subarray(0, length)));
    });
  });

  test.each(lengths)('swiglu and its gradients, length %i, in place too', (length) => {
    kernels.scratch(() => {
      const next = numbers(length + 1);
      const gate = filled(kernels, length, () => next() * 30);
      const up = filled(kernels, length, next);
      const dy = filled(kernels, length, next);
      const [ends, gateEnds, upEnds] = [kernels.allocate(length + 1), kernels.allocate(length + 1), kernels.allocate(length + 1)];
      const [y, dgate, dup] = [ends, gateEnds, upEnds].map((array) => array.fill(7).subarray(0, length)) as [FloatArray, FloatArray, FloatArray];
      kernels.swiglu(length, gate, up, y);
      kernels.swigluVjp(length, gate, up, dy, dgate, dup);
      expect([ends[length], gateEnds[length], upEnds[length]]).toEqual([7, 7, 7]);
      const gates = Array.from(gate);
      expect(firstBeyond(y, gates.map((g, i) => silu(g) * up[i]!), (i) => near(gate[i]!) + u * Math.abs(silu(gate[i]!)))).toBeUndefined();
      expect(firstBeyond(dup, gates.map((g, i) => dy[i]! * silu(g)), (i) => near(gate[i]!) + u * Math.abs(silu(gate[i]!)))).toBeUndefined();
      expect(firstBeyond(dgate, gates.map((g, i) => dy[i]! * up[i]! * slope(g)), (i) => nearSlope(gate[i]!) + 2 * u * Math.abs(slope(gate[i]!)))).toBeUndefined();
      const copy = filled(kernels, length, (i) => gate[i]!);
      kernels.swiglu(length, copy, up, copy);
      expect(copy).toEqual(y);
      kernels.swigluVjp(length, gate, up, dy, gate, up);
      expect(gate).toEqual(dgate);
      expect(up).toEqual(dup);
    });
  });

  test('limits at the infinities, signed zeros and NaN', () => {
    const x = filled(kernels, 5, (i) => [Infinity, -Infinity, 0, -0, Number.NaN][i]!);
    const dx = kernels.allocate(5);
    kernels.siluVjp(5, x, filled(kernels, 5, () => 1), dx);
    expect(Array.from(dx)).toEqual([1, 0, 0.5, 0.5, Number.NaN]);
    kernels.silu(5, x, x);
    expect(Array.from(x)).toEqual([Infinity, -0, 0, -0, Number.NaN]);
  });
});

test('the gradients are the derivatives, by central differences in float64', () => {
  const n = 7;
  const next = numbers(17);
  const [gate, up, dy] = [filled(reference, n, next), filled(reference, n, next), filled(reference, n, next)];
  const [y, dgate, dup, dx] = [reference.allocate(n), reference.allocate(n), reference.allocate(n), reference.allocate(n)];
  const loss = () => {
    reference.swiglu(n, gate, up, y);
    return dot(y, dy);
  };
  const siluLoss = () => {
    reference.silu(n, gate, y);
    return dot(y, dy);
  };
  reference.swigluVjp(n, gate, up, dy, dgate, dup);
  reference.siluVjp(n, gate, dy, dx);
  // Third derivatives stay below 1: truncation below 2e-11, rounding n 2^-53 / h below 8e-11.
  for (let i = 0; i < n; i++) {
    expect(Math.abs(centralDifference(loss, gate, i) - dgate[i]!)).toBeLessThan(1e-10);
    expect(Math.abs(centralDifference(loss, up, i) - dup[i]!)).toBeLessThan(1e-10);
    expect(Math.abs(centralDifference(siluLoss, gate, i) - dx[i]!)).toBeLessThan(1e-10);
  }
});
