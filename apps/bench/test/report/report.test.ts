import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LimitsReport } from '@prompt-limits/bench';
import { createPlainKernels } from '@prompt-limits/core-linalg';
import { generate, loadModel } from '@prompt-limits/prompt-tuning';
import { loadAdapter, openFolder } from '@prompt-limits/prompt-tuning/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/runCli.ts';
import { temporaryFolder, tinyFolder } from '../support/tinyFolder.ts';

let root: Awaited<ReturnType<typeof temporaryFolder>>;
let model: string;
beforeAll(async () => {
  root = await temporaryFolder();
  model = await tinyFolder(root.path);
});
afterAll(() => root.remove());

const FILES = ['adapter', join('adapter', 'adapter_config.json'), join('adapter', 'adapter_model.safetensors'), 'report.html', 'report.json'];

describe('prompt-limits report', () => {
  test('tunes, saves, reads back, decodes and writes; the adapter does the job by itself', async () => {
    const out = join(root.path, 'out');
    const text = 'hell the\n';
    const { code, stdout, stderr } = await runCli(['report', '--model', model, '--text-string', text, '--prompt-length', '12', '--steps', '400', '--seed', '3', '--threads', '1', '--out', out]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect((await readdir(out, { recursive: true })).sort()).toEqual(FILES);
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as LimitsReport;
    expect(report).toMatchObject({ text, aborted: false, fit: { accuracy: 1 }, tuning: { stopped: 'reproduced', budget: 400 }, reproduction: { exact: true, fromSavedAdapter: true, generated: text }, options: { seed: 3 } });
    expect(report.attention.heads).toHaveLength(2 * 6);
    expect(report.tuning!.history.at(-1)).toMatchObject({ accuracy: 1 });
    expect(stdout).toContain('12 soft tokens make the frozen model reproduce');
    expect(stdout).toContain(join(out, 'report.html'));
    expect(stdout).not.toContain('\u001B');
    expect(stderr).toMatch(/^loading weights: tiny, .*s\ntuning: loss .*\n/);

    // Another program, other kernels: the saved prompt alone gives the text.
    const saved = await loadAdapter(join(out, 'adapter'));
    const loaded = await loadModel(openFolder(model), { kernels: createPlainKernels({ precision: 'float32' }) });
    const { text: made } = await generate(loaded, { prompt: saved.embeddings, maxTokens: report.tokens.length, stopTokens: [] });
    expect(made).toBe(text);
  });

  test('a budget that ends first is said plainly', async () => {
    const out = join(root.path, 'budget');
    const { code, stdout } = await runCli(['report', '--model', model, '--text-string', 'not learnt so soon', '--prompt-length', '1', '--steps', '1', '--out', out]);
    expect(code).toBe(0);
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as LimitsReport;
    expect(report).toMatchObject({ tuning: { stopped: 'budget', steps: 1 }, reproduction: { exact: false } });
    expect(stdout).toMatch(/^1 soft token makes the frozen model predict/);
  });

  test('Ctrl-C keeps the best prompt so far and still writes the report', async () => {
    const out = join(root.path, 'aborted');
    let interrupted = false;
    // The tuning has begun when the loading is done; a learning rate this small never gets there by itself.
    const { code, stdout, stderr } = await runCli(['report', '--model', model, '--text-string', 'never', '--prompt-length', '2', '--steps', '1000000', '--learning-rate', '1e-12', '--out', out], {
      onStderr: (child, text) => {
        if (interrupted || !text.includes('loading weights: tiny')) return;
        interrupted = true;
        setTimeout(() => child.kill('SIGINT'), 300);
      },
    });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as LimitsReport;
    expect(report).toMatchObject({ aborted: true, tuning: { stopped: 'aborted' } });
    expect((await readdir(out, { recursive: true })).sort()).toEqual(FILES);
    expect(stdout).toContain('Stopped by Ctrl-C');
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('This run was stopped before its end.');
  });
});

describe('bad input ends with exit code 2, one clear line and nothing written', () => {
  const cases: readonly (readonly [string, (p: string) => readonly string[], RegExp])[] = [
    ['a missing model folder', (p) => ['--model', join(p, 'nowhere')], /^error: --model: must be an existing folder, got .*nowhere$/m],
    ['a folder without config.json', (p) => ['--model', join(p, 'empty')], /^error: --model: the folder must hold config\.json, got .*empty$/m],
    ['a config.json that is no JSON', (p) => ['--model', join(p, 'broken')], /^error: --model: .*config\.json must be JSON/m],
    ['a prompt length of 0', () => ['--prompt-length', '0'], /argument '0' is invalid\. It must be an integer of at least 1\./],
    ['a prompt longer than the context', () => ['--prompt-length', '98'], /^error: --prompt-length: must be at most the model's context of 97 tokens, got 98$/m],
    ['a prompt and a text longer than the context', () => ['--prompt-length', '96'], /^error: --prompt-length: prompt and text must fit into the model's context of 97 tokens, got 96 \+ 2$/m],
    ['no steps', () => ['--steps', '0'], /argument '0' is invalid\. It must be an integer of at least 1\./],
    ['a learning rate of 0', () => ['--learning-rate', '0'], /It must be a number above 0\./],
    ['an empty text', () => ['--text-string', ''], /^error: --text-string: the text must not be empty, got none$/m],
    ['an empty text file', (p) => ['--text', join(p, 'empty.txt')], /^error: --text: .*empty\.txt: the text must not be empty, got none$/m],
    ['a missing text file', (p) => ['--text', join(p, 'none.txt')], /^error: .*none\.txt: no such file or folder$/m],
    ['a text that is not UTF-8', (p) => ['--text', join(p, 'latin1.txt')], /^error: --text: .*latin1\.txt: must be a text in UTF-8, got other bytes$/m],
    ['both kinds of text', (p) => ['--text', join(p, 'empty.txt'), '--text-string', 'x'], /^error: --text: give either --text or --text-string, got both$/m],
    ['an unknown start', () => ['--init', 'zeros'], /argument 'zeros' is invalid\. Allowed choices are vocabulary, random, text\./],
    ['a file for an output folder', (p) => ['--out', join(p, 'empty.txt')], /^error: --out: must be a folder, got the file .*empty\.txt$/m],
  ];

  test('all of them', { timeout: 180_000 }, async () => {
    const p = root.path;
    await mkdir(join(p, 'empty'));
    await mkdir(join(p, 'broken'));
    await writeFile(join(p, 'broken', 'config.json'), '{"d": ');
    await writeFile(join(p, 'empty.txt'), '\n');
    await writeFile(join(p, 'latin1.txt'), Uint8Array.of(0x6e, 0xe9));
    const out = join(p, 'refused');
    const check = async ([what, args, message]: (typeof cases)[number]): Promise<void> => {
      const given = args(p);
      const defaults = { '--model': model, '--text-string': 'hello', '--out': out };
      const rest = Object.entries(defaults).flatMap(([name, value]) => (given.includes(name) || (name === '--text-string' && given.includes('--text')) ? [] : [name, value]));
      const { code, stdout, stderr } = await runCli(['report', ...rest, ...given]);
      expect({ what, code, stdout }).toEqual({ what, code: 2, stdout: '' });
      expect(stderr, what).toMatch(message);
      expect(stderr, what).not.toContain('    at ');
    };
    // Three processes at a time.
    for (let i = 0; i < cases.length; i += 3) await Promise.all(cases.slice(i, i + 3).map(check));
    expect(await readdir(p)).not.toContain('refused');
  });
});
