// Plays the embedded channel in Chromium with hls.js: every container and audio
// layout, from both pipelines, across five joints of the content's loop, and what
// a channel can carry. An
// error, a warning, a stall, a hole, lost frames or a request to the other
// pipeline fails it.
import { existsSync } from 'node:fs';
import { missing, open } from './browser.mjs';
import hlsjs from './players/hlsjs.mjs';
import { version } from './players/index.mjs';
import { binary, startRig } from './rig.mjs';

const want = 40; // seconds of media each; the content's loop has 8
const limit = 60; // seconds for it, on a machine that is busy

const lacking = missing() || (existsSync(binary) ? '' : binary);
if (lacking) {
  console.log(`SKIPPED: browser: no ${lacking}`);
  process.exit(process.env.CI ? 1 : 0);
}

// oddity is what hls.js 1.7.4 says once at the start of demuxed TS, of any
// packager: the first audio segment is appended twice.
const oddity = /bufferAppendNoProgress|without buffered range growth/;

// judge returns what is wrong with a session.
function judge(channel, record, strangers) {
  const wrong = [];
  let odd = channel.container === 'ts' && channel.audio === 'demuxed' ? 2 : 0; // an event and its warning
  for (const e of record.log) {
    if (!['hlsError', 'warn', 'error', 'video error'].includes(e.event)) continue;
    const text = `${e.details || ''} ${e.reason || e.text || ''}`;
    if (oddity.test(text) && odd-- > 0) continue;
    wrong.push(`${e.event}: ${text}`);
  }
  const first = record.log.find((e) => e.event === 'video playing');
  if (!first) return [...wrong, 'never played'];
  for (const e of record.log) if (e.event === 'video waiting' && e.at > first.at) wrong.push(`waiting at ${e.position.toFixed(1)} s`);
  const hole = record.samples.find((s) => s.ranges.length > 1);
  if (hole) wrong.push(`hole in the buffer: ${JSON.stringify(hole.ranges)}`);
  const played = record.samples.at(-1).position - first.position;
  if (played < want) wrong.push(`played ${played.toFixed(1)} s; want ${want} s`);
  if (record.frames.total < 24 * played * 0.95) wrong.push(`${record.frames.total} frames in ${played.toFixed(1)} s at 24 a second`);
  if (!(record.audio > played * 1000)) wrong.push(`${record.audio} bytes of audio in ${played.toFixed(1)} s`);
  if (strangers.length) wrong.push(`asked for ${strangers[0]}`);
  return wrong;
}

// batch plays all channels side by side and returns how many failed.
async function batch(browser, rigs, channels, entry) {
  const page = await browser.page(hlsjs);
  for (let i = 0; i < rigs.length; i++) await page.watch(i, rigs[i].urls[entry]);
  const until = Date.now() + limit * 1000;
  do await new Promise((ok) => setTimeout(ok, 1000));
  while (Date.now() < until && (await page.played()).some((s) => s < want));
  let failed = 0;
  for (let i = 0; i < rigs.length; i++) {
    const record = await page.stop(i);
    const own = new URL(rigs[i].urls[0]).origin;
    const wrong = judge(channels[i], record, page.urls.filter((u) => u.startsWith(own) && !u.includes(`/p${entry}/`)));
    console.log(`${wrong.length ? 'FAIL' : 'ok  '} ${Object.entries(channels[i]).map(([k, v]) => (typeof v === 'string' && !k.includes('_') ? v : `${k} ${JSON.stringify(v)}`)).join(' ')} p${entry}: ${record.frames.total} frames, ${record.frames.dropped} dropped`);
    for (const w of [...new Set(wrong)].slice(0, 8)) console.log(`       ${w}`);
    failed += wrong.length > 0;
  }
  for (const c of page.console.filter((c) => /^(error|warning|exception)/.test(c))) {
    console.log(`FAIL ${c}`);
    failed++;
  }
  await page.close();
  return failed;
}

const channels = [];
for (const container of ['ts', 'fmp4']) for (const audio of ['muxed', 'demuxed']) channels.push({ container, audio });
// What a channel can carry beside plain live segments, each kind in one of these.
const contents = [
  { container: 'fmp4', audio: 'demuxed', byte_ranges: true, encryption: 'aes-128', key_rotation: 5 },
  { container: 'ts', audio: 'muxed', encryption: 'aes-128', iv: 'explicit', key_rotation: 5, discontinuity_every: 8 },
  { container: 'fmp4', audio: 'muxed', playlist: 'event', discontinuity_every: 5, start: { offset: '-12s' } },
  { container: 'ts', audio: 'demuxed', playlist: 'vod', length: '60s', byte_ranges: true },
];
const rigs = await Promise.all([...channels, ...contents].map((c) => startRig({ ladder: 'mini', segment: '2s', ...c })));
const browser = await open();
console.log(`Chromium ${browser.version}, hls.js ${version(hlsjs)}, ${want} s of media each`);
let failed = 0;
try {
  const plain = rigs.slice(0, channels.length);
  for (const [some, what, entry] of [[plain, channels, 0], [plain, channels, 1], [rigs.slice(channels.length), contents, 0]]) {
    let n = await batch(browser, some, what, entry);
    if (n) {
      // A browser that got no processor for seconds stands still by itself.
      console.log('once more, to tell the stream from the machine');
      n = await batch(browser, some, what, entry);
    }
    failed += n;
  }
} finally {
  await browser.close();
  await Promise.all(rigs.map((r) => r.stop()));
}
process.exit(failed ? 1 : 0);
