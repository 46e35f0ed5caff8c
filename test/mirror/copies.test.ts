import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { readCapture } from '../../src/analysis/answers/captures.ts';
import { readFacts } from '../../src/analysis/mirrored/record.ts';
import { AgreementWatch } from '../../src/mirror/agreement.ts';
import { Copies, type CopyEnd } from '../../src/mirror/copies.ts';
import { prometheus, SideMetrics } from '../../src/mirror/metrics.ts';
import type { Wire } from '../../src/mirror/wire.ts';
import { type Model, openModel, openRig, type Rig } from './rig.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function model(...args: Parameters<typeof openModel>): Promise<Model> {
  const opened = await openModel(...args);
  open.push(opened);
  return opened;
}

async function rig(...args: Parameters<typeof openRig>): Promise<Rig> {
  const opened = await openRig(...args);
  open.push(opened);
  return opened;
}

const ok = () => model((_, res) => res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"score":1}'));

/** The lines of a side's record files, as far as they are written. */
function linesOf({ records }: Rig, side: string): string[] {
  const folder = join(records, side);
  return readdirSync(folder).flatMap((name) => {
    const bytes = readFileSync(join(folder, name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').split('\n').filter(Boolean);
  });
}

const value = (raw: readonly string[], name: string) => raw[raw.findIndex((one) => one.toLowerCase() === name) + 1];

describe('copies', () => {
  test('have the body, the mark and the number, and no credentials', async () => {
    const [live, shadow] = [await ok(), await ok()];
    const { post, until } = await rig({
      live: live.url,
      shadows: { candidate: { url: `${shadow.url}/base`, headers: { Authorization: { env: 'TOKEN' } } } },
      dropHeaders: ['X-User'],
    });
    await post('{"a":1}', {
      path: '/v1/models/m:predict?v=1&api_key=secret',
      headers: {
        Authorization: 'Bearer secret',
        Cookie: 'secret',
        'X-User': 'secret',
        'X-Kept': 'yes',
        'x-shadowctl-copy': 'forged',
      },
    });
    await until(() => shadow.seen.length === 1);
    const [seen] = shadow.seen;
    expect(seen).toMatchObject({ method: 'POST', url: '/base/v1/models/m:predict?v=1', body: '{"a":1}' });
    expect(JSON.stringify(seen)).not.toContain('secret');
    expect(value(seen?.raw ?? [], 'x-shadowctl-copy')).toBe('candidate');
    expect(value(seen?.raw ?? [], 'authorization')).toBe('own');
    expect(value(seen?.raw ?? [], 'x-kept')).toBe('yes');
    // What is real is not marked, whoever says so: behind it things are paid for.
    expect(live.seen[0]?.raw.map((one) => one.toLowerCase())).not.toContain('x-shadowctl-copy');
    expect(value(live.seen[0]?.raw ?? [], 'authorization')).toBe('Bearer secret');
  });

  test('are of POSTs on known routes and named paths; the rest is counted', async () => {
    const [live, shadow] = [await ok(), await ok()];
    const { post, raw, until, mirror } = await rig({
      live: live.url,
      shadows: { shadow: { url: shadow.url, path: '/other' } },
      paths: ['/predict'],
    });
    await post('1', { path: '/predict' });
    await post('2', { path: '/elsewhere' });
    await raw('GET /invocations HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n');
    await until(() => shadow.seen.length === 1);
    expect(shadow.seen[0]).toMatchObject({ url: '/other', body: '1' });
    expect(live.seen.map(({ url }) => url)).toEqual(['/predict', '/elsewhere', '/invocations']);
    expect(mirror.counted().notMirrored).toEqual({ path: 1, method: 1 });
    for (let i = 0; i < 9; i += 1) await post('3', { path: `/${i}?key=secret` });
    expect([...mirror.counted().unmirroredPaths.keys()]).toEqual(['/elsewhere', '/0', '/1', '/2', '/3']);
  });

  test('never hold a caller up: a shadow that hangs is not waited for, and its bounds hold', async () => {
    const live = await ok();
    const shadow = await model(() => undefined);
    const { post, mirror, clock } = await rig({
      live: live.url,
      shadows: { shadow: { url: shadow.url, concurrency: 3, queue: 4, timeout: '10s' } },
    });
    for (let i = 0; i < 20; i += 1) expect((await post(`{"i":${i}}`)).status).toBe(200);
    const side = () => mirror.counted().shadows.get('shadow');
    expect(side()).toMatchObject({ underWay: 3, waiting: 4 });
    expect(side()?.metrics.outcomes['too-slow']).toBe(13);
    clock.advance(10_001);
    await mirror.tick();
    expect(side()?.metrics.outcomes).toMatchObject({ timeout: 3, 'too-slow': 17 });
    expect(side()).toMatchObject({ underWay: 0, bytes: 0 });
  });

  test.each<[string, boolean, number | undefined, Partial<CopyEnd>]>([
    [
      'that AWS refuses the mirror count for neither side',
      true,
      403,
      { outcome: 'lost', loss: 'credentials', status: 403 },
    ],
    ['that cannot be signed count for neither side', true, undefined, { outcome: 'lost', loss: 'credentials' }],
    ['whose model fails behind SageMaker count against it', true, 424, { outcome: 'answered', status: 424 }],
    ['that a server of one’s own refuses count against it', false, 403, { outcome: 'answered', status: 403 }],
  ])('%s', async (_, signed, status, expected) => {
    const send: Wire['send'] = (_head, _body, { onHead, onEnd }) => {
      onHead(status ?? 200, []);
      onEnd();
      return () => undefined;
    };
    const bounds = { concurrency: 1, queue: 1, timeout: 1_000, answer: 1_000, memory: 10_000 };
    const copies = new Copies(
      { send, sweep: () => undefined, close: () => undefined } as unknown as Wire,
      bounds,
      () => 0,
    );
    const headers = async () => {
      if (status === undefined) throw new Error('no credentials');
      return [];
    };
    const end = await new Promise<CopyEnd>((onEnd) => {
      copies.offer({ id: '1', method: 'POST', target: '/', headers, body: Buffer.from('1'), signed, onEnd });
    });
    expect(end).toMatchObject(expected);
  });

  test('that never had room, even alone, count for neither side', async () => {
    const [live, shadow] = [await ok(), await model(() => undefined)];
    const shadows = { a: { url: shadow.url }, b: { url: shadow.url } };
    // A half for copies: 20 kB for each shadow.
    const { post, mirror } = await rig({ live: live.url, shadows, bounds: { memory: '80kB' } });
    const outcomes = () => mirror.counted().shadows.get('a')?.metrics.outcomes;
    await post('x'.repeat(19_000));
    expect(outcomes()).toMatchObject({ lost: 0, 'too-slow': 0 });
    await post('x'.repeat(19_900));
    expect(outcomes()).toMatchObject({ lost: 0, 'too-slow': 1 });
    const four = { ...shadows, c: { url: shadow.url }, d: { url: shadow.url } };
    const narrow = await rig({ live: live.url, shadows: four, bounds: { memory: '80kB' } });
    await narrow.post('x'.repeat(19_000));
    expect(narrow.mirror.counted().shadows.get('a')?.metrics).toMatchObject({
      outcomes: { lost: 1, 'too-slow': 0 },
      losses: { memory: 1 },
    });
  });

  test('and their answers stay within memory, which counts against who fills it', async () => {
    const live = await ok();
    const shadow = await model(() => undefined);
    const { post, mirror } = await rig({
      live: live.url,
      shadows: { shadow: shadow.url },
      bounds: { memory: '40kB' },
    });
    for (let i = 0; i < 10; i += 1) await post('x'.repeat(6_000));
    const side = mirror.counted().shadows.get('shadow');
    expect(side?.bytes).toBeLessThanOrEqual(20_000);
    expect(side?.metrics.outcomes['too-slow']).toBe(7);
    expect(side?.metrics.losses.memory).toBe(0);
  });

  test('are not made of a request that the live side did not want whole, nor where there is no live side', async () => {
    const shadow = await ok();
    const live = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => void socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno'));
    });
    await new Promise<void>((resolve) => live.listen(0, '127.0.0.1', resolve));
    open.push({ close: async () => void live.close() });
    const opened = await rig({
      live: `http://127.0.0.1:${(live.address() as AddressInfo).port}`,
      shadows: { shadow: shadow.url },
    });
    const caller = opened.socket();
    let text = '';
    caller.on('data', (chunk) => (text += chunk.toString('latin1')));
    caller.write('POST /invocations HTTP/1.1\r\nHost: m\r\nContent-Length: 9\r\n\r\n{');
    await opened.until(() => text.endsWith('no'));
    caller.destroy();
    const lost = () => opened.mirror.counted().shadows.get('shadow')?.metrics.losses['not-sent'];
    await opened.until(() => lost() === 1);
    const alone = await rig({ live: 'http://127.0.0.1:9', shadows: { shadow: shadow.url } });
    expect((await alone.post('{}')).status).toBe(502);
    await alone.until(() => alone.mirror.counted().shadows.get('shadow')?.metrics.losses['not-sent'] === 1);
    expect(shadow.seen).toEqual([]);
  });

  test('end with the caller where that is asked for, and then count for neither', async () => {
    const [live, shadow] = [await model(() => undefined), await model(() => undefined)];
    const opened = await rig({ live: live.url, shadows: { shadow: shadow.url }, cancelWithClient: true });
    const caller = opened.socket();
    caller.write('POST /invocations HTTP/1.1\r\nHost: m\r\nContent-Length: 2\r\n\r\n{}');
    await opened.until(() => live.seen.length === 1 && shadow.seen.length === 1);
    caller.destroy();
    await opened.until(() => opened.mirror.counted().shadows.get('shadow')?.metrics.losses['client-gone'] === 1);
    expect(opened.mirror.counted().live.losses['client-gone']).toBe(1);
  });

  test('go to several shadows, each by its own share', async () => {
    const [live, a, b] = [await ok(), await ok(), await ok()];
    const { post, until, mirror } = await rig({
      live: live.url,
      shadows: { a: a.url, b: { url: b.url, share: '30%', by: 'header:X-User' } },
    });
    for (let i = 0; i < 60; i += 1) await post('{}', { headers: { 'X-User': `u${i % 12}` } });
    await until(() => a.seen.length === 60);
    const users = b.seen.map(({ raw }) => value(raw, 'x-user'));
    expect(users.length).toBe(new Set(users).size * 5);
    expect(users.length).toBeLessThan(60);
    expect(prometheus(mirror.counted())).toContain('shadowctl_mirror_requests_total{side="a",outcome="answered"} 60');
  });
});

