// Runs in the browser: starts hls.js on video elements and writes down what
// happens. Instants are milliseconds since 1970.
'use strict';

const sessions = new Map();
const now = () => performance.timeOrigin + performance.now();

// What of an event's data is worth keeping.
const keep = {
  hlsError: (d) => ({
    type: d.type, details: d.details, fatal: d.fatal, reason: d.reason || (d.error && d.error.message),
    url: (d.frag && d.frag.url) || d.url || (d.context && d.context.url), status: d.response && d.response.code,
  }),
  hlsLevelSwitching: (d) => ({ level: d.level, url: d.uri || (d.url && d.url[0]) || d.url }),
  hlsLevelSwitched: (d) => ({ level: d.level }),
  hlsLevelLoading: (d) => ({ level: d.level, url: d.url }),
  hlsLevelUpdated: (d) => ({ level: d.level, start: d.details.fragmentStart, edge: d.details.edge, sn: d.details.endSN }),
  hlsAudioTrackSwitching: (d) => ({ url: d.url }),
  hlsFragLoading: (d) => ({ url: d.frag.url, sn: d.frag.sn, track: d.frag.type }),
  hlsFragLoadEmergencyAborted: (d) => ({ url: d.frag.url, sn: d.frag.sn, track: d.frag.type }),
  hlsFragBuffered: (d) => ({ url: d.frag.url, sn: d.frag.sn, track: d.frag.type, start: d.frag.start, duration: d.frag.duration }),
};

window.watch = (id, url, config = {}) => {
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  const log = [];
  const s = { video, log, samples: [] };
  const note = (event, data) => log.push({ at: now(), event, ...data });
  const line = (level) => (...args) => note(level, { text: args.map(String).join(' ') });
  s.hls = new Hls({ debug: { trace() {}, debug() {}, log: line('log'), info: line('log'), warn: line('warn'), error: line('error') }, ...config });
  for (const [event, pick] of Object.entries(keep)) s.hls.on(event, (_, data) => note(event, pick(data)));
  for (const event of ['loadeddata', 'waiting', 'playing', 'pause', 'seeking', 'ended', 'error']) {
    video.addEventListener(event, () => note('video ' + event, { position: video.currentTime }));
  }
  const sample = () => {
    const ranges = [];
    for (let i = 0; i < video.buffered.length; i++) ranges.push([video.buffered.start(i), video.buffered.end(i)]);
    s.samples.push({ at: now(), position: video.currentTime, ready: video.readyState, ranges, latency: s.hls.latency, target: s.hls.targetLatency,
      level: s.hls.loadLevel, estimate: s.hls.bandwidthEstimate });
  };
  s.timer = setInterval(sample, 100);
  sessions.set(id, s);
  note('start', { url });
  s.hls.attachMedia(video);
  s.hls.loadSource(url);
  video.play().catch((e) => note('error', { text: String(e) }));
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
  const q = s.video.getVideoPlaybackQuality();
  const frames = { total: q.totalVideoFrames, dropped: q.droppedVideoFrames };
  const audio = s.video.webkitAudioDecodedByteCount;
  s.hls.destroy();
  s.video.remove();
  sessions.delete(id);
  return { log: s.log, samples: s.samples, frames, audio };
};
