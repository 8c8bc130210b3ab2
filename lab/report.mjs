// Makes docs/fidelity.md of the comparisons in lab/out and of known.json:
//
//   node lab/report.mjs [FILE]     prints it and writes it to the file
//
// known.json gives reasons for misses: "PLAYER CASE" or "PLAYER CASE: CELL" to a sentence; a * at
// the end of the case stands for any rest.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { design } from './design.mjs';
import { dimensions, names, nameOf } from './cases.mjs';
import { players } from './players/index.mjs';
import { judge } from './verdict.mjs';

const bar = ['end', 'failover', 'outage', 'dead', 'steady'];
const say = (v, n = 2) => (v === null || v === undefined ? '-' : typeof v === 'number' ? (Number.isInteger(v) ? String(v) : v.toFixed(n)) : String(v));

// cell shows real / synthetic and by how much they differ.
function cell(r, n = 2) {
  if (!r) return '';
  const [a, b] = [say(r.real, n), say(r.synthetic, n)];
  const text = a === b ? a : `${a} / ${b}${r.diff === null ? '' : ` (${r.diff > 0 ? '+' : ''}${say(r.diff, n)})`}`;
  return r.pass === false ? `**${text}**` : text;
}

// reason finds what known.json says about a miss, and marks the entry as used.
export function reason(known, player, name, cellName, used = new Set()) {
  for (const key of Object.keys(known)) {
    const [who, rest] = [key.slice(0, key.indexOf(' ')), key.slice(key.indexOf(' ') + 1)];
    const [c, only] = rest.split(': ');
    if (who !== player || (only && only !== cellName)) continue;
    if (c.endsWith('*') ? !name.startsWith(c.slice(0, -1)) : c !== name) continue;
    used.add(key);
    return known[key];
  }
  return '';
}

// slow says whether a miss is no more than what the machine made the real player lose: playback
// that fell behind the clock without standing still.
function slow(name, r, rows, tick) {
  const lost = rows.slip?.real ?? 0;
  // Only what hangs on the end of the buffer comes later.
  const later = r.name === 'outage' ? r.diff > 0 : r.name === 'failover' && /^(freeze|thaw)/.test(name) && r.diff < 0;
  if (!later || lost < 0.2) return '';
  return Math.abs(r.diff) <= lost + Math.max(tick, 0.1 * r.real) ? `the machine: the real one had played ${say(lost)} s less than the clock` : '';
}

// group sorts runs by player and case and judges each.
export function group(runs, order) {
  const out = new Map();
  for (const p of players) {
    const cases = [...new Set(runs.filter((r) => r.player === p.name).map((r) => r.case))];
    cases.sort((a, b) => order.indexOf(a) - order.indexOf(b) || (a < b ? -1 : 1));
    const list = [];
    for (const name of cases) {
      const mine = runs.filter((r) => r.player === p.name && r.case === name);
      const fair = mine.filter((r) => !r.starved);
      if (!fair.length) {
        list.push({ name, starved: mine.length, runs: 0, rows: null });
        continue;
      }
      const rows = Object.fromEntries(judge(fair.map((r) => r.real), fair.map((r) => r.synthetic), p.tick).map((r) => [r.name, r]));
      list.push({ name, starved: mine.length - fair.length, runs: fair.length, rows, missed: bar.filter((b) => rows[b].pass === false) });
    }
    if (list.length) out.set(p, list);
  }
  return out;
}

const spread = (v) => [...new Set(v)].sort().join(', ');

