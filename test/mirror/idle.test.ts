import { afterEach, expect, test } from 'vitest';
import { IdleLimit } from '../../src/mirror/idle.ts';
import { ask, type Model, openModel, openRig, type Rig } from './rig.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function model(...args: Parameters<typeof openModel>): Promise<Model> {
  const opened = await openModel(...args);
  open.push(opened);
  return opened;
}

async function rig(live: Model, shadow: Model): Promise<Rig> {
  const opened = await openRig({ live: live.url, shadows: { candidate: { url: shadow.url } } });
  open.push(opened);
  return opened;
}

test('a connection is given up after half of the time after which the server closes it', () => {
  let at = 0;
  const limit = new IdleLimit(1_500, () => at);
  limit.closed(800);
  expect(limit.ms).toBe(1_500);
  at = 1_000;
  limit.closed(900);
  expect(limit.ms).toBe(400);
  at += 3_600_000;
  expect(limit.ms).toBe(1_500);
});

test('connections that a server closes all at once, as it starts again, say nothing', () => {
  const limit = new IdleLimit(1_500, () => 7);
  for (const after of [3, 40, 900]) limit.closed(after);
  expect(limit.ms).toBe(1_500);
});

test('where there is no time to use a connection again, none is', () => {
  let at = 0;
  const limit = new IdleLimit(1_500, () => at);
  limit.closed(5);
  at = 200;
  limit.closed(5);
  expect(limit.ms).toBe(0);
});

test('a server that closes sooner than connections are given up loses no request twice', async () => {
  const connections = { live: 0, shadow: 0 };
  const live = await model((_, res) => res.end('{}'));
  const shadow = await model((_, res) => res.end('{}'));
  live.server.on('connection', () => (connections.live += 1));
  shadow.server.on('connection', () => (connections.shadow += 1));
  const mirror = await rig(live, shadow);
  const post = async (n: number) => {
    await mirror.post('[1]');
    await mirror.until(() => shadow.seen.length === n);
    mirror.clock.advance(200);
  };
  for (const n of [1, 2]) {
    await post(n);
    for (const { server } of [live, shadow]) server.closeIdleConnections();
    // What the mirror has not seen yet, it cannot know.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await post(3);
  expect(connections).toEqual({ live: 3, shadow: 3 });
  await post(4);
  expect(connections).toEqual({ live: 4, shadow: 4 });
});

test('a request that meets a connection which is just being closed: GET is sent again, POST is not', async () => {
  const asked = new Map<unknown, number>();
  const live = await model((req, res) => {
    const before = asked.get(req.socket) ?? 0;
    asked.set(req.socket, before + 1);
    if (before === 0) res.end(req.method);
    else req.socket.destroy();
  });
  const mirror = await rig(live, await model((_, res) => res.end('{}')));
  const once = (method: string) => ask(undefined, mirror.mirror.port, { method, path: '/elsewhere', headers: {} });
  expect(await once('GET')).toMatchObject({ status: 200 });
  expect(await once('GET')).toMatchObject({ status: 200, body: 'GET' });
  expect(live.seen.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
  const post = await once('POST');
  expect(post.status).toBe(502);
  expect(post.headers).toContain('x-shadowctl-error');
  expect(live.seen.filter(({ method }) => method === 'POST')).toHaveLength(1);
});
