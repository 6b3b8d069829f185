import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatCsv } from '../../src/cli/csv.ts';
import { phasePicture } from '../../src/html/phasePicture.ts';
import { runCli } from '../support/runCli.ts';
import { temporaryFolder } from '../support/tinyFolder.ts';

test('CSV: quotes, empty cells, columns of later rows', () => {
  expect(formatCsv([{ a: 1.5, b: 'x, "y"' }, { a: null, c: [[1, 2]] }])).toBe('a,b,c\r\n1.5,"x, ""y""",\r\n,,"[[1,2]]"\r\n');
});

test('phase --quick --out: the transition at every n, errors within their certificates, and three files', { timeout: 180_000 }, async () => {
  const { path, remove } = await temporaryFolder();
  try {
    const { code, stdout } = await runCli(['bench', 'phase', '--quick', '--json', '--out', path]);
    expect(code).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: { n: number; ratio: number; rank: number; degree: number; method: string; maxError: number; certified: number }[] };
    expect((await readdir(path)).sort()).toEqual(['phase.csv', 'phase.json', 'phase.svg']);
    expect(await readFile(join(path, 'phase.json'), 'utf8')).toBe(stdout);
    expect((await readFile(join(path, 'phase.csv'), 'utf8')).split('\r\n')).toHaveLength(rows.length + 2);
    for (const n of [1024, 4096, 16384]) {
      const own = rows.filter((row) => row.n === n);
      const ranks = own.map(({ rank }) => rank);
      expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
      expect(own[0]!.method).toBe('polynomial');
      expect(own.at(-1)!.method).toBe('exact');
      // One change of method: below it polynomials, from it on exact attention.
      expect(own.filter(({ method }, i) => i > 0 && method !== own[i - 1]!.method)).toHaveLength(1);
    }
    for (const { maxError, certified } of rows) expect(maxError).toBeLessThanOrEqual(certified);
    const picture = await readFile(join(path, 'phase.svg'), 'utf8');
    expect(picture).toBe(phasePicture(rows as never));
    expect(picture).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<\/svg>\n$/);
    expect(picture).not.toMatch(/NaN|undefined|Infinity/);
    expect(picture.match(/class="exact"/g)!.length).toBeGreaterThan(6);
  } finally {
    await remove();
  }
});

test('--out must be a folder, before anything is measured', async () => {
  const { code, stderr } = await runCli(['bench', 'phase', '--out', import.meta.filename]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: `error: --out: must be a folder, got the file ${import.meta.filename}\n` });
});
