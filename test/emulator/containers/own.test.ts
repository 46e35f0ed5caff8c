import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { archive } from '../../../fixtures/scripts/archive.ts';
import { systemClock, VirtualClock } from '../../../src/base/clock.ts';
import { createContainerFactory } from '../../../src/emulator/containers/index.ts';
import { readOwnContainer, serves } from '../../../src/emulator/containers/own/options.ts';
import { createRegister } from '../../../src/emulator/containers/own/register.ts';
import { createWorld } from '../../../src/emulator/world/create.ts';
import { createMemoryStore } from '../../../src/emulator/storage/memory.ts';
import { openStore } from '../../../src/emulator/storage/open.ts';
import { start } from './containers.ts';

describe('--container', () => {
  test('IMAGE=URL and IMAGE=command', () => {
    expect(readOwnContainer('acme/model:1=http://127.0.0.1:8080')).toEqual({
      image: 'acme/model:1',
      url: new URL('http://127.0.0.1:8080'),
    });
    expect(readOwnContainer('acme/model=python serve.py --x=1')).toEqual({
      image: 'acme/model',
      command: 'python serve.py --x=1',
    });
  });

  test.each([
    ['acme', 'does not say what serves the image'],
    ['=http://127.0.0.1:1', 'does not say what serves the image'],
    ['acme=', 'does not say what serves the image'],
    ['acme=http://example.com:8080', 'on this machine only, not at example.com:8080'],
    ['acme=http://127.0.0.1.example.com', 'on this machine only'],
    ['acme=http://10.0.0.1', 'on this machine only'],
    ['acme=https://127.0.0.1', 'by http on this machine only'],
    ['acme=http://', 'is no URL'],
  ])('%s is refused', (option, message) => expect(() => readOwnContainer(option)).toThrow(message));

  test.each([
    ['acme/model', '123456789012.dkr.ecr.us-east-1.amazonaws.com/acme/model:7', true],
    ['model:7', '123456789012.dkr.ecr.us-east-1.amazonaws.com/acme/model:7', true],
    ['model:8', '123456789012.dkr.ecr.us-east-1.amazonaws.com/acme/model:7', false],
    ['odel', '123456789012.dkr.ecr.us-east-1.amazonaws.com/acme/model:7', false],
    ['localhost:5000/model', 'localhost:5000/model@sha256:abc', true],
  ])('%s serves %s: %s', (image, name, fits) => expect(serves({ image, command: 'x' }, name)).toBe(fits));
});

