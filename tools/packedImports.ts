/**
 * Packs every package, installs the tarballs into an empty project outside the repository, and imports each entry with
 * Node 20, 22 and 24. What passes here is what a user gets from the registry.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const shell = process.platform === 'win32';
const folder = mkdtempSync(join(tmpdir(), 'prompt-limits-packed-'));
try {
  const dependencies: Record<string, string> = {};
  const entries: string[] = [];
  for (const manifest of globSync('packages/*/package.json')) {
    const { name, version, exports } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string; version: string; exports: Record<string, unknown> };
    const tarball = join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
    execFileSync('pnpm', ['pack', '--out', tarball], { cwd: dirname(manifest), stdio: ['ignore', 'ignore', 'inherit'], shell });
    dependencies[name] = `file:${tarball}`;
    for (const path of Object.keys(exports)) if (path !== './package.json') entries.push(name + path.slice(1));
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module', dependencies }));
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: 'inherit', shell });
  writeFileSync(
    join(folder, 'use.mjs'),
    `let names = 0;
for (const entry of ${JSON.stringify(entries)}) {
  const module = await import(entry);
  if (Object.keys(module).length === 0) throw new Error(entry + ' exports nothing');
  names += Object.keys(module).length;
}
const { createKernels } = await import('@prompt-limits/core-linalg');
const kernels = await createKernels({ threads: 1, memoryMiB: 16 });
const c = kernels.allocate(1);
kernels.gemm('NT', 1, 1, 3, 1, Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6), 0, c);
if (c[0] !== 32) throw new Error('gemm: expected 32, got ' + c[0]);
console.log('Node ' + process.versions.node + ': ' + names + ' exports of ${entries.length} entries, kernels ' + kernels.build);
kernels.close();
`,
  );
  for (const major of [20, 22, 24]) {
    // The Node at hand serves for its own major version; npx fetches the others (-c, since npx may itself run this).
    const here = Number(process.versions.node.split('.')[0]) === major;
    const [command, args] = here ? [process.execPath, ['use.mjs']] : ['npx', ['--yes', '-p', `node@${major}`, '-c', shell ? '"node use.mjs"' : 'node use.mjs']];
    execFileSync(command, args, { cwd: folder, stdio: 'inherit', shell: shell && !here });
  }
  console.log(`packed imports: ${entries.length} entries from ${resolve('packages')} in Node 20, 22 and 24`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
