// video.js with its HLS engine VHS and its default configuration.
export default {
  name: 'vhs', npm: 'video.js', script: 'video.js/dist/video.js', profile: 'vhs-3.17',
  tick: 0.5, why: 'its loader ticks every 500 ms, its watcher every 250 ms',

  // start runs in the page.
  start(video, url, note, config) {
    const { videojs } = window;
    videojs.log.level('warn');
    const player = videojs(video, { autoplay: 'any', controls: false, preload: 'auto', html5: { vhs: config || {} } });
    player.on('error', () => {
      const e = player.error();
      note('fatal', { reason: `${e && e.code} ${e && e.message}` });
    });
    player.src({ src: url, type: 'application/vnd.apple.mpegurl' });
    player.ready(() => {
      const tech = player.tech(true);
      if (!tech.vhs) return note('fatal', { reason: 'the browser plays by itself' });
      tech.on('usage', (e) => note('vhs usage', { details: e.name }));
      tech.on('mediachange', () => note('vhs mediachange', { url: tech.vhs.playlists.media() && tech.vhs.playlists.media().resolvedUri }));
      player.play();
    });
    return { stop: () => player.dispose(), sample: () => ({ estimate: player.tech(true)?.vhs?.bandwidth }) };
  },
};
