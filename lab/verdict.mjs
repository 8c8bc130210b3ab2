// The bar: what has to agree between real and synthetic, and by how much.
import { median } from './measure.mjs';

// mode is the value that came most often, the first of equals.
export function mode(v) {
  const n = new Map();
  for (const x of v) n.set(x, (n.get(x) || 0) + 1);
  return [...n].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

const within = (a, b, limit) => Math.abs(a - b) <= limit + 1e-9;

// sameOrder allows requests that are made at the same time to change places.
export function sameOrder(a, b) {
  if (a.length !== b.length) return false;
  const rest = [...b];
  return a.every((x) => {
    const i = rest.indexOf(x);
    if (i < 0 || i > 1) return false;
    rest.splice(i, 1);
    return true;
  });
}

// rows of the comparison of one case and player. real and synthetic are the figures of its
// repeats, tick that of the player in seconds. A row without `pass` is no part of the bar.
export function judge(real, synthetic, tick) {
  const of = (k) => [median(real.map((f) => f[k] ?? null)), median(synthetic.map((f) => f[k] ?? null))];
  const rows = [];
  const row = (name, [a, b], limit) => {
    const r = { name, real: a, synthetic: b, diff: a === null || b === null ? null : b - a };
    if (limit) r.pass = a === null || b === null ? a === b : within(a, b, limit(a));
    rows.push(r);
  };
  const ends = [mode(real.map((f) => f.end)), mode(synthetic.map((f) => f.end))];
  rows.push({ name: 'end', real: ends[0], synthetic: ends[1], diff: null, pass: ends[0] === ends[1] });
  const time = (a) => Math.max(0.1 * a, tick);
  row('failover', majority('failover', real, synthetic), time);
  row('outage', of('outage'), time);
  row('dead', of('dead'), (a) => Math.max(0.2 * a, 1));
  row('steady', of('steady'), (a) => 0.05 * a);
  for (const k of ['startup', 'reload', 'bad answer', 'detection', 'fatal', 'dead lists', 'dead segments', 'dead failed', 'first segment', 'slip']) row(k, of(k));
  for (const k of ['multivariant', 'media', 'init', 'segment']) {
    row('requests ' + k, [median(real.map((f) => f.requests[k])), median(synthetic.map((f) => f.requests[k]))]);
  }
  const same = real.filter((f, i) => sameOrder(f.first, synthetic[i].first)).length;
  rows.push({ name: 'first requests', real: real[0].first.join(', '), synthetic: synthetic[0].first.join(', '), diff: null, same: `${same} of ${real.length}` });
  return rows;
}

// majority: a median of failovers means nothing when most repeats had none.
function majority(k, real, synthetic) {
  const none = (v) => v.filter((f) => (f[k] ?? null) === null).length * 2 > v.length;
  const m = (v) => (none(v) ? null : median(v.map((f) => f[k] ?? null)));
  return [m(real), m(synthetic)];
}

// agrees says what differs between two records beyond doubt, whatever the
// machine's timing: for the short check. Nothing there is a duration.
export function agrees(real, synthetic) {
  const wrong = [];
  if (real.end !== synthetic.end) wrong.push(`the real one ended ${real.end}, the synthetic one ${synthetic.end}`);
  const over = (f) => (f.failover ?? null) !== null;
  if (over(real) !== over(synthetic)) wrong.push(`the real one ${over(real) ? 'failed over' : 'stayed'}, the synthetic one ${over(synthetic) ? 'failed over' : 'stayed'}`);
  const [a, b] = [real.dead ?? 0, synthetic.dead ?? 0];
  // A session that dies may ask many times in its last moments, as ffmpeg does at times.
  if (real.end !== 'fatal' && Math.max(a, b) > 2 * Math.min(a, b) + 5) wrong.push(`${a} requests to the dead pipeline by the real one, ${b} by the synthetic one`);
  return wrong;
}
