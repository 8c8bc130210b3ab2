// The synthetic player: `hlsload run` with one viewer on a URL.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from './children.mjs';
import { binary, scenario } from './rig.mjs';

// startSynthetic watches a URL until it is stopped, at most so many seconds; stop returns
// the events.
export async function startSynthetic(url, seconds, viewer) {
  const dir = await mkdtemp(join(tmpdir(), 'hlsload-lab-'));
  const file = join(dir, 'viewer.yaml');
  const out = join(dir, 'out');
  await writeFile(file, scenario({ url, pipelines: ['*/p0/*', '*/p1/*'] }, seconds, viewer));
  const child = spawn(binary, ['run', file, '--events', '--progress', 'none', '--out', out], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (b) => (said += b));
  child.stderr.on('data', (b) => (said += b));
  const gone = new Promise((ok) => {
    child.once('error', (e) => ok(e.message));
    child.once('exit', ok);
  });
  return {
    async stop() {
      child.kill('SIGINT');
      const code = await gone;
      try {
        // 0 passed, 99 missed an expectation, 105 interrupted, 111 the tester was late, 112 nothing played
        if (![0, 99, 105, 111, 112].includes(code)) throw new Error(`hlsload run ended with ${code}: ${said}`);
        const lines = (await readFile(join(out, 'events.ndjson'), 'utf8')).trim().split('\n');
        return lines.map((l) => JSON.parse(l));
      } finally {
        await rm(dir, { recursive: true });
      }
    },
  };
}
