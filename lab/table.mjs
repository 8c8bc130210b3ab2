// One table of all comparisons in lab/out, as Markdown: real / synthetic.
import { readFile } from 'node:fs/promises';
import { cases } from './cases.mjs';

const columns = [
  ['start s', 'startup'], ['latency s', 'latency at 4 s'], ['reload s', 'reload interval, median (max)'],
  ['first bad answer s', 'first bad answer'], ['failover s', 'failover (append from p1)'],
  ['to p0 after: lists (bad), segments (bad)', 'requests to p0: lists (bad), segs (bad)'], ['lists / segments after', 'playlists / segments after'],
  ['levels after', 'levels after'], ['stall s', 'first stall'], ['outage s', 'outage'], ['fatal s', 'fatal'], ['end', 'end state'],
];
const one = (v) => (v === undefined || v === '' ? '-' : String(v).replace(/ \(\d.*/, (m) => (m.includes(',') ? m : '')));
console.log(`| case | ${columns.map((c) => c[0]).join(' | ')} |`);
console.log(`| --- |${columns.map(() => ' --- |').join('')}`);
for (const c of cases) {
  let x;
  try {
    x = JSON.parse(await readFile(new URL(`out/${c.name}.json`, import.meta.url), 'utf8'));
  } catch {
    continue; // not run
  }
  const cells = columns.map(([, k]) => {
    const [a, b] = [one(x.real[k]), one(x.synthetic[k])];
    return a === b ? a : `${a} · ${b}`;
  });
  console.log(`| ${c.name} | ${cells.join(' | ')} |`);
}
