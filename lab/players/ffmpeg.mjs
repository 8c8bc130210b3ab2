// ffmpeg as it comes, reading in real time. It ends when its playlist does.
import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { spawn } from '../children.mjs';
import { now } from '../front.mjs';

export default {
  name: 'ffmpeg', program: 'ffmpeg', profile: 'ffmpeg-5.1',
  tick: 0.1, why: 'it sleeps in steps of 100 ms',

  version: () => /version ([\d.]+)/.exec(spawnSync('ffmpeg', ['-version'], { encoding: 'utf8' }).stdout || '')?.[1] || '',

  // run starts the program and returns how to stop it.
  run(url) {
    const log = [{ at: now(), event: 'start', url }];
    const samples = [];
    let position = 0;
    let frames = 0;
    const child = spawn('ffmpeg', ['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'info', '-progress', 'pipe:1', '-stats_period', '0.1', '-re', '-i', url, '-c', 'copy', '-f', 'null', '-'], { stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: child.stdout }).on('line', (l) => {
      const [k, v] = l.split('=');
      if (k === 'out_time_us' && Number(v) > 0) {
        if (position === 0) log.push({ at: now(), event: 'video playing', position: Number(v) / 1e6 });
        position = Number(v) / 1e6;
      }
      if (k === 'frame') frames = Number(v);
    });
    createInterface({ input: child.stderr }).on('line', (text) => log.push({ at: now(), event: 'log', text }));
    let over = false;
    const gone = new Promise((ok) => {
      child.once('error', (e) => ok(log.push({ at: now(), event: 'fatal', reason: e.message })));
      child.once('exit', (code) => {
        // It exits with 0 as well when it could not load a playlist.
        const failed = code !== 0 || log.slice(-8).some((e) => /Failed to|error/i.test(e.text || ''));
        if (!over) log.push(failed ? { at: now(), event: 'fatal', reason: `exit ${code}` } : { at: now(), event: 'video ended' });
        ok();
      });
    });
    const timer = setInterval(() => samples.push({ at: now(), position, ranges: [] }), 100);
    return {
      async stop() {
        clearInterval(timer);
        over = true;
        child.kill('SIGKILL');
        await gone;
        return { log, samples, frames: { total: frames, dropped: 0 } };
      },
    };
  },
};
