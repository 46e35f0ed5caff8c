import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readFacts, type RecordFacts } from '../../src/analysis/mirrored/record.ts';
import { collectFromFiles } from '../../src/analysis/observe/from-files.ts';
import { comparisonBy } from '../../src/analysis/policy/answers.ts';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import { type Model, openModel, openRig, type Rig } from './rig.ts';
import { quantileMargins } from '../../src/analysis/observe/exceedances.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

type Answer = Parameters<typeof openModel>[0];
const says =
  (name: string, status = 200): Answer =>
  (_, res) =>
    res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ from: name }));

async function opened(
  { live = says('live'), candidate = says('candidate') }: { live?: Answer; candidate?: Answer },
  settings: object,
): Promise<{ rig: Rig; live: Model; candidate: Model }> {
  const [one, two] = [await openModel(live), await openModel(candidate)];
  const rig = await openRig({ live: one.url, shadows: { candidate: { url: two.url } }, ...settings });
  open.push(one, two, rig);
  return { rig, live: one, candidate: two };
}

/** The records of a side, oldest first, once everything has ended. */
async function records(rig: Rig, side: string): Promise<RecordFacts[]> {
  await rig.until(() => rig.mirror.counted().shadows.get('candidate')?.underWay === 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await rig.mirror.tick();
  const folder = join(rig.records, side);
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const bytes = readFileSync(join(folder, name));
      const text = name.endsWith('.gz') ? gunzipSync(bytes).toString('utf8') : bytes.toString('utf8');
      return text.split('\n').flatMap((line) => readFacts(line) ?? []);
    });
}

const header = ({ headers }: { headers: readonly string[] }, name: string) =>
  headers[headers.findIndex((one, i) => i % 2 === 0 && one.toLowerCase() === name) + 1];
const ALL = { canary: { share: '100%' } };

describe('a candidate that answers', () => {
  test('the caller gets its answer, the live side a copy, and both are one pair', async () => {
    const { rig, live, candidate } = await opened({}, ALL);
    const answer = await rig.post('{"a":1}', { headers: { Authorization: 'Bearer t' } });
    expect({ status: answer.status, body: answer.body, by: header(answer, 'x-shadowctl-answered-by') }).toEqual({
      status: 200,
      body: '{"from":"candidate"}',
      by: 'candidate',
    });
    await rig.until(() => live.seen.length === 1);
    const lower = (raw: readonly string[]) => raw.map((one) => one.toLowerCase());
    // It answers in the live server's place, so that it gets what that would; that one knows a copy from a request.
    expect(lower(candidate.seen[0]?.raw ?? [])).not.toContain('x-shadowctl-copy');
    expect(candidate.seen[0]?.raw).toContain('Bearer t');
    expect(lower(live.seen[0]?.raw ?? [])).toContain('x-shadowctl-copy');
    expect(live.seen[0]?.raw).toContain('Bearer t');
    expect(live.seen[0]?.body).toBe('{"a":1}');
    const [ofLive, ofCandidate] = [await records(rig, 'live'), await records(rig, 'candidate')];
    expect(ofLive).toMatchObject([{ outcome: 'answered', status: 200, answered: 'candidate', copies: ['candidate'] }]);
    expect(ofCandidate).toMatchObject([{ outcome: 'answered', status: 200, id: ofLive[0]?.id, key: ofLive[0]?.key }]);
    expect(Object.fromEntries(rig.mirror.counted().answering)).toEqual({ candidate: 1 });
  });

  test('a share is drawn by a header, and stays with its value while it grows', async () => {
    const { rig } = await opened({}, { canary: { share: '30%', by: 'header:X-User' } });
    const asked = async () =>
      Promise.all(
        Array.from({ length: 60 }, async (_, i) => (await rig.post('{}', { headers: { 'X-User': `u${i}` } })).body),
      );
    const before = await asked();
    expect(await asked()).toEqual(before);
    const given = before.filter((body) => body.includes('candidate')).length;
    expect(given).toBeGreaterThan(8);
    expect(given).toBeLessThan(30);
    const entry = { by: 'test', command: 'test', what: 'divided' } as const;
    await rig.mirror
      .change({
        change: {
          kind: 'divide',
          division: { shadow: 'candidate', share: 0.7, by: 'header:X-User', slices: [] },
        },
        entry,
      })
      .catch((error: unknown) => expect(error).toBeUndefined());
    const after = await asked();
    expect(after.filter((body) => body.includes('candidate')).length).toBeGreaterThan(given);
    for (const [i, body] of before.entries()) if (body.includes('candidate')) expect(after[i]).toBe(body);
  });

  test('slices are told by header, cookie and JSON body; what is too large to be read is in none', async () => {
    const slices = ['header:x-country=DE', 'cookie:beta=1', '$.user.country=DE'];
    const { rig } = await opened({}, { canary: { slices }, bounds: { request: '1kB' } });
    const by = async (body: string, headers = {}) => (await rig.post(body, { headers })).body;
    const [live, candidate] = ['{"from":"live"}', '{"from":"candidate"}'];
    expect(await by('{}')).toBe(live);
    expect(await by('{}', { 'X-Country': 'DE' })).toBe(candidate);
    expect(await by('{}', { 'X-Country': 'FR' })).toBe(live);
    expect(await by('{}', { Cookie: 'a=2; beta=1' })).toBe(candidate);
    expect(await by('{"user":{"country":"DE"}}')).toBe(candidate);
    expect(await by('{"user":{"country":"FR"}}')).toBe(live);
    expect(await by('no json')).toBe(live);
    expect(await by(JSON.stringify({ pad: 'x'.repeat(200_000), user: { country: 'DE' } }))).toBe(live);
  });

  test('a large body that was read to be told reaches the live side whole', async () => {
    const { rig, live } = await opened({}, { canary: { slices: ['$.a=1'] }, bounds: { request: '1kB' } });
    const body = JSON.stringify({ pad: 'x'.repeat(300_000) });
    expect((await rig.post(body)).body).toBe('{"from":"live"}');
    expect(live.seen[0]?.body).toBe(body);
  });

  test('what is not mirrored is never divided', async () => {
    const { rig } = await opened({}, ALL);
    expect((await rig.post('{}', { path: '/other' })).body).toBe('{"from":"live"}');
  });
});

