import { describe, expect, test } from 'vitest';
import { allKernels, filled, ulp } from './fixtures.ts';

describe.each(await allKernels())('exp, %s', (name, kernels) => {
  // Math.exp of V8 (fdlibm) is right to 1 ulp of float64; rounding to float32 adds half an ulp of float32.
  const allowed = name.startsWith('plain') ? 1 : 1.02;

  test('stays within its ulp bound from underflow to overflow', () => {
    // Every 8191st float32 of either sign, from 0 to far beyond the range.
    const stride = 8191;
    const count = Math.floor(0x43000000 / stride);
    const bits = new Uint32Array(1);
    const value = new Float32Array(bits.buffer);
    kernels.scratch(() => {
      for (const sign of [0, 0x80000000]) {
        const x = filled(kernels, count, (i) => ((bits[0] = i * stride + sign), value[0]!));
        const y = kernels.allocate(count);
        kernels.exp(count, x, y);
        let worst = { ulps: 0, x: 0, y: 0 };
        for (let i = 0; i < count; i++) {
          const exact = Math.exp(x[i]!);
          // Beyond the midpoint between the largest float32 and 2^128 the nearest value is Infinity.
          const expected = kernels.precision === 'float32' && exact >= 2 ** 128 - 2 ** 103 ? Infinity : exact;
          const ulps = expected === y[i] ? 0 : Math.abs(y[i]! - expected) / ulp(expected, kernels.precision);
          if (!(ulps <= worst.ulps)) worst = { ulps, x: x[i]!, y: y[i]! };
        }
        expect(worst.ulps, `e^${worst.x} = ${worst.y}`).toBeLessThanOrEqual(allowed);
      }
    });
  });

  test('special values, in place, at every length around a vector', () => {
    const special = [Number.NaN, Infinity, -Infinity, 0, -0, 3.4e38, -3.4e38, 2 ** -149, -(2 ** -149)];
    const expected = [Number.NaN, Infinity, 0, 1, 1, Infinity, 0, 1, 1];
    for (let length = 0; length <= 9; length++) {
      for (const foreign of [false, true]) {
        const x = filled(kernels, 10, (i) => special[i] ?? 5, foreign);
        kernels.exp(length, x, x);
        expect(Array.from(x.subarray(0, length))).toEqual(expected.slice(0, length));
        expect(Array.from(x.subarray(length, 9))).toEqual(special.slice(length, 9).map((v) => (kernels.precision === 'float32' ? Math.fround(v) : v)));
      }
    }
  });

  test('long arrays, which threads share, give what short ones give', () => {
    const length = 60_013;
    kernels.scratch(() => {
      const x = filled(kernels, length, (i) => ((i * 37) % 1001) / 50 - 10);
      const y = kernels.allocate(length);
      kernels.exp(length, x, y);
      const part = kernels.allocate(1001);
      kernels.exp(1001, x, part);
      for (let i = 0; i < length; i++) if (y[i] !== part[i % 1001]) expect({ i, y: y[i] }).toEqual({ i, y: part[i % 1001] });
      expect(y[length - 1]).toBe(part[(length - 1) % 1001]);
    });
  });
});
