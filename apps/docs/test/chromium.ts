/** Finds a Chromium, and opens it on a folder served over HTTP. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize, sep } from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'];

/** The path of a Chromium, or undefined where there is none; CHROMIUM_PATH decides where it is set. */
export function findChromium(): string | undefined {
  const chosen = process.env['CHROMIUM_PATH'];
  if (chosen === undefined) return PLACES.find((p) => existsSync(p));
  if (!existsSync(chosen)) throw new RangeError(`findChromium: CHROMIUM_PATH must name a file, got ${JSON.stringify(chosen)}`);
  return chosen;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** A server that can be closed, and where it listens. */
export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a folder on a free port of this machine; `isolated` sends the headers that shared memory asks for. */
export async function serve(folder: string, isolated: boolean): Promise<Site> {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://site').pathname));
    const candidates = path.endsWith(sep) ? [`${path}index.html`] : [path, `${path}.html`, join(path, 'index.html')];
    const file = candidates.map((p) => join(folder, p)).find((p) => extname(p) in TYPES && existsSync(p));
    if (isolated) response.setHeader('Cross-Origin-Opener-Policy', 'same-origin').setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] }).end(await readFile(file));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((done) => server.close(() => done()).closeAllConnections()),
  };
}

/** Runs `body` in a browser with a profile of its own, which is removed afterwards. */
export async function withBrowser(executablePath: string, body: (browser: BrowserContext) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'prompt-limits-browser-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    viewport: { width: 1280, height: 900 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  try {
    await body(browser);
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
}
