/** Compiles an example into `.generated` and runs it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, type Compiled, type Provide } from './compile.ts';
import { fileExports, packageExports } from './exports.ts';
import type { Example } from './parse.ts';

const generated = join(import.meta.dirname, '.generated');

/** Imports that examples in a package's sources need not write: the package's own names, and their file's. */
export function ownNames(file: string): Provide {
  const folder = /^packages\/[^/]+(?=\/src\/)/.exec(file)?.[0];
  if (folder === undefined) return () => undefined;
  const names = new Map([...fileExports(file), ...packageExports(folder)].map((e) => [e.name, e]));
  return (name) => {
    const e = names.get(name);
    return e && `import ${e.kind === 'type' ? 'type ' : ''}{ ${name} } from ${JSON.stringify(e.specifier)};`;
  };
}

/** Compiles an example with the imports that its file gives it. */
export const compileExample = (example: Example, provide: Provide = ownNames(example.file)): Compiled => compile(example, '../compare.ts', provide);

/** Runs a compiled example; rejects where it throws or prints something else than it says. */
export async function run(example: Example, { source }: Compiled): Promise<void> {
  mkdirSync(generated, { recursive: true });
  const path = join(generated, `${example.file.replace(/\.\w+$/, '').replaceAll(/\W/g, '_')}_${example.line}.ts`);
  writeFileSync(path, source);
  await import(path);
}
