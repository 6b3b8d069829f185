/** Compiles an example into `.generated` and runs it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, type Compiled, type Provide } from './compile.ts';
import { fileExports, packageExports, root } from './exports.ts';
import type { Example } from './parse.ts';

const generated = join(import.meta.dirname, '.generated');

/** Imports that examples in a package's sources need not write: its entries' names (of two the one of the file's own entry), and their file's. */
export function ownNames(file: string): Provide {
  const folder = /^packages\/[^/]+(?=\/src\/)/.exec(file)?.[0];
  if (folder === undefined) return () => undefined;
  const exported = packageExports(folder);
  // Two entries may share a name: that of an entry which exports something of this file wins, as the last of a key.
  const own = new Set(exported.filter((e) => e.file === file).map((e) => e.specifier));
  const byEntry = exported.toSorted((a, b) => Number(own.has(a.specifier)) - Number(own.has(b.specifier)));
  const names = new Map([...fileExports(file), ...byEntry].map((e) => [e.name, e]));
  return (name) => {
    const e = names.get(name);
    return e && `import ${e.kind === 'type' ? 'type ' : ''}{ ${name} } from ${JSON.stringify(e.specifier)};`;
  };
}

/** Compiles an example with the imports that its file gives it. */
export const compileExample = (example: Example, provide: Provide = ownNames(example.file)): Compiled => compile(example, '../compare.ts', provide);

/** Writes a compiled example to its file. */
export function generate(example: Example, { source }: Compiled): string {
  mkdirSync(generated, { recursive: true });
  const path = join(generated, `${example.file.replace(/\.\w+$/, '').replaceAll(/\W/g, '_')}_${example.line}.ts`);
  writeFileSync(path, source);
  return path;
}

/** Runs a compiled example; rejects where it throws or prints something else than it says. */
export async function run(example: Example, compiled: Compiled): Promise<void> {
  await import(generate(example, compiled));
}

/** What a strict type checker says of generated examples, a line each. */
export function typeErrors(paths: readonly string[]): string[] {
  const project = `${paths[0]}.json`; // a name of its own: test files run side by side
  // Users switch on `strict`; isolatedDeclarations and unchecked index access are this repository's own rules.
  const compilerOptions = { isolatedDeclarations: false, declaration: false, noUncheckedIndexedAccess: false };
  writeFileSync(project, JSON.stringify({ extends: '../../../tsconfig.base.json', compilerOptions, files: paths }));
  const compiler = join(root, 'node_modules/@typescript/native/bin/tsc');
  const { status, stdout, error } = spawnSync(process.execPath, [compiler, '--project', project, '--pretty', 'false'], { encoding: 'utf8', cwd: generated });
  if (error) throw error;
  return status === 0 ? [] : stdout.trim().split('\n');
}
