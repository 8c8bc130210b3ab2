// One form for what a player did, real or synthetic, so that both can be laid
// beside each other. Instants are seconds since everybody was let in.

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

// resend is how soon after a reset the same request must come to be the
// transport's doing (browsers and Go send again what met a dead connection), in ms.
const resend = 100;

// requests of a door (front.mjs), with those that the transport sent again counted once.
function requests(wire, zero) {
  const out = [];
  const t = (at) => at && (at - zero) / 1000;
  const last = new Map();
  for (const q of wire) {
    const before = last.get(q.url);
    if (before && before.status === 'reset' && q.at - before.at - before.took < resend) {
      Object.assign(before, { status: q.status, end: t(q.end), took: (q.end ?? q.at) - before.at, sent: before.sent + 1 });
      continue;
    }
    const { at, url, ...rest } = q;
    const r = { ...rest, t: t(at), end: t(q.end), at, took: (q.end ?? at) - at, sent: 1 };
    last.set(url, r);
    out.push(r);
  }
  return out;
}

const empty = (who, wire, zero) => ({ who, requests: requests(wire, zero), appends: [], stalls: [], notes: [], startup: null, fatal: null });

// pause is how long a position must stand still to count as a stall, in seconds.
export const pause = 0.3;

// standstills finds when a position did not advance. A jump is not playing.
export function standstills(samples, from) {
  const stalls = [];
  let played = from;
  let before = null;
  let open = null;
  for (const s of samples.filter((s) => s.t >= from)) {
    const moved = before && s.position - before.position;
    if (before && moved > 0.02 && moved < 2 * (s.t - before.t) + 0.2) {
      if (open) {
        open.end = s.t;
        open = null;
      }
      played = s.t;
    } else if (!open && s.t - played > pause) {
      open = { t: played, end: null };
      stalls.push(open);
    }
    before = s;
  }
  return stalls;
}

// slip is by how much what plays fell behind the clock without standing still, until the first
// long stall after an instant, in seconds: a busy machine plays slowly.
export function slip(samples, from, fault, stalls) {
  const to = stalls.find((s) => s.t > fault)?.t ?? Infinity;
  let n = 0;
  for (const [i, s] of samples.entries()) {
    const before = samples[i - 1];
    if (!before || before.t < from || s.t > to) continue;
    const [dt, moved] = [s.t - before.t, s.position - before.position];
    if (moved >= 0 && moved < 2 * dt + 0.2) n += dt - moved;
  }
  return n;
}

// silence is how long a player must have asked for nothing to have ended, in seconds: more than its timeouts.
const silence = 12;

// quiet are events of a real player that say nothing about a decision.
const quiet = /^(start|log|info|debug|hlsFragBuffered|hlsLevelUpdated|vhs usage|video (loadeddata|playing|waiting|seeking|pause))$/;

// fromReal makes a record of what a player on a page, or ffmpeg, wrote down.
export function fromReal(played, wire, zero) {
  const t = (at) => (at - zero) / 1000;
  const r = empty('real', wire, zero);
  const end = played.samples.length ? t(played.samples.at(-1).at) : Infinity;
  for (const e of played.log) {
    const name = typeof e.url === 'string' && /^http/.test(e.url) ? ` ${place(e.url).kind} p${place(e.url).pipeline}/${place(e.url).name}` : '';
    if (e.event === 'hlsFragBuffered' && e.sn !== 'initSegment') r.appends.push({ t: t(e.at), ...place(e.url), start: e.start, duration: e.duration });
    if (e.event === 'video playing') r.startup ??= t(e.at);
    if (e.event === 'fatal') r.fatal ??= { t: t(e.at), reason: e.reason };
    // A player that asked for more after a critical error, or asks to the end, had not ended.
    const silent = e.event === 'critical' && !r.requests.some((q) => q.t > Math.min(end - silence, t(e.at)) || (q.kind === 'segment' && q.status === 200 && q.end > t(e.at)));
    if (silent) r.fatal ??= { t: t(e.at), reason: e.reason };
    if (e.event === 'video ended') r.over ??= t(e.at);
    if (!quiet.test(e.event)) r.notes.push({ t: t(e.at), text: `${e.event}: ${e.details || e.reason || e.text || ''}${name}`.slice(0, 110) });
    else if (e.event === 'video seeking') r.notes.push({ t: t(e.at), text: `seeks to ${e.position.toFixed(2)}` });
  }
  const samples = played.samples.map((s) => ({ ...s, t: t(s.at) }));
  if (r.startup !== null) r.stalls = standstills(samples.filter((s) => !r.over || s.t < r.over), r.startup);
  r.samples = samples;
  return r;
}

// fromSynthetic makes a record of hlsload's events.
export function fromSynthetic(events, list, wire, zero) {
  // The instants of the first requests are known by both clocks; the one that was the
  // least late on its way tells how far they are apart.
  // hlsload looks at its target before its player comes.
  wire = wire.slice(Math.max(0, wire.slice(0, 8).findLastIndex((q) => /\/index\.m3u8/.test(q.url))));
  const asked = events.filter((e) => e.event === 'request').slice(0, 8);
  const r = empty('synthetic', wire, zero);
  const shift = Math.min(...r.requests.slice(0, asked.length).map((q, i) => q.at - asked[i].t_ms));
  const t = (e) => (e.t_ms + shift - zero) / 1000;
  const where = (e) => ({
    kind: e.kind || 'segment', pipeline: e.pipeline ?? -1, seq: e.sequence ?? null,
    name: e.track === 'audio' ? 'audio' : e.rendition === undefined ? '' : list[e.rendition]?.name ?? '?',
  });
  for (const e of events) {
    switch (e.event) {
      case 'append':
        r.appends.push({ t: t(e), ...where(e), start: e.media_start_ms / 1000, duration: e.media_ms / 1000 });
        break;
      case 'startup':
        r.startup = t(e);
        break;
      case 'stall_start':
        r.stalls.push({ t: t(e), end: null });
        break;
      case 'stall_end':
        r.stalls.at(-1).end = t(e);
        break;
      case 'fatal':
        r.fatal = { t: t(e), reason: e.reason };
        break;
      case 'end':
        r.over = true;
        break;
      case 'join': case 'leave': case 'request': case 'answer': case 'evidence':
        break;
      default: {
        const w = where(e);
        r.notes.push({ t: t(e), text: [e.event, e.decision, e.reason, e.status, e.failure, `${w.kind} p${w.pipeline}/${w.name}`].filter(Boolean).join(' ') });
      }
    }
  }
  r.stalls = r.stalls.filter((x) => x.end === null || x.end - x.t > pause);
  return r;
}
