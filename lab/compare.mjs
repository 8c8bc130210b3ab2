// Lays real players and their synthetic twins beside each other: all of them watch the
// same channel at the same time, each with its twin at the same instant, through one fault.
//
//   node lab/compare.mjs [--player NAME,…] [--repeats 1] [--jobs 1] [--seed 1] [--fresh | --resume]
//                        [--join 0.3 --fault 0.35] [--profile PROFILE] [CASE…]
//
// A case is a name of cases.mjs with what differs from the base channel, as in
// kill.4s.five.fmp4.demuxed.blocked; `kill*` are all of the matrix (design.mjs) that start
// so; without one the whole matrix. --join is the share of a segment after its publication at
// which the players come, --fault the share after that at which the fault comes; without
// them both are drawn from the seed. --profile is another twin, by name or file;
// --config what the real player on a page is configured with, in JSON.
//
// Each comparison leaves in lab/out, per player, both logs side by side (.txt), the real
// player's own log (.log), its position, buffer and estimate (.samples), the synthetic one's
// events (.ndjson) and the figures (.json); `node lab/report.mjs` makes tables of what is
// there. --fresh removes what is there first, --resume leaves out what is there already.
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { missing, open, real } from './browser.mjs';
import { find, names, nameOf, phases, seeded } from './cases.mjs';
import { spawn } from './children.mjs';
import { design } from './design.mjs';
import { now, openFront } from './front.mjs';
import { figures, levels, sideBySide } from './measure.mjs';
import { players, version } from './players/index.mjs';
import { fromReal, fromSynthetic, variants } from './record.mjs';
import { startRig } from './rig.mjs';
import { startSynthetic } from './synthetic.mjs';
import { judge } from './verdict.mjs';

const out = new URL('out/', import.meta.url);
const wait = (ms) => new Promise((ok) => setTimeout(ok, ms));
const until = (at) => wait(Math.max(0, at - now()));

// lateness of a timer in ms, at the 99th percentile and at most.
function lateness(late, from) {
  const v = late.filter((x) => x.at >= from).map((x) => x.ms).sort((a, b) => a - b);
  return { p99: v.length ? v[Math.floor(v.length * 0.99)] : 0, max: v.at(-1) ?? 0 };
}

// ahead is how long before the join players are started, in ms.
const ahead = { synthetic: 1500, real: 500 };

// slots says who starts together: programs first, then browsers one by one.
const slots = (sides) => [sides.filter((s) => !s.player.script), ...sides.filter((s) => s.player.script).map((s) => [s])].filter((l) => l.length);

// starved says that somebody got no processor for so long that it may be seen in the figures.
const starved = (l) => l.p99 > 100 || l.max > 500;
const dropped = (f) => f.dropped > 0.1 * f.total;

const own = [];
let due = now() + 50;
setInterval(() => {
  own.push({ at: now(), ms: Math.max(0, now() - due) });
  due = now() + 50;
}, 50).unref();

// segments tells when the first segment of the playlist came to be, in ms.
async function publication(rigURL, text) {
  const url = new URL(text.split('\n').find((l) => l && !l.startsWith('#')), rigURL);
  return Date.parse(/PROGRAM-DATE-TIME:(.*)/.exec(await (await fetch(url)).text())[1]);
}

