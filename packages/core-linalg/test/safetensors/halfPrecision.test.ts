import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { narrowToBfloat, narrowToHalf, widenBfloat, widenHalf } from '../../src/safetensors/halfPrecision.ts';

// The definition by fields, with string bits: an independent route to each value.
function byDefinition(bits: number, exponentBits: number): number {
  const text = bits.toString(2).padStart(16, '0');
  const [sign, e, f] = [text[0] === '1' ? -1 : 1, text.slice(1, 1 + exponentBits), text.slice(1 + exponentBits)];
  const [exponent, bias, steps] = [Number.parseInt(e, 2), 2 ** (exponentBits - 1) - 1, 2 ** f.length];
  const fraction = Number.parseInt(f, 2) / steps;
  if (!e.includes('0')) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

const FORMATS = [
  { name: 'F16', exponentBits: 5, widen: widenHalf, narrow: narrowToHalf },
  { name: 'BF16', exponentBits: 8, widen: widenBfloat, narrow: narrowToBfloat },
] as const;

describe.each(FORMATS)('$name', ({ exponentBits, widen, narrow }) => {
  test('all 65536 patterns have the value of the definition, fit Float32 and come back', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const x = widen(bits);
      if (!Object.is(x, byDefinition(bits, exponentBits))) expect.fail(`bits ${bits}: ${x} is not ${byDefinition(bits, exponentBits)}`);
      if (Number.isNaN(x)) continue;
      if (!Object.is(x, Math.fround(x)) || narrow(x) !== bits) expect.fail(`bits ${bits}: ${x} comes back as ${narrow(x)}`);
    }
    expect(widen(narrow(NaN))).toBeNaN();
  });

  test('every midpoint of neighbours is rounded to the even one, what lies beside it to the nearer', () => {
    const infinity = infinityBits(exponentBits);
    for (let bits = 0; bits + 1 < infinity; bits++) {
      // Both are Float32 of some 11 bits, so their mean is one too; 2^-10 of their step away still is, but for the smallest.
      const [low, high] = [widen(bits), widen(bits + 1)];
      const middle = low + (high - low) / 2;
      const even = bits % 2 ? bits + 1 : bits;
      if (narrow(middle) !== even || narrow(-middle) !== even + 0x8000) expect.fail(`${middle} between ${bits} and ${bits + 1} goes to ${narrow(middle)}`);
      if (low < 2 ** -120) continue;
      const beside = [middle - (high - low) * 2 ** -10, middle + (high - low) * 2 ** -10].map(narrow);
      if (beside[0] !== bits || beside[1] !== bits + 1) expect.fail(`beside ${middle} between ${bits} and ${bits + 1}: ${beside.join()}`);
    }
  });

  test.prop([fc.float({ noNaN: true })])('no neighbour is nearer than the rounded value, and a tie goes to the even one', (x) => {
    const bits = narrow(x);
    const rounded = widen(bits);
    if (!Number.isFinite(rounded)) {
      expect(Math.abs(x)).toBeGreaterThan(widen(infinityBits(exponentBits) - 1));
      return;
    }
    // Neighbouring patterns are neighbouring values; the difference of two Float32 of nearly one exponent is exact in float64.
    for (const other of [bits - 1, bits + 1]) {
      const y = widen(other);
      if (!Number.isFinite(y)) continue;
      const [mine, its] = [Math.abs(x - rounded), Math.abs(x - y)];
      expect(mine).toBeLessThanOrEqual(its);
      if (mine === its && mine > 0) expect(bits % 2).toBe(0);
    }
  });
});

function infinityBits(exponentBits: number): number {
  return (2 ** exponentBits - 1) * 2 ** (15 - exponentBits);
}

test('rounding at the ends: the largest halves, the tie to 65536, the smallest subnormal and its half', () => {
  expect([65504, 65519, 65520, -65520, 2 ** -24, 2 ** -25, 2 ** -25 + 2 ** -40].map(narrowToHalf)).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00, 1, 0, 1]);
});
