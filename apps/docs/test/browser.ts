/**
 * Opens the built site in headless Chromium: nothing may fail in the console, and what the demo prints must be what the
 * same packages print in Node. Without a Chromium the test is skipped and says so. With SCREENSHOTS set to a folder,
 * every page is kept there as a picture.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createKernels } from '@prompt-limits/core-linalg';
import type { BrowserContext, Page } from 'playwright-core';
import { initialState, view, type DemoState } from '../components/attentionModel.ts';
import { fastProblem, fastView, initialFastState } from '../components/fastModel.ts';
import { apiPath } from '../data/apiPath.ts';
import { parts } from '../data/coverage.ts';
import { findChromium, serve, withBrowser } from './chromium.ts';

const dist = join(import.meta.dirname, '../.vitepress/dist');
const screenshots = process.env['SCREENSHOTS'];
const pages = ['/', '/demo', '/demo-fast', '/coverage', '/errata', '/guide/getting-started', '/guide/report', '/api/']
  .concat(['boltzmann', 'attention', 'planner', 'soft-prompt-tuning', 'prompt-length', 'efficiency-criterion', 'feed-forward', 'kernels'].map((p) => `/constructions/${p}`));
const WASM_BUILDS = new Set(['relaxed-simd', 'simd128']);

/** Opens a page and runs `body` on it; fails on any error of the page, its console or its requests. */
async function open(browser: BrowserContext, url: string, body: (page: Page) => Promise<void>): Promise<void> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('response', (response) => response.status() >= 400 && errors.push(`${response.status()} ${response.url()}`));
  try {
    await page.goto(url, { waitUntil: 'load' });
    await body(page);
    assert.deepEqual(errors, [], `errors on ${url}`);
  } finally {
    await page.close();
  }
}

const numbers = (text: string): number[] => text.split(',').map(Number);

/** What the page prints, against what Node computes for the same state. */
async function assertDemoShows(page: Page, state: DemoState): Promise<void> {
  const kernels = await createKernels();
  const expected = view(state, kernels);
  kernels.close();
  const printed: Record<string, readonly number[]> = {
    output: expected.output,
    share: [expected.promptShare],
    boltz: [expected.boltz],
    gibbs: [expected.logPartition - expected.entropy],
  };
  for (const [id, values] of Object.entries(printed)) {
    const shown = numbers(await page.locator(`#${id}`).innerText());
    assert.equal(shown.length, values.length);
    // Six decimals are printed; engines may round the last bit of an exponential differently.
    values.forEach((v, i) => assert.ok(Math.abs(shown[i]! - v) <= 0.5e-6 + 1e-12, `${id}: page ${shown[i]}, Node ${v}`));
  }
  const weights = (await page.locator('.weights g > text').allTextContents()).map(Number);
  assert.deepEqual(weights, expected.weights.flat().map((w) => Number(w.toFixed(2))));
}

const executable = findChromium();
if (executable === undefined) {
  process.stdout.write('browser test skipped: no Chromium found\n');
  // A caller that sums up several steps names the exit code by which it tells a skip from a pass.
  process.exitCode = Number(process.env['SKIPPED_EXIT_CODE'] ?? 0);
}

