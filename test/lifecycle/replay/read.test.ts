import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { partsOf } from '../../../src/lifecycle/replay/parts.ts';
import { readRecording, type SourceOptions } from '../../../src/lifecycle/replay/read.ts';
import type { Session } from '../../../src/lifecycle/session.ts';
import { goReplay } from './recordings.ts';

const open: string[] = [];
afterEach(() => {
  for (const folder of open.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'shadowctl-read-'));
  open.push(path);
  return path;
}

/** Reads files of these contents. */
async function read(files: Record<string, string | Buffer>, options: Partial<SourceOptions> = {}) {
  const root = folder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  const session = { folder: root, signal: new AbortController().signal } as Session;
  const recording = await readRecording(
    session,
    { from: Object.keys(files), variant: undefined, only: undefined, ...options },
    folder(),
  );
  const requests = [];
  for (let i = 0; i < recording.facts.requests; i += 1)
    requests.push({ ...(await recording.request(i)), answer: await recording.answer(i) });
  await recording.close();
  return { facts: recording.facts, requests };
}

const at = (ms: number) => Date.UTC(2026, 10, 29, 9) + ms;
const capture = (id: string, seconds: number, more: object = {}) =>
  `${JSON.stringify({
    captureData: {
      endpointInput: { observedContentType: 'text/csv', mode: 'INPUT', data: '1,2', encoding: 'CSV', ...more },
      endpointOutput: { observedContentType: 'text/csv', mode: 'OUTPUT', data: '0.5', encoding: 'CSV' },
    },
    eventMetadata: { eventId: id, inferenceTime: new Date(at(seconds * 1000)).toISOString().replace('.000', '') },
    eventVersion: '0',
  })}\n`;

test.each([1, 2, 3, 7, 1_000])('parts are the same whatever the chunks are: %i bytes each', async (size) => {
  const text = Buffer.from('aa--b-b----c');
  async function* chunks() {
    for (let from = 0; from < text.length; from += size) yield text.subarray(from, from + size);
  }
  const parts = [];
  for await (const { bytes, closed, number } of partsOf(chunks(), Buffer.from('--'), 3))
    parts.push([bytes?.toString(), closed, number]);
  expect(parts).toEqual([
    ['aa', true, 1],
    ['b-b', true, 2],
    ['', true, 3],
    ['c', false, 4],
  ]);
});

test('a part beyond the bound is passed over, and the next is read', async () => {
  async function* chunks() {
    yield Buffer.from('aaaa');
    yield Buffer.from('aaaa-bb-');
  }
  const parts = [];
  for await (const { bytes } of partsOf(chunks(), Buffer.from('-'), 3)) parts.push(bytes?.toString());
  expect(parts).toEqual([undefined, 'bb']);
});

test('a file of GoReplay: requests with the answers that were recorded, chunks undone, latencies from both payloads', async () => {
  const file = goReplay([
    {
      kind: 1,
      id: 'a',
      at: at(0),
      took: 1,
      message: 'POST /predict?x=1 HTTP/1.1\r\nHost: m\r\nContent-Type: text/csv\r\nContent-Length: 3\r\n\r\n1,2',
    },
    {
      kind: 1,
      id: 'b',
      at: at(5),
      took: 0,
      message: 'POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n1\r\n!\r\n0\r\n\r\n',
    },
    { kind: 2, id: 'b', at: at(9), took: 3, message: 'HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n' },
    {
      kind: 2,
      id: 'a',
      at: at(12),
      took: 2,
      message: `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n`,
    },
    { kind: 3, id: 'a', at: at(12), took: 2, message: 'HTTP/1.1 200 OK\r\n\r\n' },
  ]);
  for (const [name, content] of [
    ['r.gor', file],
    ['r.gor.gz', gzipSync(file)],
  ] as const) {
    const { facts, requests } = await read({ [name]: content });
    expect(facts).toMatchObject({
      requests: 2,
      answers: 2,
      statuses: true,
      latencies: true,
      methods: [{ method: 'POST', requests: 2 }],
      left: { 'not-live': { count: 1 } },
      wholeSeconds: false,
    });
    expect(requests).toMatchObject([
      {
        key: 'a',
        method: 'POST',
        target: '/predict?x=1',
        answer: { status: 200, outcome: 'answered', body: { data: '[1]' } },
      },
      { key: 'b', target: '/predict', answer: { status: 503 } },
    ]);
    expect(requests.map(({ body }) => body.toString())).toEqual(['1,2', '{}!']);
    // From the last byte of the request to the last of the answer.
    expect(requests.map(({ answer }) => Math.round(answer?.ms ?? -1))).toEqual([13, 7]);
  }
});

