import { limitsReport, type LimitsReport } from '@prompt-limits/bench';
import { describeNodeMachine } from '@prompt-limits/bench/node';
import { randomSource } from '@prompt-limits/core-linalg';
import { randomModel, softPrompt } from '@prompt-limits/prompt-tuning';
import { expect, test } from 'vitest';
import { reportPage } from '../../src/html/page.ts';

/** Markup, quotes, a bell and an emoji: everything that must not reach the page as it is. */
const HOSTILE = '<script>alert("1")</script> & \'x\' \u0007 \u{1F600}';

function report(overrides: Partial<LimitsReport> = {}): LimitsReport {
  const model = randomModel({ random: randomSource(5), config: { layers: 3 } });
  const ids = model.tokenizer.encode('a<b & "c"');
  const history = Array.from({ length: 40 }, (_, step) => ({ step, loss: 8 * 0.8 ** step, accuracy: Math.min(1, step / 30) }));
  const facts = limitsReport({ ...model, name: HOSTILE }, softPrompt(model.embed([1, 2, 3])), { ids }, {
    tuning: { steps: 39, budget: 100, stopped: 'budget', bestStep: 38, milliseconds: 1234, history },
    reproduction: { exact: false, matchingTokens: 2, generated: HOSTILE, fromSavedAdapter: true },
    machine: { ...describeNodeMachine(), cpu: HOSTILE },
    timings: { tuning: 1234 },
    runOptions: { model: HOSTILE, seed: 1, text: null },
    createdAt: '2026-01-01T00:00:00Z',
  });
  return { ...facts, ...overrides };
}

const page = reportPage(report());

test('asks for nothing from anywhere, and forbids it', () => {
  expect(page).not.toMatch(/\b(?:src|href|action|srcset|data|poster)\s*=/i);
  expect(page).not.toMatch(/https?:|url\(|@import|fetch\(|import\(/i);
  expect(page).toContain("default-src 'none'");
  expect(page.match(/<script>/g)).toHaveLength(1);
});

test('shows hostile text as text, wherever it comes from', () => {
  expect(page).not.toContain('<script>alert');
  expect(page).not.toContain('\u0007');
  const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39; \uFFFD \u{1F600}';
  expect(page).toContain(`<title>Limits report: ${escaped}</title>`);
  expect(page).toContain(`<pre>${escaped}</pre>`);
  // In the Python example the text is a string literal first.
  expect(page).toContain('folder = &quot;&lt;script&gt;alert(\\&quot;1\\&quot;)');
});

test('is well-formed: every element that is opened is closed in order', () => {
  const open: string[] = [];
  const body = page.replace(/<style>.*?<\/style>|<script>.*?<\/script>|<!doctype html>/gs, '');
  for (const [, close, name, selfClosed] of body.matchAll(/<(\/?)([a-z0-9]+)(?:"[^"]*"|[^">])*?(\/?)>/gi)) {
    if (selfClosed || ['meta', 'br'].includes(name!)) continue;
    if (close) expect(open.pop(), `</${name}>`).toBe(name);
    else open.push(name!);
  }
  expect(open).toEqual([]);
});

test('every plot has as many marks as there are figures', () => {
  const { tokens, attention, tuning } = report();
  const figures = page.match(/<svg.*?<\/svg>/gs)!;
  expect(figures).toHaveLength(4);
  const [bars, loss, grid, strip] = figures as [string, string, string, string];
  expect(bars.match(/<rect/g)).toHaveLength(tokens.length);
  expect(loss.match(/M[^"]*/)![0].match(/L/g)).toHaveLength(tuning!.history.length - 1);
  expect(grid.match(/<rect/g)).toHaveLength(attention.heads.length);
  expect(strip.match(/<circle/g)).toHaveLength(attention.heads.length);
  for (const svg of figures) expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(page.match(/<tr title=/g)).toHaveLength(attention.heads.length);
});

test('says plainly what was found', () => {
  expect(page).toContain('Not yet: ');
  const done = report({ reproduction: { exact: true, matchingTokens: 9, generated: '', fromSavedAdapter: true }, aborted: true });
  expect(reportPage(done)).toContain('3 soft tokens make the frozen model reproduce 9 tokens of text exactly');
  expect(reportPage(done)).toContain('This run was stopped before its end.');
});

test('a report without tuning, check or machine, of one step, one token or a loss of 0 still draws', () => {
  const { tokens, tuning } = report();
  const bare = reportPage(report({ tuning: null, reproduction: null, machine: null, createdAt: null }));
  const short = reportPage(report({ tokens: tokens.slice(0, 1), tuning: { ...tuning!, steps: 0, bestStep: 0, history: [{ step: 0, loss: 0, accuracy: 1 }] } }));
  for (const made of [bare, short]) expect(made.replace(/<script>.*?<\/script>/s, '')).not.toMatch(/NaN|Infinity|undefined/);
  expect(bare.match(/<svg/g)).toHaveLength(3);
});
