import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { boltz, lemmaC4 } from '../../src/index.ts';
import { descend, excess } from '../support/vectors.ts';

propertyTest.prop([fc.array(excess, { minLength: 1, maxLength: 12 }), excess, fc.double({ min: -100, max: 100, noNaN: true })])(
  'lowering every entry but the first to z_1 - delta lowers Boltz',
  (excesses, beyond, top) => {
    const n = excesses.length + 1;
    const delta = (Math.log(n) + 1) * (1 + 2 ** -50) + beyond;
    const z = descend(top, delta, excesses);
    const check = lemmaC4(z, delta, { maxBits: 4096 });
    expect(check).toMatchObject({ verdict: 'proved', logScale: delta });
    expect(check.hypotheses[1]!.verdict).toBe('proved');
    // By boltz on both vectors, where the rounding of z_1 - delta and of boltz allows.
    const flat = z.map((_, i) => (i === 0 ? top : top - delta));
    const bound = (Math.abs(top) + (n + 6) * (1 + Math.log(n)) + delta) * 2 ** -50;
    expect(Math.abs(boltz(z) - boltz(flat) - check.left * Math.exp(-delta))).toBeLessThanOrEqual(bound);
  },
);

test('n = 2, on the boundary: as tight as it gets, still proved', () => {
  const check = lemmaC4([0, -2 - 2 ** -51], 2, { maxBits: 256 });
  expect(check).toMatchObject({ applies: 'proved', verdict: 'proved' });
  expect(check.slack).toBeLessThan(1e-15);
});

test('a delta below ln n + 1 can fail: the other entry is then where Boltz grows', () => {
  const check = lemmaC4([0, -1.1], 1);
  expect(check).toMatchObject({ applies: 'refuted', verdict: 'refuted' });
  expect(boltz([0, -1.1])).toBeLessThan(boltz([0, -1]));
});

test('bad input', () => {
  expect(() => lemmaC4([0], 3)).toThrow(new RangeError('lemmaC4: z must hold at least 2 values, got 1'));
  expect(() => lemmaC4([0, -4], NaN)).toThrow(new RangeError('lemmaC4: delta must be finite, got NaN'));
});
