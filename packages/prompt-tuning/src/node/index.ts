/**
 * Model folders and adapters on disk; everything else of the package needs no disk.
 *
 * @module node
 */
export { loadAdapter, saveAdapter } from './adapter.ts';
export { openFolder, writeFiles } from './folder.ts';
