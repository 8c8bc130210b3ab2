// The lab's own arithmetic: no network, no browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dimensions, find, makesSense, matrix, nameOf, phases, seeded } from './cases.mjs';
import { design } from './design.mjs';
import { figures, median, outage, state } from './measure.mjs';
import { fromReal, fromSynthetic, place, slip, standstills } from './record.mjs';
import { markdown, reason } from './report.mjs';
import { agrees, judge, mode, sameOrder } from './verdict.mjs';

test('the design meets every pair of values and has every case on the base channel', () => {
  const rows = design();
  const axes = { case: matrix, ...dimensions };
  const keys = Object.keys(axes);
  for (const [i, a] of keys.entries()) for (const b of keys.slice(i + 1)) for (const x of axes[a]) for (const y of axes[b]) {
    if (!makesSense({ [a]: x, [b]: y })) continue;
    assert.ok(rows.some((r) => r[a] === x && r[b] === y), `${a} ${x} with ${b} ${y}`);
  }
  const has = (name) => assert.ok(rows.some((r) => nameOf(r.case, r) === name), `${name} on the base channel`);
  for (const c of matrix) {
    has(c);
    if (find(c).fault) has(`${c}.during`);
  }
  assert.ok(!rows.some((r) => r.case === 'none' && r.join === 'during'), 'no fault, no join during it');
  assert.deepEqual(rows, design(), 'the same each time');
  assert.equal(new Set(rows.map((r) => nameOf(r.case, r))).size, rows.length, 'no row twice');
  assert.ok(rows.length < 55, `${rows.length} rows`);
});

test('names and channels', () => {
  for (const r of design()) {
    const { case: name, ...channel } = r;
    const c = find(nameOf(name, channel));
    assert.deepEqual(c.channel, channel);
    if (c.fault) assert.ok(c.seconds > c.at + 5 * c.td, c.name);
    if (channel.join === 'during') assert.ok(c.at + c.td < 0, `${c.name}: the fault comes before the players`);
  }
  assert.throws(() => find('explode'), /no case explode; want one of none, kill/);
  assert.throws(() => find('kill.3s'), /no channel has 3s/);
  assert.throws(() => find('none.during'), /none has no fault to join during/);
  assert.equal(find('kill.wide').rig.window, 30);
  assert.ok(find('freeze.6s').seconds - find('freeze.6s').at > 3 * 6 + 20, 'longer than what is buffered');
});

test('phases keep away from publications and reloads', () => {
  const far = (a, b, by) => Math.abs(((((a - b) % 1) + 1.5) % 1) - 0.5) >= by - 0.001;
  const drawn = new Set();
  for (let i = 0; i < 500; i++) {
    const p = phases(seeded(`${i}`));
    drawn.add(p.join);
    assert.ok(far(p.join, 0, 0.15) && far(p.join, 0.5, 0.15), `join ${p.join}`);
    assert.ok(far(p.fault, 0, 0.2) && far(p.fault, 0.5, 0.12), `fault ${p.fault}`);
    assert.ok(far(p.join + p.fault, 0, 0.12), `${p.join} + ${p.fault}`);
  }
  assert.ok(drawn.size > 100, `${drawn.size} different`);
  assert.deepEqual(phases(seeded('1 kill 1')), phases(seeded('1 kill 1')));
});

test('median and mode', () => {
  for (const [v, want] of [[[], null], [[3], 3], [[5, 1, 3], 3], [[4, 1, 2, 3], 2.5], [[null, 2, undefined], 2], [[10, 9, 1], 9]]) assert.equal(median(v), want);
  assert.equal(mode(['playing', 'stalled', 'stalled']), 'stalled');
  assert.equal(mode([]), null);
});

test('places', () => {
  const at = (p) => place('http://127.0.0.1:1/live/' + p);
  assert.deepEqual(at('p0/index.m3u8'), { kind: 'multivariant', pipeline: 0, seq: null, name: '' });
  assert.deepEqual(at('p1/index_640x360.m3u8'), { kind: 'media', pipeline: 1, seq: null, name: '360' });
  assert.deepEqual(at('p1/index_640x360_00031.ts'), { kind: 'segment', pipeline: 1, seq: 31, name: '360' });
  assert.deepEqual(at('p0/index_audio_00007.m4s'), { kind: 'segment', pipeline: 0, seq: 7, name: 'audio' });
  assert.equal(at('p0/index_640x360_init.mp4').kind, 'init');
});

