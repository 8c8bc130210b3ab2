// Figures of a record (record.mjs) around a fault.
import { slip } from './record.mjs';

export const median = (v) => {
  const s = v.filter((x) => x !== null && x !== undefined).sort((a, b) => a - b);
  if (!s.length) return null;
  return s.length % 2 ? s[s.length >> 1] : (s[s.length / 2 - 1] + s[s.length / 2]) / 2;
};

export const label = (q) => {
  const kind = { multivariant: 'mv', media: 'list', segment: 'seg', init: 'init' }[q.kind];
  return q.kind === 'multivariant' ? kind : `${kind} p${q.pipeline}/${q.name}`;
};

// rate is requests a minute from the mean interval between the first and the
// last, so that it does not depend on where the window was cut.
function rate(requests) {
  if (requests.length < 2) return 0;
  return ((requests.length - 1) * 60) / (requests.at(-1).t - requests[0].t);
}

// outage is the time that was not playing within a span, startup included. After a fatal error
// nothing counts as playing: a browser still plays what it holds, the synthetic
// session is over.
export function outage(r, from, to) {
  const fatal = r.fatal ? Math.min(Math.max(r.fatal.t, from), to) : to;
  let n = to - fatal;
  for (const s of r.stalls) n += Math.max(0, Math.min(s.end ?? to, fatal) - Math.max(s.t, from));
  if (r.startup === null) return to - from;
  return n + Math.max(0, Math.min(r.startup, fatal) - from);
}

// state at the end: what held for most of the last seconds.
export function state(r, end) {
  if (r.fatal && r.fatal.t < end) return 'fatal';
  if (r.over) return 'ended';
  if (r.startup === null) return 'never started';
  return outage(r, end - 4, end) > 2 ? 'stalled' : 'playing';
}

// figures of a record; fault is the instant at which it was there, null without
// one; end that of the comparison; td the target duration.
export function figures(r, fault, end, td) {
  const steadyFrom = Math.min(6, 2 * td);
  const to = fault ?? end;
  const seen = r.requests.filter((q) => q.t < end);
  const groups = ['media', 'segment'].flatMap((kind) => [false, true].map((audio) =>
    seen.filter((q) => q.kind === kind && (q.name === 'audio') === audio && q.t >= steadyFrom && q.t < to)));
  const reloads = [];
  for (const [i, q] of groups[0].entries()) {
    const before = groups[0].slice(0, i).findLast((b) => b.name === q.name && b.pipeline === q.pipeline);
    if (before) reloads.push(q.t - before.t);
  }
  const count = (l, kind) => l.filter((q) => q.kind === kind).length;
  const f = {
    startup: r.startup,
    first: seen.slice(0, 8).map(label),
    'first segment': seen.find((q) => q.kind === 'segment' && q.name !== 'audio')?.seq ?? null,
    reload: median(reloads),
    steady: to > steadyFrom ? groups.reduce((n, g) => n + rate(g), 0) : null,
    requests: Object.fromEntries(['multivariant', 'media', 'init', 'segment'].map((k) => [k, count(seen, k)])),
    outage: outage(r, fault ?? r.startup ?? 0, end),
    end: state(r, end),
    fatal: r.fatal && r.fatal.t < end ? r.fatal.t - (fault ?? 0) : null,
    reason: r.fatal?.reason,
    slip: r.samples && r.startup !== null ? slip(r.samples, r.startup + 0.5, fault ?? Infinity, r.stalls) : null,
  };
  if (fault === null) return f;
  const after = seen.filter((q) => q.t >= fault);
  // What was being played: ffmpeg plays the sound of one variant and the pictures of another.
  const played = (q) => q.kind === 'media' || q.kind === 'segment';
  const rendition = (q) => `${q.pipeline} ${q.name}`;
  const used = new Set(seen.filter((q) => played(q) && q.t < fault && q.t > fault - 2.5 * td).map(rendition));
  const left = (q) => played(q) && !used.has(rendition(q));
  // What a player asks for after an error that it calls fatal is not compared: the twin is gone.
  const dead = after.filter((q) => q.pipeline === 0 && q.t <= (r.fatal?.t ?? Infinity));
  const since = (q, k) => (q ? q[k] - fault : null);
  return Object.assign(f, {
    'bad answer': since(after.find((q) => q.pipeline === 0 && q.status !== 'open' && q.status !== 'aborted' && !good(q)), 'end'),
    detection: since(after.find(left), 't'),
    failover: since(after.filter((q) => q.pipeline === 1 && q.kind === 'segment' && q.name !== 'audio' && good(q) && q.end < end).sort((a, b) => a.end - b.end)[0], 'end'),
    dead: dead.length,
    'dead lists': count(dead, 'media'),
    'dead segments': count(dead, 'segment'),
    'dead failed': dead.filter((q) => !good(q)).length,
  });
}

// good answers bring something, or say that what a cache holds is still so.
const good = (q) => [200, 206, 304].includes(q.status);

// levels says which renditions' segments came, in runs.
export function levels(r, from, to) {
  const runs = [];
  for (const q of r.requests) {
    if (q.kind !== 'segment' || q.name === 'audio' || q.t < from || q.t >= to || !good(q)) continue;
    const name = `p${q.pipeline}/${q.name}`;
    if (runs.at(-1)?.name === name) runs.at(-1).n++;
    else runs.push({ name, n: 1 });
  }
  return runs.map((x) => `${x.name}×${x.n}`).join(' ');
}

// sideBySide lists what two records did in order of time, the real one on the left.
export function sideBySide(real, synthetic, fault, cleared) {
  const rows = [];
  for (const [side, r] of [[0, real], [1, synthetic]]) {
    for (const q of r.requests) {
      const took = q.end === null ? '' : ` ${Math.round((q.end - q.t) * 1000)} ms`;
      rows.push({ t: q.t, side, text: `${label(q)}${q.seq !== null ? ' ' + q.seq : ''} ${q.status}${took}${q.sent > 1 ? ` sent ${q.sent}×` : ''}` });
    }
    for (const x of r.stalls) {
      rows.push({ t: x.t, side, text: '  STALL' });
      if (x.end) rows.push({ t: x.end, side, text: `  PLAYS after ${(x.end - x.t).toFixed(2)} s` });
    }
    if (r.startup !== null) rows.push({ t: r.startup, side, text: '  STARTS' });
    for (const e of r.notes) rows.push({ t: e.t, side, text: `  ! ${e.text}` });
    if (r.fatal) rows.push({ t: r.fatal.t, side, text: '  FATAL ' + r.fatal.reason });
  }
  if (fault !== null) rows.push({ t: fault, side: 2, text: '========== fault' });
  if (cleared !== null) rows.push({ t: cleared, side: 2, text: '========== fault gone' });
  rows.sort((a, b) => a.t - b.t);
  return rows.map((x) => `${x.t.toFixed(3).padStart(9)} ${(fault === null ? '' : `${x.t >= fault ? '+' : ''}${(x.t - fault).toFixed(2)}`).padStart(8)}  ${x.side === 2 ? x.text : (x.side ? '' : x.text).padEnd(58) + (x.side ? x.text : '')}`.trimEnd()).join('\n');
}
