// Shaka Player with its default configuration but for one thing: it gives a stream up for 30 s
// when 15 % of the frames of two seconds were dropped, which in a browser without a graphics
// processor on a busy machine says nothing about the stream. What it
// calls a critical error is not always the end: it is if nothing came after it and it fell silent (record.mjs).
export default {
  name: 'shaka', npm: 'shaka-player', script: 'shaka-player/dist/shaka-player.compiled-es2021.js', profile: 'shaka-5.2',
  tick: 1, why: 'it looks for segments every second at most',

  // start runs in the page.
  start(video, url, note, config) {
    const { shaka } = window;
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    const told = (e) => {
      const name = (of, n) => Object.keys(of).find((k) => of[k] === n) || n;
      const details = name(shaka.util.Error.Code, e.code);
      const critical = e.severity === shaka.util.Error.Severity.CRITICAL;
      note('shaka error', { details, fatal: critical, data: (e.data || []).filter((d) => ['string', 'number'].includes(typeof d)).slice(0, 3) });
      if (critical) note('critical', { reason: details });
    };
    player.addEventListener('error', (e) => told(e.detail));
    const track = () => {
      const t = player.getVariantTracks().find((v) => v.active);
      return t ? `${t.height} ${t.originalVideoId || t.id}` : '';
    };
    for (const event of ['adaptation', 'variantchanged', 'stalldetected', 'gapjumped', 'complete']) {
      player.addEventListener(event, () => note('shaka ' + event, { track: track() }));
    }
    player.configure('abr.droppedFrames', false);
    if (config) player.configure(config);
    player.attach(video).then(() => player.load(url)).then(() => video.play()).catch((e) => (e.code ? told(e) : note('error', { text: String(e) })));
    return { stop: () => player.destroy(), sample: () => ({ estimate: player.getStats().estimatedBandwidth }) };
  },
};
