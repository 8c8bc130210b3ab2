// Watches the page of `hlsload rig` in Chromium, on a screen as small as a phone's
// and with the keyboard: it plays, its buttons start and stop faults, the player
// moves to the other pipeline and back. A page of another origin can do none of it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { missing, open } from './browser.mjs';
import hlsjs from './players/hlsjs.mjs';
import { binary, startRig } from './rig.mjs';

const patience = 90_000; // ms, on a machine that is busy

const lacking = missing() || (existsSync(binary) ? '' : binary);
if (lacking) {
  console.log(`SKIPPED: watch: no ${lacking}`);
  process.exit(process.env.CI ? 1 : 0);
}

const built = await readFile(new URL('../rig/page/hls.min.js', import.meta.url));
const pinned = await readFile(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'));
assert(built.equals(pinned), 'rig/page/hls.min.js is not that of the package in lab/package.json');

// With audio of its own, which the light build of hls.js would not play.
const rig = await startRig({ ladder: 'mini', segment: '2s', container: 'fmp4', audio: 'demuxed', encryption: 'aes-128' });
const browser = await open();
const step = (text) => console.log(`ok   ${text}`);
try {
  const { page, console: said, urls } = await browser.visit(rig.control, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
  page.setDefaultTimeout(patience);
  const text = (id, want) => page.waitForFunction(([i, w]) => document.getElementById(i).textContent === w, [id, want]);
  const position = () => page.evaluate(() => document.getElementById('video').currentTime);
  const plays = async (s) => {
    const from = await position();
    await page.waitForFunction((to) => document.getElementById('video').currentTime > to, from + s);
  };
  const shoot = (name) => process.env.SHOTS && page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });
  // press finds a button by the keyboard and presses it.
  const press = async (name) => {
    await page.locator('h1').click();
    for (let i = 0; i < 99; i++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent)) === name) return page.keyboard.press('Enter');
    }
    throw new Error(`no button ${name} within 99 tabs`);
  };
  const pressed = (name, on) => page.getByRole('button', { name, pressed: on, exact: true }).waitFor();

  await text('state', 'Playing · pipeline 0');
  await text('shown', '0');
  await plays(5);
  assert((await page.evaluate(() => document.getElementById('video').webkitAudioDecodedByteCount)) > 0, 'no audio was decoded');
  step('plays pipeline 0, with sound');

  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert(width <= 360, `the page is ${width} pixels wide on a screen of 360`);
  const nameless = await page.evaluate(() => [...document.querySelectorAll('button, input, select, video, summary')].filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).length);
  assert.equal(nameless, 0, 'controls without a name');
  step('fits a phone; every control has a name');

  await press('pipeline.kill, pipeline 0');
  await pressed('pipeline.kill, pipeline 0', true);
  assert.deepEqual((await rig.faults()).map((f) => [f.name, f.fault, f.pipeline]), [['pipeline-kill-0', 'pipeline.kill', 0]]);
  await page.getByRole('button', { name: 'Stop pipeline-kill-0' }).waitFor();
  await text('shown', '1');
  await plays(3);
  await shoot('phone');
  step('pipeline 0 is killed: the player moves to pipeline 1');

  await press('pipeline.kill, pipeline 0');
  await pressed('pipeline.kill, pipeline 0', false);
  assert.deepEqual(await rig.faults(), []);
  // The edges keep an error for a second; hls.js, which meets it, avoids the pipeline for five minutes.
  const playlist = new URL('index_640x360.m3u8', rig.urls[0]);
  while ((await fetch(playlist)).status !== 200) await new Promise((ok) => setTimeout(ok, 200));
  await press('Start the player again');
  await text('shown', '0');
  await plays(3);
  step('the kill is stopped: a player that starts again plays pipeline 0');

  await rig.fault({ name: 'by-hand', fault: 'playlist.freeze', pipeline: 1 });
  await press('Stop by-hand');
  await page.waitForFunction(() => document.getElementById('active').children.length === 0);
  assert.deepEqual(await rig.faults(), []);
  step('a fault that a program started is listed, and stopped from the page');

  await page.locator('summary', { hasText: 'edge' }).click();
  const code = page.locator('li', { hasText: 'edge.status' }).getByLabel('code');
  await code.fill('99');
  await press('edge.status, all');
  await page.getByRole('alert').filter({ hasText: 'want 200 to 599' }).waitFor();
  await code.fill('503');
  await press('edge.status, all');
  await pressed('edge.status, all', true);
  assert.equal((await fetch(rig.urls[0])).status, 503);
  await press('edge.status, all');
  await pressed('edge.status, all', false);
  step('a wrong parameter is refused with its reason, a right one is used');

  const events = await page.evaluate(() => [...document.getElementById('events').children].map((e) => e.textContent.slice(9)));
  for (const want of ['playing', 'the player moved from pipeline 0 to pipeline 1', 'fault by-hand started', 'fault by-hand stopped']) {
    assert(events.some((e) => e.startsWith(want)), `no event "${want}" in ${JSON.stringify(events)}`);
  }
  const odd = said.filter((c) => /^exception|Content Security Policy/.test(c));
  assert.deepEqual(odd, [], 'exceptions or violations of the content security policy');
  const elsewhere = urls.filter((u) => /^https?:/.test(u) && new URL(u).hostname !== '127.0.0.1');
  assert.deepEqual(elsewhere, [], 'requests that leave the machine');
  step('events are listed; nothing violates the policy or leaves the machine');

  // Another origin, on this machine even: simple requests, a preflight, a frame.
  const { page: foreign } = await browser.visit(new URL(`${hlsjs.name}/`, browser.url).href);
  const got = await foreign.evaluate(async (control) => {
    const entry = JSON.stringify({ name: 'foreign', fault: 'edge.hang' });
    const attempts = [
      fetch(`${control}/faults`, { method: 'POST', mode: 'no-cors', body: entry }),
      fetch(`${control}/faults`, { method: 'POST', body: entry, headers: { 'content-type': 'application/json' } }),
      fetch(`${control}/faults`),
    ];
    const frame = Object.assign(document.createElement('iframe'), { src: control });
    document.body.append(frame);
    await new Promise((ok) => { frame.onload = ok; });
    return (await Promise.allSettled(attempts)).map((a) => (a.status === 'fulfilled' && a.value.type !== 'opaque' ? `answered ${a.value.status}` : 'nothing'));
  }, rig.control);
  assert.deepEqual(got, ['nothing', 'nothing', 'nothing']);
  assert.deepEqual(await rig.faults(), []);
  const framed = await foreign.frames()[1].evaluate(() => document.querySelectorAll('button').length).catch(() => 0);
  assert.equal(framed, 0, 'the page shows in a frame of another page');
  step('a page of another origin starts nothing, reads nothing and frames nothing');
} finally {
  await browser.close();
  await rig.stop();
}
