import { positionedCodes, positionedTokens, gridCodes } from '@prompt-limits/attention';
import { randomSource, tokens } from '@prompt-limits/core-linalg';
import { nextDown } from '@prompt-limits/core-linalg/intervals';
import { describe, expect, test } from 'vitest';
import { codesOf, frontQuantiser, leastRamps, narrowRamps, quantised, withPositions } from '../../src/universality/quantiseTokens.ts';
import { gridInput, randomDigits } from './support.ts';

const sizes = [[1, 2, 5, 1], [1, 7, 8, 1], [2, 3, 11, 4], [3, 5, 7, 3], [1, 49, 20, 4], [2, 10, 13, 2]] as const;

/** A code as a float64. */
const numberOf = (code: number | { readonly m: bigint; readonly e: number }): number => (typeof code === 'number' ? code : Number(code.m) * 2 ** code.e);

describe.each(['deep', 'wide'] as const)('%s', (form) => {
  test.each(sizes)('d = %i, m = %i, n = %i, rho = %i: grid tokens and what is above them within a cell get the positioned grid point, bit for bit, and its code', (d, m, n, rho) => {
    const random = randomSource(2311);
    const theta = narrowRamps({ form, m, n, rho });
    const front = frontQuantiser({ form, d, m, n, rho, theta });
    const grid = gridCodes({ d, m, n, rho });
    for (let trial = 0; trial < 5; trial++) {
      const digits = randomDigits(random, d * n, m);
      const exact = gridInput(d, digits, m);
      // Up to 4 theta below the next grid point; above the last one up to 1.
      const above = exact.data.map((x, i) => {
        const end = digits[i] === m - 1 ? 1 : (digits[i]! + 1) / m - 4 * theta;
        return [x, end, nextDown(end), x + random.uniform() * (end - x)][random.integer(4)]!;
      });
      for (const data of [exact.data, above]) {
        const M = quantised(front, withPositions(tokens(d, data), 1, rho, theta));
        expect(M.data).toEqual(positionedTokens(grid, digits).data);
        expect(codesOf(front.points, M, grid.direction, { m, rho, first: 1 })).toEqual([...positionedCodes(grid, digits)]);
        // The last tokens alone, as an input behind a prompt.
        const from = n - 2;
        const last = withPositions(tokens(d, data.slice(d * from)), from + 1, rho, theta);
        expect(codesOf(front.points, quantised(front, last), grid.direction, { m, rho, first: from + 1 })).toEqual([...positionedCodes(grid, digits)].slice(from));
      }
    }
  });

  test('on a ramp a code is exact and lies between those of the two cells', () => {
    const [d, m, n, rho] = [2, 4, 3, 1]; // powers of two: every value is the fraction it stands for
    const theta = 2 ** -7;
    const front = frontQuantiser({ form, d, m, n, rho, theta });
    const grid = gridCodes({ d, m, n, rho });
    const random = randomSource(2312);
    let between = 0;
    for (let trial = 0; trial < 200; trial++) {
      const digits = randomDigits(random, d * n, m);
      const data = gridInput(d, digits, m).data;
      const at = random.integer(d * n);
      digits[at] = random.integer(m - 1);
      data[at] = (digits[at]! + 1) / m - random.uniform() * 4 * theta;
      const M = quantised(front, withPositions(tokens(d, data), 1, rho, theta));
      const codes = codesOf(front.points, M, grid.direction, { m, rho, first: 1 });
      const low = positionedCodes(grid, digits);
      const token = Math.floor(at / d);
      codes.forEach((code, j) => {
        // m u.M in float64: exact, as M has at most 45 bits here and u is 1, 4.
        expect(numberOf(code)).toBe(m * (M.data[j * d]! + m * M.data[j * d + 1]!));
        if (j !== token) expect(code).toBe(low[j]);
      });
      expect(numberOf(codes[token]!)).toBeGreaterThanOrEqual(low[token]!);
      expect(numberOf(codes[token]!)).toBeLessThanOrEqual(low[token]! + grid.direction[at % d]!);
      if (typeof codes[token] !== 'number') between++;
    }
    expect(between).toBeGreaterThan(20);
  });

  test('the narrowest ramps that are offered are those that the front takes', () => {
    for (const [d, m, n, rho] of sizes) {
      const least = leastRamps({ form, m, n, rho });
      expect(() => frontQuantiser({ form, d, m, n, rho, theta: least })).not.toThrow();
      expect(() => frontQuantiser({ form, d, m, n, rho, theta: least * (1 - 2 ** -40) })).toThrow('theta must lie in');
      expect(narrowRamps({ form, m, n, rho })).toBeGreaterThanOrEqual(4 * least);
    }
    expect(narrowRamps({ form, m: 2 ** 20, n: 2 ** 30, rho: 64 })).toBe(2 ** -22);
  });
});
