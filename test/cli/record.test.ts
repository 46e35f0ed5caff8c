import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { interrupted } from '../../src/base/errors.ts';
import { run } from '../../src/main.ts';
import { ask } from '../mirror/rig.ts';
import { capturedIo } from '../support/io.ts';

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'shadowctl-record-'));
  open.push({ close: () => rmSync(path, { recursive: true, force: true }) });
  return path;
}

async function shadowctl(argv: readonly string[], cwd: string, env: Record<string, string> = {}) {
  const io = capturedIo();
  const code = await run(argv, { clock: systemClock, env, cwd, signal: new AbortController().signal, io: () => io });
  return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
}

/** `shadowctl record` that takes lines until it is stopped. */
async function recording(cwd: string, flags: readonly string[] = [], env: Record<string, string> = {}) {
  const io = capturedIo();
  const stop = new AbortController();
  const argv = ['record', '--listen', '127.0.0.1:0', ...flags];
  let over = false;
  const ended = run(argv, { clock: systemClock, env, cwd, signal: stop.signal, io: () => io }).then((code) => {
    over = true;
    return code;
  });
  const close = async () => {
    stop.abort(interrupted('stopped'));
    await ended;
  };
  open.push({ close });
  while (io.errLines.length === 0 && !over) await new Promise((resolve) => setTimeout(resolve, 5));
  const port = Number(/http:\/\/127\.0\.0\.1:(\d+)\/record/.exec(io.errLines.join(''))?.[1]);
  expect(port, io.errLines.join('\n')).toBeGreaterThan(0);
  const request = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const { status, body: text } = await ask(undefined, port, { method, path, headers }, body);
    return { status, ...(JSON.parse(text) as Record<string, unknown>) };
  };
  return {
    io,
    close,
    ended,
    port,
    post: (body: string, headers?: Record<string, string>) => request('POST', '/record', body, headers),
    status: () => request('GET', '/status'),
  };
}

const line = (id: string, side: string, more: object = {}) =>
  JSON.stringify({ id, side, status: 200, latency: 10, answer: { predicted_label: 'sun' }, ...more });

const records = (cwd: string, side: string) =>
  readdirSync(join(cwd, 'records', side))
    .flatMap((name) => {
      const path = join(cwd, 'records', side, name);
      const text = name.endsWith('.gz') ? execFileSync('gzip', ['-dc', path]).toString() : readFileSync(path, 'utf8');
      return text.trimEnd().split('\n');
    })
    .map((text) => JSON.parse(text));

test('lines of callers become pairs by their ids; a repeated id has its first answer', async () => {
  const cwd = folder();
  const { post, status, close, io, ended } = await recording(cwd);
  // Inputs may differ, and so may the order of the sides.
  const first = [line('a', 'live', { request: [1, 2] }), line('a', 'shadow', { request: { x: 1 }, latency: 12.25 })];
  expect(await post(first.join('\n'))).toMatchObject({ status: 200, recorded: 2, repeated: 0, refused: 0 });
  expect(await post(line('b', 'shadow'))).toMatchObject({ status: 200, recorded: 1 });
  expect(await post(line('b', 'live', { answer: '{"predicted_label":"sun"}' }))).toMatchObject({ recorded: 1 });
  // The same answer again changes nothing, another one is refused, and so is another status.
  expect(await post(line('a', 'live', { latency: 99 }))).toMatchObject({ status: 200, recorded: 0, repeated: 1 });
  expect(await post(line('a', 'live', { answer: 'rain' }))).toMatchObject({
    status: 409,
    refused: 1,
    why: [{ line: 1, id: 'a', why: expect.stringContaining('another answer') }],
  });
  expect(await post(line('a', 'shadow', { status: 500 }))).toMatchObject({ status: 409 });
  expect(await status()).toMatchObject({ recorded: 4, repeated: 1, 'other-answer': 2, waiting: 0, malformed: 0 });
  // One that never gets its other side: nobody is to blame when it is stopped.
  await post(line('c', 'live'));
  await close();
  expect(await ended).toBe(0);
  expect(io.errLines.join('\n')).toContain('5 lines recorded, 1 repeated');
  expect(
    records(cwd, 'live').map(({ eventMetadata: { inferenceId, outcome, ms } }) => [inferenceId, outcome, ms]),
  ).toEqual([
    ['a', 'answered', 10],
    ['b', 'answered', 10],
    ['c', 'answered', 10],
  ]);
  expect(
    records(cwd, 'shadow').map(({ eventMetadata: { inferenceId, outcome, loss } }) => [inferenceId, outcome, loss]),
  ).toEqual([
    ['a', 'answered', undefined],
    ['b', 'answered', undefined],
    ['c', 'lost', 'stopped'],
  ]);
  expect(records(cwd, 'live')[1].captureData.endpointOutput.data).toBe('{"predicted_label":"sun"}');
  for (const side of ['live', 'shadow', 'runs'])
    for (const name of readdirSync(join(cwd, 'records', side)))
      expect(statSync(join(cwd, 'records', side, name)).mode & 0o077).toBe(0);

  const { out } = await shadowctl(['report', '--files', 'records', '--format', 'json'], cwd);
  expect(JSON.parse(out).observations).toMatchObject({
    loggedBy: 'callers',
    metrics: { production: { invocations: [2] }, shadow: { invocations: [2] } },
    predictions: { pairs: 2, method: 'inferenceId' },
  });
});

