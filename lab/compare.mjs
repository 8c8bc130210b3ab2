// Lays hls.js in Chromium and the synthetic player beside each other: the same
// channel, the same fault, joined within some hundredths of a second.
//
//   node compare.mjs [CASE…]       all cases without one; a name ending in * is a prefix
//   LAB_PHASE=0.4 LAB_SKIP=0       joins after this share of a segment, and so many segments later
//
// Writes both logs and the figures of each case to lab/out and prints the
// figures; `node table.mjs` makes one table of what is there.
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { missing, open } from './browser.mjs';
import { cases } from './cases.mjs';
import { figures, sideBySide } from './measure.mjs';
import { fromReal, fromSynthetic, variants } from './record.mjs';
import { startRig } from './rig.mjs';
import { runSynthetic } from './synthetic.mjs';

const out = new URL('out/', import.meta.url);
const wait = (ms) => new Promise((ok) => setTimeout(ok, ms));

// entry serves one multivariant playlist from here, so that it is known to the
// millisecond who opened it when.
async function entry(rigURL, came) {
  const text = await (await fetch(rigURL)).text();
  const absolute = text.split('\n').map((l) => {
    if (l && !l.startsWith('#')) return new URL(l, rigURL).href;
    return l.replace(/URI="([^"]+)"/, (_, u) => `URI="${new URL(u, rigURL).href}"`);
  }).join('\n');
  const server = createServer((req, res) => {
    came(req.url.includes('real') ? 'real' : 'synthetic');
    res.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl', 'access-control-allow-origin': '*' }).end(absolute);
  });
  await new Promise((ok) => server.listen(0, '127.0.0.1', ok));
  return { server, text, base: `http://127.0.0.1:${server.address().port}/`, list: variants(text, rigURL) };
}

// dates tells the date-time of each segment, from a media playlist.
async function dates(rigURL, text) {
  const url = new URL(text.split('\n').find((l) => l && !l.startsWith('#')), rigURL);
  const list = await (await fetch(url)).text();
  const first = Number(/MEDIA-SEQUENCE:(\d+)/.exec(list)[1]);
  const at = Date.parse(/PROGRAM-DATE-TIME:(.*)/.exec(list)[1]);
  const each = Number(/EXTINF:([\d.]+)/.exec(list)[1]) * 1000;
  return (seq) => at + (seq - first) * each;
}

// phase waits until a share of a segment has passed since the last one was
// published, so that no reload falls on a publication; and for some segments more,
// since audio and video end together only at some joints.
async function phase(pdt, segment, share, skip) {
  const since = (Date.now() - pdt(0)) % segment;
  await wait(((share * segment - since + segment) % segment) + skip * segment);
}

