/**
 * Reference values of the Boltzmann operator and its companions, from the definitions in 2048-bit fixed-point
 * arithmetic and rounded once. Run `node test/references/boltz.ts` to write boltz.json again.
 */
import { writeFileSync } from 'node:fs';
import { ONE, expMinus, fromNumber, ln, over, times, toNumber } from './fixedPoint.ts';

/** What the definitions give for `z`, each value rounded to the nearest float64. */
export interface Reference {
  name: string;
  z: number[];
  softmax: number[];
  logPartition: number;
  entropy: number;
  boltz: number;
  gradient: number[];
}

// A literal: Math.log may differ by an ulp from engine to engine, and every case must be the same everywhere.
const LN3 = 1.0986122886681098;

const cases: Record<string, number[]> = {
  'one score': [0.1],
  'one score, largest': [-Number.MAX_VALUE],
  'one score, subnormal': [5e-324],
  'two equal scores': [0, 0],
  'ln 3 above 0': [0, LN3],
  'seven equal scores at -1e300': Array<number>(7).fill(-1e300),
  'a tie at the top': [2, -1, 2, 0.5],
  'mean near 0': [0.5, -0.417, -0.417, -0.417],
  'the whole range': [Number.MAX_VALUE, -Number.MAX_VALUE],
  'the whole range, tie': [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MAX_VALUE],
  'weights at the edge of underflow': [0, -744, -746],
  'entropy of 1e-302': [0, -700],
  'rest lost beside 1': [0, -40],
  'subnormal gaps': [0, 5e-324, 1e-320],
  'large scores one ulp apart': [1e15, 1e15 + 0.125, 1e15 - 3],
  'Lemma C.2 at its edge, n = 2': [0, -Math.LN2 - 1],
  'Lemma C.3 at its edge, n = 3': [0, 0, -LN3 - 3],
  'separated by 4 ln 5': [12, 12 - 6.5, 12 - 13, 12 - 19.5, 12 - 26],
  'negative, unsorted': [-3.75, -0.5, -11.25, -0.75, -2],
  'a geometric ladder': Array.from({ length: 17 }, (_, i) => -(2 ** (i - 8))),
  'deepest of 101: one above the rest': [0, ...Array<number>(100).fill(-2.5)],
  'a hundred and one eighths, shuffled': Array.from({ length: 101 }, (_, i) => (((i * 37) % 101) - 50) / 8),
  'high and low thousands': [1000, 999, -1000, 998.5],
  'tiny scores of both signs': [1e-300, -1e-300, 3e-17, -3e-17, 0],
};

/** The references of all cases. */
export function references(): Reference[] {
  return Object.entries(cases).map(([name, z]) => {
    const scores = z.map(fromNumber);
    const top = scores.reduce((a, b) => (a > b ? a : b));
    const weights = scores.map((s) => expMinus(top - s));
    const sum = weights.reduce((a, b) => a + b);
    const p = weights.map((w) => over(w, sum));
    const log = ln(sum);
    // Sums of p_i (top - z_i) keep 2048 bits although a score may have 1024 bits before the point.
    const depth = p.reduce((total, x, i) => total + times(x, top - scores[i]!), 0n);
    return {
      name,
      z,
      softmax: p.map(toNumber),
      logPartition: toNumber(top + log),
      entropy: toNumber(depth + log),
      boltz: toNumber(top - depth),
      gradient: p.map((x, i) => toNumber(times(x, ONE + depth - (top - scores[i]!)))),
    };
  });
}

if (process.argv[1]?.endsWith('references/boltz.ts')) {
  writeFileSync(new URL('boltz.json', import.meta.url), `${JSON.stringify(references(), null, 1)}\n`);
}