test('of GoReplay, what is broken is counted by what is wrong with it', async () => {
  const post = (length: number, body: string) => `POST /p HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n${body}`;
  const file =
    goReplay([
      { kind: 1, id: 'a', at: at(0), took: 0, message: post(2, 'ok') },
      { kind: 1, id: 'b', at: at(1), took: 0, message: post(20, 'short') },
      { kind: 1, id: 'c', at: at(2), took: 0, message: 'POST\r\n\r\n' },
      { kind: 1, id: 'd', at: at(3), took: 0, message: 'HEAD /p HTTP/1.1\r\n\r\n' },
      { kind: 2, id: 'e', at: at(4), took: 0, message: 'HTTP/1.1 200 OK\r\n\r\n' },
    ]) + '1 f 17';
  const { facts, requests } = await read({ 'r.gor': file });
  expect(requests.map(({ key }) => key)).toEqual(['a']);
  expect(Object.fromEntries(Object.entries(facts.left).map(([flaw, { count }]) => [flaw, count]))).toEqual({
    truncated: 2,
    unreadable: 1,
    method: 1,
    'not-live': 1,
  });
  expect(facts.left.truncated?.first).toEqual({
    file: 'r.gor',
    part: 2,
    why: 'it has 5 of the 20 bytes that it says',
  });
});