// track makes samples every 0.1 s of a position that moves at `speed` in each span.
function track(...spans) {
  const samples = [];
  let [t, position] = [0, 0];
  for (const [seconds, speed, jump = 0] of spans) {
    position += jump;
    for (let i = 0; i < Math.round(seconds * 10); i++) {
      t += 0.1;
      position += 0.1 * speed;
      samples.push({ t, position });
    }
  }
  return samples;
}

test('standing still', () => {
  const near = (got, want) => assert.ok(got.length === want.length && got.every((s, i) => Math.abs(s.t - want[i][0]) < 0.11 && (want[i][1] === null ? s.end === null : Math.abs(s.end - want[i][1]) < 0.11)), JSON.stringify(got));
  near(standstills(track([10, 1]), 0), []);
  near(standstills(track([5, 1], [0.2, 0], [5, 1]), 0), []);
  near(standstills(track([5, 1], [3, 0], [5, 1]), 0), [[5, 8]]);
  near(standstills(track([5, 1], [3, 0]), 0), [[5, null]]);
  near(standstills(track([5, 1], [2, 0], [2, 0, 7], [5, 1]), 0), [[5, 9]]); // a seek is not playing
  near(standstills([...track([2, 1]), { t: 6, position: 6 }, { t: 6.1, position: 6.1 }], 0), []); // samples that came late
});

test('playing slower than the clock', () => {
  const near = (got, want) => assert.ok(Math.abs(got - want) < 0.02, `${got}; want ${want}`);
  near(slip(track([10, 1]), 0, Infinity, []), 0);
  near(slip(track([10, 0.9]), 0, Infinity, []), 1);
  near(slip(track([10, 0.9], [5, 1, 7]), 0, Infinity, []), 1); // a seek is no slip
  near(slip(track([10, 0.9], [5, 0]), 0, 8, [{ t: 10, end: null }]), 1); // nor is a stall
});

const record = (more) => ({ requests: [], stalls: [], startup: 0.2, fatal: null, ...more });

test('outage and end state', () => {
  const r = record({ stalls: [{ t: 5, end: 8 }, { t: 20, end: null }] });
  assert.equal(outage(r, 1, 30), 13);
  assert.equal(outage(r, 6, 25), 7);
  assert.equal(state(r, 30), 'stalled');
  assert.equal(state(r, 21), 'playing');
  const dead = record({ stalls: [{ t: 2, end: 5 }, { t: 12, end: null }], fatal: { t: 10, reason: 'x' } });
  assert.equal(outage(dead, 1, 30), 23, 'what is played after a fatal error does not count');
  assert.equal(outage(record({ fatal: { t: 10 } }), 15, 30), 15);
  assert.equal(outage(record({ startup: 3, stalls: [{ t: 5, end: 8 }] }), 0, 30), 6, 'startup during a fault counts');
  assert.equal(state(dead, 30), 'fatal');
  assert.equal(state(dead, 9), 'playing', 'a fatal error after the end is not seen');
  assert.equal(state(record({ startup: null }), 30), 'never started');
  assert.equal(state(record({ over: true }), 30), 'ended');
});

// every makes requests at regular instants.
const every = (from, to, step, q) => Array.from({ length: Math.round((to - from) / step) }, (_, i) => ({ t: from + i * step, end: from + i * step + 0.05, status: 200, ...q }));
const list = { kind: 'media', pipeline: 0, name: '360', seq: null };
const seg = { kind: 'segment', pipeline: 0, name: '360', seq: 9 };