// markdown is the whole document.
export function markdown(runs, known, machine) {
  const order = [...new Set([...design().map((r) => nameOf(r.case, r)), ...names])];
  const of = group(runs, order);
  const fair = runs.filter((r) => !r.starved);
  const dates = runs.map((r) => r.date).sort();
  const lines = [];
  const say1 = (...l) => lines.push(...l);
  const repeats = [...of.values()].flat().filter((c) => c.runs).map((c) => c.runs);
  say1('# Synthetic players beside the real ones', '',
    '<!-- Made by `make fidelity`; reasons come from lab/known.json. -->', '',
    `Each real player and the profile that claims to be it watched the same channel of the rig at the same time,`,
    'let in at the same instant, through the same fault. All requests went through one front, which',
    'recorded both sides by one clock.', '',
    '| | |', '| --- | --- |',
    `| runs | ${dates[0]?.slice(0, 16).replace('T', ' ')} to ${dates.at(-1)?.slice(0, 16).replace('T', ' ')} UTC |`,
    `| comparisons | ${fair.length} of a player, ${Math.min(...repeats)}${Math.min(...repeats) === Math.max(...repeats) ? '' : ` to ${Math.max(...repeats)}`} a case${Math.max(...repeats) < 3 ? ' (few: read single times as examples, not as medians)' : ''}; ${runs.length - fair.length} starved ones left out |`,
    `| synthetic players | as of ${spread(runs.map((r) => r.commit))}${[...new Set(runs.map((r) => r.commit))].length > 1 ? ' (the profiles changed in between)' : ''} |`,
    `| browser | Chromium ${spread(runs.map((r) => r.browser).filter(Boolean))}, headless |`,
    `| machine | ${machine} |`, '',
    '## How well they agree', '',
    'Cases that pass, of those compared:', '',
    `| player | profile | HTTP | all five | ${bar.map((b) => titles[b]).join(' | ')} |`, `| --- | --- | --- | --- |${bar.map(() => ' --- |').join('')}`);
  for (const [p, list] of of) {
    const done = list.filter((c) => c.rows);
    const n = (b) => `${done.filter((c) => !c.missed.includes(b)).length}/${done.length}`;
    const mine = runs.filter((r) => r.player === p.name);
    say1(`| ${p.name} ${spread(mine.map((r) => r.version))} | ${spread(mine.map((r) => r.profile))} | ${spread(mine.flatMap((r) => r.http || []))} | ${done.filter((c) => !c.missed.length).length}/${done.length} | ${bar.map(n).join(' | ')} |`);
  }
  say1('', '## How to read the tables', '',
    'Cells are real / synthetic (difference), medians over the repeats; one value where both are the same. Bold',
    'misses the bar. Seconds, counted from the fault unless said otherwise.', '',
    '| cell | what it is | bar |', '| --- | --- | --- |',
    '| end | playing, stalled, fatal or ended, for most of the last 4 s | the same |',
    '| failover | first segment from the healthy pipeline complete | within 10 %, or one tick of the player if that is more |',
    '| outage | time not playing from the fault, or from a later join, to the end of the comparison; startup during a fault and seeking included; standing still for less than 0.3 s is not counted | as failover |',
    '| to p0 | requests to the dead pipeline from the fault on (playlists, segments; of these failed) | within 20 %, or 1 |',
    '| steady | playlist and segment requests a minute before the fault, from mean intervals | within 5 % |',
    '| startup | let in to playing | |',
    '| reload | interval between two requests for the same video playlist before the fault, median | |',
    '| detection | first request for a rendition that was not being played | |',
    '| requests | multivariant, media playlist, init, segment, in the whole comparison | |',
    '| first | in how many repeats the first eight requests came in the same order (simultaneous ones may change places) | |', '',
    'After a fatal error nothing counts as playing and no request counts, on either side: a browser still plays what it has',
    'buffered, for which no viewer would wait, and the synthetic session is over. A request that the transport sends again because',
    'its connection was reset counts once. The phases, where in the life of a segment the players come and the',
    'fault strikes, are drawn anew for each repeat, away from reloads and publications, where milliseconds decide. A comparison in which',
    'timers came more than 0.1 s late (99th percentile; 0.5 s at most), in which a tenth of the frames was dropped, or in which playback fell more than',
    '1 s behind the clock before its first outage is',
    'starved: it is made once more, and else left out.', '',
    '| player | tick | because |', '| --- | --- | --- |');
  for (const p of players) say1(`| ${p.name} | ${p.tick} s | ${p.why} |`);
  say1('', 'All players have their default configurations, but that Shaka does not give a stream up because of dropped frames',
    '(`abr.droppedFrames`): these are the machine\'s doing. ffmpeg is `ffmpeg -re -i URL -c copy -f null -`, which plays the',
    'pictures of the best variant and, with muxed audio, the sound of the first one. A critical error of Shaka is fatal if no media and,',
    'in the end, no requests follow it: it often goes on.');
  say1('', 'A case is what breaks and where it differs from the base case: ' +
    Object.entries(dimensions).map(([d, v]) => `${d} **${v[0]}** (${v.slice(1).join(', ')})`).join(', ') + '. `lab/cases.mjs` lists',
    'what breaks; `lab/design.mjs` chooses them so that every pair of values of two dimensions is met. Players that join **during** a fault come two to',
    'three segments after its onset; they have the multivariant playlist from before it, as a cache does, and their seconds count from the join.',
    'HTTP is the version that the player and its twin speak to the lab, which has no TLS.', '');
  for (const [p, list] of of) {
    say1(`## ${p.name}`, '', '| case | end | failover | outage | to p0 | steady | startup | reload | detection | requests | first | runs |', '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |');
    for (const c of list) {
      if (!c.rows) {
        say1(`| ${c.name} | | | | | | | | | | | ${c.starved} starved |`);
        continue;
      }
      const r = c.rows;
      const parts = (k) => ['dead lists', 'dead segments', 'dead failed'].map((n) => say(r[n][k], 1));
      const detail = (k) => `${parts(k)[0]}, ${parts(k)[1]}; ${parts(k)[2]}`;
      const dead = r.dead.real === null ? '-' : `${cell(r.dead, 1)} (${detail('real') === detail('synthetic') ? detail('real') : `${detail('real')} / ${detail('synthetic')}`})`;
      const kinds = (k) => ['multivariant', 'media', 'init', 'segment'].map((n) => say(r['requests ' + n][k], 1)).join(' ');
      say1(`| ${c.name} | ${cell(r.end)} | ${cell(r.failover)} | ${cell(r.outage)} | ${dead} | ${cell(r.steady, 1)} | ${cell(r.startup)} | ${cell(r.reload)} | ${cell(r.detection)} | ${kinds('real') === kinds('synthetic') ? kinds('real') : `${kinds('real')} / ${kinds('synthetic')}`} | ${r['first requests'].same} | ${c.runs}${c.starved ? ` (${c.starved} starved)` : ''} |`);
    }
    say1('');
  }
  say1('## Misses', '');
  const used = new Set();
  const misses = [...of].flatMap(([p, list]) => list.filter((c) => c.rows).flatMap((c) => c.missed.map((b) => ({ p, c, r: c.rows[b], why: reason(known, p.name, c.name, titles[b], used) || (p.script ? slow(c.name, c.rows[b], c.rows, p.tick) : '') }))));
  if (!misses.length) say1('None.');
  else {
    say1('| player | case | cell | real | synthetic | difference | reason |', '| --- | --- | --- | --- | --- | --- | --- |');
    for (const m of misses) say1(`| ${m.p.name} | ${m.c.name} | ${titles[m.r.name]} | ${say(m.r.real)} | ${say(m.r.synthetic)} | ${say(m.r.diff)} | ${m.why || 'not known'} |`);
  }
  say1('', 'Profiles without a player here (media3, AVPlayer, GStreamer, rfc8216bis) are not checked; `hlsload list profiles` says how sure they are.');
  const unused = Object.keys(known).filter((k) => !used.has(k));
  return { text: lines.join('\n') + '\n', misses, unused };
}

const titles = { end: 'end', failover: 'failover', outage: 'outage', dead: 'to p0', steady: 'steady' };

async function main() {
  const out = new URL('out/', import.meta.url);
  const files = (await readdir(out).catch(() => [])).filter((f) => f.endsWith('.json'));
  if (!files.length) throw new Error('nothing in lab/out; run `node lab/compare.mjs` first');
  const runs = await Promise.all(files.map(async (f) => JSON.parse(await readFile(new URL(f, out), 'utf8'))));
  const known = JSON.parse(await readFile(new URL('known.json', import.meta.url), 'utf8'));
  const machine = `${os.cpus().length} × ${os.cpus()[0].model}, ${Math.round(os.totalmem() / 2 ** 30)} GB, ${os.type()} ${os.release()}, Node ${process.version}`;
  const { text, misses, unused } = markdown(runs, known, machine);
  if (process.argv[2]) await writeFile(process.argv[2], text);
  process.stdout.write(text);
  console.error(`${misses.length} misses, ${misses.filter((m) => !m.why).length} of them without a reason in lab/known.json`);
  for (const k of unused) console.error(`lab/known.json: ${k}: misses nothing any more`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) await main();
