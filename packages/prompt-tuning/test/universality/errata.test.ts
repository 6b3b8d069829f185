import { applySingleAttention, gridCodes, applyUpToAttention, type FeedForward, type SingleAttentionNetwork } from '@prompt-limits/attention';
import { concatTokens, gridIndex, tokens, type Tokens } from '@prompt-limits/core-linalg';
import { stepNetwork } from '@prompt-limits/ffn-constructions';
import { describe, expect, test } from 'vitest';
import { buildApproximator, buildUniversal, promptOfTable, tableOfNumber } from '../../src/index.ts';
import { everyDigits, gridInput, row, valueAt } from './support.ts';

// The network of d = L = 1, m = 3 with its 81 contexts, whole: one part at a time is put back as printed.
const [d, L, m] = [1, 1, 3];
const tau = buildUniversal({ d, L, m, form: 'wide', mode: 'tight', evaluator: 'full' });
const network = tau.network!();
const n = tau.Lp + L;

/** Positions from `first` on, then the network. */
function positioned(z: Tokens, first: number): Tokens<Float64Array> {
  return tokens(z.d, Float64Array.from(z.data, (x, i) => x + first + Math.floor(i / z.d)));
}

/** How many of the 27 functions times 3 inputs the network gets wrong at the columns from `from` to `to`. */
function mismatches(changed: SingleAttentionNetwork, from = tau.Lp, to = n): number {
  let wrong = 0;
  for (let number = 0n; number < 27n; number++) {
    const table = tableOfNumber(number, { d, L, m });
    for (const z of everyDigits(d * L, m)) {
      const { data } = applySingleAttention(changed, positioned(concatTokens(promptOfTable(table), gridInput(d, z, m)), 1));
      const value = valueAt(table, z);
      if (to - from !== value.length || value.some((k, i) => Math.abs(data[from + i]! - k / m) > tau.labelError)) wrong++;
    }
  }
  return wrong;
}

test('repaired: no mismatch', () => {
  expect(mismatches(network)).toBe(0);
});

test('errata row 1: the single column L_p is a token of the prompt and no output; the last L columns are', () => {
  const two = buildUniversal({ d: 1, L: 2, m: 2, form: 'deep', mode: 'tight', evaluator: 'full' });
  const table = tableOfNumber(0b11_01_10_00n, { d: 1, L: 2, m: 2 });
  const Z = gridInput(1, [1, 0], 2);
  const { data } = applySingleAttention(two.network!(), positioned(concatTokens(promptOfTable(table), Z), 1));
  // Printed: column L_p (counted from 1) has one token where the label has two, and it is not even near [0, 1].
  expect(data[two.Lp - 1]).toBeGreaterThan(2);
  // Repaired: columns L_p + 1, ..., L_p + L.
  expect([...data.subarray(two.Lp)]).toEqual(valueAt(table, [1, 0]).map((k) => k / 2));
});

describe('errata row 8: positions from 0', () => {
  test('printed: the zero token at the first position has score 0 with every key, so contexts with equal sums share an ID, bit for bit', () => {
    // The head of n = 3, m = 2; a query with code 0 attends uniformly, whatever the weights' size.
    const b1 = buildApproximator((z) => z, { d: 1, L: 3, m: 2, form: 'deep', mode: 'tight' });
    const { head } = b1.mapping;
    const id = (first: number, digits: readonly number[]) => applyUpToAttention({ before: [], heads: [head] }, positioned(gridInput(1, digits, 2), first)).data[0]!;
    expect(id(0, [0, 1, 0])).toBe(id(0, [0, 0, 1]));
    // Repaired: positions from 1, and all eight contexts have IDs of their own at every token.
    expect(id(1, [0, 1, 0])).not.toBe(id(1, [0, 0, 1]));
    const centres = b1.mapping.mode === 'tight' ? b1.mapping.ids.centres : new Float64Array(0);
    expect(new Set(centres).size).toBe(24);
  });

  test('printed: gamma_min > sqrt(d) fails for the zero column; repaired: codes start at R', () => {
    expect(Math.hypot(...positioned(gridInput(1, [0, 0], 2), 0).data.subarray(0, 1))).toBe(0);
    const { R } = gridCodes({ d: 3, m: 2, n: 4 });
    // u.M >= sum u_i at position 1.
    expect(R / 2).toBe(1 + 2 + 4);
  });
});

/** The front of the printed kind: `steps` steps of height 1/m before t/m, on what is above 0; without the residual if `cancels`. */
function staircase(steps: number, cancels: boolean): FeedForward {
  const theta = 2 ** -9;
  // Ramps before the grid points, as for errata row 24; the first step leads from 0 to 1/m.
  const starts = Array.from({ length: steps }, (_, t) => (t + 1) / m - 2 * theta);
  const layer = stepNetwork({ starts, height: 1 / m, theta });
  return cancels ? layer : { ...layer, w2: layer.w2.map((w, j) => (j < 2 ? 0 : w)) };
}

