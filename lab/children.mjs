// Programs that end when the lab does, however it ends.
import { spawn as start } from 'node:child_process';

const running = new Set();
process.on('exit', () => running.forEach((c) => c.kill('SIGTERM')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

export function spawn(...args) {
  const child = start(...args);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}
