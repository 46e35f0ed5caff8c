import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:tls';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ask, type Model, openModel } from './rig.ts';

/* The built program as a process of its own: what only a process can show. */

const BIN = resolve(import.meta.dirname, '../../bin/shadowctl.js');
const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

interface Running {
  child: ChildProcess;
  port: number;
  log: () => string[];
  ended: Promise<number | null>;
}

async function start(cwd: string, ...flags: string[]): Promise<Running> {
  const child = spawn(process.execPath, [BIN, 'mirror', '--listen', '0', ...flags], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr?.on('data', (chunk) => (text += chunk.toString('utf8')));
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  open.push({
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  });
  const log = () => text.split('\n').filter((line) => line.startsWith('{'));
  while (log().length === 0) {
    expect(child.exitCode, text).toBe(null);
    await new Promise((done) => setTimeout(done, 5));
  }
  return { child, port: JSON.parse(log()[0] ?? '').port, log, ended };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'shadowctl-mirror-'));
  open.push({ close: () => rmSync(path, { recursive: true, force: true }) });
  return path;
}

async function model(): Promise<Model> {
  const opened = await openModel((_, res) =>
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"score":1}'),
  );
  open.push(opened);
  return opened;
}

const post = (port: number) =>
  ask(
    undefined,
    port,
    { method: 'POST', path: '/invocations', headers: { 'Content-Type': 'application/json' } },
    '{"x":1}',
  );

const state = (cwd: string) =>
  readdirSync(join(cwd, 'records/runs'))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(cwd, 'records/runs', name), 'utf8')));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setTimeout(done, 10));
}

test('kill -9 leaves records that are whole up to a moment, and the next run adds to them', async () => {
  const cwd = folder();
  const [live, shadow] = [await model(), await model()];
  const flags = ['--live', live.url, '--shadow', shadow.url, '--records', 'records'];
  const first = await start(cwd, ...flags);
  for (let i = 0; i < 5; i += 1) await post(first.port);
  // What is written down as whole grows by itself, about once a second.
  const [before] = state(cwd);
  await until(() => state(cwd)[0]?.wholeUntil > before.wholeUntil);
  first.child.kill('SIGKILL');
  await first.ended;
  expect(state(cwd)[0]).toMatchObject({ ended: false });

  const second = await start(cwd, ...flags);
  for (let i = 0; i < 3; i += 1) await post(second.port);
  await until(() => shadow.seen.length === 8);
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  const runs = state(cwd);
  expect(runs.map(({ ended }) => ended)).toEqual([false, true]);
  const lines = readdirSync(join(cwd, 'records/live'));
  // The killed run's file is plain, as it was left; the other is packed.
  expect(lines.map((name) => name.endsWith('.gz')).sort()).toEqual([false, true]);
});

test('kill -9: who answers is what was decided last, not what the flags say', async () => {
  const cwd = folder();
  const [live, candidate] = [await model(), await model()];
  const flags = ['--live', live.url, '--shadow', candidate.url, '--records', 'records', '--canary', '100%'];
  const marked = async (port: number) => (await post(port)).headers.includes('x-shadowctl-answered-by');
  const first = await start(cwd, ...flags);
  expect(await marked(first.port)).toBe(true);
  execFileSync(process.execPath, [BIN, 'undo', '--mirror', 'records', '--yes'], { cwd, stdio: 'ignore' });
  expect(await marked(first.port)).toBe(false);
  first.child.kill('SIGKILL');
  await first.ended;
  const second = await start(cwd, ...flags);
  expect(await marked(second.port)).toBe(false);
});

test('SIGHUP reads the configuration anew', async () => {
  const cwd = folder();
  const [live, shadow] = [await model(), await model()];
  const { child, log } = await start(cwd, '--live', live.url, '--shadow', shadow.url);
  child.kill('SIGHUP');
  await until(() => log().some((line) => JSON.parse(line).event === 'reloaded'));
});

test('callers may use TLS', async () => {
  const cwd = folder();
  const [live, shadow] = [await model(), await model()];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'].concat([
      ...['-subj', '/CN=localhost', '-keyout', join(cwd, 'key.pem'), '-out', join(cwd, 'cert.pem')],
    ]),
    { stdio: 'ignore' },
  );
  const flags = ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem'];
  const { port } = await start(cwd, '--live', live.url, '--shadow', shadow.url, ...flags);
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] });
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write('POST /invocations HTTP/1.1\r\nHost: m\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}');
  await new Promise((done) => socket.once('close', done));
  expect({ protocol: socket.alpnProtocol, status: text.slice(0, 15) }).toEqual({
    protocol: 'http/1.1',
    status: 'HTTP/1.1 200 OK',
  });
  await until(() => shadow.seen.length === 1);
  const raw: readonly string[] = live.seen[0]?.raw ?? [];
  expect(raw[raw.indexOf('X-Forwarded-Proto') + 1]).toBe('https');
});
