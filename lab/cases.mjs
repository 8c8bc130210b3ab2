// What real and synthetic players are compared on: a case, which says what
// breaks, and a channel. Both are in the name: `kill` is the base channel,
// `kill.6s.five.fmp4` differs from it in three dimensions.

const ladders = {
  one: [{ size: '640x360', rate: '400kbps' }],
  three: [{ size: '256x144', rate: '100kbps' }, { size: '416x234', rate: '200kbps' }, { size: '640x360', rate: '400kbps' }],
  five: [
    { size: '512x288', rate: '300kbps' }, { size: '256x144', rate: '100kbps' }, { size: '416x234', rate: '200kbps' },
    { size: '640x360', rate: '450kbps' }, { size: '768x432', rate: '900kbps' },
  ],
};

// dimensions of a comparison: of the channel, and whether players join before the fault or during
// it. The first value is that of the base channel.
export const dimensions = {
  segment: ['2s', '4s', '6s'],
  ladder: ['three', 'one', 'five'],
  container: ['ts', 'fmp4'],
  audio: ['muxed', 'demuxed'],
  layout: ['interleaved', 'blocked'],
  join: ['before', 'during'],
};

const p0 = (fault, more) => ({ fault, pipeline: 0, ...more });

// A case: what breaks, for how long (`for`, in seconds; without it to the end),
// how long to look on (`after` the fault), and whether it belongs to the matrix.
// Seconds may depend on the target duration.
const all = {
  none: { after: 20, matrix: true },
  kill: { fault: p0('pipeline.kill'), after: 70, matrix: true },
  return: { fault: p0('pipeline.kill'), for: 20, after: 75, matrix: true },
  freeze: { fault: p0('playlist.freeze'), after: (td) => 32 + 4 * td, matrix: true },
  thaw: { fault: p0('playlist.freeze'), for: (td) => 8 + 4 * td, after: (td) => 25 + 5 * td, matrix: true },
  'segment-404': { fault: p0('segment.missing'), after: 45, matrix: true },
  'segment-hang': { fault: p0('edge.hang', { kind: 'segment' }), after: 60, matrix: true },
  hang: { fault: p0('edge.hang'), after: 60, matrix: true },
  // 13 s: hls.js asks the last copy 9.9 to 10.1 s after the onset, so an end there is a draw.
  'all-503': { fault: p0('edge.status', { code: 503 }), for: 13, after: 45, matrix: true },
  reset: { fault: p0('reset'), after: 45, matrix: true },
  'both-404': { fault: { fault: 'edge.status', code: 404 }, after: 40, matrix: true },

  'hang-back': { fault: p0('edge.hang', { kind: 'segment' }), for: 30, after: 60 },
  'freeze-long': { fault: p0('playlist.freeze'), after: 110 },
  delete: { fault: p0('playlist.delete'), after: 30 },
  'delete-top': { fault: p0('playlist.delete', { rendition: 'highest' }), after: 30 },
  '503-media': { fault: p0('edge.status', { code: 503, kind: 'media' }), for: 10, after: 30 },
  '503-segment': { fault: p0('edge.status', { code: 503, kind: 'segment' }), for: 10, after: 30 },
  'init-404': { fault: p0('edge.status', { code: 404, kind: 'init' }), after: 30 },
  'both-503': { fault: { fault: 'edge.status', code: 503 }, after: 40 },
  'both-delete': { fault: { fault: 'playlist.delete' }, after: 30 },
  'hang-media': { fault: p0('edge.hang', { kind: 'media' }), after: 60 },
  slow: { fault: p0('edge.slow', { by: '3s', kind: 'segment' }), for: 15, after: 35 },
  endlist: { fault: p0('playlist.endlist'), after: 25 },
  rollback: { fault: p0('playlist.rollback', { by: 3 }), for: 12, after: 30 },
  'input-loss': { fault: p0('input.loss'), for: 10, after: 30 },
  bandwidth: { network: { kbps: 1000, rtt: 60 }, after: 25 },
  'bandwidth-drop': { network: { kbps: 3000, rtt: 40, drop: { at: 12.7, for: 20, kbps: 250 } }, after: 45 },
  'kill-mobile': { fault: p0('pipeline.kill'), network: { kbps: 2500, rtt: 80 }, after: 30 },
};

export const names = Object.keys(all);
export const matrix = names.filter((n) => all[n].matrix);

// makesSense reports whether a row of the matrix can be played: without a fault, no player joins during it.
export const makesSense = (row) => row.join !== 'during' || !row.case || Boolean(all[row.case].fault);

// nameOf is the name of a case on a channel.
export function nameOf(name, channel = {}) {
  return [name, ...Object.entries(dimensions).filter(([d, v]) => (channel[d] ?? v[0]) !== v[0]).map(([d]) => channel[d])].join('.');
}

// find makes a comparison of a name.
export function find(full) {
  const [name, ...values] = full.split('.');
  const c = all[name];
  if (!c) throw new Error(`no case ${name}; want one of ${names.join(', ')}`);
  const channel = {};
  for (const [d, v] of Object.entries(dimensions)) channel[d] = v[0];
  const rest = {};
  for (const v of values) {
    const d = Object.keys(dimensions).find((d) => dimensions[d].includes(v));
    if (d) channel[d] = v;
    else if (v === 'wide') Object.assign(rest, { window: 30, keep: 40 });
    else if (v === 'narrow') Object.assign(rest, { window: 6, keep: 8 });
    else if (v === 'short') Object.assign(rest, { window: 4, keep: 6 });
    else if (v === 'single') rest.pipelines = 1;
    else throw new Error(`${full}: no channel has ${v}; want ${Object.values(dimensions).flat().join(', ')}, wide, narrow, short, single`);
  }
  const td = parseFloat(channel.segment);
  const of = (v) => (typeof v === 'function' ? v(td) : v);
  if (!makesSense({ case: name, join: channel.join })) throw new Error(`${full}: ${name} has no fault to join during`);
  const { join, ...rig } = channel;
  // Long enough that rates before the fault can be told; or before the first player comes.
  const at = join === 'during' ? -3 * td : Math.max(6, 2 * td) + 4 * td;
  return {
    name: full, case: name, channel, td, at, for: of(c.for), seconds: Math.max(at, 0) + of(c.after), fault: c.fault, network: c.network,
    rig: { ...rig, ...rest, ladder: ladders[channel.ladder], edge: { preset: 'aws-solution' } },
  };
}

// phases draws where in a segment's life the players join and how long after
// that the fault comes, in shares of a segment: no reload and no fault on a
// publication, no fault on a reload, since there some milliseconds would decide.
// Reloads come at the join's share and half a segment later.
export function phases(random) {
  const near = (a, b, by) => Math.abs(((a - b + 1.5) % 1) - 0.5) < by;
  for (;;) {
    const join = random();
    const fault = random();
    if (near(join, 0, 0.15) || near(join, 0.5, 0.15)) continue;
    if (near(fault, 0, 0.2) || near(fault, 0.5, 0.12) || near(join + fault, 0, 0.12)) continue;
    return { join: Number(join.toFixed(3)), fault: Number(fault.toFixed(3)) };
  }
}

// seeded is a source of random numbers in [0, 1): mulberry32 on a hash of its name.
export function seeded(name) {
  let h = 2166136261;
  for (const c of name) h = Math.imul(h ^ c.codePointAt(0), 16777619);
  return () => {
    h = (h + 0x6d2b79f5) | 0;
    let t = Math.imul(h ^ (h >>> 15), 1 | h);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
