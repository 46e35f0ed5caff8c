import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import type { MirrorEvent } from '../../src/mirror/events.ts';
import { openMirror, type Mirror, type RouterStore } from '../../src/mirror/mirror.ts';
import { readSettings, type Settings } from '../../src/mirror/settings.ts';
import { defaultSocket, writePlace } from '../../src/lifecycle/mirror/place.ts';
import type { MirrorConfig } from '../../src/mirror/config.ts';
import { type Control, openControl } from '../../src/mirror/control.ts';
import { fileRouterStore } from '../../src/lifecycle/mirror/router-store.ts';
import { httpPlace, type Sign } from '../../src/mirror/upstream.ts';

/** Time that passes only when a test says so; whoever sleeps is woken by `advance`. */
class HandClock implements Clock {
  readonly virtual = true;
  /** Milliseconds that have passed: what a stopwatch says. */
  elapsed = 0;
  #shift = 0;
  #sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return Date.UTC(2026, 0, 5, 9) + this.elapsed + this.#shift;
  }

  /** Puts the clock on or back, while no time passes. */
  shift(ms: number): void {
    this.#shift += ms;
  }

  advance(ms: number): void {
    this.elapsed += ms;
    const due = this.#sleepers.filter(({ at }) => at <= this.elapsed);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.elapsed);
    for (const { wake } of due) wake();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const stop = () => reject(signal?.reason as Error);
      const wake = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      this.#sleepers.push({ at: this.elapsed + ms, wake });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  all<T>(branches: readonly (() => Promise<T>)[]): Promise<T[]> {
    return Promise.all(branches.map((branch) => branch()));
  }
}

/** A server of a test, and what it was asked. */
export interface Model {
  url: string;
  port: number;
  seen: { method: string; url: string; raw: string[]; body: string }[];
  server: Server;
  close(): Promise<void>;
}

/** @param answer is called when the whole request is there */
export async function openModel(
  answer: (req: IncomingMessage & { text: string }, res: Parameters<RequestListener>[1]) => void,
): Promise<Model> {
  const seen: Model['seen'] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('error', () => undefined);
    req.once('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      seen.push({ method: req.method ?? '', url: req.url ?? '', raw: req.rawHeaders, body: text });
      answer(Object.assign(req, { text }), res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, seen, server, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export interface Rig {
  mirror: Mirror;
  config: MirrorConfig;
  /** Opens the control socket where commands look for it. */
  control(): Promise<void>;
  clock: HandClock;
  events: MirrorEvent[];
  folder: string;
  /** Of the records, where there are any. */
  records: string;
  post(body: string, options?: { path?: string; headers?: Record<string, string> }): Promise<Answered>;
  /** Sends bytes as they are, and gives all that comes back until the connection ends. */
  raw(bytes: string): Promise<string>;
  socket(): Socket;
  /** Waits until this holds, while the event loop turns. */
  until(holds: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export interface Answered {
  status: number;
  headers: string[];
  trailers: string[];
  body: string;
}

/** A mirror in front of these servers. Its clock stands still unless the test moves it. */
export async function openRig(
  settings: Omit<Settings, 'listen'>,
  recording = true,
  /** Records of another rig, as after a restart; what is done to who answers on its way to the disk; what signs for a server, by its URL. */
  more: { records?: string; store?: (store: RouterStore) => RouterStore; sign?: Readonly<Record<string, Sign>> } = {},
): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-mirror-'));
  const records = more.records ?? join(folder, 'records');
  const clock = new HandClock();
  const events: MirrorEvent[] = [];
  const config = readSettings(
    { listen: '0', ...(recording ? { records: { folder: records } } : {}), ...settings },
    { where: 'test', folder, env: { TOKEN: 'own' }, readFile: () => '' },
  );
  const mirror = await openMirror(config, {
    clock,
    stopwatch: () => clock.elapsed,
    placeOf: async (target, path) => {
      if (target.kind !== 'http') throw new Error('only servers here');
      return { ...httpPlace(target.url, path), sign: more.sign?.[target.url] };
    },
    finished: undefined,
    onEvent: (event) => void events.push(event),
    router: recording ? (more.store ?? ((one) => one))(fileRouterStore(records)) : undefined,
  });
  const agent = new Agent({ keepAlive: true });
  const until = async (holds: () => boolean) => {
    for (let turns = 0; !holds(); turns += 1) {
      if (turns > 20_000) throw new Error('it never held');
      await new Promise((resolve) => setTimeout(resolve, turns < 100 ? 0 : 1));
    }
  };
  let control: Control | undefined;
  return {
    mirror,
    config,
    async control() {
      const socket = await defaultSocket(records);
      control = await openControl(
        { control: undefined, socket },
        { mirror, draining: () => false, reload: () => mirror.reload(config), stop: () => undefined },
      );
      await writePlace(records, { socket });
    },
    clock,
    events,
    folder,
    records,
    until,
    post: (body, { path = '/invocations', headers = {} } = {}) =>
      ask(
        agent,
        mirror.port,
        { method: 'POST', path, headers: { 'Content-Type': 'application/json', ...headers } },
        body,
      ),
    raw: (bytes) =>
      new Promise((resolve, reject) => {
        const socket = connect(mirror.port, '127.0.0.1');
        let text = '';
        socket.on('data', (chunk) => (text += chunk.toString('latin1')));
        socket.once('error', reject);
        socket.once('close', () => resolve(text));
        socket.write(bytes, 'latin1');
      }),
    socket: () => connect(mirror.port, '127.0.0.1'),
    async close() {
      agent.destroy();
      await control?.close();
      const stop = AbortSignal.abort();
      let done = false;
      const serving = mirror.serve(stop).then(() => (done = true));
      while (!done) {
        clock.advance(1_000);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await serving;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function ask(
  agent: Agent | undefined,
  port: number,
  options: { method: string; path: string; headers: Record<string, string> | string[] },
  body?: string,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent, host: '127.0.0.1', port, ...options }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.rawHeaders,
          trailers: answer.rawTrailers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}