test('numbers of an answer keep all their digits', async () => {
  const cwd = folder();
  const { post, close } = await recording(cwd);
  const written = (answer: string) => `{"id":"n","side":"live","status":200,"latency":1,"answer": ${answer} }`;
  expect(await post(written('{"id":9007199254740993,"score":1.0}'))).toMatchObject({ recorded: 1 });
  expect(await post(written('{"id":9007199254740992,"score":1.0}'))).toMatchObject({ status: 409 });
  await close();
  expect(records(cwd, 'live')[0].captureData.endpointOutput.data).toBe('{"id":9007199254740993,"score":1.0}');
});

test.each([
  ['no JSON', 'id=1', 'not JSON'],
  ['a list', '[1]', 'object'],
  ['a member that is not known', line('x', 'live', { prediction: 1 }), 'prediction'],
  ['a member twice', '{"id":"x","id":"y","side":"live","status":500,"latency":1}', 'twice'],
  ['no id', JSON.stringify({ side: 'live', status: 500, latency: 1 }), 'id'],
  ['a side that is none', line('x', 'canary'), 'side'],
  ['a status as text', line('x', 'live', { status: '200' }), 'status'],
  ['a negative latency', line('x', 'live', { latency: -1 }), 'latency'],
  ['a 200 without an answer', JSON.stringify({ id: 'x', side: 'live', status: 200, latency: 1 }), 'answer'],
  ['an answer that never came', line('x', 'live', { status: null }), 'status null'],
])('%s is refused with what is wrong, and counted', async (_, text, word) => {
  const { post, status } = await recording(folder());
  const answer = await post(`${line('good', 'live')}\n${text}\n`);
  expect(answer).toMatchObject({
    status: 400,
    recorded: 1,
    refused: 1,
    why: [{ line: 2, why: expect.stringContaining(word) }],
  });
  expect(await status()).toMatchObject({ malformed: 1, recorded: 1 });
});

test('large bodies, web pages, other hosts and callers without the token are refused', async () => {
  const cwd = folder();
  const plain = await recording(cwd, ['--max-body', '1kB']);
  expect(await plain.post(line('a', 'live', { request: 'x'.repeat(2_000) }))).toMatchObject({ status: 413 });
  expect(await plain.post(line('a', 'live'), { Origin: 'http://example.com' })).toMatchObject({ status: 403 });
  expect(await plain.post(line('a', 'live'), { Host: 'evil.example' })).toMatchObject({ status: 403 });
  expect(await plain.post('\n')).toMatchObject({ status: 400 });
  expect(await plain.status()).toMatchObject({ recorded: 0 });
  // One process a folder.
  expect(await shadowctl(['record', '--listen', '127.0.0.1:0'], cwd)).toMatchObject({ code: 2 });

  const token = 'a-token-of-many-letters';
  const guarded = await recording(folder(), [], { SHADOWCTL_RECORD_TOKEN: token });
  expect(await guarded.post(line('a', 'live'))).toMatchObject({ status: 401 });
  expect(await guarded.post(line('a', 'live'), { Authorization: `Bearer ${token}x` })).toMatchObject({ status: 401 });
  expect(await guarded.post(line('a', 'live'), { Authorization: `Bearer ${token}` })).toMatchObject({ recorded: 1 });
});

test('a token comes from a file, too; without one nobody listens where others reach it', async () => {
  const cwd = folder();
  writeFileSync(join(cwd, 'token'), 'another-token-of-letters\n');
  const { post } = await recording(cwd, ['--token-file', 'token']);
  expect(await post(line('a', 'live'), { Authorization: 'Bearer another-token-of-letters' })).toMatchObject({
    recorded: 1,
  });
  const { code, err } = await shadowctl(['record', '--listen', '0.0.0.0:0', '--records', 'other'], cwd);
  expect(code).toBe(2);
  expect(err).toContain('--token-file');
  writeFileSync(join(cwd, 'token'), 'short');
  const short = await shadowctl(['record', '--token-file', 'token', '--records', 'other'], cwd);
  expect(short.code).toBe(2);
});

