/** Runs every example that the documentation shows, and asks one of every public function. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageExports, packageFolders, root } from './exports.ts';
import { markdownExamples, sourceExamples, type Example } from './parse.ts';
import { compileExample, generate, ownNames, run, typeErrors } from './run.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).sort();
const pages = globSync(['README.md', 'packages/*/README.md', 'apps/docs/**/*.md'], {
  cwd: root,
  exclude: (path) => /(^|\/)node_modules$|^apps\/docs\/(api|\.vitepress)$/.test(path),
}).sort();

const inSources = new Map(sources.map((file) => [file, sourceExamples(file, read(file))]));
const inPages = new Map(pages.map((file) => [file, markdownExamples(file, read(file))]));
const all = [...inSources, ...inPages];

const hasAssertion = (example: Example): boolean => compileExample(example, () => undefined).assertions > 0;

const toRun = all.map(([file, examples]) => [file, examples.filter((e) => e.run)] as const).filter(([, examples]) => examples.length > 0);

describe.each(toRun)('%s', (file, examples) => {
  const provide = ownNames(file);
  test.each(examples.map((e) => ({ title: `${e.owner}, line ${e.line}`, example: e })))('$title', async ({ example }) => {
    const compiled = compileExample(example, provide);
    expect(compiled.assertions, `${file}:${example.line} prints no value to check; mark a fence "no-run" if it cannot run`).toBeGreaterThan(0);
    await run(example, compiled);
  });
});

test('every example passes a strict type checker, also those that are not run', () => {
  const paths = all.flatMap(([file, examples]) => {
    const provide = ownNames(file);
    return examples.map((e) => generate(e, compileExample(e, provide)));
  });
  expect(typeErrors(paths)).toEqual([]);
});

test('every public function has an example whose printed value is checked', () => {
  const functions = packageFolders().flatMap(packageExports).filter((e) => e.kind === 'function');
  const missing = functions.filter((e) => !inSources.get(e.file)?.some((example) => example.run && example.owner === e.local && hasAssertion(example)));
  expect(missing.map((e) => `${e.name} (${e.file})`)).toEqual([]);
});