// compare runs one case with some players and returns the records of each.
export async function compare(browser, c, chosen, phase, profile, config) {
  const rig = await startRig(c.rig);
  const front = openFront(rig.urls[0]);
  const sides = [];
  try {
    const text = await (await fetch(rig.urls[0])).text();
    const list = variants(text, rig.urls[0]);
    const born = await publication(rig.urls[0], text);
    const viewer = {};
    if (c.network) {
      const { kbps, rtt, drop } = c.network;
      viewer.network = { base: 'unlimited', down: `${kbps}kbps`, rtt: `${rtt}ms` };
      if (drop) viewer.chaos = [{ name: 'drop', fault: 'net.bandwidth', at: `${drop.at}s`, for: `${drop.for}s`, down: `${drop.kbps}kbps` }];
    }
    for (const p of chosen) {
      const side = { player: p, doors: [await front.door(), await front.door()], real: await real(browser, p, config) };
      sides.push(side);
      if (c.network) await side.real.shape(c.network.kbps, c.network.rtt);
    }
    // A player and its twin are let in at the same instant, players one segment after
    // another: browsers that start together hold each other up. Each comes a moment before, so that none
    // waits long.
    const segment = c.td * 1000;
    const next = (at) => at + ((phase.join * segment - ((at - born) % segment) + 2 * segment) % segment);
    const arrive = async (s, side, who) => {
      await Promise.race([s.doors[side].arrived, wait(20_000).then(() => { throw new Error(`${who} did not come`); })]);
    };
    const on = { from: null, to: null };
    const reset = c.fault?.fault === 'reset';
    const strike = async (at) => {
      await until(at);
      on.from = now();
      if (reset) front.reset(c.fault.pipeline);
      else await rig.fault({ name: 'fault', ...c.fault });
    };
    const onset = (c.at + phase.fault * c.td) * 1000; // after the join; before the first one if negative
    let enter = next(now() + ahead.synthetic + Math.max(0, -c.at * 1000));
    if (onset < 0) {
      await front.hold();
      await strike(enter + onset);
    }
    for (const slot of slots(sides)) {
      await until(enter - ahead.synthetic);
      for (const s of slot) {
        s.synthetic = await startSynthetic(s.doors[1].url(rig.urls[0]), c.seconds + 60, { profile: profile || s.player.profile, ...viewer });
        await arrive(s, 1, `the synthetic ${s.player.name}`);
      }
      await until(enter - ahead.real);
      await Promise.all(slot.map((s) => s.real.start(s.doors[0].url(rig.urls[0]))));
      await Promise.all(slot.map((s) => arrive(s, 0, s.player.name)));
      if (now() > enter + 0.05 * segment) enter = next(now());
      await until(enter);
      for (const s of slot) {
        s.doors.forEach((d) => d.release());
        s.zero = now();
      }
      await browser?.hurry();
      enter += segment;
    }
    const zero = Math.max(...sides.map((s) => s.zero));
    setTimeout(() => browser?.hurry().catch(() => {}), 3000); // decoders have started
    if (c.network?.drop) {
      const { kbps, rtt, drop } = c.network;
      const shape = (k) => sides.forEach((s) => s.real.shape(k, rtt));
      setTimeout(() => shape(drop.kbps), drop.at * 1000);
      setTimeout(() => shape(kbps), (drop.at + drop.for) * 1000);
    }
    if (c.fault) {
      if (onset >= 0) await strike(zero + onset);
      if (c.for) {
        await until(zero + Math.max(0, onset) + c.for * 1000);
        on.to = now();
        if (reset) front.clear(c.fault.pipeline);
        else await rig.clear('fault');
      }
    }
    await until(zero + c.seconds * 1000);
    const end = zero + c.seconds * 1000;
    const stats = lateness(own, zero);
    return await Promise.all(sides.map(async (s) => {
      const [played, events] = await Promise.all([s.real.stop(), s.synthetic.stop()]);
      const [a, b] = [fromReal(played, s.doors[0].requests, s.zero), fromSynthetic(events, list, s.doors[1].requests, s.zero)];
      const t = (at) => (at === null ? null : (at - s.zero) / 1000);
      const late = { node: stats, page: lateness(played.late || [], zero + 1000) };
      const from = on.from && Math.max(0, t(on.from)); // what comes before the join is not seen
      const measured = [a, b].map((r) => figures(r, from, t(end), c.td));
      // When a buffer runs dry depends on how fast it was played.
      const slow = Boolean(s.player.script) && measured[0].slip > 1 && measured.some((f) => f.outage > 0);
      return {
        player: s.player, profile: profile || s.player.profile, http: s.doors.map((d) => d.http), real: a, synthetic: b, fault: t(on.from), cleared: t(on.to), played, events, late, console: s.real.console, zero: s.zero,
        starved: starved(late.node) || starved(late.page) || dropped(played.frames) || slow,
        figures: measured,
      };
    }));
  } finally {
    front.close();
    await Promise.all(sides.filter((s) => s.synthetic).map((s) => s.synthetic.stop().catch(() => {})));
    await rig.stop();
  }
}

const say = (v) => (v === null || v === undefined ? '-' : typeof v === 'number' ? (Number.isInteger(v) ? String(v) : v.toFixed(2)) : String(v));

