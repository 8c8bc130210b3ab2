// Headless Chromium with hls.js on a page of its own origin.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'];

export const executable = process.env.CHROMIUM || '/usr/bin/chromium';

// missing names what is not there to run a browser with, '' if everything is.
export function missing() {
  if (!existsSync(executable)) return executable;
  try {
    createRequire(import.meta.url).resolve('hls.js');
    createRequire(import.meta.url).resolve('playwright-core');
  } catch {
    return 'node_modules (npm --prefix lab ci)';
  }
  return '';
}

async function servePage() {
  const hls = createRequire(import.meta.url).resolve('hls.js/dist/hls.js');
  const files = { '/': ['text/html', 'page.html'], '/page.js': ['text/javascript', 'page.js'], '/hls.js': ['text/javascript', hls] };
  const server = createServer(async (req, res) => {
    const file = files[req.url];
    if (!file) return res.writeHead(404).end();
    res.writeHead(200, { 'content-type': file[0] }).end(await readFile(new URL(file[1], import.meta.url)));
  });
  await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
  return server;
}

// open starts a browser. Its pages have the functions of page.js.
export async function open() {
  const { chromium } = await import('playwright-core');
  const server = await servePage();
  const browser = await chromium.launch({ executablePath: executable, args: flags });
  const url = `http://127.0.0.1:${server.address().port}/`;
  return {
    version: browser.version(),
    hls: createRequire(import.meta.url)('hls.js/package.json').version,
    async page() {
      const context = await browser.newContext();
      const page = await context.newPage();
      const console = [];
      page.on('console', (m) => console.push(`${m.type()}: ${m.text()}`));
      page.on('pageerror', (e) => console.push(`exception: ${e.message}`));
      const requests = listen(page);
      let cdp;
      await page.goto(url);
      requests.length = 0;
      return {
        console, requests,
        played: () => page.evaluate(() => window.played()),
        watch: (id, src, config) => page.evaluate(([i, u, c]) => window.watch(i, u, c), [id, src, config]),
        stop: (id) => page.evaluate((i) => window.stop(i), id),
        // shape sets the rate in kbit/s and the round trip in ms of the page's network.
        async shape(kbps, rtt) {
          cdp ??= await context.newCDPSession(page);
          await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: rtt, downloadThroughput: (kbps * 1000) / 8, uploadThroughput: -1 });
        },
        close: () => context.close(),
      };
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

// listen writes down a page's requests, in the order in which they were made.
function listen(page) {
  const all = [];
  const of = new Map();
  page.on('request', (r) => {
    const q = { at: Date.now(), url: r.url(), status: 0, end: null, failure: '' };
    of.set(r, q);
    all.push(q);
  });
  const start = (r, q) => {
    const t = r.timing();
    if (t.startTime > 0) q.at = t.startTime;
    return t;
  };
  page.on('response', (r) => {
    const q = of.get(r.request());
    if (!q) return;
    start(r.request(), q);
    q.status = r.status();
  });
  page.on('requestfinished', (r) => {
    const q = of.get(r);
    if (!q) return;
    const t = start(r, q);
    q.end = t.responseEnd > 0 ? q.at + t.responseEnd : Date.now();
  });
  page.on('requestfailed', (r) => {
    const q = of.get(r);
    if (!q) return;
    start(r, q);
    q.end = Date.now();
    q.failure = r.failure()?.errorText || 'failed';
  });
  return all;
}
