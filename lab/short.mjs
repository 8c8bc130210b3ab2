// The short check: every player and its twin on one channel that dies and on one that freezes.
// It looks at how sessions end, whether they fail over and how often they ask the dead pipeline,
// within wide bounds; no verdict depends on a duration.
import { missing, open } from './browser.mjs';
import { find } from './cases.mjs';
import { compare } from './compare.mjs';
import { players, version } from './players/index.mjs';
import { agrees } from './verdict.mjs';

const lacking = missing() || players.find((p) => !version(p))?.name;
if (lacking) {
  console.log(`SKIPPED: fidelity: no ${lacking}`);
  process.exit(process.env.CI ? 1 : 0);
}
const phase = { join: 0.3, fault: 0.33 };
const cases = [['kill', 25], ['freeze', 25]].map(([name, after]) => {
  const c = find(name);
  return { ...c, seconds: c.at + after };
});

// run compares all players through a case and returns those that disagree.
async function run(browser, c, chosen) {
  const wrong = [];
  for (const r of await compare(browser, c, chosen, phase)) {
    const [a, b] = r.figures;
    const w = agrees(a, b);
    console.log(`${w.length ? 'FAIL' : 'ok  '} ${c.name} ${r.player.name} ${version(r.player)}: ${a.end} / ${b.end}, ${a.failover === null ? 'stayed' : 'failed over'}, ${a.dead} / ${b.dead} requests to p0${r.starved ? ' (starved)' : ''}`);
    for (const x of w) console.log(`       ${x}`);
    if (w.length) wrong.push(r.player);
  }
  return wrong;
}

const browser = await open();
let failed = 0;
try {
  console.log(`Chromium ${browser.version}; real / synthetic`);
  for (const c of cases) {
    let wrong = await run(browser, c, players);
    // A browser that got no processor for seconds is no measure.
    if (wrong.length) {
      console.log('once more, to tell the player from the machine');
      wrong = await run(browser, c, wrong);
    }
    failed += wrong.length;
  }
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