async function compare(browser, c) {
  const rig = await startRig(c.rig);
  const joined = {};
  let first;
  const began = new Promise((ok) => (first = ok));
  const e = await entry(rig.urls[c.entry || 0], (who) => {
    joined[who] = Date.now();
    first();
  });
  try {
    const pdt = await dates(rig.urls[0], e.text);
    const page = await browser.page();
    await phase(pdt, parseFloat(c.rig.segment) * 1000, Number(process.env.LAB_PHASE || 0.4), Number(process.env.LAB_SKIP || 0));
    const viewer = { profile: c.profile };
    if (c.network) {
      const { kbps, rtt, drop } = c.network;
      await page.shape(kbps, rtt);
      viewer.network = { base: 'unlimited', down: `${kbps}kbps`, rtt: `${rtt}ms` };
      if (drop) viewer.chaos = [{ name: 'drop', fault: 'net.bandwidth', at: `${drop.at}s`, for: `${drop.for}s`, down: `${drop.kbps}kbps` }];
    }
    const run = runSynthetic(e.base + 'synthetic/p0/index.m3u8', c.seconds + 2, viewer);
    await Promise.race([began, run]);
    await page.watch(0, e.base + 'real/p0/index.m3u8', c.config);
    const zero = Date.now();
    const on = [];
    if (c.network?.drop) {
      const { kbps, rtt, drop } = c.network;
      setTimeout(() => page.shape(drop.kbps, rtt), drop.at * 1000);
      setTimeout(() => page.shape(kbps, rtt), (drop.at + drop.for) * 1000);
    }
    for (const f of c.faults || []) {
      const { at, for: length, ...fault } = f;
      const name = `f${on.length}`;
      const o = { from: null, to: null };
      on.push(o);
      o.done = (async () => {
        await wait(zero + at * 1000 - Date.now());
        const asked = Date.now();
        await rig.fault({ name, ...fault });
        o.from = asked;
        o.applied = Date.now();
        if (!length) return;
        await wait(zero + (at + length) * 1000 - Date.now());
        o.to = Date.now();
        await rig.clear(name);
      })();
    }
    await Promise.all(on.map((o) => o.done));
    await wait(zero + c.seconds * 1000 - Date.now());
    const played = await page.stop(0);
    const requests = page.requests.slice();
    await page.close();
    const events = await run;
    const real = fromReal(played, requests, pdt);
    const synthetic = fromSynthetic(events, e.list, joined.synthetic);
    const rel = (r, at) => (at === null || at === undefined ? null : (at - r.join) / 1000);
    const sides = [real, synthetic].map((r) => {
      const fault = on.length ? rel(r, on[0].from) : null;
      const cleared = on.length ? rel(r, on[0].to) : null;
      return { r, fault, cleared, f: figures(r, fault, cleared, c.seconds) };
    });
    return { real, synthetic, sides, on, shift: real.join - synthetic.join, log: played.log, events };
  } finally {
    e.server.closeAllConnections();
    e.server.close();
    await rig.stop();
  }
}

function table(c, x) {
  const lines = [`### ${c.name}`, '', `synthetic joined ${x.shift.toFixed(0)} ms before the real one${x.sides[0].fault === null ? '' : `, fault ${x.sides[0].fault.toFixed(2)} s after`}`, '',
    '| | hls.js 1.7.4 | synthetic |', '| --- | --- | --- |'];
  for (const k of Object.keys(x.sides[0].f)) lines.push(`| ${k} | ${x.sides[0].f[k]} | ${x.sides[1].f[k]} |`);
  return lines.join('\n') + '\n';
}

const lacking = missing();
if (lacking) {
  console.log(`SKIPPED: compare: no ${lacking}`);
  process.exit(process.env.CI ? 1 : 0);
}
const wanted = process.argv.slice(2);
const chosen = cases.filter((c) => !wanted.length || wanted.some((w) => (w.endsWith('*') ? c.name.startsWith(w.slice(0, -1)) : c.name === w)));
await mkdir(out, { recursive: true });
const browser = await open();
try {
  for (const c of chosen) {
    const x = await Promise.race([compare(browser, c), wait((c.seconds + 40) * 1000)]);
    if (!x) throw new Error(`${c.name}: did not come to an end`);
    // Both on one time axis: that of the real player.
    const move = (r, d) => {
      for (const l of [r.requests, r.appends, r.switches, r.stalls, r.errors]) for (const y of l) {
        y.t -= d;
        if (y.end) y.end -= d;
      }
      if (r.fatal) r.fatal.t -= d;
    };
    const t = table(c, x);
    await writeFile(new URL(`${c.name}.json`, out), JSON.stringify({ name: c.name, shift: x.shift, real: x.sides[0].f, synthetic: x.sides[1].f }, null, 1) + '\n');
    move(x.synthetic, x.shift / 1000);
    const log = sideBySide(x.real, x.synthetic, -1, 1000);
    await writeFile(new URL(`${c.name}.txt`, out), t + '\n' + log + '\n');
    await writeFile(new URL(`${c.name}.hlsjs.log`, out), x.log.map((e) => `${((e.at - x.real.join) / 1000).toFixed(3)} ${e.event} ${JSON.stringify({ ...e, at: undefined, event: undefined })}`).join('\n') + '\n');
    await writeFile(new URL(`${c.name}.events.ndjson`, out), x.events.map((e) => JSON.stringify(e)).join('\n') + '\n');
    console.log(t);
  }
} finally {
  await Promise.race([browser.close(), wait(5000)]);
}
process.exit(0);
