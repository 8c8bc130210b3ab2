// Figures of a record (record.mjs) around a fault on pipeline 0.

const median = (v) => (v.length ? [...v].sort((a, b) => a - b)[v.length >> 1] : null);
const s = (v, n = 2) => (v === null || v === undefined || Number.isNaN(v) ? '-' : v.toFixed(n));

export const label = (q) => {
  const kind = { multivariant: 'mv', media: 'list', segment: 'seg', init: 'init' }[q.kind];
  return q.kind === 'multivariant' ? kind : `${kind} p${q.pipeline}/${q.name}`;
};

// intervals between reloads of whatever playlist was loaded, before an instant.
function intervals(r, from, to, audio) {
  const at = r.requests.filter((q) => q.kind === 'media' && (q.name === 'audio') === audio && q.t >= from && q.t < to).map((q) => q.t);
  return at.slice(1).map((t, i) => t - at[i]);
}

// levels says which renditions were appended, in runs.
export function levels(r, from = 0) {
  const runs = [];
  for (const a of r.appends) {
    if (a.name === 'audio' || a.t < from) continue;
    const name = `p${a.pipeline}/${a.name}`;
    if (runs.at(-1)?.name === name) runs.at(-1).n++;
    else runs.push({ name, n: 1 });
  }
  return runs.map((x) => `${x.name}×${x.n}`).join(' ');
}

// figures are the rows of the table. fault is the instant at which the fault
// was there, or null; end of the comparison.
export function figures(r, fault, cleared, end) {
  const to = fault ?? end;
  const before = r.requests.filter((q) => q.t >= 4 && q.t < to);
  const perMinute = (k) => (before.filter((q) => q.kind === k).length * 60) / (to - 4);
  const steady = intervals(r, 4, to, false);
  const rows = {
    startup: s(r.startup),
    'first requests': r.requests.slice(0, 9).map(label).join(', '),
    'first segment': String(r.appends.find((a) => a.name !== 'audio')?.seq ?? '-'),
    'latency at 4 s': s(median(r.latency.filter((l) => l.t > 3 && l.t < 6).map((l) => l.v))),
    'reload interval, median (max)': `${s(median(steady))} (${s(steady.length ? Math.max(...steady) : null)})`,
    'playlists a minute': s(perMinute('media'), 1),
    'segments a minute': s(perMinute('segment'), 1),
    'levels before': levels({ appends: r.appends.filter((a) => a.t < to) }),
  };
  const stalls = r.stalls.map((x) => ({ ...x, end: x.end ?? end })).filter((x) => x.t < end);
  if (fault !== null) {
    const after = r.requests.filter((q) => q.t >= fault && q.t < end);
    const bad = after.find((q) => q.pipeline === 0 && q.status !== 200 && q.status !== 'open' && q.status !== 'aborted');
    const moved = after.find((q) => q.pipeline === 1);
    const media = after.find((q) => q.pipeline === 1 && q.kind === 'segment');
    const append = r.appends.find((a) => a.t >= fault && a.pipeline === 1 && a.name !== 'audio');
    const dead = after.filter((q) => q.pipeline === 0);
    const failed = (k) => dead.filter((q) => q.kind === k && q.status !== 200).length;
    Object.assign(rows, {
      'first bad answer': s(bad && bad.end - fault),
      'first request to p1': s(moved && moved.t - fault),
      'failover (append from p1)': s(append && append.t - fault),
      'bad answer to append from p1': s(bad && append && append.t - bad.end),
      'requests to p0: lists (bad), segs (bad)': `${dead.filter((q) => q.kind === 'media').length} (${failed('media')}), ${dead.filter((q) => q.kind === 'segment').length} (${failed('segment')})`,
      'first segments from p1': media ? after.filter((q) => q.pipeline === 1 && q.kind === 'segment' && q.name !== 'audio').slice(0, 3).map((q) => q.name).join(', ') : '-',
      'playlists / segments after': `${after.filter((q) => q.kind === 'media').length} / ${after.filter((q) => q.kind === 'segment').length}`,
      'levels after': levels(r, fault),
      'first stall': s(stalls.find((x) => x.end > fault) ? stalls.find((x) => x.end > fault).t - fault : null),
      'outage': s(stalls.filter((x) => x.end > fault).reduce((n, x) => n + x.end - Math.max(x.t, fault), 0)),
    });
    if (cleared !== null) rows['latency at the end'] = s(median(r.latency.slice(-5).map((l) => l.v)));
    rows.fatal = r.fatal ? `${s(r.fatal.t - fault)} ${r.fatal.reason}` : '-';
  } else {
    rows.outage = s(stalls.reduce((n, x) => n + x.end - x.t, 0));
  }
  rows['end state'] = r.end.state;
  return rows;
}

// sideBySide lists the requests of two records in order of time.
export function sideBySide(real, synthetic, from, to) {
  const rows = [];
  for (const [side, r] of [[0, real], [1, synthetic]]) {
    for (const q of r.requests) if (q.t >= from && q.t < to) rows.push({ t: q.t, side, text: `${label(q)}${q.seq ? ' ' + q.seq : ''} ${q.status}` });
    for (const a of r.appends) if (a.t >= from && a.t < to) rows.push({ t: a.t, side, text: `  + p${a.pipeline}/${a.name} ${a.seq}` });
    for (const x of r.stalls) {
      if (x.t >= from && x.t < to) rows.push({ t: x.t, side, text: '  STALL' });
      if (x.end && x.end >= from && x.end < to) rows.push({ t: x.end, side, text: '  PLAYS' });
    }
    for (const e of r.errors) if (e.t >= from && e.t < to && e.details !== 'evidence') rows.push({ t: e.t, side, text: `  ! ${e.details} ${e.decision || ''}${e.fatal ? ' FATAL' : ''}` });
    if (r.fatal && r.fatal.t >= from && r.fatal.t < to) rows.push({ t: r.fatal.t, side, text: '  FATAL ' + r.fatal.reason });
  }
  rows.sort((a, b) => a.t - b.t);
  return rows.map((x) => `${x.t.toFixed(3).padStart(9)}  ${(x.side ? '' : x.text).padEnd(38)}${x.side ? x.text : ''}`.trimEnd()).join('\n');
}
