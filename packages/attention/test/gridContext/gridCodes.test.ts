import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { gridCodes, positionedCodes, positionedDigits } from '../../src/index.ts';

const sizes = fc.record({ d: fc.integer({ min: 1, max: 5 }), m: fc.integer({ min: 2, max: 23 }), n: fc.integer({ min: 1, max: 13 }), rho: fc.integer({ min: 1, max: 64 }) });

test.prop([sizes, fc.infiniteStream(fc.nat())])('a code is m u.M, position by position, and gives the digits back', (size, stream) => {
  const grid = gridCodes(size);
  const { d, m, n, rho } = size;
  const digits = Array.from({ length: d * n }, () => Number(stream.next().value) % m);
  const codes = positionedCodes(grid, digits);
  for (let j = 0; j < n; j++) {
    // m u.M_j in integers: m M = m rho j + c, m u.M = sum_i m^i (m rho j + c_i).
    let code = 0n;
    for (let i = 0; i < d; i++) code += BigInt(m) ** BigInt(i) * (BigInt(m * rho * (j + 1)) + BigInt(digits[j * d + i]!));
    expect(BigInt(codes[j]!)).toBe(code);
    expect(grid.direction).toEqual(Float64Array.from({ length: d }, (_, i) => m ** i));
  }
  expect(Array.from(positionedDigits(grid, codes))).toEqual(digits);
});

test.prop([sizes])('codes of a position end before those of the next begin', (size) => {
  const { R, D } = gridCodes(size);
  expect(D).toBe(size.m ** size.d - 1);
  expect(R).toBeGreaterThan(D);
  expect(gridCodes({ ...size, rho: 1 }).R * size.rho).toBe(R);
});

test('positions from 1: the zero token at the first position has a code above 0 (errata 8)', () => {
  expect(positionedCodes(gridCodes({ d: 3, m: 5, n: 1 }), [0, 0, 0])[0]).toBe(5 + 25 + 125);
});

test('bad input', () => {
  expect(() => gridCodes({ d: 0, m: 2, n: 1 })).toThrow(new RangeError('gridCodes: d must be at least 1, got 0'));
  expect(() => gridCodes({ d: 1, m: 1, n: 1 })).toThrow(new RangeError('gridCodes: m must be at least 2, got 1'));
  expect(() => gridCodes({ d: 1, m: 2, n: 1, rho: 0.5 })).toThrow(RangeError);
  expect(() => gridCodes({ d: 1e9, m: 2, n: 1 })).toThrow('must be below 2^50');
  const grid = gridCodes({ d: 2, m: 3, n: 2 });
  expect(() => positionedCodes(grid, [0, 0, 0])).toThrow(new RangeError('positionedCodes: digits must have length 4 (d n), got 3'));
  expect(() => positionedCodes(grid, [0, 3, 0, 0])).toThrow(new RangeError('positionedCodes: digits[1] must be an integer from 0 to 2, got 3'));
  // R = 12, D = 8: no code from 21 to 23.
  expect(() => positionedDigits(grid, [12, 23])).toThrow(new RangeError('positionedDigits: codes[1] must be an integer from 24 to 32, got 23'));
});
