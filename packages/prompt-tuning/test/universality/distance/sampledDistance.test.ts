import { randomSource, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { describe, expect, test } from 'vitest';
import { affineTarget } from '../../../src/universality/affineTarget.ts';
import { cellDistance } from '../../../src/universality/distance/cellDistance.ts';
import { sampledDistance } from '../../../src/universality/distance/sampledDistance.ts';
import { applyTable, tableOf } from '../../../src/universality/functionTable.ts';

const identity = (z: Tokens): Tokens => z;

describe('sampledDistance', () => {
  test.each([[1, 1, 1], [2, 1, 2], [1, 3, 1.5], [2, 2, 2]] as const)('d = %i, L = %i, alpha = %f: agrees with exact integrals for a table, which jumps', (d, L, alpha) => {
    const m = 3;
    const slope = Array.from({ length: d * L }, (_, i) => (i % 2 === 0 ? 0.9 : -0.6));
    const f = affineTarget({ d, L, slope, offset: slope.map((a) => (a > 0 ? 0.05 : 0.8)) });
    const table = tableOf(f, { d, L, m });
    const g = (z: Tokens): Tokens => tokens(d, Float64Array.from(applyTable(table, Array.from(z.data, (x) => Math.floor(x * m))), (k) => k / m));
    const exact = cellDistance(table, f, { d, L, m, alpha }).value;
    const { low, high, value, method, certified, evaluations } = sampledDistance(g, f, { d, L, alpha, random: randomSource(471), points: 509, confidence: 0.999 });
    expect({ method, certified, evaluations }).toEqual({ method: 'lattice', certified: false, evaluations: 16 * 509 });
    expect(low).toBeLessThanOrEqual(exact);
    expect(high).toBeGreaterThanOrEqual(exact);
    expect(Math.abs(value / exact - 1)).toBeLessThan(0.01);
  });

  test('a 90 % interval of 6 shifts holds the truth about nine times in ten', () => {
    // f = z^2 in each of 3 entries against the identity: the mean of 3 (z - z^2) is 1/2.
    const f = (z: Tokens): Tokens => tokens(1, z.data.map((x) => x * x));
    const random = randomSource(472);
    let held = 0;
    for (let run = 0; run < 200; run++) {
      const { low, high } = sampledDistance(identity, f, { d: 1, L: 3, alpha: 1, random, points: 31, shifts: 6, confidence: 0.9 });
      if (low <= 0.5 && 0.5 <= high) held++;
    }
    // Binomial with p = 0.9: below 160 or above 198 is 4.7 standard deviations away.
    expect(held).toBeGreaterThanOrEqual(160);
    expect(held).toBeLessThanOrEqual(198);
  });

  test('more points narrow a smooth integral faster than the square root of their number', () => {
    const f = (z: Tokens): Tokens => tokens(1, z.data.map((x) => x * x));
    const width = (points: number): number => {
      const { low, high } = sampledDistance(identity, f, { d: 1, L: 4, alpha: 2, random: randomSource(473), points });
      return high - low;
    };
    expect(width(4093) / width(64)).toBeLessThan(1 / 8 / 2);
  });

  test('functions that return their argument or one buffer are kept apart', () => {
    const found = sampledDistance(identity, identity, { d: 2, L: 1, alpha: 1, random: randomSource(474), points: 7 });
    expect(found).toMatchObject({ value: 0, low: 0, high: 0 });
    const buffer = tokens(1, new Float64Array(1));
    const into = (scale: number) => (z: Tokens): Tokens => {
      buffer.data[0] = scale * z.data[0]!;
      return buffer;
    };
    expect(sampledDistance(into(0), into(1), { d: 1, L: 1, alpha: 1, random: randomSource(475) }).value).toBeCloseTo(0.5, 3);
  });

  test('refuses bad input', () => {
    const at = { d: 1, L: 1, alpha: 1, random: randomSource(1) };
    expect(() => sampledDistance(identity, identity, { ...at, points: 1 })).toThrow('sampledDistance: points must be an integer from 2 to 67108864, got 1');
    expect(() => sampledDistance(identity, identity, { ...at, shifts: 1 })).toThrow(RangeError);
    expect(() => sampledDistance(identity, identity, { ...at, confidence: 1 })).toThrow(RangeError);
    expect(() => sampledDistance(3 as never, identity, at)).toThrow(new TypeError('sampledDistance: g must be a function from Tokens to Tokens, got 3'));
    expect(() => sampledDistance((z) => tokens(1, z.data.map(() => Infinity)), identity, at)).toThrow('sampledDistance: the values of g must be finite, got Infinity at index 0');
    expect(() => sampledDistance(identity, (z) => tokens(1, z.data.map((x) => x + 1)), at)).toThrow('sampledDistance: f must have values in [0, 1]');
  });
});