test('a line of the other side that does not come in time counts against the shadow, and for neither without a live one', async () => {
  const cwd = folder();
  const { post, status, close } = await recording(cwd, ['--wait', '50ms']);
  await post([line('a', 'live'), line('b', 'shadow')].join('\n'));
  while (((await status()) as { waiting?: number }).waiting !== 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await status()).toMatchObject({ unanswered: 1, unlogged: 1 });
  expect(await post(line('a', 'shadow'))).toMatchObject({ status: 409, why: [{ id: 'a' }] });
  await close();
  expect(records(cwd, 'shadow').map(({ eventMetadata: { inferenceId, outcome } }) => [inferenceId, outcome])).toEqual([
    ['b', 'answered'],
    ['a', 'timeout'],
  ]);
  expect(records(cwd, 'live')[1].eventMetadata).toMatchObject({ inferenceId: 'b', outcome: 'lost', loss: 'unlogged' });
});

test('what was recorded is known after a restart; what a killed one had not finished may come again', async () => {
  const cwd = folder();
  const before = await recording(cwd);
  await before.post([line('a', 'live'), line('a', 'shadow'), line('b', 'live')].join('\n'));
  await before.close();
  // As kill -9 leaves it: whole up to before the second request, and half a line at the end.
  const [name = ''] = readdirSync(join(cwd, 'records', 'runs'));
  const path = join(cwd, 'records', 'runs', name);
  const run = JSON.parse(readFileSync(path, 'utf8'));
  const after = await recording(cwd);
  expect(await after.post(line('a', 'live'))).toMatchObject({ repeated: 1 });
  expect(await after.post(line('a', 'shadow', { answer: 'fog' }))).toMatchObject({ status: 409 });
  await after.close();
  writeFileSync(path, JSON.stringify({ ...run, ended: false, wholeUntil: run.from }));
  const again = await recording(cwd);
  expect(await again.post([line('a', 'live'), line('a', 'shadow')].join('\n'))).toMatchObject({ recorded: 2 });
  await again.close();
  const { out } = await shadowctl(['report', '--files', 'records', '--format', 'json'], cwd);
  expect(JSON.parse(out).observations).toMatchObject({ predictions: { pairs: 1 } });
});

/** Lines of `minutes` minutes of the past, twelve requests a minute. */
function logged(minutes: number, shadow: (i: number) => object | undefined): { live: string; shadow: string } {
  const from = Date.now() - (minutes + 5) * 60_000;
  const live: string[] = [];
  const other: string[] = [];
  for (let i = 0; i < minutes * 12; i += 1) {
    const answer = { predicted_label: ['sun', 'rain', 'fog'][(i * 7) % 3] };
    const own = {
      time: new Date(from + i * 5_000).toISOString(),
      answer,
      request: { i },
      latency: 10 + ((i * 37) % 20),
    };
    live.push(line(`r${i}`, 'live', own));
    const change = shadow(i);
    if (change !== undefined) other.push(line(`r${i}`, 'shadow', { ...own, ...change }));
  }
  return { live: `${live.join('\n')}\n`, shadow: `${other.join('\n')}\n` };
}

const POLICY =
  'blockMinutes: 1\nminimumBlocks: 4\nminimumPairs: 150\nerrors: 0.05\ninform: [latency.p90, latency.p99]\n';

async function judged(cwd: string, shadow: (i: number) => object | undefined) {
  const files = logged(40, shadow);
  writeFileSync(join(cwd, 'live.jsonl'), files.live);
  writeFileSync(join(cwd, 'shadow.jsonl'), files.shadow);
  writeFileSync(join(cwd, 'policy.yaml'), POLICY);
  const recorded = await shadowctl(['record', '--from', 'live.jsonl', '--from', 'shadow.jsonl'], cwd);
  const report = ['report', '--files', 'records', '--policy', 'policy.yaml'];
  return { recorded, text: await shadowctl(report, cwd), json: await shadowctl([...report, '--format', 'json'], cwd) };
}

