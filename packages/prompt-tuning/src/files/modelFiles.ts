import { describe } from '@prompt-limits/core-linalg';
import { refuse } from '@prompt-limits/core-linalg/files';

/** A folder of files, wherever it lies: on disk, on a web server or in memory. */
export interface ModelFiles {
  /** What errors call the folder. */
  readonly name: string;
  /** Whether the folder holds the file. */
  has(file: string): Promise<boolean>;
  /** The whole file. Rejects with a RangeError naming the file if it is not there. */
  read(file: string): Promise<Uint8Array>;
}

/**
 * Throws RangeError unless `file` is a plain file name: no folder, no drive, no leading dot.
 * Names can come from files that anyone wrote, so nothing may lead out of the folder.
 */
export function assertFileName(fn: string, file: string): void {
  if (typeof file !== 'string') throw new TypeError(`${fn}: the file name must be a string, got ${describe(file)}`);
  if (!/^\w[\w.-]*$/.test(file)) refuse(fn, 'the file name must consist of letters, digits, "_", "-" and "."', file);
}

/**
 * A folder in memory.
 *
 * @param name - what errors call the folder
 * @param entries - file names and their content; text is encoded as UTF-8
 * @example
 * const files = filesFromMap('memory', [['config.json', '{}']]);
 * (await files.read('config.json')).length; // => 2
 */
export function filesFromMap(name: string, entries: Iterable<readonly [string, Uint8Array | string]>): ModelFiles {
  const contents = new Map<string, Uint8Array>();
  for (const [file, content] of entries) {
    assertFileName('filesFromMap', file);
    contents.set(file, typeof content === 'string' ? new TextEncoder().encode(content) : content);
  }
  return {
    name,
    has: async (file) => contents.has(file),
    read: async (file) => contents.get(file) ?? refuse(`read: ${name}`, 'the file must exist', file),
  };
}
