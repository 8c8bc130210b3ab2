// hls.js 1.7 with its default configuration.
export default {
  name: 'hlsjs', npm: 'hls.js', script: 'hls.js/dist/hls.js', profile: 'hlsjs-1.7',
  tick: 0.1, why: 'its tick is 100 ms',

  // start runs in the page.
  start(video, url, note, config) {
    const keep = {
      hlsError: (d) => ({
        type: d.type, details: d.details, fatal: d.fatal, reason: d.reason || (d.error && d.error.message),
        url: (d.frag && d.frag.url) || d.url || (d.context && d.context.url), status: d.response && d.response.code,
      }),
      hlsLevelSwitching: (d) => ({ level: d.level, url: d.uri || (d.url && d.url[0]) || d.url }),
      hlsLevelSwitched: (d) => ({ level: d.level }),
      hlsLevelUpdated: (d) => ({ level: d.level, start: d.details.fragmentStart, edge: d.details.edge, sn: d.details.endSN }),
      hlsAudioTrackSwitching: (d) => ({ url: d.url }),
      hlsFragLoadEmergencyAborted: (d) => ({ url: d.frag.url, sn: d.frag.sn, track: d.frag.type }),
      hlsFragBuffered: (d) => ({ url: d.frag.url, sn: d.frag.sn, track: d.frag.type, start: d.frag.start, duration: d.frag.duration }),
    };
    const line = (level) => (...args) => note(level, { text: args.map(String).join(' ') });
    const hls = new window.Hls({ debug: { trace() {}, debug() {}, log: line('log'), info: line('log'), warn: line('warn'), error: line('error') }, ...config });
    for (const [event, pick] of Object.entries(keep)) {
      hls.on(event, (_, data) => {
        note(event, pick(data));
        if (event === 'hlsError' && data.fatal) note('fatal', { reason: data.details });
      });
    }
    hls.attachMedia(video);
    hls.loadSource(url);
    video.play().catch((e) => note('error', { text: String(e) }));
    return { stop: () => hls.destroy(), sample: () => ({ latency: hls.latency, level: hls.loadLevel, estimate: hls.bandwidthEstimate }) };
  },
};