test('a pass on what callers logged promotes nothing, and says who must act', async () => {
  const cwd = folder();
  const { recorded, text, json } = await judged(cwd, () => ({}));
  expect(recorded).toMatchObject({ code: 0, out: '960 lines recorded.' });
  expect(json.code, json.out.slice(0, 2_000)).toBe(0);
  const { verdict, observations } = JSON.parse(json.out);
  expect(verdict.outcome).toBe('pass');
  expect(observations).toMatchObject({ loggedBy: 'callers', predictions: { pairs: 480, coverage: 1 } });
  expect(text.out.replaceAll(/\s+/g, ' ')).toContain('nothing is promoted here: the callers themselves must');
  expect(text.out).not.toContain('shadowctl promote');
  // The history notes it, once for the same evidence; what moves requests is refused, with who must do it.
  const history = await shadowctl(['history', '--mirror', 'records', '--format', 'json'], cwd);
  expect(JSON.parse(history.out)).toMatchObject([
    { command: 'report', what: 'passed', shadow: 'shadow', verdict: { outcome: 'pass', forced: false } },
  ]);
  expect((await shadowctl(['history', '--mirror', 'records'], cwd)).out).toContain('passed');
  expect(await shadowctl(['promote', '--mirror', 'records', '--yes'], cwd)).toMatchObject({
    code: 2,
    err: expect.stringContaining('callers themselves'),
  });
  expect(JSON.parse((await shadowctl(['status', '--mirror', 'records', '--format', 'json'], cwd)).out)).toMatchObject({
    running: false,
  });
  // Read again, it is all known.
  const again = await shadowctl(['record', '--from', 'live.jsonl'], cwd);
  expect(again).toMatchObject({ code: 0, out: '0 lines recorded, 480 repeated with the same answer.' });
});

test.each<[string, (i: number) => object | undefined]>([
  ['is not logged for every fifth request', (i) => (i % 5 === 0 ? undefined : {})],
  ['got no answer for every fifth request', (i) => (i % 5 === 0 ? { status: null, answer: undefined } : {})],
  ['fails every fifth request', (i) => (i % 5 === 0 ? { status: 500 } : {})],
])('a shadow that %s does not pass', async (_, shadow) => {
  const { json } = await judged(folder(), shadow);
  expect(JSON.parse(json.out).verdict.outcome).toBe('fail');
});

test('a shadow that was asked something else does not pass, unless the policy says that it is asked in a form of its own', async () => {
  const cwd = folder();
  const { json } = await judged(cwd, (i) => ({ request: { j: i } }));
  const gates = JSON.parse(json.out).verdict.gates.filter(({ id }: { id: string }) => id === 'output.pairs');
  expect(json.code).toBe(3);
  expect(gates).toMatchObject([{ outcome: 'inconclusive', estimate: 1, gating: true }]);
  writeFileSync(join(cwd, 'own.yaml'), POLICY.replace('inform: [', 'inform: [output.pairs, '));
  expect(await shadowctl(['report', '--files', 'records', '--policy', 'own.yaml'], cwd)).toMatchObject({ code: 0 });
});

test('lines of files that are none are named, with their place; what is refused is no success', async () => {
  const cwd = folder();
  const future = new Date(Date.now() + 3_600_000).toISOString();
  writeFileSync(join(cwd, 'lines'), `${line('a', 'live')}\nno\n${line('b', 'live', { time: future })}\n`);
  const { code, out, err } = await shadowctl(['record', '--from', 'lines'], cwd);
  expect(code).toBe(1);
  expect(out).toContain('Refused: 3');
  expect(err).toMatch(
    /lines:1: time is missing[\s\S]*lines:2: it is not JSON[\s\S]*lines:3: its time lies in the future/,
  );
});

test('the schema of a line is printed, and knows the members that are read', async () => {
  const { out } = await shadowctl(['record', '--schema'], folder());
  const schema = JSON.parse(out);
  expect(schema.required).toEqual(['id', 'side', 'status', 'latency']);
  const { post } = await recording(folder());
  for (const name of Object.keys(schema.properties)) {
    const { why } = (await post(JSON.stringify({ [name]: null }))) as unknown as {
      why: { why: string }[];
    };
    expect(why[0]?.why).not.toContain('is not known');
  }
});

const SHELLS: Readonly<Record<string, readonly string[]>> = {
  python: ['python3', '-c'],
  js: [process.execPath, '--input-type=module', '-e'],
  sh: ['sh', '-c'],
};
const has = (program: string) => spawnSync(program, ['--version']).status === 0;

test.each([
  ['python', 'log(**', has('python3')],
  ['js', 'await log(', true],
  ['sh', '/record', has('curl')],
])('the example in the documentation for %s is recorded', async (language, word, runs) => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/mirror.md'), 'utf8');
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(
    ([, name, code = '']) =>
      name === language && (code.includes(word) || code.includes('log(id=')) && code.includes('/record'),
  );
  expect(blocks).toHaveLength(1);
  if (!runs) return;
  const { port, status } = await recording(folder());
  const [program = '', ...flags] = SHELLS[language] ?? [];
  await promisify(execFile)(program, [...flags, (blocks[0]?.[2] ?? '').replaceAll('8081', String(port))]);
  expect(await status()).toMatchObject({ recorded: 1, malformed: 0 });
});