describe('agreement in /metrics', () => {
  /** What a mirror has counted when a live server and a shadow have answered each of these. */
  async function agreements(recording: boolean, ...pairs: readonly (readonly [live: string, shadow: string])[]) {
    const answer = (side: 0 | 1) =>
      model((req, res) =>
        res.writeHead(200, { 'Content-Type': 'application/json' }).end(pairs[Number(req.text)]?.[side]),
      );
    const [live, shadow] = [await answer(0), await answer(1)];
    const { post, until, mirror } = await rig({ live: live.url, shadows: { shadow: shadow.url } }, recording);
    for (const i of pairs.keys()) await post(String(i));
    const side = () => mirror.counted().shadows.get('shadow')?.metrics;
    await until(
      () => side()?.outcomes.answered === pairs.length && mirror.counted().live.outcomes.answered === pairs.length,
    );
    return side()?.agreements;
  }

  test('tells labels that are equal from such that are not, and from what cannot be read', async () => {
    const found = await agreements(
      true,
      ['{"label":"sun","score":0.9}', '{"score":0.4,"label":"sun"}'],
      ['{"label":"sun","score":0.9}', '{"label":"rain","score":0.9}'],
      ['{"label":"sun"}', '{"label":'],
      ['{"predictions":[1.5]}', '{"predictions":[1.50000001]}'],
      ['{"predictions":[1.5]}', '{"predictions":[1.51]}'],
      ['{"predictions":[1.5,2]}', '{"predictions":[1.5]}'],
    );
    expect(found).toEqual({ agreeing: 2, differing: 3, unreadable: 1 });
  });

  test('needs no records, and counts no pair whose shadow failed', async () => {
    expect(await agreements(false, ['{"label":"sun"}', '{"label":"sun"}'])).toMatchObject({ agreeing: 1 });
    const [live, down] = [await ok(), await model((_, res) => res.writeHead(500).end('{"score":1}'))];
    const { post, until, mirror } = await rig({ live: live.url, shadows: { shadow: down.url } });
    await post('{}');
    const side = () => mirror.counted().shadows.get('shadow')?.metrics;
    await until(() => side()?.outcomes.answered === 1);
    expect(side()?.agreements).toEqual({ agreeing: 0, differing: 0, unreadable: 0 });
    expect(prometheus(mirror.counted())).toContain(
      'shadowctl_mirror_pairs_total{side="shadow",agreement="agreeing"} 0',
    );
  });

  test('has the names that docs/mirror.md gives', async () => {
    const live = await ok();
    const { mirror } = await rig({ live: live.url, shadows: { shadow: live.url } });
    const said = prometheus(mirror.counted());
    const page = readFileSync(join(import.meta.dirname, '../../docs/mirror.md'), 'utf8');
    const named = new Set(page.match(/shadowctl_mirror_\w+/g));
    expect(named.size).toBeGreaterThan(2);
    expect([...named].filter((name) => !said.includes(`# TYPE ${name} `))).toEqual([]);
  });

  test('looks at 25 pairs a second, and no further than its room goes', () => {
    let at = 0;
    const watch = new AgreementWatch(() => at);
    const metrics = new SideMetrics();
    const body = { data: '{"label":"sun"}', encoding: 'JSON' as const, contentType: undefined };
    const open: NonNullable<ReturnType<typeof watch.begin>>[] = [];
    const begin = () => {
      for (let i = 0; i < 40; i += 1) {
        const one = watch.begin(1);
        if (one !== undefined) open.push(one);
      }
      at += 1_000;
      return open.length;
    };
    expect([begin(), begin(), begin(), begin(), begin()]).toEqual([25, 50, 75, 100, 100]);
    for (const one of open.splice(0, 50)) {
      one.shadow(metrics, body);
      one.live(undefined, body);
    }
    for (const one of open.splice(0)) {
      one.live(undefined, { ...body, data: 'x'.repeat(70_000) });
      one.shadow(metrics, body);
    }
    expect(metrics.agreements).toEqual({ agreeing: 50, differing: 0, unreadable: 0 });
    expect(begin()).toBe(25);
  });
});

