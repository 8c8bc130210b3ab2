// The door through which every viewer comes, real or synthetic: a proxy before
// the channel, a port for each viewer, so that all are recorded at the same place and by
// the same clock. It holds the multivariant playlist back until a player is let in, and it
// can reset connections, which the channel cannot.
import { Agent, createServer, request } from 'node:http';
import { place } from './record.mjs';

export const now = () => performance.timeOrigin + performance.now();

// open puts doors before a channel. URLs of viewers are those of the channel
// but for the port.
export function openFront(origin) {
  const target = new URL(origin);
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const doors = [];
  const resets = new Set(); // pipelines
  const held = new Map(); // playlists by path that the channel is not asked for

  async function serve(door, req, res) {
    const q = { at: now(), end: null, status: 'open', bytes: 0, url: req.url, ...place(new URL(req.url, origin)) };
    const look = /^hlsload\b/.test(req.headers['user-agent']); // hlsload looks at its target before the players come
    if (!look) {
      door.requests.push(q);
      door.http ??= req.httpVersion;
    }
    const finish = (status) => {
      if (q.end !== null) return;
      q.end = now();
      q.status = status;
      door.open.delete(cut);
    };
    const cut = (pipeline) => {
      if (q.pipeline !== pipeline) return;
      finish('reset');
      req.socket.resetAndDestroy();
    };
    if (q.kind === 'multivariant' && !door.joined && !look) {
      door.arrive();
      await door.released;
    }
    const before = (q.kind === 'multivariant' || look) && held.get(new URL(req.url, origin).pathname);
    if (before) {
      res.writeHead(200, before.headers).end(before.text);
      return finish(200);
    }
    if (resets.has(q.pipeline)) return cut(q.pipeline);
    door.open.add(cut);
    const up = request({ host: target.hostname, port: target.port, path: req.url, method: req.method, agent, headers: { ...req.headers, host: target.host, 'hlsload-pop': '0' } });
    up.on('response', (r) => {
      res.writeHead(r.statusCode, r.headers);
      r.on('data', (b) => (q.bytes += b.length));
      r.on('end', () => finish(r.statusCode));
      r.on('error', () => res.destroy());
      r.pipe(res);
    });
    up.on('error', () => {
      finish('failed');
      res.destroy();
    });
    res.on('close', () => {
      finish('aborted');
      up.destroy();
    });
    up.end();
  }

  return {
    // door opens a port for one viewer.
    async door() {
      const door = { requests: [], open: new Set(), joined: false };
      door.released = new Promise((ok) => {
        door.release = () => {
          door.joined = true;
          ok();
        };
      });
      door.arrived = new Promise((ok) => (door.arrive = () => ok((door.at ??= now()))));
      door.server = createServer({ keepAliveTimeout: 60_000 }, (req, res) => serve(door, req, res));
      await new Promise((ok) => door.server.listen(0, '127.0.0.1', ok));
      door.url = (path) => `http://127.0.0.1:${door.server.address().port}${new URL(path).pathname}`;
      doors.push(door);
      return door;
    },
    // hold answers every request for the multivariant playlist as the channel does now,
    // whatever breaks later: a player that joins during a fault has it from a cache. What
    // hlsload looks at before its player comes is held as well.
    async hold() {
      const keep = async (url) => {
        const r = await fetch(url);
        const headers = Object.fromEntries(['content-type', 'access-control-allow-origin'].map((h) => [h, r.headers.get(h)]).filter(([, v]) => v));
        const text = await r.text();
        held.set(new URL(url).pathname, { text, headers });
        return text;
      };
      const uris = (await keep(origin)).matchAll(/^([^#\s].*)$|URI="([^"]+)"/gm);
      await Promise.all([...uris].map(([, line, attribute]) => keep(new URL(line ?? attribute, origin))));
    },
    // reset ends the connections of those who ask for a pipeline, now and later.
    reset(pipeline) {
      resets.add(pipeline);
      for (const d of doors) for (const cut of [...d.open]) cut(pipeline);
    },
    clear: (pipeline) => resets.delete(pipeline),
    close() {
      for (const d of doors) {
        d.release();
        d.server.closeAllConnections();
        d.server.close();
      }
      agent.destroy();
    },
  };
}
