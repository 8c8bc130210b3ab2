// One form for what a player did, real or synthetic, so that both can be laid
// beside each other. Instants are seconds since the fleet's players joined.

// place takes a URL of the rig apart.
export function place(url) {
  const path = new URL(url).pathname;
  const pipeline = /\/p(\d)\//.exec(path);
  const file = path.slice(path.lastIndexOf('/') + 1);
  const [stem, suffix] = file.split(/\.(?=[^.]*$)/);
  const name = stem.replace(/^index_?/, '');
  const seq = /_(\d+)$/.exec(name);
  let kind = 'segment';
  if (suffix === 'm3u8') kind = name === '' ? 'multivariant' : 'media';
  else if (!seq) kind = 'init';
  return {
    kind, pipeline: pipeline ? Number(pipeline[1]) : -1, seq: seq ? Number(seq[1]) : null,
    name: name.replace(/_(\d+|init)$/, '').replace(/^\d+x(\d+)$/, '$1'),
  };
}

// variants lists the renditions of a multivariant playlist the way hlsload
// numbers them: variants as listed.
export function variants(text, base) {
  const lines = text.split('\n');
  return lines.filter((l) => l && !l.startsWith('#')).map((l) => place(new URL(l, base).href));
}

// fromReal makes a record of what page.js and the browser wrote down.
export function fromReal(page, requests, pdt) {
  const join = page.log.find((e) => e.event === 'start').at;
  const t = (at) => (at - join) / 1000;
  const r = { who: 'real', join, requests: [], appends: [], switches: [], stalls: [], errors: [], startup: null, fatal: null, latency: [] };
  for (const q of requests.filter((q) => q.url.startsWith('http'))) {
    const status = q.failure === 'net::ERR_ABORTED' ? 'aborted' : q.failure ? q.failure.replace('net::ERR_', '').toLowerCase() : q.status || 'open';
    r.requests.push({ t: t(q.at), end: q.end && t(q.end), status, ...place(q.url) });
  }
  r.requests.sort((a, b) => a.t - b.t);
  for (const e of page.log) {
    switch (e.event) {
      case 'hlsFragBuffered':
        if (e.sn !== 'initSegment') r.appends.push({ t: t(e.at), ...place(e.url), start: e.start, duration: e.duration });
        break;
      case 'hlsLevelSwitching':
        r.switches.push({ t: t(e.at), to: e.level });
        break;
      case 'hlsError':
        r.errors.push({ t: t(e.at), details: e.details, fatal: e.fatal, status: e.status, ...(e.url && /^http/.test(e.url) ? place(e.url) : {}) });
        if (e.fatal) r.fatal ??= { t: t(e.at), reason: e.details };
        break;
      case 'video playing':
        r.startup ??= t(e.at);
        break;
    }
  }
  // Standing still: the position has not moved for more than 300 ms.
  let moved = null;
  let open = null;
  for (const s of page.samples) {
    if (r.startup === null || t(s.at) < r.startup) continue;
    if (moved === null || Math.abs(s.position - moved.position) > 0.02) {
      if (open) {
        r.stalls.push({ t: t(open), end: t(s.at) });
        open = null;
      }
      moved = s;
    } else if (s.at - moved.at > 300) open ??= moved.at;
    const a = r.appends.findLast((a) => a.kind === 'segment' && a.name !== 'audio' && a.t <= t(s.at) && a.start <= s.position + 0.05);
    if (a && pdt && !open) r.latency.push({ t: t(s.at), v: (s.at - (pdt(a.seq) + (s.position - a.start) * 1000)) / 1000 });
  }
  if (open) r.stalls.push({ t: t(open), end: null });
  const last = page.samples.at(-1);
  r.end = { t: t(last.at), state: r.fatal ? 'fatal' : r.startup === null ? 'never started' : open ? 'stalled' : 'playing' };
  return r;
}

// fromSynthetic makes a record of hlsload's events.
export function fromSynthetic(events, list, join) {
  const zero = events.find((e) => e.event === 'join').t_ms;
  const t = (ms) => (ms - zero) / 1000;
  const where = (e) => ({
    kind: e.kind || 'segment', pipeline: e.pipeline ?? -1,
    name: e.track === 'audio' ? 'audio' : e.rendition === undefined ? '' : list[e.rendition]?.name ?? '?',
    seq: e.sequence ?? null,
  });
  const r = { who: 'synthetic', join, requests: [], appends: [], switches: [], stalls: [], errors: [], startup: null, fatal: null, latency: [] };
  const open = new Map();
  for (const e of events) {
    const key = `${e.kind} ${e.track}`;
    switch (e.event) {
      case 'request': {
        const q = { t: t(e.t_ms), end: null, status: 'open', ...where(e) };
        // A request that was asked for again while open had been abandoned.
        if (open.has(key)) open.get(key).status = 'aborted';
        open.set(key, q);
        r.requests.push(q);
        break;
      }
      case 'answer': {
        const q = open.get(key);
        if (q) {
          q.end = t(e.t_ms);
          q.status = e.failure && e.failure !== 'status' ? e.failure : e.status;
          open.delete(key);
        }
        break;
      }
      case 'append': {
        const a = { t: t(e.t_ms), ...where(e), start: e.media_start_ms / 1000, duration: e.media_ms / 1000 };
        r.appends.push(a);
        const q = r.requests.findLast((q) => q.kind === 'segment' && q.name === a.name && q.seq === null);
        if (q) q.seq = a.seq;
        if (e.latency_ms !== undefined) r.latency.push({ t: t(e.t_ms), v: e.latency_ms / 1000 });
        break;
      }
      case 'switch':
        if (e.track !== 'audio') r.switches.push({ t: t(e.t_ms), to: list[e.rendition]?.name, reason: e.reason });
        break;
      case 'startup':
        r.startup = e.duration_ms / 1000;
        break;
      case 'stall_start':
        r.stalls.push({ t: t(e.t_ms), end: null });
        break;
      case 'stall_end':
        r.stalls.at(-1).end = t(e.t_ms);
        break;
      case 'evidence':
      case 'detect':
        r.errors.push({ t: t(e.t_ms), details: e.event, decision: e.decision, status: e.status, failure: e.failure, reason: e.reason, ...where(e) });
        break;
      case 'fatal':
        r.fatal = { t: t(e.t_ms), reason: e.reason };
        break;
    }
  }
  const end = t(events.at(-1).t_ms);
  const stalled = r.stalls.at(-1);
  r.end = { t: end, state: r.fatal ? 'fatal' : r.startup === null ? 'never started' : stalled && stalled.end === null ? 'stalled' : 'playing' };
  return r;
}
