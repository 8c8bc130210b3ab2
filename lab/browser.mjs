// Headless Chromium with real players on pages of an origin of their own.
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import { players, version } from './players/index.mjs';

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required'];

export const executable = process.env.CHROMIUM || '/usr/bin/chromium';
const require = createRequire(import.meta.url);

// missing names what is not there to run a browser with, '' if everything is.
export function missing() {
  if (!existsSync(executable)) return executable;
  try {
    for (const p of players) if (p.script) require.resolve(p.script);
    require.resolve('playwright-core');
  } catch {
    return 'node_modules (npm --prefix lab ci)';
  }
  return '';
}

// raise gives all threads of a process the priority of this one. Chromium sets
// that of its renderers itself.
function raise(pid) {
  const want = os.getPriority();
  try {
    for (const tid of readdirSync(`/proc/${pid}/task`)) if (os.getPriority(Number(tid)) > want) os.setPriority(Number(tid), want);
  } catch { /* gone, or not allowed */ }
}

async function servePages() {
  const files = { '/page.js': ['text/javascript', new URL('page.js', import.meta.url)] };
  for (const p of players.filter((p) => p.script)) {
    files[`/${p.name}/`] = ['text/html', new URL('page.html', import.meta.url)];
    files[`/${p.name}/player.js`] = ['text/javascript', require.resolve(p.script)];
  }
  const server = createServer(async (req, res) => {
    const file = files[req.url];
    if (!file) return res.writeHead(404).end();
    res.writeHead(200, { 'content-type': file[0] }).end(await readFile(file[1]));
  });
  await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
  return server;
}

// open starts a browser. Its pages have the functions of page.js.
export async function open() {
  const { chromium } = await import('playwright-core');
  const server = await servePages();
  const browser = await chromium.launch({ executablePath: executable, args: flags, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
  const url = `http://127.0.0.1:${server.address().port}/`;
  const root = await browser.newBrowserCDPSession();
  return {
    version: browser.version(), url,
    // hurry sees to it that pages are not starved by what else the machine does.
    async hurry() {
      for (const p of (await root.send('SystemInfo.getProcessInfo')).processInfo) raise(p.id);
    },
    // page opens a page for a player, with caches and connections of its own.
    async page(player) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const console = [];
      const urls = [];
      page.on('console', (m) => console.push(`${m.type()}: ${m.text()}`));
      page.on('pageerror', (e) => console.push(`exception: ${e.message}`));
      let cdp;
      await page.goto(`${url}${player.name}/`);
      page.on('request', (r) => urls.push(r.url()));
      return {
        console, urls,
        played: () => page.evaluate(() => window.played()),
        watch: (id, src, config) => page.evaluate(([i, u, s, c]) => window.watch(i, u, s, c), [id, src, player.start.toString(), config]),
        stop: (id) => page.evaluate((i) => window.stop(i), id),
        // shape sets the rate in kbit/s and the round trip in ms of the page's network.
        async shape(kbps, rtt) {
          cdp ??= await context.newCDPSession(page);
          await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: rtt, downloadThroughput: (kbps * 1000) / 8, uploadThroughput: -1 });
        },
        close: () => context.close(),
      };
    },
    // visit opens a page of another server.
    async visit(url, options) {
      const page = await (await browser.newContext(options)).newPage();
      const said = [];
      const urls = [];
      page.on('console', (m) => said.push(`${m.type()}: ${m.text()}`));
      page.on('pageerror', (e) => said.push(`exception: ${e.message}`));
      page.on('request', (r) => urls.push(r.url()));
      await page.goto(url);
      return { page, console: said, urls };
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

// real readies a real player and returns how to start and stop it; stop returns the
// record: log, samples of the position, frames and, of a page, how late its timers were.
export async function real(browser, player, config) {
  if (player.run) {
    let running;
    return { start: async (url) => (running = player.run(url)), stop: () => running.stop(), console: [] };
  }
  const page = await browser.page(player);
  return {
    console: page.console, shape: page.shape,
    start: (url) => page.watch(0, url, config ?? player.config),
    async stop() {
      const record = await page.stop(0);
      await page.close();
      return record;
    },
  };
}

export { version };
