// Runs in the browser: starts a player on video elements and writes down what
// happens. Instants are milliseconds since 1970.
'use strict';

const sessions = new Map();
const now = () => performance.timeOrigin + performance.now();

// How late a timer of 50 ms is says whether the page got processor time.
const late = [];
let due = performance.now() + 50;
setInterval(() => {
  const t = performance.now();
  late.push({ at: performance.timeOrigin + t, ms: Math.max(0, t - due) });
  due = t + 50;
}, 50);

for (const level of ['log', 'info', 'warn', 'error']) {
  const say = console[level];
  console[level] = (...args) => {
    for (const s of sessions.values()) s.note(level, { text: args.map(String).join(' ') });
    say.apply(console, args);
  };
}

// watch starts a session with the start function of a player (players/*.mjs).
window.watch = (id, url, start, config) => {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  document.body.append(video);
  const log = [];
  const s = { video, log, samples: [] };
  s.note = (event, data) => log.push({ at: now(), event, ...data });
  for (const event of ['loadeddata', 'waiting', 'playing', 'pause', 'seeking', 'ended', 'error']) {
    video.addEventListener(event, () => s.note('video ' + event, { position: video.currentTime }));
  }
  const sample = () => {
    const ranges = [];
    for (let i = 0; i < video.buffered.length; i++) ranges.push([video.buffered.start(i), video.buffered.end(i)]);
    s.samples.push({ at: now(), position: video.currentTime, ready: video.readyState, ranges, ...s.player.sample() });
  };
  sessions.set(id, s);
  late.length = 0;
  s.note('start', { url });
  s.player = (0, eval)(`({ ${start} })`).start(video, url, s.note, config);
  s.timer = setInterval(sample, 100);
};

// played returns for each session how many seconds of media it has played.
window.played = () => [...sessions.values()].map((s) => {
  const first = s.log.find((e) => e.event === 'video playing');
  return first ? s.video.currentTime - first.position : 0;
});

// stop ends a session and returns its record.
window.stop = (id) => {
  const s = sessions.get(id);
  clearInterval(s.timer);
  sessions.delete(id);
  const q = s.video.getVideoPlaybackQuality();
  const frames = { total: q.totalVideoFrames, dropped: q.droppedVideoFrames };
  const audio = s.video.webkitAudioDecodedByteCount;
  const record = { log: s.log, samples: s.samples, frames, audio, late: late.slice() };
  try {
    s.player.stop();
  } catch (e) {
    record.log.push({ at: now(), event: 'warn', text: `at the end: ${e}` });
  }
  s.video.remove();
  return record;
};
