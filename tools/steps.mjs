/**
 * The steps of the main job and of the tests, run by tools/toolchain.mjs with the pinned Node and pnpm.
 * Every step of the tests runs even if an earlier one failed; the last lines say which passed.
 */
import { spawn } from 'node:child_process';

const shell = process.platform === 'win32';
/** The exit code by which a step says that it had to be skipped; it has said why. */
const SKIPPED = 77;
const node = process.execPath;
const install = ['install', 'pnpm', ['install', '--frozen-lockfile']];

const [task, ...options] = JSON.parse(process.env.PROMPT_LIMITS_STEPS ?? '[]');
const plans = {
  report: [
    install,
    ['build', 'pnpm', ['turbo', 'run', 'build', '--filter=@prompt-limits/cli...', '--output-logs=errors-only']],
    ['report', node, ['apps/bench/dist/main.js', 'report', ...options]],
  ],
  test: [
    install,
    ['build', 'pnpm', ['turbo', 'run', 'build', '--output-logs=errors-only']],
    ['types', 'pnpm', ['typecheck']],
    ['lint', 'pnpm', ['lint']],
    ['tests', 'pnpm', ['vitest', 'run', ...options]],
    ['packages', 'pnpm', ['turbo', 'run', 'lint:pkg', '--filter=./packages/*', '--output-logs=errors-only']],
    ['packed imports', node, ['tools/packedImports.ts']],
    ['changesets', 'pnpm', ['changeset', 'status']],
    ['browser', node, ['--conditions=@prompt-limits/source', 'apps/docs/test/browser.ts']],
  ],
};
const steps = plans[task];
if (!steps) {
  process.stderr.write(`steps: the task must be report or test, got ${task}\n`);
  process.exit(2);
}

process.on('SIGINT', () => {}); // the running step gets it too, and decides
const run = (command, args) =>
  new Promise((resolve) => {
    const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', SKIPPED_EXIT_CODE: String(SKIPPED) };
    const child = spawn(command, args, { stdio: 'inherit', env, shell: shell && command === 'pnpm' });
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });

const say = (line) => process.stderr.write(`${line}\n`);
const results = [];
for (const [name, command, args] of steps) {
  say(`\n== ${name}`);
  const start = performance.now();
  const code = await run(command, args);
  results.push({ name, code, seconds: (performance.now() - start) / 1000 });
  if (code !== 0 && code !== SKIPPED && (task === 'report' || name === 'install')) process.exit(code);
}
if (task === 'test') {
  const word = (code) => (code === 0 ? 'passed ' : code === SKIPPED ? 'skipped' : 'FAILED ');
  for (const { name, code, seconds } of results) say(`${word(code)} ${name} (${seconds.toFixed(1)} s)`);
  const skipped = results.filter((r) => r.code === SKIPPED).length;
  const passed = results.filter((r) => r.code === 0).length;
  const failed = results.length - passed - skipped;
  process.stdout.write(`steps: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
