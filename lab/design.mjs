// The matrix: every case on the base channel, joined before the fault and during it, and each case on more channels, so
// that every pair of values of two dimensions, the case being one, is met somewhere.
import { dimensions, makesSense, matrix } from './cases.mjs';

// design returns the rows: { case, segment, ladder, container, audio, layout, join }.
// It has no chance in it: greedy, the first of equally good rows.
export function design(cases = matrix, dims = dimensions) {
  const axes = { case: cases, ...dims };
  const keys = Object.keys(axes);
  const base = Object.fromEntries(Object.entries(dims).map(([d, v]) => [d, v[0]]));
  const rows = dims.join.flatMap((join) => cases.map((c) => ({ case: c, ...base, join }))).filter(makesSense);
  const pairs = (row) => keys.flatMap((a, i) => keys.slice(i + 1).map((b) => `${a}=${row[a]} ${b}=${row[b]}`));
  const open = new Set();
  for (const [i, a] of keys.entries()) for (const b of keys.slice(i + 1)) for (const x of axes[a]) for (const y of axes[b]) {
    if (makesSense({ [a]: x, [b]: y })) open.add(`${a}=${x} ${b}=${y}`);
  }
  const cover = (row) => pairs(row).forEach((p) => open.delete(p));
  rows.forEach(cover);
  let all = cases.map((c) => ({ case: c }));
  for (const [d, v] of Object.entries(dims)) all = all.flatMap((row) => v.map((x) => ({ ...row, [d]: x }))).filter(makesSense);
  while (open.size) {
    let best = null;
    let most = 0;
    for (const row of all) {
      const n = pairs(row).filter((p) => open.has(p)).length;
      if (n > most) [best, most] = [row, n];
    }
    rows.push(best);
    cover(best);
  }
  return rows;
}
