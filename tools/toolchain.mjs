/**
 * Runs the main job or the tests with the Node and pnpm that the project is pinned to, from a machine that has only
 * Node 20 or later and npm. Uses the Node and pnpm at hand where they fit, fetches them with npx otherwise.
 *
 *   node tools/toolchain.mjs report [options]   what `npm start` does
 *   node tools/toolchain.mjs test               what `npm test` does
 */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;
const PNPM_MAJOR = 12;
const root = fileURLToPath(new URL('..', import.meta.url));
const shell = process.platform === 'win32'; // npx and pnpm are .cmd files there
const [task, ...options] = process.argv.slice(2);

/** Whether the Node that runs this and the pnpm on the path are the pinned ones. */
function toolsFit() {
  if (Number(process.versions.node.split('.')[0]) !== NODE_MAJOR) return false;
  const pnpm = spawnSync('pnpm', ['--version'], { encoding: 'utf8', shell, cwd: root });
  return pnpm.status === 0 && Number(pnpm.stdout.split('.')[0]) === PNPM_MAJOR;
}

// The steps' arguments travel in the environment, so that no shell reads them.
const env = { ...process.env, PROMPT_LIMITS_STEPS: JSON.stringify([task, ...options]), npm_config_loglevel: 'error' };
const [command, args] = toolsFit()
  ? [process.execPath, ['tools/steps.mjs']]
  : ['npx', ['--yes', '-p', `node@${NODE_MAJOR}`, '-p', `pnpm@${PNPM_MAJOR}`, '-c', shell ? '"node tools/steps.mjs"' : 'node tools/steps.mjs']];
const child = spawn(command, args, { stdio: 'inherit', cwd: root, env, shell: shell && command === 'npx' });
// Ctrl-C reaches the child by itself; this process waits until the child has stopped cleanly.
process.on('SIGINT', () => {});
child.on('error', (error) => {
  process.stderr.write(`toolchain: ${command} could not be started: ${error.message}\n`);
  process.exitCode = 1;
});
child.on('exit', (code) => (process.exitCode = code ?? 1));
