import { access, constants, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from './usageError.ts';

/** Bytes or text by path relative to the folder. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/**
 * Writes files into `folder`, making what is missing. Each is written whole under a temporary name beside its own and
 * renamed only when all of them are on disk, so a failure leaves the old files as they were.
 */
export async function writeFolder(folder: string, files: Files): Promise<void> {
  const pairs = Object.keys(files).map((name) => ({ name, path: join(folder, name), temporary: join(folder, `${name}.${process.pid}.tmp`) }));
  try {
    for (const { name, path, temporary } of pairs) {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(temporary, 'w');
      try {
        await file.writeFile(files[name]!);
        await file.sync();
      } finally {
        await file.close();
      }
    }
    for (const { path, temporary } of pairs) await rename(temporary, path);
  } finally {
    // What cannot be removed was never made; the error that stopped the writing is the one to show.
    await Promise.allSettled(pairs.map(({ temporary }) => rm(temporary, { force: true })));
  }
}

/** Throws UsageError unless files can be written into `folder`, or into the nearest parent that exists. */
export async function assertWritable(option: string, folder: string): Promise<void> {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw new UsageError(`${option}: cannot write to ${folder}: ${error.code === 'ENOTDIR' ? 'a part of the path is a file' : error.code}`);
    });
    if (!found) continue;
    if (!found.isDirectory()) throw new UsageError(`${option}: must be a folder, got the file ${path}`);
    await access(path, constants.W_OK | constants.X_OK).catch(() => {
      throw new UsageError(`${option}: cannot write to ${folder}: permission denied at ${path}`);
    });
    return;
  }
}
