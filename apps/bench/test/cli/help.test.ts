import { expect, test } from 'vitest';
import { suites } from '../../src/suites/index.ts';
import { runCli } from '../support/runCli.ts';

test('--help names the commands, and each command its options', async () => {
  const [top, report, bench] = await Promise.all([runCli(['--help']), runCli(['report', '--help']), runCli(['bench', '--help'])]);
  for (const { code, stderr } of [top, report, bench]) expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(top.stdout).toMatch(/report .*\n.*bench/s);
  expect(top.stdout).not.toContain('peer');
  for (const option of ['--model', '--text', '--text-string', '--prompt-length', '--steps', '--learning-rate', '--init', '--seed', '--threads', '--out']) expect(report.stdout).toContain(option);
  for (const option of ['--json', '--quick', '--threads', '--out']) expect(bench.stdout).toContain(option);
});

test('bench without a suite lists every suite with its claim, as text and as JSON', async () => {
  const [text, json] = await Promise.all([runCli(['bench']), runCli(['bench', '--json'])]);
  for (const { name, claim } of suites) expect(text.stdout).toContain(`${name}\n  ${claim}\n`);
  expect(JSON.parse(json.stdout).suites.map((s: { name: string }) => s.name)).toEqual(['kernels', 'attention-exact', 'tune-step', 'lemmas', 'contextual-map', 'fast-attention', 'phase', 'certificates', 'gradient', 'compiled-prompt', 'universality', 'memorize', 'width-depth']);
  expect(text.stdout).not.toContain('\u001B');
});

test('an unknown command, suite or option is refused with exit code 2 and one line', async () => {
  const wrong = await Promise.all([runCli(['reprot']), runCli(['bench', 'speed']), runCli(['bench', '--fast']), runCli(['bench', 'kernels', '--threads', 'two'])]);
  expect(wrong.map((w) => w.code)).toEqual([2, 2, 2, 2]);
  expect(wrong.map((w) => w.stdout)).toEqual(['', '', '', '']);
  expect(wrong[0]!.stderr).toContain("unknown command 'reprot'");
  expect(wrong[1]!.stderr).toBe('error: suite: must be one of kernels, attention-exact, tune-step, lemmas, contextual-map, fast-attention, phase, certificates, gradient, compiled-prompt, universality, memorize, width-depth, got speed\n');
  expect(wrong[2]!.stderr).toContain("unknown option '--fast'");
  expect(wrong[3]!.stderr).toContain("option '--threads <count>' argument 'two' is invalid. It must be an integer from 1 to 64.");
  for (const { stderr } of wrong) expect(stderr).not.toContain('    at ');
});
