// Plays the channel with hls.js, shows what the player does, and starts and stops
// faults by the control API.
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const { urls, now_s: began, families } = JSON.parse($('data').textContent);

  // make makes an element with properties, attributes and children.
  const make = (tag, { attributes = {}, ...properties }, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const video = $('video');
  const say = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };
  const seconds = (s) => (Number.isFinite(s) ? `${s.toFixed(1)} s` : '–');
  const rate = (bps) => (bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bps / 1e3)} kbit/s`);
  const pipelineOf = (url) => /\/p(\d+)\//.exec(new URL(url, location.href).pathname)?.[1];

  // note adds an event to the list, newest first. What repeats is counted.
  const most = 200;
  let last = { text: '' };
  const note = (text, bad) => {
    const time = new Date().toTimeString().slice(0, 8);
    if (last.text === text) {
      last.item.textContent = `${time} ${text} (${++last.times} times)`;
      return;
    }
    const item = make('li', { textContent: `${time} ${text}`, className: bad ? 'bad' : '' });
    $('events').prepend(item);
    if ($('events').children.length > most) $('events').lastChild.remove();
    last = { text, item, times: 1 };
  };

  // The player.
  let hls, shown, stalledAt, played, ended, stalls, stalledFor, errors;

  const start = () => {
    hls?.destroy();
    [hls, shown, stalledAt, played, ended, stalls, stalledFor, errors] = [null, '', 0, false, '', 0, 0, 0];
    if (!window.Hls?.isSupported()) {
      ended = 'This browser cannot run hls.js: it has no Media Source Extensions.';
      return;
    }
    // The worker would be a script of a blob, which the page's policy forbids.
    hls = new Hls({ enableWorker: false });
    const { Events } = Hls;
    hls.on(Events.FRAG_LOADING, (_, { frag }) => {
      if (frag.type === 'main') say('loaded', pipelineOf(frag.url) ?? '–');
    });
    hls.on(Events.FRAG_CHANGED, (_, { frag }) => {
      const pipeline = pipelineOf(frag.url);
      if (frag.type !== 'main' || pipeline === undefined || pipeline === shown) return;
      note(shown ? `the player moved from pipeline ${shown} to pipeline ${pipeline}` : `the player is on pipeline ${pipeline}`);
      shown = pipeline;
    });
    hls.on(Events.LEVEL_SWITCHED, (_, { level }) => note(`level ${levelText(hls.levels[level])}`));
    hls.on(Events.ERROR, (_, d) => {
      errors++;
      const url = d.frag?.url ?? d.context?.url ?? d.url;
      const pipeline = url && pipelineOf(url);
      const details = [d.details, d.response?.code && `status ${d.response.code}`, pipeline && `pipeline ${pipeline}`, url && new URL(url).pathname.split('/').pop()];
      note(details.filter(Boolean).join(', '), true);
      if (d.fatal) {
        ended = `hls.js gave up: ${d.details}`;
        note(ended, true);
      }
    });
    hls.attachMedia(video);
    hls.loadSource($('entry').value);
    video.play().catch(() => {}); // a browser that wants a person to press play shows its button
  };

  const levelText = (l) => (l ? `${l.width}x${l.height}, ${rate(l.bitrate)}` : '–');

  const resumed = () => {
    if (!stalledAt) return;
    const lasted = (performance.now() - stalledAt) / 1000;
    stalledAt = 0;
    stalledFor += lasted;
    note(`playing again after ${seconds(lasted)}`);
  };
  video.addEventListener('waiting', () => {
    if (!played || stalledAt || video.seeking) return;
    stalledAt = performance.now();
    stalls++;
    note('stalled: the buffer is empty', true);
  });
  video.addEventListener('playing', () => {
    if (!played) note('playing');
    played = true;
    resumed();
  });
  video.addEventListener('ended', () => { ended ||= 'The stream has ended.'; });

  const state = () => {
    if (ended) return [ended, true];
    if (stalledAt) return ['Stalled', true];
    if (video.paused) return [played ? 'Paused' : 'Press play', false];
    return [played ? 'Playing' : 'Starting', false];
  };

  const show = () => {
    const [text, bad] = state();
    say('state', shown ? `${text} · pipeline ${shown}` : text);
    $('state').classList.toggle('bad', bad);
    if (!hls) return;
    let buffered = 0;
    for (let i = 0; i < video.buffered.length; i++) {
      if (video.buffered.start(i) <= video.currentTime + 0.1) buffered = Math.max(0, video.buffered.end(i) - video.currentTime);
    }
    say('shown', shown || '–');
    say('buffer', seconds(buffered));
    say('latency', seconds(played ? hls.latency : NaN));
    say('level', levelText(hls.levels[hls.currentLevel]));
    say('estimate', played ? rate(hls.bandwidthEstimate) : '–');
    const open = stalledAt ? (performance.now() - stalledAt) / 1000 : 0;
    say('stalls', stalls ? `${stalls}, ${seconds(stalledFor + open)}` : '0');
    say('errors', String(errors));
  };

  // Faults.
  const pending = new Set(); // names that are being started or stopped
  let active = new Map();

  const silent = 'The rig does not answer.';

  const ask = async (method, path, entry) => {
    const res = await fetch(path, { method, ...(entry && { body: JSON.stringify(entry), headers: { 'Content-Type': 'application/json' } }) });
    const answer = await res.json();
    if (!res.ok) throw new Error(answer.error);
    return answer;
  };

  // change starts or stops a fault. What goes wrong stands in where.
  const change = async (name, where, does) => {
    if (pending.has(name)) return;
    pending.add(name);
    where.textContent = '';
    press();
    try {
      await does();
    } catch (e) {
      where.textContent = e.message;
      note(e.message, true);
    }
    pending.delete(name);
    await list();
  };
  const stop = (name, where = $('problem')) => change(name, where, () => ask('DELETE', `faults/${name}`));

  // press makes the buttons show what is active.
  const press = () => {
    for (const b of document.querySelectorAll('[data-name]')) {
      if (b.hasAttribute('aria-pressed')) b.setAttribute('aria-pressed', String(active.has(b.dataset.name)));
      b.setAttribute('aria-disabled', String(pending.has(b.dataset.name)));
    }
  };

  const aboutFault = (f) => {
    const age = began + performance.now() / 1000 - f.since_s;
    return [
      f.fault, f.pipeline === null ? 'all pipelines' : `pipeline ${f.pipeline}`, `for ${Math.max(0, Math.round(age))} s`,
      f.for_s !== null && `ends after ${f.for_s} s`, f.bites ? f.detail : `does not show: ${f.detail}`,
    ].filter(Boolean).join(' · ');
  };

  const list = async () => {
    let rows;
    try {
      rows = await ask('GET', 'faults');
    } catch {
      return say('problem', silent);
    }
    if ($('problem').textContent === silent) say('problem', '');
    const had = active;
    active = new Map(rows.map((f) => [f.name, f]));
    for (const f of rows) if (!had.has(f.name)) note(`fault ${f.name} started`);
    for (const name of had.keys()) if (!active.has(name)) note(`fault ${name} stopped`);
    $('none').hidden = rows.length > 0;
    // Items stay what they are while their fault is active, so that the focus stays.
    for (const item of [...$('active').children]) if (!active.has(item.dataset.active)) item.remove();
    for (const f of rows) {
      let item = [...$('active').children].find((i) => i.dataset.active === f.name);
      if (!item) {
        const button = make('button', { type: 'button', textContent: 'Stop', attributes: { 'data-name': f.name, 'aria-label': `Stop ${f.name}` } });
        button.addEventListener('click', () => stop(f.name));
        item = make('li', { attributes: { 'data-active': f.name } }, make('div', {}, make('code', { textContent: f.name }), ' ', make('span', {})), button);
        $('active').append(item);
      }
      item.firstChild.lastChild.textContent = aboutFault(f);
    }
    press();
  };

  // row is a kind of fault with its parameters and its buttons.
  const row = ({ kind, doc, params, buttons, instant }) => {
    const inputs = (params ?? []).map((p) => make('input', { name: p.name, value: p.value, size: 5, title: p.doc, autocomplete: 'off', attributes: { 'aria-label': `${kind}, ${p.name}` } }));
    const values = () => Object.fromEntries(inputs.map((i) => [i.name, /^\d+$/.test(i.value) ? Number(i.value) : i.value]));
    const wrong = make('p', { className: 'problem', attributes: { role: 'alert' } });
    const all = buttons.map(({ name, pipeline }) => {
      const text = pipeline === null ? 'all' : `pipeline ${pipeline}`;
      const button = make('button', { type: 'button', textContent: text, attributes: { 'data-name': name, 'aria-label': `${kind}, ${text}`, ...(!instant && { 'aria-pressed': 'false' }) } });
      button.addEventListener('click', () => {
        if (active.has(name)) return stop(name, wrong);
        return change(name, wrong, async () => {
          await ask('POST', 'faults', { name, fault: kind, ...(pipeline !== null && { pipeline }), ...values() });
          if (instant) note(`fault ${name} done`);
        });
      });
      return button;
    });
    return make('li', {}, make('div', {}, make('code', { textContent: kind }), ' ', make('span', { className: 'soft', textContent: doc })),
      make('div', { className: 'controls' }, ...inputs.map((i) => make('label', {}, `${i.name} `, i)), ...all), wrong);
  };
  (families ?? []).forEach(({ name, faults }, i) => {
    $('faults').append(make('details', { open: i < 4 }, make('summary', { textContent: name }), make('ul', { className: 'faults' }, ...faults.map(row))));
  });
  urls.forEach((url, i) => $('entry').append(make('option', { value: url, textContent: `of pipeline ${i}` })));

  const poll = async () => {
    await list();
    setTimeout(poll, 1000);
  };

  say('version', `hls.js ${window.Hls?.version ?? 'is missing'}`);
  $('again').addEventListener('click', start);
  $('entry').addEventListener('change', start);
  start();
  setInterval(show, 250);
  poll();
})();