describe('errata rows 9 and 10: the quantiser in front', () => {
  // Tokens reach position n, values below n + 1: the staircase needs (n + 1) m - 1 steps above 0.
  const needed = (n + 1) * m - 1;
  const front = (before: FeedForward): SingleAttentionNetwork => ({ ...network, before: [before] });

  test('row 9, printed: L\' (1/delta - 1) + 1 steps end below the last tokens, and the read token loses its value', () => {
    expect(mismatches(front(staircase(n * (m - 1) + 1, true)))).toBeGreaterThan(27);
  });

  test('row 10, printed: the residual is added, and the attention sees z + f(z)', () => {
    expect(mismatches(front(staircase(needed, false)))).toBeGreaterThan(27);
  });

  test('repaired: the same staircase with all its steps and the residual cancelled is near the grid, and the quantiser of the network on it', () => {
    const z = row(1, 1 + 1 / 3, 2.5, 4.9);
    const near = applySingleAttention({ before: [staircase(needed, true)], heads: [{ ...network.heads[0]!, wO: network.heads[0]!.wO.clone().mul(0) }], after: [] }, z).data;
    [3, 4, 7, 14].forEach((k, i) => expect(Math.abs(near[i]! - k / m)).toBeLessThan(2 ** -45));
    expect(mismatches(network)).toBe(0);
  });
});

describe('errata rows 11 and 12: the bumps behind the attention', () => {
  const K = 2 / (tau.mapping.mode === 'tight' ? tau.mapping.gap : 1);
  const relu = (x: number) => Math.max(0, x);
  const table = tableOfNumber(21n, { d, L, m });
  /** The read token's output if every one of the 81 contexts A has the bump that `bump` gives for the tokens Q = q(M). */
  const output = (z: number, centre: (codes: readonly number[], q: Tokens) => readonly number[], shape: (x: number) => number): number => {
    const attended = (digits: ArrayLike<number>) => applyUpToAttention({ before: [], heads: network.heads }, positioned(gridInput(d, digits, m), 1));
    const P = promptOfTable(table);
    const Q = attended(Int32Array.from([...P.data, z / m], (x) => Math.round(x * m)));
    let sum = 0;
    for (const digits of everyDigits(n, m)) {
      const M = Array.from(digits, (k, j) => j + 1 + k / m);
      const centres = centre(M, attended(digits));
      // h([P, A]) at the read token, by Lemma 2.3's rule.
      const label = digits[Number(gridIndex(digits.slice(n - 1), m))]! / m;
      const entries = centres.length === 1 ? [Q.data[n - 1]!] : [...Q.data];
      sum += (label / centres.length) * entries.reduce((all, q, i) => all + shape(K * (q - centres[i]!)), 0);
    }
    return sum;
  };
  const hat = (x: number) => relu(x - 1) - 2 * relu(x) + relu(x + 1);
  const wanted = (z: number) => valueAt(table, [z])[0]! / m;

  test('row 12, printed: centred at the grid point A, no bump is hit by an ID, which lies elsewhere', () => {
    for (let z = 0; z < m; z++) expect(output(z, (M) => M, hat)).toBe(0);
    expect([0, 1, 2].some((z) => wanted(z) > 0)).toBe(true);
  });

  test('row 12, centred at the IDs but summed over all entries: contexts that share tokens leak their labels', () => {
    // Queries far in front have IDs that agree to more than half a gap: other contexts add their share.
    expect([0, 1, 2].some((z) => Math.abs(output(z, (_, q) => [...q.data], hat) - wanted(z)) > 0.05)).toBe(true);
  });

  test('row 11, printed: with -ReLU(x) once, the sum of bumps grows far beyond 1', () => {
    expect(Math.abs(output(1, (_, q) => [q.data[n - 1]!], (x) => relu(x - 1) - relu(x) + relu(x + 1)))).toBeGreaterThan(1000);
  });

  test('repaired: one hat on the scalar ID of the read token', () => {
    for (let z = 0; z < m; z++) expect(Math.abs(output(z, (_, q) => [q.data[n - 1]!], hat) - wanted(z))).toBeLessThan(2 ** -30);
  });
});

test('errata row 13: Theorem F.1\'s width d L\' is passed by the network that is built, and by any whose last layer sees one scalar', () => {
  // Labels of neighbouring IDs alternate somewhere for N - 2 kinks (see the value maps); here the count beside the two printed ones.
  expect(tau.cost!.printed).toMatchObject({ neuronsTheoremF1: BigInt(d * n), neurons: BigInt(3 * d * n * m ** n) });
  expect(tau.cost!.width).toBe(BigInt(3 * L * m ** n + 2 * d));
  // Half of that width and more: neurons taken away lose hats, and with them functions.
  const after = network.after[0]!;
  const few = { d, r: d * n, w1: after.w1.slice(0, d * n), b1: after.b1.slice(0, d * n), w2: after.w2.slice(0, d * n), b2: after.b2 };
  expect(mismatches({ ...network, after: [few] })).toBeGreaterThan(27);
});
