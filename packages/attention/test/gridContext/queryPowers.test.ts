import { compareDyadic, dyadicFromNumber, exp, fromDyadic, multiplyDyadic, type Dyadic } from '@prompt-limits/core-linalg/intervals';
import { expect, test } from 'vitest';
import { gridContextMapping } from '../../src/index.ts';
import { fractionFor, queryPowers } from '../../src/gridContext/queryPowers.ts';

test.each([
  ['lemma', 1, 5, 7],
  ['compact', 1, 5, 7],
  ['compact', 2, 7, 5],
  ['lemma', 2, 3, 3],
] as const)('%s, d = %i, m = %i, n = %i: powers hold e^(-lambda E), within 4 E + 4 units, 4 E for an integer E', (mode, d, m, n) => {
  const mapping = gridContextMapping({ d, m, n, reads: 1, mode });
  const { R, D } = mapping.codes;
  const a = R * n + D - 1;
  for (const fraction of [64, fractionFor(mapping, 100), fractionFor(mapping, mapping.bits)]) {
    const { lambda, power } = queryPowers('test', mapping, a, fraction);
    expect(compareDyadic(lambda, multiplyDyadic(mapping.beta, dyadicFromNumber(a)))).toBe(0);
    const whole = Array.from({ length: Math.min(R * n, 400) }, (_, k) => Math.floor((k * R * n) / Math.min(R * n, 400)));
    const parts: Dyadic[] = whole.slice(0, 40).map((E) => dyadicFromNumber(E + 0.7));
    for (const E of [...whole, ...parts]) {
      const exact = typeof E === 'number' ? dyadicFromNumber(E) : E;
      // 128 bits beyond the fraction: the ends decide.
      const x = exp(fromDyadic(multiplyDyadic({ m: -lambda.m, e: lambda.e }, exact)), fraction + 128);
      const { value, error } = power(E);
      expect(compareDyadic({ m: value, e: -fraction }, x.high)).toBeLessThanOrEqual(0);
      expect(compareDyadic({ m: value + BigInt(error), e: -fraction }, x.low)).toBeGreaterThanOrEqual(0);
      expect(error).toBeLessThanOrEqual(typeof E === 'number' ? 4 * E : 4 * (Number(E.m) * 2 ** E.e) + 4);
    }
  }
});

test('codes of one query share their powers', () => {
  const mapping = gridContextMapping({ d: 1, m: 3, n: 4, reads: 1, mode: 'lemma' });
  expect(queryPowers('test', mapping, 13, 256)).toBe(queryPowers('test', mapping, 13, 256));
  expect(queryPowers('test', mapping, 13, 256)).not.toBe(queryPowers('test', mapping, 12, 256));
});
