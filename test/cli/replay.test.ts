import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { interrupted } from '../../src/base/errors.ts';
import { run } from '../../src/main.ts';
import { goReplay } from '../lifecycle/replay/recordings.ts';
import { openModel } from '../mirror/rig.ts';
import { capturedIo } from '../support/io.ts';

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'shadowctl-replay-'));
  open.push({ close: () => rmSync(path, { recursive: true, force: true }) });
  return path;
}

async function model(answer: Parameters<typeof openModel>[0] = (_, res) => res.end('{"label":"sun"}')) {
  const opened = await openModel(answer);
  open.push(opened);
  return opened;
}

async function shadowctl(
  argv: readonly string[],
  cwd: string,
  {
    env = {},
    signal = new AbortController().signal,
    answers,
  }: { env?: Record<string, string>; signal?: AbortSignal; answers?: string[] } = {},
) {
  const io = capturedIo(answers);
  const code = await run(argv, { clock: systemClock, env, cwd, signal, io: () => io });
  const out = io.outLines.join('\n');
  return { code, out, err: io.errLines.join('\n'), json: () => JSON.parse(out) as Record<string, never> };
}

const START = Date.UTC(2026, 10, 29, 9);

/** Lines of `record`, with times so many milliseconds apart. */
function lines(n: number, apart: number, more: (i: number) => object = () => ({})): string {
  return Array.from(
    { length: n },
    (_, i) =>
      `${JSON.stringify({
        id: `r${i}`,
        side: 'live',
        status: 200,
        latency: 10,
        time: new Date(START + i * apart).toISOString(),
        request: { x: i },
        answer: { label: 'sun' },
        ...more(i),
      })}\n`,
  ).join('');
}

function recordsOf(cwd: string, side: string, name = 'replay') {
  return readdirSync(join(cwd, name, side))
    .flatMap((file) => {
      const path = join(cwd, name, side, file);
      return (file.endsWith('.gz') ? execFileSync('gzip', ['-dc', path]).toString() : readFileSync(path, 'utf8'))
        .trimEnd()
        .split('\n');
    })
    .map((text) => JSON.parse(text));
}

/** Writes a recording into a folder of its own. */
function recorded(content: string, name = 'recorded.jsonl'): string {
  const cwd = folder();
  writeFileSync(join(cwd, name), content);
  return cwd;
}

const FROM = ['replay', '--from', 'recorded.jsonl'];