describe('records', () => {
  test('have the caller’s id once, and another key where it comes again', async () => {
    const live = await ok();
    const opened = await rig({ live: live.url, shadows: { shadow: live.url } });
    const infer = { path: '/v2/models/m/infer' };
    for (const id of ['a', 'b', 'a']) await opened.post(JSON.stringify({ id, inputs: [] }), infer);
    await opened.post('{}', { headers: { 'X-Amzn-SageMaker-Inference-Id': 'c' } });
    await opened.until(() => live.seen.length === 8);
    await opened.until(() => opened.mirror.counted().shadows.get('shadow')?.underWay === 0);
    await opened.mirror.tick();
    const keys = (side: string) =>
      linesOf(opened, side)
        .map((line) => readCapture(line) as { inferenceId: string })
        .map(({ inferenceId }) => inferenceId);
    const [a, b, again, c] = keys('live');
    expect([a, b, c]).toEqual(['a', 'b', 'c']);
    expect(again).toMatch(/^a~/);
    expect(keys('shadow').sort()).toEqual(keys('live').sort());
  });

  test('are of the text, whatever compressed it, and of bytes as base64', async () => {
    const packed = gzipSync('{"score":0.5}');
    const live = await model((_, res) =>
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }).end(packed),
    );
    const shadow = await model((_, res) => res.writeHead(200).end(Buffer.from([0, 255, 254])));
    const opened = await rig({ live: live.url, shadows: { shadow: shadow.url } });
    await opened.post('{"x":1}');
    await opened.until(() => opened.mirror.counted().shadows.get('shadow')?.metrics.outcomes.answered === 1);
    await opened.until(() => opened.mirror.counted().live.outcomes.answered === 1);
    await opened.mirror.tick();
    expect(readCapture(linesOf(opened, 'live')[0] ?? '')).toMatchObject({
      input: { data: '{"x":1}', encoding: 'JSON' },
      output: { data: '{"score":0.5}', encoding: 'JSON', contentType: 'application/json' },
    });
    expect(readCapture(linesOf(opened, 'shadow')[0] ?? '')).toMatchObject({
      output: { data: 'AP/+', encoding: 'BASE64' },
    });
  });

  test('hold hashes in place of requests, and nothing that was redacted; only their owner reads them', async () => {
    const live = await model((req, res) => res.writeHead(200, { 'Content-Type': 'application/json' }).end(req.text));
    const hashed = await rig({
      live: live.url,
      shadows: { shadow: live.url },
      records: { folder: 'records', bodies: false },
    });
    const redacted = await rig({
      live: live.url,
      shadows: { shadow: live.url },
      records: { folder: 'records', redact: ['$.user'] },
    });
    for (const one of [hashed, redacted]) {
      await one.post('{"user":"Ann","score":1}', { headers: { Authorization: 'Bearer hidden' } });
      await one.until(() => one.mirror.counted().shadows.get('shadow')?.metrics.outcomes.answered === 1);
      await one.mirror.tick();
    }
    expect(readCapture(linesOf(hashed, 'live')[0] ?? '')).toMatchObject({
      input: { data: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    });
    const all = [...linesOf(redacted, 'live'), ...linesOf(redacted, 'shadow')].join('');
    expect(all).not.toMatch(/Ann|hidden/);
    expect(all).toContain('\\"score\\":1');
    const [file = ''] = readdirSync(join(redacted.records, 'live'));
    expect(statSync(join(redacted.records, 'live', file)).mode & 0o077).toBe(0);
  });

  test('a disk that refuses stops nobody: what is lost is counted, and its time is a gap', async () => {
    const live = await ok();
    const opened = await rig({ live: live.url, shadows: { shadow: live.url } });
    const live1 = join(opened.records, 'live');
    rmSync(live1, { recursive: true });
    expect((await opened.post('{}')).status).toBe(200);
    await opened.until(() => opened.mirror.counted().shadows.get('shadow')?.metrics.outcomes.answered === 1);
    await opened.mirror.tick();
    expect(opened.events).toContainEqual(expect.objectContaining({ kind: 'records-lost', why: 'disk' }));
    expect(opened.mirror.counted().recordsLost).toBe(1);
    mkdirSync(live1);
    opened.clock.advance(5_000);
    expect((await opened.post('{}')).status).toBe(200);
    await opened.until(() => opened.mirror.counted().shadows.get('shadow')?.metrics.outcomes.answered === 2);
    await opened.mirror.tick();
    await opened.mirror.tick();
    expect(opened.events).toContainEqual({ kind: 'records-resumed' });
    const [state = ''] = readdirSync(join(opened.records, 'runs'));
    opened.clock.advance(2_000);
    await opened.mirror.tick();
    const { gaps } = JSON.parse(readFileSync(join(opened.records, 'runs', state), 'utf8'));
    expect(gaps).toEqual([expect.objectContaining({ why: 'disk', records: 1 })]);
    expect(linesOf(opened, 'live').map((line) => readFacts(line)?.outcome)).toEqual(['answered']);
  });

  test('their time never goes back, whatever the clock does', async () => {
    const live = await ok();
    const opened = await rig({ live: live.url, shadows: { shadow: live.url } });
    await opened.post('{}');
    opened.clock.shift(3_600_000);
    await opened.mirror.tick();
    await opened.post('{}');
    opened.clock.shift(-7_200_000);
    await opened.mirror.tick();
    await opened.post('{}');
    await opened.until(() => opened.mirror.counted().shadows.get('shadow')?.metrics.outcomes.answered === 3);
    await opened.mirror.tick();
    expect(opened.events.filter(({ kind }) => kind === 'clock-jumped')).toEqual([
      { kind: 'clock-jumped', by: 3_600_000 },
      { kind: 'clock-jumped', by: -7_200_000 },
    ]);
    const [a = 0, b = 0, c = 0] = linesOf(opened, 'live').map((line) => readFacts(line)?.at);
    expect(b - a).toBe(3_600_000);
    expect(c).toBeGreaterThanOrEqual(b);
  });

  test('a stopped mirror lets what is under way end, and says that its records are whole', async () => {
    let answer: (() => void) | undefined;
    const live = await model((_, res) => (answer = () => void res.end('late')));
    const opened = await rig({ live: live.url, shadows: { shadow: 'http://127.0.0.1:9' } });
    const asked = opened.post('{}');
    await opened.until(() => answer !== undefined);
    const serving = opened.mirror.serve(AbortSignal.abort());
    await opened.until(() => opened.events.some(({ kind }) => kind === 'draining'));
    answer?.();
    expect((await asked).body).toBe('late');
    await opened.until(() => (opened.clock.advance(50), opened.events.some(({ kind }) => kind === 'stopped')));
    await serving;
    const [state = ''] = readdirSync(join(opened.records, 'runs'));
    expect(JSON.parse(readFileSync(join(opened.records, 'runs', state), 'utf8'))).toMatchObject({
      ended: true,
      gaps: [],
    });
    expect(readdirSync(join(opened.records, 'live')).every((name) => name.endsWith('.jsonl.gz'))).toBe(true);
    expect(existsSync(opened.records)).toBe(true);
  });
});