test('forwards /ping and /invocations to a server, headers and bytes as they are', async () => {
  const seen: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { 'content-type': type, accept, 'x-amzn-sagemaker-custom-attributes': attributes } = request.headers;
      seen.push([request.method, request.url, type, accept, attributes, Buffer.concat(chunks).toString('hex')]);
      if (request.url === '/ping') return response.writeHead(200).end();
      response
        .writeHead(418, { 'content-type': 'x/y', 'x-amzn-sagemaker-custom-attributes': 'trace=2' })
        .end(Buffer.from([255, 0]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const container = await start({ image: 'registry/acme:1' }, [`acme=http://127.0.0.1:${port}`]);
  expect(await container.ping()).toBe(200);
  const body = Buffer.from([0, 1, 254]);
  const answer = await container.invoke({ body, contentType: 'a/b', accept: 'c/d', customAttributes: 'trace=1' });
  expect(answer).toEqual({ status: 418, body: Buffer.from([255, 0]), contentType: 'x/y', customAttributes: 'trace=2' });
  expect(seen).toEqual([
    ['GET', '/ping', undefined, undefined, undefined, ''],
    ['POST', '/invocations', 'a/b', 'c/d', 'trace=1', '0001fe'],
  ]);
  await new Promise((resolve) => server.close(resolve).closeAllConnections());
  expect(await container.ping()).toBe(0);
  expect((await container.ask('x')).status).toBe(0);
  expect(container.lines.join()).toContain(`no answer from 127.0.0.1:${port}`);
  await container.stop();
});

const SPEC = { image: 'acme:1', artifact: undefined, environment: {} };

describe('a command', () => {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  /** The path of a server that tells what it was given. */
  async function script(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'shadowctl-test-'));
    folders.push(folder);
    const path = join(folder, 'serve.mjs');
    await writeFile(
      path,
      `import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
const dir = process.env.SM_MODEL_DIR;
console.log('loading', readdirSync(dir).join());
console.error('a warning');
createServer((request, response) => {
  if (request.url === '/ping') return response.end();
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ weights: readFileSync(dir + '/model/weights.txt', 'utf8'), mode: (statSync(dir + '/model/weights.txt').mode & 0o777).toString(8), mine: process.env.MINE, dir, pid: process.pid }));
}).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT), '127.0.0.1');
`,
    );
    return path;
  }

  const alive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  test('is given model, environment and port, and leaves nothing behind', async () => {
    const artifact = archive({ 'model/weights.txt': Buffer.from('0.25') });
    const command = `acme=node ${await script()} & wait`;
    const container = await start({ image: 'acme:1', artifact, environment: { MINE: 'yes' } }, [command]);
    expect(await container.ping()).toBe(200);
    const { status, text } = await container.ask('1,2');
    const told = JSON.parse(text);
    expect([status, told.weights, told.mode, told.mine]).toEqual([200, '0.25', '444', 'yes']);
    expect(container.lines).toEqual(['loading model', 'a warning']);
    await container.stop();
    // The server is a child of the shell: it must be gone too, and the folder with it.
    for (let i = 0; i < 100 && alive(told.pid); i++) await systemClock.sleep(20);
    expect(alive(told.pid)).toBe(false);
    await expect(readdir(told.dir)).rejects.toThrow('ENOENT');
    expect(await container.ping()).toBe(0);
  });

  test('that ends at once is unhealthy, and the log says how', async () => {
    const container = await start({ image: 'acme:1' }, ['acme=echo no such model >&2; exit 3']);
    expect(await container.ping()).toBe(0);
    expect(container.lines).toEqual([
      'no such model',
      "shadowctl emulator: the container's command ended (exit code 3)",
    ]);
    await container.stop();
  });

  test('that is called off while it starts is ended, and its folder is gone', async () => {
    const calledOff = new AbortController();
    const said: string[] = [];
    const factory = createContainerFactory({
      containers: ['acme=echo "$$ $SM_MODEL_DIR"; exec sleep 60'],
      clock: systemClock,
    });
    const starting = factory(SPEC, (line) => said.push(line), calledOff.signal);
    while (said.length === 0) await systemClock.sleep(10);
    const [pid = '', folder = ''] = said[0]?.split(' ') ?? [];
    expect(alive(Number(pid))).toBe(true);
    calledOff.abort(new Error('not needed any more'));
    await expect(starting).rejects.toThrow('not needed any more');
    expect(alive(Number(pid))).toBe(false);
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });

  test('is ended with an emulator that is closed while it starts', async () => {
    const { world, close } = await createWorld({
      clock: new VirtualClock(0),
      containers: ['acme=echo $$; exec sleep 60'],
    });
    const said: string[] = [];
    const starting = world.containers(SPEC, (line) => said.push(line));
    const failed = starting.catch((error: Error) => error.message);
    while (said.length === 0) await systemClock.sleep(10);
    await close();
    expect(await failed).toContain('closed while the container started');
    expect(alive(Number(said[0]))).toBe(false);
  });

  test('of an emulator that was killed is ended by the next one, and nobody else’s is', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'shadowctl-test-'));
    const folder = await mkdtemp(join(tmpdir(), 'shadowctl-test-model-'));
    folders.push(dir);
    const first = await openStore(dir);
    const [mine, other] = [0, 1].map(() =>
      spawn('/bin/sh', ['-c', 'sleep 60 & wait'], { detached: true, stdio: 'ignore' }),
    );
    if (!mine?.pid || !other?.pid) throw new Error('nothing was spawned');
    const gone = new Promise((resolve) => mine.once('exit', (_, signal) => resolve(signal)));
    await createRegister(first).began(mine.pid, folder);
    // As if its number had belonged to another process before.
    first.table<object>('container-processes').set(String(other.pid), {
      ...first.table<object>('container-processes').get(String(mine.pid)),
      pid: other.pid,
      started: 'another boot/1',
      folder: join(folder, 'none'),
    });
    await first.close();
    const { close } = await createWorld({ clock: new VirtualClock(0), dir });
    expect(await gone).toBe('SIGKILL');
    expect(alive(other.pid)).toBe(true);
    process.kill(-other.pid, 'SIGKILL');
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
    await close();
    const after = await openStore(dir);
    expect(after.table('container-processes').size).toBe(0);
    await after.close();
  });

  test('is written down as long as it runs', async () => {
    const store = createMemoryStore();
    const factory = createContainerFactory({
      containers: [`acme=node ${await script()}`],
      clock: systemClock,
      register: createRegister(store),
    });
    const container = await factory(SPEC, () => {});
    expect(store.table('container-processes').size).toBe(1);
    await container.stop();
    expect(store.table('container-processes').size).toBe(0);
  });

  test('never sees an archive that climbs out of its folder', async () => {
    const artifact = archive({ '../escaped': Buffer.from('x') });
    await expect(start({ image: 'acme:1', artifact }, ['acme=true'])).rejects.toThrow('which climbs out of it');
  });
});
