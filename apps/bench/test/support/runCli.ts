import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** How a run of the command line ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line on the sources; `onStart` sees the process, `onStderr` what it has written so far. */
export function runCli(args: readonly string[], hooks: { env?: NodeJS.ProcessEnv; cwd?: string; onStderr?: (child: ChildProcess, text: string) => void } = {}): Promise<Outcome> {
  const child = spawn(process.execPath, ['--conditions=@prompt-limits/source', MAIN, ...args], {
    env: { ...process.env, ...hooks.env },
    cwd: hooks.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    hooks.onStderr?.(child, stderr);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}
