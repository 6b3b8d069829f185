import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { gridDigits, gridDigitsOf, gridIndex, gridSize, gridTokens, quantiseToGrid, tokenCodes, tokens } from '../../src/index.ts';
import { nextDown, nextUp } from '../../src/intervals/index.ts';
import { units } from '../exact.ts';

const one = 1n << 1074n;

/** floor(m x) for a float64 x, in exact arithmetic. */
const exactFloor = (x: number, m: number): number => Number((units(x) * BigInt(m)) / one);

const float32Neighbours = (x: number): number[] => {
  const word = new DataView(new ArrayBuffer(4));
  word.setFloat32(0, x);
  const bits = word.getUint32(0);
  return [bits - 1, bits + 1].map((b) => {
    word.setUint32(0, b);
    return word.getFloat32(0);
  });
};

const shape = fc.record({ d: fc.integer({ min: 1, max: 5 }), n: fc.integer({ min: 0, max: 7 }), m: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 2 ** 24 - 1 })) })
  .chain(({ d, n, m }) => fc.record({ d: fc.constant(d), m: fc.constant(m), digits: fc.array(fc.integer({ min: 0, max: m - 1 }), { minLength: d * n, maxLength: d * n }) }));

describe('quantiseToGrid', () => {
  test('m = 2 to 200: k/m begins cell k, its neighbours below are in cell k - 1, all others agree with the exact floor', () => {
    for (let m = 2; m <= 200; m++) {
      const at = Array.from({ length: m }, (_, k) => k / m);
      const [own, below, above] = [at, at.map((x) => (x === 0 ? 0 : nextDown(x))), at.map(nextUp)].map((xs) => quantiseToGrid(tokens(1, Float64Array.from(xs)), m));
      for (let k = 0; k < m; k++) {
        expect([own![k], below![k], above![k]]).toEqual([k, Math.max(0, k - 1), k]);
        if (k > 0) expect(exactFloor(nextDown(k / m), m)).toBe(k - 1);
        expect(exactFloor(nextUp(k / m), m)).toBe(k);
      }
    }
  });

  test('the bare floor(z m) would put some of those neighbours into the wrong cell', () => {
    let wrong = 0;
    for (let m = 2; m <= 200; m++) for (let k = 1; k < m; k++) if (Math.floor(nextDown(k / m) * m) !== k - 1) wrong++;
    expect(wrong).toBeGreaterThan(0);
  });

  test('float32 tokens: k/m rounded to float32 begins cell k, and its lower neighbour is in cell k - 1', () => {
    for (const m of [3, 7, 10, 49, 1021, 2 ** 20 + 7]) {
      for (let k = 1; k < m; k += Math.ceil(m / 97)) {
        const x = Math.fround(k / m);
        const [lower, upper] = float32Neighbours(x);
        expect([...quantiseToGrid(tokens(1, Float32Array.of(x, lower!, upper!)), m)]).toEqual([k, k - 1, k]);
      }
    }
  });

  test.prop([fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 2 ** 31 })], { seed: 411 })('is floor(m z), decided exactly, away from rounded grid points', (x, m) => {
    const k = quantiseToGrid(tokens(1, Float64Array.of(x)), m)[0]!;
    const floor = Math.min(m - 1, exactFloor(x, m));
    if (k !== floor) expect([k, x]).toEqual([floor + 1, (floor + 1) / m]);
  });

  test('0, -0, the smallest and the largest values', () => {
    const z = tokens(1, Float64Array.of(0, -0, 5e-324, 1 - 2 ** -53, 1));
    expect(quantiseToGrid(z, 2 ** 31)).toEqual(Int32Array.of(0, 0, 0, 2 ** 31 - 1, 2 ** 31 - 1));
    expect(quantiseToGrid(z, 1)).toEqual(new Int32Array(5));
    expect(Object.is(quantiseToGrid(z, 3)[1], 0)).toBe(true);
  });

  test('refuses values outside the cube by name', () => {
    expect(() => quantiseToGrid(tokens(2, Float64Array.of(0, 0.5, 1, 1.5)), 4)).toThrow(new RangeError('quantiseToGrid: z must lie in [0, 1], got 1.5 at coordinate 1 of token 1'));
    expect(() => quantiseToGrid(tokens(1, Float64Array.of(-5e-324)), 4)).toThrow(RangeError);
    expect(() => quantiseToGrid(tokens(1, Float64Array.of(Number.NaN)), 4)).toThrow(RangeError);
    expect(() => quantiseToGrid(tokens(1, Float64Array.of(0)), 0)).toThrow('quantiseToGrid: m must be an integer from 1 to 2147483648, got 0');
    expect(() => quantiseToGrid(tokens(1, Float32Array.of(0)), 2 ** 24)).toThrow('quantiseToGrid: m must be an integer from 1 to 16777215, got 16777216');
    expect(() => quantiseToGrid([0.5] as never, 4)).toThrow(new TypeError('quantiseToGrid: z must be Tokens, got Array(1)'));
  });
});