test('figures', () => {
  const requests = [
    { t: 0, end: 0.1, status: 200, kind: 'multivariant', pipeline: 0, name: '', seq: null },
    ...every(0.1, 20, 2, list), ...every(0.2, 20, 2, seg),
    { t: 20.5, end: 20.6, status: 304, ...list }, { t: 22.1, end: 22.2, status: 404, ...list },
    { t: 22.3, end: 22.4, status: 404, ...list, name: '234' },
    { t: 22.5, end: 22.6, status: 200, ...list, pipeline: 1 },
    { t: 22.7, end: 23, status: 'aborted', ...seg, pipeline: 1 }, { t: 23.1, end: 23.5, status: 200, ...seg, pipeline: 1 },
  ].sort((a, b) => a.t - b.t);
  const f = figures(record({ requests, stalls: [{ t: 22, end: 24 }] }), 20.3, 30, 2);
  const near = (k, want) => assert.ok(Math.abs(f[k] - want) < 1e-6, `${k} ${f[k]}; want ${want}`);
  near('steady', 60);
  near('reload', 2);
  near('bad answer', 1.9);
  near('detection', 2);
  near('failover', 3.2);
  near('outage', 2);
  assert.deepEqual([f.dead, f['dead lists'], f['dead failed'], f.end], [3, 3, 2, 'playing']);
  assert.deepEqual(f.first.slice(0, 3), ['mv', 'list p0/360', 'seg p0/360']);
  assert.equal(figures(record({ requests, fatal: { t: 22.2, reason: 'x' } }), 20.3, 30, 2).dead, 2, 'until the fatal error');
  assert.equal(figures(record({ requests }), null, 30, 2).failover, undefined);
});

test('a request sent again after a reset counts once', () => {
  const q = (at, end, status, url = '/a') => ({ at, end, status, url, ...list });
  const wire = [q(1000, 1001, 'reset'), q(1003, 1004, 'reset'), q(1010, 1011, 'reset'), q(2500, 2501, 'reset'), q(2510, 2511, 200, '/b')];
  const r = fromSynthetic([{ event: 'join', t_ms: 0 }, { event: 'request', t_ms: 1 }], [], wire, 1000);
  assert.deepEqual(r.requests.map((x) => [x.t, x.sent, x.status]), [[0, 3, 'reset'], [1.5, 1, 'reset'], [1.51, 1, 200]]);
});

test('a critical error is the end if nothing comes after it and nothing is asked for', () => {
  const log = [{ at: 100, event: 'video playing' }, { at: 5000, event: 'critical', reason: 'x' }, { at: 9000, event: 'critical', reason: 'y' }];
  const got = (end, last = 60_000) => fromReal({ log, samples: [{ at: last, position: 0 }] }, [{ at: end - 100, end, url: '/s', status: 200, ...seg }], 0).fatal;
  assert.deepEqual(got(4000), { t: 5, reason: 'x' });
  assert.deepEqual(got(7000), { t: 9, reason: 'y' });
  assert.equal(got(9500), null);
  assert.equal(got(4000, 14_000), null, 'still asking');
});

const figure = (more) => ({ end: 'playing', failover: 4, outage: 2, dead: 10, steady: 60, requests: {}, first: ['mv'], ...more });
const missed = (a, b, tick = 0.1) => judge([].concat(a), [].concat(b), tick).filter((r) => r.pass === false).map((r) => r.name);

test('verdicts', () => {
  for (const [name, a, b, tick, want] of [
    ['the same', {}, {}, 0.1, []],
    ['end', {}, { end: 'stalled' }, 0.1, ['end']],
    ['10 %', { failover: 10, outage: 20 }, { failover: 10.9, outage: 22 }, 0.1, []],
    ['more than 10 %', { failover: 10, outage: 20 }, { failover: 11.1, outage: 17.9 }, 0.1, ['failover', 'outage']],
    ['one tick', { failover: 1, outage: 0 }, { failover: 1.9, outage: 1 }, 1, []],
    ['more than one tick', { failover: 1, outage: 0 }, { failover: 1.9, outage: 0.2 }, 0.1, ['failover', 'outage']],
    ['never against some time', { failover: null }, {}, 1, ['failover']],
    ['never on both sides', { failover: null }, { failover: null }, 1, []],
    ['one request', { dead: 1 }, { dead: 2 }, 1, []],
    ['two requests of three', { dead: 3 }, { dead: 5 }, 1, ['dead']],
    ['20 %', { dead: 20 }, { dead: 24 }, 1, []],
    ['5 %', { steady: 60 }, { steady: 62.9 }, 1, []],
    ['more than 5 %', { steady: 60 }, { steady: 56.9 }, 1, ['steady']],
  ]) assert.deepEqual(missed(figure(a), figure(b), tick), want, name);
  const three = (...v) => v.map((failover) => figure({ failover }));
  assert.deepEqual(missed(three(3, 4, 20), three(4, 4, 4)), [], 'a median');
  assert.deepEqual(missed(three(null, null, 4), three(null, null, null)), [], 'most had none');
  assert.deepEqual(missed(three(null, null, 4), three(4, 4, 4)), ['failover']);
});