test('requests are sent again, marked and without credentials, and pairs are what report judges', async () => {
  const target = await model((req, res) => {
    res.setHeader('content-type', 'application/json');
    if (req.text.includes('"fails"')) res.statusCode = 500;
    res.end('{"label":"sun"}');
  });
  const post = (body: string) =>
    `POST /v1/predict?api_key=s3cret&v=2 HTTP/1.1\r\nHost: m\r\nAuthorization: Bearer s3cret\r\nCookie: a=b\r\nIdempotency-Key: old\r\nX-Tenant: t\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const answer = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"label":"sun"}';
  const cwd = recorded(
    goReplay([
      { kind: 1, id: 'a', at: START, took: 0, message: post('{"x":1}') },
      { kind: 2, id: 'a', at: START + 20, took: 0, message: answer },
      { kind: 1, id: 'b', at: START + 30, took: 0, message: post('{"x":"fails"}') },
      { kind: 2, id: 'b', at: START + 50, took: 0, message: answer },
    ]),
    'r.gor',
  );
  const { code, json } = await shadowctl(
    ['replay', '--from', 'r.gor', '--to', target.url, '--yes', '--header', 'X-Own: env:OWN', '--format', 'json'],
    cwd,
    { env: { OWN: 'mine' } },
  );
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    kind: 'replayed',
    unsafe: 2,
    needsConsent: ['unsafe'],
    recording: { requests: 2, answers: 2, statuses: true, latencies: true },
    counts: { due: 2, answered: 2, statuses: { 200: 1, 500: 1 }, newlyFailed: 1, newlyAnswered: 0, unsent: 0, lost: 0 },
    endedEarly: null,
    recordsLost: 0,
  });
  const [first, second] = target.seen.map(({ method, url, raw, body }) => ({
    method,
    url,
    body,
    headers: Object.fromEntries(raw.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1]]] : []))),
  }));
  expect(first).toMatchObject({
    method: 'POST',
    url: '/v1/predict?v=2',
    body: '{"x":1}',
    headers: { 'x-tenant': 't', 'x-own': 'mine', 'x-shadowctl-copy': 'replay', 'content-type': 'application/json' },
  });
  expect(first?.headers).not.toHaveProperty('authorization');
  expect(first?.headers).not.toHaveProperty('cookie');
  expect(first?.headers['idempotency-key']).toBe(first?.headers['x-shadowctl-id']);
  expect(first?.headers['idempotency-key']).not.toBe(second?.headers['idempotency-key']);
  const [live, shadow] = [recordsOf(cwd, 'live'), recordsOf(cwd, 'shadow')];
  expect(live).toMatchObject([
    {
      captureData: { endpointOutput: { data: '{"label":"sun"}' } },
      eventMetadata: { inferenceId: 'a', status: 200, ms: 20 },
    },
    { eventMetadata: { inferenceId: 'b', status: 200, ms: 20 } },
  ]);
  expect(shadow).toMatchObject([
    { captureData: { endpointOutput: { data: '{"label":"sun"}' } }, eventMetadata: { status: 200 } },
    { eventMetadata: { inferenceId: 'b', status: 500 } },
  ]);
  expect(shadow.map(({ eventMetadata }) => eventMetadata.eventId)).toEqual(
    live.map(({ eventMetadata }) => eventMetadata.eventId),
  );
  const report = await shadowctl(['report', '--files', 'replay', '--format', 'json'], cwd);
  const { observations, verdict } = report.json() as never as {
    observations: { replayed: object; metrics: { paired: { failed: object } }; predictions: { pairs: number } };
    verdict: { gates: { id: string }[] };
  };
  expect(observations.replayed).toEqual({ speed: '1x', latencies: true, statuses: true });
  expect(observations.metrics.paired.failed).toMatchObject({ n: [2], shadow: [1], production: [0] });
  expect(observations.predictions.pairs).toBe(1);
  expect(verdict.gates.map(({ id }) => id)).toContain('latency.p99');
});

test('captures: no latency gate, since none is recorded, and every failure counts', async () => {
  const target = await model((_, res) => void res.writeHead(503).end());
  const cwd = recorded(
    Array.from(
      { length: 3 },
      (_, i) =>
        `${JSON.stringify({
          captureData: {
            endpointInput: { observedContentType: 'text/csv', mode: 'INPUT', data: `${i}`, encoding: 'CSV' },
            endpointOutput: { observedContentType: 'text/csv', mode: 'OUTPUT', data: '0.5', encoding: 'CSV' },
          },
          eventMetadata: { eventId: `e${i}`, inferenceTime: '2026-11-29T09:00:00Z' },
          eventVersion: '0',
        })}\n`,
    ).join(''),
  );
  const { code } = await shadowctl([...FROM, '--to', `${target.url}/invocations`, '--yes'], cwd);
  expect(code).toBe(0);
  expect(target.seen.map(({ url, body }) => [url, body])).toEqual([
    ['/invocations', '0'],
    ['/invocations', '1'],
    ['/invocations', '2'],
  ]);
  const report = await shadowctl(['report', '--files', 'replay', '--format', 'json'], cwd);
  const { observations, verdict } = report.json() as never as {
    observations: { replayed: object; metrics: { paired: { failed: object }; production: { latencyMean: unknown[] } } };
    verdict: { gates: { id: string }[] };
  };
  expect(observations.replayed).toMatchObject({ latencies: false, statuses: false });
  expect(observations.metrics.paired.failed).toMatchObject({ n: [3], shadow: [3] });
  expect(observations.metrics.production.latencyMean).toEqual([null]);
  expect(verdict.gates.filter(({ id }) => id.startsWith('latency'))).toEqual([]);
});

test('a recording without answers: nothing is compared, and that is said; labels can judge what answers now', async () => {
  const target = await model();
  const cwd = recorded('{"x":1}\n{"x":2}\n');
  const sent = await shadowctl([...FROM, '--to', `${target.url}/p`, '--rate', '100', '--yes'], cwd);
  expect(sent.code).toBe(0);
  expect(sent.out).toContain('--live none');
  const report = await shadowctl(['report', '--files', 'replay'], cwd);
  expect(report.code).toBe(3);
  expect(report.out.replaceAll(/\s+/g, ' ')).toContain('has an answer of then and of now');
  writeFileSync(join(cwd, 'labels.csv'), 'id,label\nrecorded.jsonl:1,sun\nrecorded.jsonl:2,rain\n');
  writeFileSync(join(cwd, 'policy.yaml'), 'limits: { accuracy: 0.9 }\n');
  const live = ['report', '--files', 'replay', '--live', 'none', '--labels', 'labels.csv', '--policy', 'policy.yaml'];
  const judged = await shadowctl([...live, '--format', 'json'], cwd);
  expect(judged.json()).toMatchObject({ observations: { predictions: { truth: { rows: 2 } } } });
});

test('open loop: a target that answers nothing at first is asked all the same, and waits show in the latencies', async () => {
  const waiting: (() => void)[] = [];
  const target = await model((_, res) => {
    waiting.push(() => void res.end('{}'));
    if (target.seen.length === 10) for (const answer of waiting) answer();
  });
  const cwd = recorded(lines(10, 10));
  const { json } = await shadowctl([...FROM, '--to', `${target.url}/p`, '--yes', '--format', 'json'], cwd);
  const { counts, latencyMs } = json() as never as {
    counts: { answered: number };
    latencyMs: { max: number; p50: number };
  };
  // A sender that waited for each answer would never have come to the tenth.
  expect(counts.answered).toBe(10);
  // The first waited for the nine after it.
  expect(latencyMs.max).toBeGreaterThanOrEqual(85);
});

test('what the bound keeps back is counted, counts against the target, and is not sent later', async () => {
  const held: (() => void)[] = [];
  const target = await model((_, res) => held.push(() => void res.end('{}')));
  const cwd = recorded(lines(6, 1));
  const argv = [
    ...FROM,
    '--to',
    `${target.url}/p`,
    '--yes',
    '--concurrency',
    '2',
    '--timeout',
    '300ms',
    '--format',
    'json',
  ];
  const { code, json } = await shadowctl(argv, cwd);
  // Two were sent, and nothing was answered: nothing is known of the target.
  expect(code).toBe(2);
  expect(json()).toMatchObject({ schema: 'shadowctl-error/1' });
  expect(target.seen).toHaveLength(2);
  const outcomes = recordsOf(cwd, 'shadow').map(({ eventMetadata: { outcome, loss } }) => loss ?? outcome);
  expect(outcomes.filter((one) => one === 'timeout')).toHaveLength(2);
  // On a machine that is so busy that the sender is late, the bound says nothing of the target.
  expect(outcomes.filter((one) => one === 'too-slow' || one === 'sender')).toHaveLength(4);
});

test('a target that is down ends it early, and is an error that names it', async () => {
  const cwd = recorded(lines(500, 1));
  const { code, err } = await shadowctl([...FROM, '--to', 'http://127.0.0.1:9/p', '--yes'], cwd);
  expect(code).toBe(2);
  expect(err).toMatch(/http:\/\/127\.0\.0\.1:9\/p answered none of the first \d+ requests: \d+ found no connection/);
  expect(recordsOf(cwd, 'shadow').length).toBeLessThan(500);
});

test('429 and redirects are answers that failed, told by their status; no redirect is followed', async () => {
  const target = await model((req, res) => {
    const { x } = JSON.parse(req.text) as { x: number };
    res.writeHead(x % 2 === 0 ? 429 : 307, { location: 'http://127.0.0.1:9/' }).end();
  });
  const cwd = recorded(lines(4, 1));
  const { code, json } = await shadowctl([...FROM, '--to', `${target.url}/p`, '--yes', '--format', 'json'], cwd);
  expect(code).toBe(0);
  expect(json()).toMatchObject({ counts: { statuses: { 307: 2, 429: 2 }, newlyFailed: 4 }, latencyMs: null });
});

test('--max-errors ends it before a target that breaks is hurt', async () => {
  const target = await model((_, res) => void res.writeHead(target.seen.length > 30 ? 500 : 200).end('{}'));
  const cwd = recorded(lines(2_000, 1));
  const argv = [...FROM, '--to', `${target.url}/p`, '--yes', '--max-errors', '5%', '--format', 'json'];
  const { code, json } = await shadowctl(argv, cwd);
  expect(code).toBe(1);
  expect(json()).toMatchObject({ endedEarly: 'errors' });
  expect(target.seen.length).toBeLessThan(2_000);
});

test('Ctrl-C: what was sent is kept and said', async () => {
  const stop = new AbortController();
  const target = await model((_, res) => {
    res.end('{"label":"sun"}');
    if (target.seen.length === 3) setImmediate(() => stop.abort(interrupted('stopped')));
  });
  // The last one would be an hour later.
  const cwd = recorded(lines(3, 5) + lines(1, 1).replace('09:00:00.000', '10:00:00.000').replace('"r0"', '"r9"'));
  const { code, out, err } = await shadowctl([...FROM, '--to', `${target.url}/p`, '--yes'], cwd, {
    signal: stop.signal,
  });
  expect(code).toBe(130);
  expect(out).toMatch(/sent +3 of 4/);
  expect(err).toContain('Interrupted: 3 of 4 requests were sent, and their pairs are kept in');
  expect(recordsOf(cwd, 'live').map(({ eventMetadata }) => eventMetadata.inferenceId)).toEqual(['r0', 'r1', 'r2']);
  const [file = ''] = readdirSync(join(cwd, 'replay', 'runs'));
  expect(JSON.parse(readFileSync(join(cwd, 'replay', 'runs', file), 'utf8'))).toMatchObject({
    kind: 'replay',
    ended: true,
  });
});

test('requests that may change something are sent only with a yes', async () => {
  const target = await model();
  const cwd = recorded(lines(2, 1));
  const argv = [...FROM, '--to', `${target.url}/p`];
  const nobody = await shadowctl(argv, cwd);
  expect(nobody).toMatchObject({ code: 2 });
  expect(nobody.err).toContain('Cannot prompt');
  const no = await shadowctl(argv, cwd, { answers: ['n'] });
  expect(no).toMatchObject({ code: 1 });
  expect(no.err).toContain('Not done; nothing was sent.');
  const planned = await shadowctl([...argv, '--plan', '--format', 'json'], cwd);
  expect(planned.code).toBe(4);
  expect(planned.json()).toMatchObject({ kind: 'plan', unsafe: 2, needsConsent: ['unsafe'], requests: 2 });
  expect(target.seen).toEqual([]);
});

test('a folder with records is not written into: answers of two replays would be mixed', async () => {
  const target = await model();
  const cwd = recorded(lines(2, 1));
  const argv = [...FROM, '--to', `${target.url}/p`, '--yes'];
  expect((await shadowctl(argv, cwd)).code).toBe(0);
  const again = await shadowctl(argv, cwd);
  expect(again).toMatchObject({ code: 2 });
  expect(again.err).toContain('holds records already.');
  // Nor does anything promote by it.
  const promoted = await shadowctl(['promote', '--mirror', 'replay', '--yes'], cwd);
  expect(promoted).toMatchObject({ code: 2 });
  expect(promoted.err).toContain('holds a replay');
});

test.each([
  [['--to', 'http://127.0.0.1:9'], 'does not say on which path'],
  [['--to', 'http://127.0.0.1:9/p', '--speed', '2'], '"2" is not a factor'],
  [['--to', 'http://127.0.0.1:9/p', '--speed', '2x', '--rate', '3'], '--speed and --rate'],
  [['--to', 'http://u:p@127.0.0.1:9/p'], 'holds a user or a password'],
  [['--to', 'http://127.0.0.1:9/p', '--target-variant', 'b'], 'is for endpoints'],
  [['--to', 'http://127.0.0.1:9/p', '--header', 'X: env:NONE'], 'the environment variable NONE'],
  [['--to', 'http://127.0.0.1:9/p', '--load', '2x,1x'], 'must rise'],
  [['--to', 'http://127.0.0.1:9/p', '--load'], 'Nothing says how slow'],
  [['--to', 'http://127.0.0.1:9/p', '--load', '--max-latency', 'p99=1s'], 'shorter than a minute'],
  [[], 'Nothing says where'],
])('%j is refused with what to do', async (argv, words) => {
  const { code, err } = await shadowctl([...FROM, ...argv, '--yes'], recorded(lines(2, 1)));
  expect(code).toBe(2);
  expect(err).toContain(words);
});