describe('a candidate that fails', () => {
  const broken: Answer = (_, res) => void res.destroy();

  test('one that cannot be reached: the live side answers, and the pair counts against it', async () => {
    const { rig, candidate } = await opened({}, ALL);
    await candidate.close();
    const answer = await rig.post('{"a":1}');
    expect(answer).toMatchObject({ status: 200, body: '{"from":"live"}' });
    expect(header(answer, 'x-shadowctl-answered-by')).not.toBe('candidate');
    expect(await records(rig, 'live')).toMatchObject([
      {
        outcome: 'answered',
        status: 200,
        fell: 'refused',
        failed: 'candidate',
        answered: undefined,
        copies: ['candidate'],
      },
    ]);
    expect(await records(rig, 'candidate')).toMatchObject([{ outcome: 'refused' }]);
    expect(rig.mirror.counted().fallbacks).toMatchObject({ refused: 1 });
    expect(rig.events).toContainEqual({ kind: 'fell-back', shadow: 'candidate', how: 'refused', count: 1 });
  });

  test.each<[string, Answer, number, string]>([
    ['5xx', says('candidate', 503), 503, '5xx'],
    ['broken', broken, 502, 'broken'],
  ])('a request that it may have acted on is not sent again by itself: %s', async (_, candidate, status, how) => {
    const plain = await opened({ candidate }, ALL);
    const answer = await plain.rig.post('{}');
    expect(answer.status).toBe(status);
    expect(await records(plain.rig, 'live')).toMatchObject([{ outcome: 'answered', answered: 'candidate' }]);
    expect(plain.live.seen).toHaveLength(1);

    const again = await opened({ candidate }, { ...ALL, fallback: 'failures' });
    expect(await again.rig.post('{}')).toMatchObject({ status: 200, body: '{"from":"live"}' });
    expect(await records(again.rig, 'live')).toMatchObject([{ outcome: 'answered', status: 200, fell: how }]);
    expect(await records(again.rig, 'candidate')).toMatchObject([
      how === '5xx' ? { outcome: 'answered', status: 503 } : { outcome: 'broken' },
    ]);
  });

  test('without any fallback its failure is the answer', async () => {
    const { rig, candidate } = await opened({}, { ...ALL, fallback: 'none' });
    await candidate.close();
    const answer = await rig.post('{}');
    expect(answer.status).toBe(502);
    expect(header(answer, 'x-shadowctl-error')).toBe('candidate-unreachable');
    // The live side is asked all the same: what it would have said is the other half of the pair.
    expect(await records(rig, 'live')).toMatchObject([{ outcome: 'answered', answered: 'candidate' }]);
  });

  test.each<[string, number]>([
    ['unreachable', 502],
    ['failures', 200],
  ])('one that does not begin to answer in time, fallback: %s', async (fallback, status) => {
    const settings = { ...ALL, fallback };
    const { rig, candidate } = await opened({ candidate: () => undefined }, settings);
    const asked = rig.post('{}');
    await rig.until(() => candidate.seen.length === 1);
    rig.clock.advance(31_000);
    await rig.mirror.tick();
    expect((await asked).status).toBe(status === 502 ? 504 : status);
    expect(await records(rig, 'candidate')).toMatchObject([{ outcome: 'timeout' }]);
  });

  test('one whose answer breaks off breaks off for the caller, and counts against it', async () => {
    const candidate: Answer = (_, res) => {
      res.writeHead(200, { 'Content-Length': '100' }).write('{');
      setImmediate(() => res.destroy());
    };
    const { rig } = await opened({ candidate }, { ...ALL, fallback: 'failures' });
    await expect(rig.post('{}')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await records(rig, 'candidate')).toMatchObject([{ outcome: 'broken' }]);
    expect(await records(rig, 'live')).toMatchObject([{ outcome: 'answered', answered: 'candidate' }]);
  });

  const ask = (body: string) =>
    `POST /invocations HTTP/1.1\r\nHost: m\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  /** A caller who hangs up once both sides have the request; then time passes. */
  async function hungUp({ rig, live, candidate }: Awaited<ReturnType<typeof opened>>, ms: number) {
    const socket = rig.socket();
    socket.write(ask('{}'));
    await rig.until(() => candidate.seen.length === 1 && live.seen.length === 1);
    // The answer of the live side is there.
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    rig.clock.advance(ms);
    await rig.mirror.tick();
  }

  test.each(['unreachable', 'failures'])(
    'one that hangs until its caller hangs up is waited for, and counts as not answered (fallback: %s)',
    async (fallback) => {
      const all = await opened({ candidate: () => undefined }, { ...ALL, fallback });
      await hungUp(all, 10_000);
      expect(all.rig.mirror.counted().shadows.get('candidate')?.metrics.outcomes.timeout).toBe(0);
      all.rig.clock.advance(21_000);
      await all.rig.mirror.tick();
      expect(await records(all.rig, 'candidate')).toMatchObject([{ outcome: 'timeout', ms: expect.any(Number) }]);
      expect(await records(all.rig, 'live')).toMatchObject([
        { outcome: 'answered', status: 200, answered: 'candidate' },
      ]);
      expect(all.live.seen).toHaveLength(1);
    },
  );

  test('one that the live side answers for counts, also where the caller hangs up meanwhile', async () => {
    const late: Answer = (_, res) => void setTimeout(() => res.end('{"from":"live"}'), 100);
    const settings = { ...ALL, fallback: 'failures' };
    const { rig, live, candidate } = await opened({ live: late, candidate: () => undefined }, settings);
    const socket = rig.socket();
    socket.write(ask('{}'));
    await rig.until(() => candidate.seen.length === 1 && live.seen.length === 1);
    rig.clock.advance(31_000);
    await rig.mirror.tick();
    await rig.until(() => live.seen.length === 2);
    socket.destroy();
    await rig.until(() => rig.mirror.counted().live.outcomes.answered === 1);
    expect(await records(rig, 'live')).toMatchObject([{ outcome: 'answered', fell: 'timeout', failed: 'candidate' }]);
    expect(await records(rig, 'candidate')).toMatchObject([{ outcome: 'timeout' }]);
  });

  test('one that begins to answer and then hangs until its caller hangs up counts as well', async () => {
    const all = await opened({ candidate: (_, res) => void res.writeHead(200).write('{') }, ALL);
    await hungUp(all, 31_000);
    expect(await records(all.rig, 'candidate')).toMatchObject([{ outcome: 'timeout', status: 200 }]);
  });

  test.each([
    ['which are few', '{"late":true}'],
    ['which are more than a caller is sent at once', `"${'x'.repeat(3_000_000)}"`],
  ])('one that answers only after its caller has gone has the time it took, and its bytes, %s', async (_, body) => {
    const all = await opened({ candidate: (_, res) => void setTimeout(() => res.end(body), 100) }, ALL);
    await hungUp(all, 5_000);
    await all.rig.until(() => all.rig.mirror.counted().shadows.get('candidate')?.metrics.outcomes.answered === 1);
    const [found] = await records(all.rig, 'candidate');
    expect(found).toMatchObject({ outcome: 'answered', status: 200 });
    expect(found?.ms).toBeGreaterThanOrEqual(5_000);
  });

  test('one that does not take a request is no reason for its caller not to be heard to the end', async () => {
    const deaf = createServer((socket) => void socket.pause());
    await new Promise<void>((resolve) => void deaf.listen(0, '127.0.0.1', resolve));
    const live = await openModel(says('live'));
    const url = `http://127.0.0.1:${(deaf.address() as AddressInfo).port}`;
    const rig = await openRig({ live: live.url, shadows: { candidate: { url } }, ...ALL });
    open.push({ close: async () => void deaf.close() }, live, rig);
    const socket = rig.socket();
    // More than systems hold for a connection.
    await new Promise<void>((resolve) => void socket.write(ask('x'.repeat(5_500_000)), () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    rig.clock.advance(31_000);
    await rig.mirror.tick();
    expect(await records(rig, 'candidate')).toMatchObject([{ outcome: 'timeout' }]);
    expect(await records(rig, 'live')).toMatchObject([{ outcome: 'answered', answered: 'candidate' }]);
  });

  test.each([
    ['counts against it where the live side had answered by then', says('live'), { outcome: 'timeout' }],
    ['counts for neither where nobody had', () => undefined, { outcome: 'lost', loss: 'client-gone' }],
  ] as [string, Answer, object][])('one that is cancelled with its caller %s', async (_, live, expected) => {
    const all = await opened({ live, candidate: () => undefined }, { ...ALL, cancelWithClient: true });
    await hungUp(all, 0);
    const [found] = await records(all.rig, 'candidate');
    expect(found).toMatchObject(expected);
  });

  test('a caller who goes away before the request is whole counts for neither', async () => {
    const { rig } = await opened({ candidate: () => undefined }, ALL);
    const socket = rig.socket();
    socket.write('POST /invocations HTTP/1.1\r\nHost: m\r\nContent-Length: 3\r\n\r\n{}');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    await rig.until(() => rig.mirror.counted().shadows.get('candidate')?.metrics.outcomes.lost === 1);
    expect(await records(rig, 'candidate')).toMatchObject([{ outcome: 'lost', loss: 'client-gone' }]);
  });

  test('what the mirror itself cuts off when it stops counts for neither', async () => {
    const all = await opened({ candidate: () => undefined }, { ...ALL, bounds: { drain: '5s' } });
    await hungUp(all, 0);
    const stopping = all.rig.mirror.serve(AbortSignal.abort());
    let stopped = false;
    void stopping.then(() => (stopped = true));
    for (let i = 0; !stopped && i < 200; i += 1) {
      all.rig.clock.advance(1_000);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const text = readdirSync(join(all.rig.records, 'candidate'))
      .map((name) => {
        const bytes = readFileSync(join(all.rig.records, 'candidate', name));
        return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
      })
      .join('');
    expect(readFacts(text)).toMatchObject({ outcome: 'lost', loss: 'stopped' });
  });
});

test.each([
  [undefined, 200, '{"from":"live"}'],
  ['failures', 200, '{"from":"live"}'],
  ['none', 502, expect.stringContaining('candidate-unreachable')],
])(
  'a candidate that the mirror has no credentials for fails nobody: with fallback %s the caller gets %i',
  async (fallback, status, body) => {
    const [live, candidate] = [await openModel(says('live')), await openModel(says('candidate'))];
    const settings = { live: live.url, shadows: { candidate: { url: candidate.url } }, ...ALL, fallback };
    const sign = { [candidate.url]: () => Promise.reject(new Error('no credentials')) };
    const rig = await openRig(settings as Parameters<typeof openRig>[0], true, { sign });
    open.push(live, candidate, rig);
    expect(await rig.post('{}')).toMatchObject({ status, body });
    expect(candidate.seen).toEqual([]);
    const answered = status === 200;
    expect(await records(rig, 'candidate')).toMatchObject(answered ? [{ outcome: 'lost', loss: 'credentials' }] : []);
    expect(rig.mirror.counted().fallbacks).toMatchObject({ refused: 0 });
    expect(rig.events).toEqual(answered ? [{ kind: 'credentials-failing', shadow: 'candidate', count: 1 }] : []);
  },
);

describe('a copy that the live side did not answer, or refused', () => {
  test.each([
    ['counts for neither side where the candidate answered well', 'gone', 200, [0, 0, 0]],
    ['counts for both where the candidate failed as well', 'gone', 500, [1, 0, 0]],
    ['which it refused, counts for neither side where the candidate answered well', 429, 200, [0, 0, 0]],
    ['which it refused, counts for both where the candidate failed as well', 429, 500, [1, 0, 0]],
  ] as const)('%s', async (_, copy, status, [both, production, shadow]) => {
    const answers = { candidate: says('candidate', status), ...(copy !== 'gone' && { live: says('live', copy) }) };
    const { rig, live } = await opened(answers, ALL);
    if (copy === 'gone') await live.close();
    await rig.post('{}');
    await records(rig, 'live');
    rig.clock.advance(120_000);
    await rig.mirror.tick();
    const policy = readPolicy({}, 'test');
    const { metrics, notes } = await collectFromFiles({
      path: rig.records,
      variants: undefined,
      window: undefined,
      comparison: { tolerance: undefined, ...comparisonBy(policy, undefined), memory: '1GB', spill: rig.folder },
      latency: quantileMargins(policy),
    });
    const failed = metrics.paired?.failed;
    const sum = (all: readonly number[] = []) => all.reduce((total, one) => total + one, 0);
    expect([sum(failed?.both), sum(failed?.production), sum(failed?.shadow)]).toEqual([both, production, shadow]);
    expect(notes.join(' ').includes('did not answer the copy')).toBe(status === 200);
  });
});
