import { describe, expect, test } from 'vitest';
import { createRotary, rotaryFrequencies } from '../../src/llama/rotary.ts';

const plain = { headSize: 8, ropeTheta: 10_000, ropeScaling: null };

describe('rotaryFrequencies', () => {
  test('are powers of theta', () => {
    expect([...rotaryFrequencies(plain)]).toEqual([1, expect.closeTo(0.1, 15), expect.closeTo(0.01, 15), expect.closeTo(0.001, 15)]);
  });

  test('linear scaling divides all of them', () => {
    const scaled = rotaryFrequencies({ ...plain, ropeScaling: { type: 'linear', factor: 4 } });
    expect([...scaled]).toEqual([...rotaryFrequencies(plain)].map((f) => f / 4));
  });

  test('llama3 scaling keeps short waves, divides long ones and blends between', () => {
    // Over 100 positions the pairs turn 100/2pi = 15.9, 1.59, 0.159 and 0.0159 times.
    const ropeScaling = { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 100 } as const;
    const [first, second, third, fourth] = rotaryFrequencies({ ...plain, ropeScaling });
    expect(first).toBe(1);
    const kept = (10 / (2 * Math.PI) - 1) / 3;
    expect(second).toBeCloseTo(0.1 * (kept + (1 - kept) / 8), 15);
    expect(third).toBeCloseTo(0.01 / 8, 16);
    expect(fourth).toBeCloseTo(0.001 / 8, 17);
  });
});

describe.each([['half', [0, 4]], ['interleaved', [0, 1]]] as const)('rotate, %s pairs', (ropePairing, [a, b]) => {
  test('turns the first pair by one radian per position', () => {
    const { rotate } = createRotary({ ...plain, ropePairing });
    const x = new Float64Array(16);
    x[8 + a] = 3; // token 1, so position 6
    rotate(x, 2, 1, 5, false);
    expect(x[8 + a]).toBeCloseTo(3 * Math.cos(6), 14);
    expect(x[8 + b]).toBeCloseTo(3 * Math.sin(6), 14);
    expect(x.filter((v) => v !== 0).length).toBe(2);
  });

  test('scores depend on the distance of positions only', () => {
    const { rotate } = createRotary({ ...plain, ropePairing });
    const at = (values: number[], position: number): Float64Array => {
      const x = Float64Array.from(values);
      rotate(x, 1, 1, position, false);
      return x;
    };
    const [q, k] = [[1, -2, 3, 0.5, -1, 2, 0.25, 4], [2, 1, -1, 3, 0.5, -2, 1, 1]];
    const score = (i: number, j: number): number => at(q, i).reduce((sum, v, c) => sum + v * at(k, j)[c]!, 0);
    // Both angles carry an error of about 1000 ulp(1), and |q| |k| < 30.
    expect(score(1012, 1005)).toBeCloseTo(score(7, 0), 10);
    expect(Math.abs(score(8, 0) - score(7, 0))).toBeGreaterThan(0.01);
  });

  test('turning back undoes it, and tables grow without changing', () => {
    const { rotate } = createRotary({ ...plain, ropePairing });
    const x = Float64Array.from({ length: 8 }, (_, i) => i - 3.5);
    const y = x.slice();
    rotate(y, 1, 1, 2, false);
    const early = y.slice();
    rotate(x.slice(), 1, 1, 1000, false);
    rotate(y, 1, 1, 2, true);
    y.forEach((v, i) => expect(v).toBeCloseTo(x[i]!, 14));
    const again = x.slice();
    rotate(again, 1, 1, 2, false);
    expect(again).toEqual(early);
  });
});