test('without both durations GoReplay does not say how long an answer took, and nothing is guessed', async () => {
  const message = 'POST /p HTTP/1.1\r\nContent-Length: 0\r\n\r\n';
  const { facts, requests } = await read({
    'r.gor': goReplay([
      { kind: 1, id: 'a', at: at(0), message },
      { kind: 2, id: 'a', at: at(7), took: 1, message: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' },
    ]),
  });
  expect(requests[0]?.answer).toMatchObject({ status: 200 });
  expect(requests[0]?.answer?.ms).toBeUndefined();
  expect(facts.latencies).toBe(false);
});

test('captures: in the order of their times over all files; whole seconds are spread; bytes are bytes', async () => {
  const base64 = {
    data: Buffer.from([1, 2, 255]).toString('base64'),
    encoding: 'BASE64',
    observedContentType: 'application/x-npy',
  };
  const { facts, requests } = await read({
    'one.jsonl': capture('c', 2) + capture('a', 0),
    'two.jsonl': capture('b', 0, base64),
  });
  expect(requests.map(({ key, body }) => [key, [...body].length])).toEqual([
    ['a', 3],
    ['b', 3],
    ['c', 3],
  ]);
  expect(facts).toMatchObject({ wholeSeconds: true, statuses: false, latencies: false, withoutTarget: 3, answers: 3 });
  expect(facts.span).toEqual({ from: at(0), to: at(2000) });
  expect(requests[1]?.body).toEqual(Buffer.from([1, 2, 255]));
});

test('what keeps no body, or holds values that were replaced, is not sent', async () => {
  const { facts } = await read({
    'one.jsonl':
      capture('a', 0) +
      capture('b', 0, { data: '{"name":"[redacted]"}', encoding: 'JSON' }) +
      capture('c', 0, { data: `sha256:${'0'.repeat(64)}`, encoding: 'JSON' }) +
      '{"captureData":{}}\n{"captureD',
  });
  expect(facts.requests).toBe(1);
  expect(Object.entries(facts.left).map(([flaw, { count }]) => [flaw, count])).toEqual([
    ['redacted', 1],
    ['no-body', 1],
    ['unreadable', 1],
    ['truncated', 1],
  ]);
});

test('a packed file that ends too soon gives what it has', async () => {
  const whole = gzipSync(Array.from({ length: 2_000 }, (_, i) => capture(`e${Math.sin(i)}`, i)).join(''));
  const { facts } = await read({ 'one.jsonl.gz': whole.subarray(0, Math.floor(whole.length / 2)) });
  expect(facts.requests).toBeGreaterThan(100);
  expect(facts.requests).toBeLessThan(2_000);
  expect(facts.left).toMatchObject({ truncated: { count: 1 } });
});

test('lines of record: the live side; bodies alone: no times and no answers', async () => {
  const logged = await read({
    'l.jsonl': [
      {
        id: '1',
        side: 'live',
        status: 200,
        latency: 12.5,
        time: '2026-11-29T09:00:00.250Z',
        request: [1],
        answer: [2],
      },
      { id: '1', side: 'shadow', status: 200, latency: 12.5, answer: [2] },
      { id: '2', side: 'live', status: null, latency: 60_000, time: '2026-11-29T09:00:01Z', request: [1] },
    ]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  });
  expect(logged.facts).toMatchObject({
    requests: 2,
    statuses: true,
    latencies: true,
    left: { 'not-live': { count: 1 } },
  });
  expect(logged.requests[0]).toMatchObject({ at: at(250), answer: { ms: 12.5, status: 200, body: { data: '[2]' } } });
  const bodies = await read({ 'b.jsonl': '{"a":1}\n\n{"a":2}\n' });
  expect(bodies.facts).toMatchObject({ requests: 2, answers: 0, span: undefined, latencies: false });
  expect(bodies.requests.map(({ key, body }) => [key, body.toString()])).toEqual([
    ['b.jsonl:1', '{"a":1}'],
    ['b.jsonl:3', '{"a":2}'],
  ]);
});

test('the busiest minute is found wherever it begins', async () => {
  const seconds = [0, 50, 70, 80, 90, 100, 109, 200];
  const { facts } = await read({ 'one.jsonl': seconds.map((second, i) => capture(`${i}`, second)).join('') });
  expect(facts.peak).toEqual({ from: at(50_000), requests: 6 });
  const short = await read({ 'one.jsonl': capture('a', 0) + capture('b', 59) });
  expect(short.facts.peak).toBeUndefined();
});

test('captures of several variants: whose requests is asked, since all would be sent twice', async () => {
  const files = {
    'c/weather/AllTraffic/2026/11/29/09/a.jsonl': capture('a', 0),
    'c/weather/Shadow-01/2026/11/29/09/b.jsonl': capture('b', 0),
  };
  await expect(read(files, { from: ['c'] })).rejects.toThrow(
    'holds the records of several sides: AllTraffic, Shadow-01.',
  );
  const { requests } = await read(files, { from: ['c'], variant: 'AllTraffic' });
  expect(requests.map(({ key }) => key)).toEqual(['a']);
});

test('--only takes requests on a path, with their answers', async () => {
  const get = 'GET /ping HTTP/1.1\r\n\r\n';
  const { facts, requests } = await read(
    {
      'r.gor': goReplay([
        { kind: 1, id: 'a', at: at(0), took: 0, message: get },
        { kind: 2, id: 'a', at: at(1), took: 0, message: 'HTTP/1.1 200 OK\r\n\r\n' },
        {
          kind: 1,
          id: 'b',
          at: at(2),
          took: 0,
          message: 'POST /v1/models/m:predict HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
        },
      ]),
    },
    { only: '/v1/models/*' },
  );
  expect(requests.map(({ key }) => key)).toEqual(['b']);
  expect(facts).toMatchObject({ unwanted: 1, left: {} });
});

test.each([
  ['nothing.jsonl', ''],
  ['page.jsonl', '<html>'],
])('%s is no recording, and said', async (name, content) => {
  const reading = read({ [name]: content });
  if (content === '') expect((await reading).facts.requests).toBe(0);
  else await expect(reading).rejects.toThrow('is not a recording that can be read: it begins with "<html>"');
});
