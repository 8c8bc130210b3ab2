// The embedded channel as a process: `hlsload rig`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { spawn } from './children.mjs';

export const binary = process.env.HLSLOAD || new URL('../bin/hlsload', import.meta.url).pathname;

// scenario is a file with one viewer and the given target. JSON is YAML.
export function scenario(target, duration, { profile = 'hlsjs-1.7', network = 'unlimited', chaos = [] } = {}) {
  return JSON.stringify({
    version: 1, name: 'lab', description: 'one viewer', seed: 7, duration: `${duration}s`, recovery: '1s',
    target, chaos,
    fleet: { players: 1, arrive: { over: '0s', shape: 'burst' }, cohorts: [{ name: 'lab', share: '100%', profile, network }] },
  }, null, 1);
}

// startRig serves a channel until stop is called.
export async function startRig(config) {
  const dir = await mkdtemp(join(tmpdir(), 'hlsload-lab-'));
  const file = join(dir, 'rig.yaml');
  await writeFile(file, scenario({ rig: config }, 60));
  const child = spawn(binary, ['rig', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise((ok, no) => {
    lines.once('line', ok);
    child.once('error', no);
    child.once('exit', (code) => no(new Error(`hlsload rig ended with ${code}`)));
  });
  const { urls, control } = JSON.parse(first);
  const ask = async (method, path, body, want) => {
    const r = await fetch(control + path, { method, body: body && JSON.stringify(body), headers: body ? { 'content-type': 'application/json' } : {} });
    if (r.status !== want) throw new Error(`${method} ${path} ${JSON.stringify(body)}: ${r.status} ${await r.text()}; want ${want}`);
    return r.headers.get('content-type')?.includes('json') ? r.json() : null;
  };
  return {
    urls, control,
    fault: (entry) => ask('POST', '/faults', entry, 201),
    clear: (name) => ask('DELETE', '/faults/' + name, null, 200),
    faults: () => ask('GET', '/faults', null, 200),
    stats: () => ask('GET', '/stats', null, 200),
    async stop() {
      const gone = new Promise((ok) => child.once('exit', ok));
      child.kill('SIGTERM');
      await gone;
      await rm(dir, { recursive: true });
    },
  };
}