test('order of requests', () => {
  assert.ok(sameOrder(['mv', 'a', 'b', 'c'], ['mv', 'b', 'a', 'c']));
  assert.ok(!sameOrder(['mv', 'a', 'b', 'c'], ['mv', 'b', 'c', 'a']));
  assert.ok(!sameOrder(['mv'], ['mv', 'a']));
});

test('the short check looks at nothing that has to do with time', () => {
  assert.deepEqual(agrees(figure({ failover: 2, outage: 0, steady: 10 }), figure({ failover: 30, outage: 20, steady: 90 })), []);
  assert.match(agrees(figure(), figure({ end: 'fatal' }))[0], /playing.*fatal/);
  assert.match(agrees(figure(), figure({ failover: null }))[0], /failed over.*stayed/);
  assert.match(agrees(figure({ dead: 3 }), figure({ dead: 40 }))[0], /3 requests.*40/);
  assert.deepEqual(agrees(figure({ dead: 3 }), figure({ dead: 6 })), []);
  assert.deepEqual(agrees(figure({ end: 'fatal', dead: 150 }), figure({ end: 'fatal', dead: 6 })), []);
});

test('reasons', () => {
  const known = { 'vhs kill*: to p0': 'a', 'vhs thaw': 'b', 'shaka *': 'c' };
  const used = new Set();
  assert.equal(reason(known, 'vhs', 'kill.4s', 'to p0', used), 'a');
  assert.equal(reason(known, 'vhs', 'kill.4s', 'steady', used), '');
  assert.equal(reason(known, 'vhs', 'thaw', 'steady', used), 'b');
  assert.equal(reason(known, 'vhs', 'thaw.4s', 'steady', used), '');
  assert.equal(reason(known, 'shaka', 'none', 'end', used), 'c');
  assert.deepEqual([...used], Object.keys(known));
});

test('the report leaves starved runs out, counts and lists misses', () => {
  const run = (name, repeat, more, synthetic = {}) => ({ case: name, player: 'vhs', version: '8', profile: 'vhs-3.17', repeat, date: `2026-11-2${repeat}T10:00:00Z`, commit: 'abc', http: ['1.1', '1.1'], browser: '156', starved: false, real: figure(), synthetic: figure(synthetic), ...more });
  const runs = [run('kill', 1), run('kill', 2), run('kill', 3, { starved: true }, { end: 'fatal' }), run('thaw', 1, {}, { dead: 30 }), run('freeze', 1, { starved: true })];
  const { text, misses, unused } = markdown(runs, { 'vhs thaw': 'because', 'vhs none': 'gone' }, 'a machine');
  assert.match(text, /\| vhs 8 \| vhs-3.17 \| 1.1 \| 1\/2 \| 2\/2 \| 2\/2 \| 2\/2 \| 1\/2 \| 2\/2 \|/);
  assert.match(text, /\| vhs \| thaw \| to p0 \| 10 \| 30 \| 20 \| because \|/);
  assert.match(text, /\| kill \|.*\| 2 \(1 starved\) \|/);
  assert.match(text, /\| freeze \|.*\| 1 starved \|/);
  assert.match(text, /2026-11-21 10:00 to 2026-11-23 10:00 UTC/);
  assert.equal(misses.length, 1);
  assert.deepEqual(unused, ['vhs none']);
});
