import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { refuse } from '@prompt-limits/core-linalg/files';
import { assertFileName, type ModelFiles } from '../files/modelFiles.ts';

// One read call takes at most 2^31 - 1 bytes; shards can be larger.
const READ_BYTES = 2 ** 30;

/**
 * A folder on disk.
 *
 * @param path - an existing folder
 * @throws RangeError if there is no folder at `path`
 * @example
 * import { tmpdir } from 'node:os';
 * await openFolder(tmpdir()).has('no-such-file'); // => false
 */
export function openFolder(path: string): ModelFiles {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) refuse('openFolder', 'path must be an existing folder', path);
  const locate = (file: string): string => {
    assertFileName('openFolder', file);
    return join(path, file);
  };
  return {
    name: path,
    has: async (file) => (await stat(locate(file)).catch(() => undefined))?.isFile() ?? false,
    read: async (file) => {
      const handle = await open(locate(file)).catch(() => undefined);
      if (!handle) refuse(`read: ${path}`, 'the file must exist', file);
      try {
        const info = await handle.stat();
        if (!info.isFile()) refuse(`read: ${path}`, 'a file is needed', file);
        const bytes = new Uint8Array(info.size);
        for (let at = 0; at < bytes.length;) {
          const { bytesRead } = await handle.read(bytes, at, Math.min(READ_BYTES, bytes.length - at), at);
          if (bytesRead === 0) refuse(`read: ${path}: ${file}`, `the file must keep its ${bytes.length} bytes while it is read`, at);
          at += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    },
  };
}

/**
 * Writes files to a folder, made if need be. Each is written to a temporary name, flushed and then renamed, so a file is
 * there whole or as it was before; the renames come last, when every file has been written.
 *
 * @param path - the folder
 * @param entries - file names and contents
 * @throws RangeError for a name that is no plain file name, before anything is written; the system's error if the disk fails
 * @example
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * const folder = await mkdtemp(`${tmpdir()}/prompt-limits-`);
 * await writeFiles(folder, [['a.json', '{}']]);
 * (await openFolder(folder).read('a.json')).length; // => 2
 * await rm(folder, { recursive: true });
 */
export async function writeFiles(path: string, entries: Iterable<readonly [string, Uint8Array | string]>): Promise<void> {
  const files = [...entries];
  for (const [file] of files) assertFileName('writeFiles', file);
  await mkdir(path, { recursive: true });
  const suffix = `.${randomUUID()}.tmp`;
  try {
    for (const [file, content] of files) {
      const handle = await open(join(path, file + suffix), 'wx');
      try {
        await handle.writeFile(content);
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    for (const [file] of files) await rename(join(path, file + suffix), join(path, file));
  } catch (error) {
    for (const [file] of files) await rm(join(path, file + suffix), { force: true });
    throw error;
  }
}