describe('gridDigits', () => {
  test.prop([shape], { seed: 412 })('inverts gridTokens in both precisions, and through float32 with the tolerance 2^-25', ({ d, m, digits }) => {
    expect([...gridDigits(gridTokens(digits, { d, m }), m)]).toEqual(digits);
    const single = gridTokens(digits, { d, m }, 'float32');
    expect([...gridDigits(single, m)]).toEqual(digits);
    // Values below 1 are rounded to float32 by at most half of 2^-24.
    if (m < 2 ** 24) expect([...gridDigits(tokens(d, Float64Array.from(single.data)), m, { tolerance: Math.min(2 ** -25, 0.49 / m) })]).toEqual(digits);
  });

  test('one ulp beside a grid point is off the grid, unless tolerated', () => {
    for (const m of [3, 10, 97]) {
      for (let k = 1; k < m; k++) {
        for (const x of [nextDown(k / m), nextUp(k / m)]) {
          expect(() => gridDigits(tokens(1, Float64Array.of(x)), m)).toThrow(RangeError);
          expect(gridDigits(tokens(1, Float64Array.of(x)), m, { tolerance: 2 ** -53 })[0]).toBe(k);
        }
      }
    }
  });

  test('refuses by name', () => {
    expect(() => gridDigits(tokens(2, Float64Array.of(0, 0.5, 0.25, 0.3)), 4)).toThrow(new RangeError('gridDigits: z must lie on the grid k/4, k = 0 to 3, got 0.3 at coordinate 1 of token 1'));
    expect(() => gridDigits(tokens(1, Float64Array.of(1)), 4)).toThrow('got 1 at coordinate 0 of token 0');
    expect(() => gridDigits(tokens(1, Float64Array.of(-0.25)), 4)).toThrow(RangeError);
    expect(() => gridDigits(tokens(1, Float64Array.of(1e308)), 4)).toThrow(RangeError);
    expect(() => gridDigits(tokens(1, Float64Array.of(0.5)), 4, { tolerance: 0.125 })).toThrow('gridDigits: tolerance must be below half a step, 0.125, got 0.125');
    expect(() => gridDigits(tokens(1, Float64Array.of(0.5)), 4, { tolerance: -1 })).toThrow(RangeError);
    expect(() => gridTokens([4], { d: 1, m: 4 })).toThrow('gridTokens: digit 0 must be an integer from 0 to 3, got 4');
    expect(() => gridTokens([1, 2, 3], { d: 2, m: 4 })).toThrow('gridTokens: the number of digits must be a multiple of d = 2, got 3');
  });
});

describe('codes and numbers', () => {
  test('number all of the grid in order, d = 2, L = 2, m = 3, as nested loops do', () => {
    let number = 0n;
    for (let d3 = 0; d3 < 3; d3++) for (let d2 = 0; d2 < 3; d2++) for (let d1 = 0; d1 < 3; d1++) for (let d0 = 0; d0 < 3; d0++) {
      const digits = [d0, d1, d2, d3];
      expect(gridIndex(digits, 3)).toBe(number);
      expect([...gridDigitsOf(number, 3, 4)]).toEqual(digits);
      expect([...tokenCodes(digits, { d: 2, m: 3 })]).toEqual([d0 + 3 * d1, d2 + 3 * d3]);
      number++;
    }
    expect(number).toBe(gridSize(2, 2, 3));
  });

  test.prop([shape], { seed: 413 })('a sequence is the number whose digits in base m^d are its codes', ({ d, m, digits }) => {
    fc.pre(d * Math.log2(m) <= 31);
    const codes = tokenCodes(digits, { d, m });
    expect(gridIndex(digits, m)).toBe(codes.reduceRight((s, c) => s * BigInt(m) ** BigInt(d) + BigInt(c), 0n));
  });

  test('long sequences agree with V8, which writes base 7 on its own', () => {
    const text = Array.from({ length: 20_011 }, (_, i) => (i * i + 3 * i + 1) % 7);
    let number = 0n;
    for (const digit of [...text].reverse()) number = number * 7n + BigInt(digit);
    expect(gridIndex(text, 7)).toBe(number);
    expect([...gridDigitsOf(number, 7, text.length)].reverse().join('').replace(/^0+/, '')).toBe(number.toString(7));
  });

  test('codes reach 2^53 and no further', () => {
    expect([...tokenCodes(new Int32Array(53).fill(1), { d: 53, m: 2 })]).toEqual([2 ** 53 - 1]);
    expect(() => tokenCodes(new Int32Array(54), { d: 54, m: 2 })).toThrow(new RangeError('tokenCodes: m ** d must be at most 2 ** 53, got 2 ** 54'));
    expect(() => tokenCodes([0, 0], { d: 2, m: 94906267 })).toThrow(RangeError); // (2^26.5)^2 just above
    expect(() => gridDigitsOf(81n, 3, 4)).toThrow(RangeError);
    expect(gridSize(1, 1, 1)).toBe(1n);
    expect(() => gridSize(4096, 4096, 2 ** 20)).toThrow('gridSize: m ** (d * L) must have at most 2 ** 24 bits');
    expect(() => gridSize(1, 0, 2)).toThrow('gridSize: L must be at least 1, got 0');
  });
});
