import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assertWritable, writeFolder } from '../../src/cli/writeFolder.ts';
import { temporaryFolder } from '../support/tinyFolder.ts';

let root: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  root = await temporaryFolder();
});
afterAll(() => root.remove());

test('writes text and bytes, folders included, and leaves nothing else', async () => {
  const folder = join(root.path, 'new', 'deep');
  await writeFolder(folder, { 'a.txt': 'text', 'inner/b.bin': Uint8Array.of(1, 2) });
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a.txt', 'inner', join('inner', 'b.bin')]);
  expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('text');
  expect([...(await readFile(join(folder, 'inner', 'b.bin')))]).toEqual([1, 2]);
});

test('a failure half way leaves the old files as they were', async () => {
  const folder = join(root.path, 'old');
  await mkdir(folder);
  await writeFile(join(folder, 'a.txt'), 'before');
  await writeFile(join(folder, 'inner'), 'a file where a folder is needed');
  await expect(writeFolder(folder, { 'a.txt': 'after', 'inner/b.txt': 'x' })).rejects.toThrow('EEXIST');
  expect(await readFile(join(folder, 'a.txt'), 'utf8')).toBe('before');
  expect((await readdir(folder)).sort()).toEqual(['a.txt', 'inner']);
});

test('refuses a file in the place of a folder, before any work', async () => {
  const file = join(root.path, 'file');
  await writeFile(file, '');
  await expect(assertWritable('--out', file)).rejects.toThrow(`--out: must be a folder, got the file ${file}`);
  await expect(assertWritable('--out', join(file, 'inside'))).rejects.toThrow('a part of the path is a file');
  await assertWritable('--out', join(root.path, 'not', 'yet', 'there'));
  expect(await readdir(root.path)).not.toContain('not');
});