// table of one comparison, as Markdown.
export function table(c, x, rows) {
  const lines = [`### ${c.name}, ${x.player.name} ${version(x.player)}`, ''];
  if (x.starved) lines.push('**starved**: the machine was late; not to be compared', '');
  lines.push(`| | real | synthetic | difference | |`, '| --- | --- | --- | --- | --- |');
  for (const r of rows) lines.push(`| ${r.name} | ${say(r.real)} | ${say(r.synthetic)} | ${say(r.diff)} | ${r.pass === undefined ? r.same ?? '' : r.pass ? 'pass' : 'MISS'} |`);
  for (const [name, from, to] of [['levels before', 0, x.fault ?? Infinity], ['levels after', x.fault ?? Infinity, Infinity]]) {
    lines.push(`| ${name} | ${levels(x.real, from, to)} | ${levels(x.synthetic, from, to)} | | |`);
  }
  lines.push('', `HTTP/${x.http.join(' / ')}; timers late: page ${say(x.late.page.p99)} ms (p99), ${say(x.late.page.max)} ms (max); lab ${say(x.late.node.p99)}, ${say(x.late.node.max)}; frames dropped ${x.played.frames.dropped} of ${x.played.frames.total}`);
  return lines.join('\n') + '\n';
}

// commit is the one that last changed the synthetic players, with a + if they differ from it.
const commit = (() => {
  const git = (...args) => execFileSync('git', args, { cwd: new URL('.', import.meta.url), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('log', '-1', '--format=%h', '--', '../player') + (git('status', '--porcelain', '--', '../player') ? '+' : '');
  } catch {
    return 'unknown';
  }
})();

// there says whether a comparison has been made and was not starved.
async function there(c, p, repeat) {
  try {
    return !JSON.parse(await readFile(new URL(`${c.name}.${p.name}.${repeat}.json`, out), 'utf8')).starved;
  } catch {
    return false;
  }
}

// keep writes what a comparison of one player showed to lab/out.
async function keep(c, x, repeat, phase, browser) {
  const rows = judge([x.figures[0]], [x.figures[1]], x.player.tick);
  const t = table(c, x, rows);
  const file = (suffix) => new URL(`${c.name}.${x.player.name}.${repeat}.${suffix}`, out);
  const rel = (at) => ((at - x.zero) / 1000).toFixed(3).padStart(9);
  await writeFile(file('json'), JSON.stringify({
    case: c.name, player: x.player.name, version: version(x.player), profile: x.profile, repeat, phase, fault: x.fault, seconds: c.seconds,
    date: new Date(x.zero).toISOString(), commit, browser, http: x.http, starved: x.starved, late: x.late, real: x.figures[0], synthetic: x.figures[1],
  }, null, 1) + '\n');
  await writeFile(file('txt'), `${t}\n${sideBySide(x.real, x.synthetic, x.fault, x.cleared)}\n`);
  await writeFile(file('log'), x.played.log.map((e) => `${rel(e.at)} ${e.event} ${JSON.stringify({ ...e, at: undefined, event: undefined })}`).join('\n') + '\n');
  await writeFile(file('samples'), x.played.samples.map((s) => `${rel(s.at)} ${s.position.toFixed(3)} ${s.ranges.map((r) => r.map((v) => v.toFixed(2)).join('-')).join(' ')} ${Math.round(s.estimate || 0)}`).join('\n') + '\n');
  await writeFile(file('ndjson'), x.events.map((e) => JSON.stringify(e)).join('\n') + '\n');
  return { t, missed: rows.filter((r) => r.pass === false).map((r) => r.name) };
}

// obey makes one comparison; who was starved gets a second chance.
async function obey({ name, repeat, phase, players: names, profile, config, whole }) {
  const c = find(name);
  let able = players.filter((p) => names.includes(p.name));
  for (let attempt = 1; attempt <= 2 && able.length; attempt++) {
    let results;
    let browser;
    try {
      if (able.some((p) => p.script)) browser = await open();
      results = await Promise.race([compare(browser, c, able, phase, profile, config), wait((c.seconds + 100) * 1000).then(() => { throw new Error('did not come to an end'); })]);
    } catch (e) {
      console.log(`FAILED  ${name} #${repeat}: ${process.env.DEBUG ? e.stack : e.message}`);
      continue;
    } finally {
      if (browser) await Promise.race([browser.close(), wait(5000)]);
    }
    for (const r of results) {
      const { t, missed } = await keep(c, r, repeat, phase, browser?.version);
      const state = r.starved ? `starved (${[r.late.page.p99, r.late.page.max, r.late.node.p99, r.late.node.max].map(Math.round).join(', ')} ms late)` : missed.length ? 'MISS   ' : 'pass   ';
      console.log(whole ? t : `${state} ${name} ${r.player.name} #${repeat}${missed.length ? ': ' + missed.map((m) => `${m} ${say(r.figures[0][m])}/${say(r.figures[1][m])}`).join(', ') : ''}`);
    }
    able = results.filter((r) => r.starved).map((r) => r.player);
    if (!able.length || attempt === 2) return true;
  }
  return false;
}

async function main() {
  const { values: o, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      player: { type: 'string' }, profile: { type: 'string' }, config: { type: 'string' }, repeats: { type: 'string', default: '1' }, jobs: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' },
      order: { type: 'string' }, // from this program to itself: one comparison, as JSON
      join: { type: 'string' }, fault: { type: 'string' }, quiet: { type: 'boolean', default: false }, fresh: { type: 'boolean', default: false }, resume: { type: 'boolean', default: false },
    },
  });
  if (o.order) process.exit((await obey(JSON.parse(o.order))) ? 0 : 1);
  if (o.profile?.endsWith('.yaml')) o.profile = resolve(o.profile);
  const lacking = missing();
  if (lacking) {
    console.log(`SKIPPED: compare: no ${lacking}`);
    process.exit(process.env.CI ? 1 : 0);
  }
  const chosen = players.filter((p) => (o.player ? o.player.split(',').includes(p.name) : !p.extra));
  const unknown = (o.player?.split(',') || []).find((n) => !players.some((p) => p.name === n));
  if (unknown) throw new Error(`no player ${unknown}; want one of ${players.map((p) => p.name).join(', ')}`);
  const known = [...new Set([...design().map((r) => nameOf(r.case, r)), ...names])];
  const cases = (positionals.length ? positionals.flatMap((w) => (w.endsWith('*') ? known.filter((n) => n.startsWith(w.slice(0, -1))) : [w])) : design().map((r) => nameOf(r.case, r))).map(find);
  if (!cases.length) throw new Error(`no case matches ${positionals.join(' ')}`);
  try {
    os.setPriority(-10); // what is started from here inherits it
  } catch { /* not root */ }
  if (o.fresh) await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const todo = [];
  for (let repeat = 1; repeat <= Number(o.repeats); repeat++) for (const c of cases) todo.push({ c, repeat });
  const began = now();
  let done = 0;
  let bad = 0;
  // Each comparison has a process of its own: one that writes or starts something must not
  // hold up what another one measures.
  const worker = async () => {
    for (let x; (x = todo.shift()); ) {
      const drawn = phases(seeded(`${o.seed} ${x.c.name} ${x.repeat}`));
      const phase = { join: Number(o.join ?? drawn.join), fault: Number(o.fault ?? drawn.fault) };
      let able = chosen.filter((p) => p.script || !x.c.network); // a program's network is not shaped
      if (o.resume) able = (await Promise.all(able.map(async (p) => (await there(x.c, p, x.repeat)) ? [] : [p]))).flat();
      if (able.length) {
        const order = { name: x.c.name, repeat: x.repeat, phase, players: able.map((p) => p.name), profile: o.profile, config: o.config && JSON.parse(o.config), whole: chosen.length === 1 && !o.quiet };
        const child = spawn(process.execPath, [new URL(import.meta.url).pathname, '--order', JSON.stringify(order)], { stdio: 'inherit' });
        if (await new Promise((ok) => child.once('exit', ok))) bad++;
      }
      console.log(`# ${++done} done, ${todo.length} to go, ${((now() - began) / 60000).toFixed(1)} min`);
    }
  };
  await Promise.all(Array.from({ length: Number(o.jobs) }, worker));
  process.exit(bad ? 1 : 0);
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main();
