import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFolder, writeFiles } from '../../src/node/folder.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'prompt-limits-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('openFolder', () => {
  test('reads what writeFiles wrote, into new folders too', async () => {
    const folder = join(root, 'a', 'b');
    await writeFiles(folder, [['x.json', '{"é":1}'], ['y.bin', Uint8Array.of(1, 2, 3)], ['empty', '']]);
    const files = openFolder(folder);
    expect(new TextDecoder().decode(await files.read('x.json'))).toBe('{"é":1}');
    expect([...(await files.read('y.bin'))]).toEqual([1, 2, 3]);
    expect(await files.read('empty')).toHaveLength(0);
    expect([await files.has('x.json'), await files.has('z')]).toEqual([true, false]);
    expect((await readdir(folder)).sort()).toEqual(['empty', 'x.json', 'y.bin']);
  });

  test('names a folder or file that is not there, and leaves none', async () => {
    expect(() => openFolder(join(root, 'none'))).toThrow(`openFolder: path must be an existing folder, got`);
    await writeFile(join(root, 'file'), '');
    expect(() => openFolder(join(root, 'file'))).toThrow('openFolder: path must be an existing folder');
    await mkdir(join(root, 'sub'));
    const files = openFolder(root);
    expect(await files.has('sub')).toBe(false);
    await expect(files.read('sub')).rejects.toThrow('a file is needed, got "sub"');
    await expect(files.read('gone')).rejects.toThrow(`read: ${root}: the file must exist, got "gone"`);
    await expect(files.read('../file')).rejects.toThrow('openFolder: the file name must consist of');
    await expect(files.has('../file')).rejects.toThrow('openFolder: the file name must consist of');
  });
});

describe('writeFiles', () => {
  test('replaces a file as a whole', async () => {
    await writeFiles(root, [['a', 'long old text']]);
    await writeFiles(root, [['a', 'new']]);
    expect(await readFile(join(root, 'a'), 'utf8')).toBe('new');
  });

  test('a failure leaves the old files and no temporary one', async () => {
    await writeFiles(root, [['a', 'old']]);
    const broken = [['a', 'new'], ['b', null]] as unknown as [string, string][];
    await expect(writeFiles(root, broken)).rejects.toThrow();
    expect(await readdir(root)).toEqual(['a']);
    expect(await readFile(join(root, 'a'), 'utf8')).toBe('old');
  });

  test('checks every name before it writes', async () => {
    await expect(writeFiles(join(root, 'new'), [['a', ''], ['../b', '']])).rejects.toThrow('writeFiles: the file name must consist of');
    expect(await readdir(root)).toEqual([]);
  });
});
