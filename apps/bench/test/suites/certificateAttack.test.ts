import { createPlainKernels, randomSource } from '@prompt-limits/core-linalg';
import { attend } from '@prompt-limits/fast-attention';
import { describe, expect, test } from 'vitest';
import { exactRows } from '../../src/peers/exactRows.ts';
import { attack } from '../../src/suites/certificateAttack.ts';
import { families } from '../../src/suites/certificateCases.ts';
import { checkGradients } from '../../src/suites/certificateGradients.ts';
import { Looseness } from '../../src/suites/looseness.ts';

describe('attack', () => {
  test.each([[1, 0.5, 1], [2, 1, 2], [3, 1.7, 3], [5, 0.9, 4]])('d = %i, R = %f, degree %i: the error comes within a tenth of the certificate and stays below it', (d, R, degree) => {
    const options = { degree, method: 'polynomial' } as const;
    const { problem, targets } = attack(randomSource(7), d, R, (p) => attend(p, options).output.data);
    const { output, certificate, plan } = attend(problem, { ...options, perQuery: true });
    expect(plan[0]!.method).toBe('polynomial');
    const rows = exactRows(problem);
    const used = Array.from({ length: targets }, (_, i) => rows.error(output.data, i, 0) / certificate.perQuery![i]!);
    expect(Math.max(...used)).toBeLessThanOrEqual(1);
    expect(Math.max(...used)).toBeGreaterThan(0.9);
  });

  test('a certificate a tenth smaller would be caught', () => {
    const options = { degree: 2, method: 'polynomial' } as const;
    const { problem, targets } = attack(randomSource(7), 2, 1, (p) => attend(p, options).output.data);
    const { output, certificate } = attend(problem, { ...options, perQuery: true });
    const rows = exactRows(problem);
    const looseness = new Looseness();
    for (let i = 0; i < targets; i++) looseness.add(rows.error(output.data, i, 0), 0.9 * certificate.perQuery![i]!, true);
    expect(looseness.summary().violations).toBeGreaterThan(0);
  });
});

test('Looseness counts what leaves its bound, NaN too, and takes the median over what it is told to', () => {
  const looseness = new Looseness();
  looseness.add(1, 2, true);
  looseness.add(1, 4, true);
  looseness.add(1, 3, true);
  looseness.add(1, 100, true, false);
  looseness.add(0, 1, true);
  looseness.add(2, 1, false);
  looseness.add(Number.NaN, 1, false);
  expect(looseness.summary()).toEqual({ rows: 7, polynomial: 5 / 7, violations: 2, medianLooseness: 3, maxLooseness: 4 });
  const none = new Looseness();
  none.statement(true, false);
  none.statement(false, true);
  expect(none.summary()).toEqual({ rows: 2, polynomial: 0.5, violations: 1, medianLooseness: null, maxLooseness: null });
});

test.each(families.filter(({ name }) => name !== '20,000 keys').map((family) => [family.name, family] as const))('%s: problems fit together, and gradients keep to their certificates', (_, family) => {
  const problem = family.draw(randomSource(3));
  expect(problem.keys.n).toBe(problem.values.n);
  const looseness = new Looseness();
  checkGradients(problem, randomSource(4), createPlainKernels({ precision: 'float64' }), looseness);
  expect(looseness.rows).toBeGreaterThan(0);
  expect(looseness.violations).toBe(0);
});
