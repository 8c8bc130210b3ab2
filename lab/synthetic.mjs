// The synthetic player: `hlsload run` with one viewer on a URL.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, scenario } from './rig.mjs';

// runSynthetic watches a URL for so many seconds and returns the events with
// instants in milliseconds since 1970.
export async function runSynthetic(url, seconds, viewer) {
  const dir = await mkdtemp(join(tmpdir(), 'hlsload-lab-'));
  try {
    const file = join(dir, 'viewer.yaml');
    const out = join(dir, 'out');
    await writeFile(file, scenario({ url, pipelines: ['*/p0/*', '*/p1/*'] }, seconds, viewer));
    const child = spawn(binary, ['run', file, '--events', '--progress', 'none', '--out', out], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.on('data', (b) => (said += b));
    child.stderr.on('data', (b) => (said += b));
    const code = await new Promise((ok, no) => {
      child.once('error', no);
      child.once('exit', ok);
    });
    if (![0, 99, 111].includes(code)) throw new Error(`hlsload run ended with ${code}: ${said}`);
    const summary = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8'));
    const lines = (await readFile(join(out, 'events.ndjson'), 'utf8')).trim().split('\n');
    const epoch = Date.parse(summary.started);
    return lines.map((l) => JSON.parse(l)).map((e) => ({ at: epoch + e.t_ms, ...e }));
  } finally {
    await rm(dir, { recursive: true });
  }
}