test('the site in a browser', { skip: executable === undefined ? 'no Chromium found' : false, timeout: 300_000 }, async (t) => {
  assert.ok(existsSync(dist), 'build the site first: pnpm --filter @prompt-limits/docs build');
  const site = await serve(dist, false);
  const isolated = await serve(dist, true);
  t.after(() => Promise.all([site.close(), isolated.close()]));
  await withBrowser(executable!, async (browser) => {
    await t.test('every page loads without an error, in light and dark', async () => {
      for (const path of pages) {
        await open(browser, site.url + path, async (page) => {
          for (const scheme of ['light', 'dark'] as const) {
            await page.emulateMedia({ colorScheme: scheme });
            await page.waitForFunction((dark) => document.documentElement.classList.contains('dark') === dark, scheme === 'dark');
            if (path.startsWith('/demo')) await page.locator('.demo[data-ready=true]').waitFor();
            if (screenshots) await page.screenshot({ path: join(screenshots, `${path.replaceAll('/', '_')}-${scheme}.png`), fullPage: true });
          }
        });
      }
    });

    await t.test('no page is wider than a phone', async () => {
      for (const path of pages) {
        await open(browser, site.url + path, async (page) => {
          await page.setViewportSize({ width: 390, height: 844 });
          if (path.startsWith('/demo')) await page.locator('.demo[data-ready=true]').waitFor();
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, path);
        });
      }
    });

    await t.test('the demo computes what Node computes, and follows the slider and the tokens', () =>
      open(browser, `${site.url}/demo`, async (page) => {
        await page.locator('.demo[data-ready=true]').waitFor();
        await assertDemoShows(page, initialState);
        const before = await page.locator('#boltz').innerText();
        await page.locator('#scale').fill('3');
        assert.notEqual(await page.locator('#boltz').innerText(), before);
        await assertDemoShows(page, { ...initialState, scale: 3 });
        await page.getByLabel('p, entry 1').fill('-1.5');
        await assertDemoShows(page, { ...initialState, scale: 3, prompt: [-1.5, initialState.prompt[1]] });
        assert.equal(await page.locator('.plane path.ray[d^="M"]').count(), 1 + initialState.input.length);
        assert.ok(Number(await page.locator('#float32').innerText()) < 1e-5);
        const build = (await page.locator('#kernels').innerText()).split(',')[0]!;
        assert.ok(WASM_BUILDS.has(build), `kernels in the page: ${build}`);
      }));

    await t.test('exact or polynomial: what Node plans, errors within the certificate, blocks and exact attention where they belong', () =>
      open(browser, `${site.url}/demo-fast`, async (page) => {
        await page.locator('.demo[data-ready=true]').waitFor();
        const kernels = await createKernels();
        for (const change of [{}, { log2n: 11 }, { far: 5 }, { far: 0, entries: 2.5 }]) {
          for (const [id, value] of Object.entries(change)) await page.locator(`#${id}`).fill(String(value));
          const state = { ...initialFastState, log2n: 'log2n' in change || 'far' in change ? 11 : initialFastState.log2n, ...change };
          const { plan, ratio } = fastView(state, fastProblem(state), kernels);
          await page.waitForFunction((text) => document.querySelector('#reason')?.textContent === text, `${plan.reason}.`);
          assert.equal(await page.locator('#ratio').innerText(), ratio.toFixed(3));
          const [error, certified] = [Number(await page.locator('#error').innerText()), Number(await page.locator('#certified').innerText())];
          assert.ok(error <= certified && certified > 0, `error ${error}, certified ${certified}`);
          assert.match(await page.locator('#method').innerText(), plan.blocks ? /^polynomial in 3 blocks$/ : new RegExp(`^${plan.method}$`));
        }
        kernels.close();
      }));

    await t.test('formulas are typeset, with small superscripts', () =>
      open(browser, `${site.url}/constructions/boltzmann`, async (page) => {
        assert.ok((await page.locator('.katex-display').count()) > 0);
        assert.equal(await page.locator('.katex-error').count(), 0);
        // The styles of another KaTeX version leave superscripts at full size.
        const [base, script] = await page.evaluate(() => ['.katex', '.katex .msupsub .mtight'].map((s) => document.querySelector(s)!.getBoundingClientRect().height));
        const sizes = await page.evaluate(() => ['.katex', '.katex .msupsub .mtight'].map((s) => Number.parseFloat(getComputedStyle(document.querySelector(s)!).fontSize)));
        assert.ok(base! > 0 && script! > 0 && sizes[1]! < 0.8 * sizes[0]!, `font sizes ${sizes.join(', ')}`);
      }));

    await t.test('the coverage table has every statement, filters, and links to pages that exist', () =>
      open(browser, `${site.url}/coverage`, async (page) => {
        const rows = parts.flatMap((p) => p.statements);
        const built = rows.filter((r) => r.status === 'built').length;
        assert.equal(await page.locator('tr.statement').count(), rows.length);
        await page.getByRole('button', { name: /^built/ }).click();
        assert.equal(await page.locator('tr.statement').count(), built);
        for (const f of new Set(rows.flatMap((r) => r.functions))) {
          assert.equal((await fetch(site.url + apiPath(f))).status, 200, `API page of ${f}`);
        }
      }));

    for (const [name, { url }] of [['a plain page', site], ['a cross-origin isolated page', isolated]] as const) {
      await t.test(`kernels load in ${name} and in its worker`, () =>
        open(browser, `${url}/constructions/kernels`, async (page) => {
          await page.locator('.probe tbody tr').nth(1).waitFor();
          const shared = await page.evaluate(() => crossOriginIsolated);
          assert.equal(shared, url === isolated.url);
          for (const row of await page.locator('.probe tbody tr').all()) {
            const [place, build, threads, product] = await row.locator('td').allInnerTexts();
            assert.ok(WASM_BUILDS.has(build!), `${place}: ${build}`);
            assert.ok(shared ? Number(threads) >= 1 : threads === '1', `${place}: ${threads} threads`);
            assert.equal(product, '17, 39');
          }
        }));
    }

    await t.test('search finds a function', () =>
      open(browser, site.url, async (page) => {
        await page.locator('.DocSearch-Button').click();
        await page.locator('#localsearch-input').fill('attendVjp');
        await page.locator('#localsearch-list a').first().waitFor();
      }));
  });
});
