import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageExports, packageFolders, root } from '../../../tools/doctest/exports.ts';
import { parts } from '../data/coverage.ts';

const rows = parts.flatMap((p) => p.statements);
const errata = readFileSync(join(import.meta.dirname, '../errata.md'), 'utf8');
const exported = new Set(packageFolders().flatMap((folder) => packageExports(folder).map((e) => `${folder.slice('packages/'.length)}:${e.name}`)));

const single = ['Definition 1.1', 'Problem 1', 'Problem 2', 'Hypothesis 1', 'Theorem B.1', 'Definition C.1', 'Theorem E.1', 'Theorem F.1', 'Theorem G.1', 'Definition H.1', 'Assumption I.1', 'Corollary I.0.1'];
const numbered = (kind: string, group: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${kind} ${group}.${i + 1}`);

test('every function of the coverage table is exported by its package', () => {
  expect(rows.flatMap((r) => r.functions.filter((f) => !exported.has(f)).map((f) => `${r.id}: ${f}`))).toEqual([]);
});

test('every test of the coverage table exists', () => {
  expect(rows.flatMap((r) => r.tests.filter((t) => !existsSync(join(root, t))).map((t) => `${r.id}: ${t}`))).toEqual([]);
});

test('a status says what is there: built and part have functions and tests, part says what is missing', () => {
  const wrong = rows.filter((r) => {
    const backed = r.functions.length > 0 && r.tests.length > 0;
    if (r.status === 'part') return !backed || r.note === undefined;
    return r.status === 'built' ? !backed : r.functions.length + r.tests.length > 0;
  });
  expect(wrong.map((r) => `${r.id}: ${r.status}`)).toEqual([]);
});

test('no statement stands twice, and every numbered definition, lemma, theorem and problem stands once', () => {
  const ids = rows.map((r) => r.id);
  expect(ids).toEqual([...new Set(ids)]);
  const printed = [
    ...single,
    ...numbered('Definition', '2', 7),
    ...numbered('Lemma', '2', 5),
    ...numbered('Theorem', '2', 5),
    ...numbered('Theorem', '3', 2),
    ...numbered('Lemma', 'C', 9),
    ...numbered('Lemma', 'D', 3),
    ...['E', 'F', 'H'].flatMap((appendix) => numbered('Lemma', appendix, 2)),
  ];
  expect(ids.filter((id) => !id.startsWith('Eq.')).toSorted()).toEqual(printed.toSorted());
});

test('the errata number without gaps, name tests that exist, and are the rows that the table cites', () => {
  const numbers = [...errata.matchAll(/^\| (\d+) \|/gm)].map((m) => Number(m[1]));
  expect(numbers.length).toBeGreaterThan(0);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  const tests = [...errata.matchAll(/blob\/main\/([^)]+)\)/g)].map((m) => m[1]!);
  expect(tests.length).toBeGreaterThan(0);
  expect(tests.filter((t) => !existsSync(join(root, t)))).toEqual([]);
  const cited = rows.flatMap((r) => [...(/errata ([\d, ]+)$/.exec(r.note ?? '')?.[1] ?? '').matchAll(/\d+/g)].map((m) => Number(m[0])));
  expect(cited.filter((n) => !numbers.includes(n))).toEqual([]);
});
