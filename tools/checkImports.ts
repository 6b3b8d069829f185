/**
 * Imports run one way only: fails where a package depends on one that lies above or beside it, where a source imports
 * a workspace package that its package.json does not name, or reaches into another package's files.
 */
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** What each package may import of the others; the table of ARCHITECTURE.md. */
const allowed: Record<string, readonly string[]> = {
  'core-linalg': [],
  boltzmann: ['core-linalg'],
  attention: ['core-linalg', 'boltzmann'],
  'ffn-constructions': ['core-linalg', 'boltzmann', 'attention'],
  'fast-attention': ['core-linalg', 'boltzmann', 'attention'],
  'prompt-tuning': ['core-linalg', 'boltzmann', 'attention', 'ffn-constructions', 'fast-attention'],
  bench: ['core-linalg', 'boltzmann', 'attention', 'ffn-constructions', 'fast-attention', 'prompt-tuning'],
};
const scope = '@prompt-limits/';
const faults: string[] = [];

for (const manifest of globSync('packages/*/package.json')) {
  const folder = dirname(manifest);
  const name = basename(folder);
  const { dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies?: Record<string, string> };
  const may = allowed[name];
  if (!may) {
    faults.push(`${manifest}: no rule for package ${name}; add it to tools/checkImports.ts`);
    continue;
  }
  for (const dependency of Object.keys(dependencies)) {
    if (dependency.startsWith(scope) && !may.includes(dependency.slice(scope.length))) faults.push(`${manifest}: ${name} may not depend on ${dependency}`);
  }
  for (const file of globSync(`${folder}/src/**/*.ts`)) {
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
      if (specifier!.startsWith('.')) {
        const target = resolve(dirname(file), specifier!);
        if (!target.startsWith(resolve(folder, 'src'))) faults.push(`${file}: imports ${specifier} outside its package`);
      } else if (specifier!.startsWith(scope)) {
        const [dependency] = specifier!.slice(scope.length).split('/');
        // A docstring's example may show any package; only code lines count.
        if (dependency !== name && !(`${scope}${dependency}` in dependencies) && !inComment(file, specifier!)) faults.push(`${file}: imports ${specifier}, which ${manifest} does not name`);
      }
    }
  }
}

/** Whether every line of `file` that holds `specifier` is a comment. */
function inComment(file: string, specifier: string): boolean {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes(specifier))
    .every((line) => /^\s*(\*|\/\/)/.test(line));
}

for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
