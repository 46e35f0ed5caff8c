import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { interrupted } from '../../src/base/errors.ts';
import { run } from '../../src/main.ts';
import { ask, openModel } from '../mirror/rig.ts';
import { type CapturedIo, capturedIo } from '../support/io.ts';
import { ENDPOINT, openStage } from '../support/stage.ts';
import { ROWS } from '../support/traffic.ts';

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

/** A command line that runs until it is stopped. */
function begin(argv: readonly string[], cwd: string, env: Record<string, string> = {}) {
  const io = capturedIo();
  const stop = new AbortController();
  const ended = run(argv, { clock: systemClock, env, cwd, signal: stop.signal, io: () => io });
  open.push({
    async close() {
      stop.abort(interrupted('stopped'));
      await ended;
    },
  });
  return { io, ended };
}

/** The first line of the log, once it is there. */
async function started(
  io: CapturedIo,
  ended: Promise<number>,
): Promise<{ port: number; controlPort: number; mirrored: string[] }> {
  let over = false;
  void ended.then(() => (over = true));
  while (io.errLines.length === 0 && !over) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(over, io.errLines.join('\n')).toBe(false);
  return JSON.parse(io.errLines[0] ?? '');
}

async function shadowctl(argv: readonly string[], cwd: string): Promise<{ code: number; out: string; err: string }> {
  const io = capturedIo();
  const signal = new AbortController().signal;
  const code = await run(argv, { clock: systemClock, env: {}, cwd, signal, io: () => io });
  return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'shadowctl-mirror-'));
  open.push({ close: () => rmSync(path, { recursive: true, force: true }) });
  return path;
}

test('runs from a file and flags, tells its state, reads the file anew, and stops when it is told', async () => {
  const cwd = folder();
  const live = await openModel((_, res) =>
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"score":1}'),
  );
  const [first, second] = [await openModel((_, res) => res.end('1')), await openModel((_, res) => res.end('2'))];
  open.push(live, first, second);
  const file = (url: string) =>
    writeFileSync(
      join(cwd, 'mirror.yaml'),
      `live: ${live.url}\nshadows: { candidate: ${url} }\ncontrol: 0\nsocket: control\nrecords: { folder: records }\n`,
    );
  file(first.url);
  const { io, ended } = begin(['mirror', '--file', 'mirror.yaml', '--listen', '0', '--path', '/predict'], cwd);
  const { port, controlPort, mirrored } = await started(io, ended);
  expect(mirrored).toEqual(expect.arrayContaining(['/invocations', '/predict']));
  const post = () =>
    ask(undefined, port, { method: 'POST', path: '/predict', headers: { 'Content-Type': 'application/json' } }, '{}');
  const look = (path: string) => ask(undefined, controlPort, { method: 'GET', path, headers: {} });
  expect(await post()).toMatchObject({ status: 200, body: '{"score":1}' });
  while (first.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));

  expect(await look('/healthz')).toMatchObject({ status: 200 });
  expect((await look('/metrics')).body).toContain('shadowctl_mirror_latency_seconds_count{side="live"} 1');
  expect(statSync(join(cwd, 'control')).mode & 0o077).toBe(0);
  expect(JSON.parse((await shadowctl(['mirror', 'status', '--socket', 'control'], cwd)).out)).toMatchObject({
    draining: false,
    live: { outcomes: { answered: 1 } },
  });

  // A file with a mistake changes nothing.
  writeFileSync(join(cwd, 'mirror.yaml'), 'lives: 1\n');
  expect(await shadowctl(['mirror', 'reload', '--socket', 'control'], cwd)).toMatchObject({ code: 2 });
  file(second.url);
  expect(await shadowctl(['mirror', 'reload', '--socket', 'control'], cwd)).toMatchObject({ code: 0 });
  await post();
  while (second.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(first.seen).toHaveLength(1);

  expect(await shadowctl(['mirror', 'stop', '--socket', 'control'], cwd)).toMatchObject({ code: 0 });
  expect(await ended).toBe(0);
  expect(io.errLines.map((line) => JSON.parse(line).event)).toEqual(['started', 'reloaded', 'draining', 'stopped']);
  expect(readdirSync(cwd)).not.toContain('control');
  const { code, out } = await shadowctl(['report', '--files', 'records', '--format', 'json'], cwd);
  expect(code).toBe(3);
  expect(JSON.parse(out).observations).toMatchObject({
    production: { name: 'live' },
    shadow: { name: 'candidate' },
    // What the first server answered under this name says nothing of the second one.
    metrics: { production: { invocations: [1] }, shadow: { invocations: [1] } },
    predictions: { pairs: 1 },
    notes: expect.arrayContaining([expect.stringContaining(first.url)]),
  });
  const watched = ['report', '--files', 'records', '--until-decided', '--every', '10ms', '--timeout', '15ms'];
  expect(await shadowctl(watched, cwd)).toMatchObject({ code: 3 });
  expect(await shadowctl(['mirror', 'status', '--socket', 'control'], cwd)).toMatchObject({ code: 2 });
});

test('an SDK whose endpoint it is gets the answers of an endpoint of SageMaker, and the shadow is signed for, too', async () => {
  const stage = await openStage();
  open.push(stage);
  const cwd = folder();
  const env = {
    AWS_ENDPOINT_URL: stage.emulator.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'mirror',
    AWS_SECRET_ACCESS_KEY: 'own',
  };
  const copy = await openModel((_, res) => res.end('{}'));
  open.push(copy);
  const { io, ended } = begin(
    [
      'mirror',
      '--live',
      `sagemaker:${ENDPOINT}`,
      '--listen',
      '0',
      '--records',
      'records',
      '--socket',
      'control',
    ].concat([
      ...[
        '--upload',
        's3://models/pairs',
        '--shadow',
        `again=sagemaker:${ENDPOINT}`,
        '--shadow',
        `other=${copy.url},path=/invocations`,
      ],
    ]),
    cwd,
    env,
  );
  const { port } = await started(io, ended);
  const client = new SageMakerRuntimeClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'caller', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  open.push({ close: () => client.destroy() });
  const reply = await client.send(
    new InvokeEndpointCommand({
      EndpointName: 'whatever',
      ContentType: 'text/csv',
      Body: ROWS[0] ?? '',
      InferenceId: 'mine',
    }),
  );
  expect(JSON.parse(reply.Body.transformToString())).toHaveProperty('predictions');
  expect(reply.InvokedProductionVariant).toBe('AllTraffic');
  const status = async () => JSON.parse((await shadowctl(['mirror', 'status', '--socket', 'control'], cwd)).out);
  while ((await status()).shadows.again.outcomes.answered === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect((await status()).shadows.again.outcomes.answered).toBe(1);
  while (copy.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(copy.seen[0]).toMatchObject({ url: '/invocations', body: ROWS[0] });
  expect(JSON.stringify(copy.seen[0]).toLowerCase()).not.toMatch(/authorization|caller\//);

  // What was recorded is in S3 when it has ended.
  await shadowctl(['mirror', 'stop', '--socket', 'control'], cwd);
  expect(await ended).toBe(0);
  const s3 = await stage.aws.s3();
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'models', Prefix: 'pairs/' }));
  expect(Contents.map(({ Key = '' }) => Key.split('/').slice(0, 2).join('/')).sort()).toEqual([
    'pairs/again',
    'pairs/live',
    'pairs/other',
    'pairs/runs',
  ]);
});

test.each([
  ['neither side', ['--shadow', 'http://127.0.0.1:1']],
  ['a certificate without its key', ['--live', 'http://a', '--shadow', 'http://b', '--tls-cert', 'c']],
  ['two shadows of one name', ['--live', 'http://a', '--shadow', 'http://b', '--shadow', 'http://c']],
  ['an address that is none', ['--live', 'http://a', '--shadow', 'http://b', '--listen', 'x:y']],
  ['a file that is not there', ['--file', 'none.yaml']],
])('%s is refused', async (_, flags) => {
  const { code, err } = await shadowctl(['mirror', ...flags], folder());
  expect(code).toBe(2);
  expect(err).toMatch(/^error: /);
});

test('an endpoint whose proxy does not answer is told from one that does not, by the address of the proxy', async () => {
  const cwd = folder();
  const env = {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_REGION: 'us-east-1',
    HTTPS_PROXY: 'http://user:secret@127.0.0.1:9',
  };
  const sides = ['mirror', '--live', 'sagemaker:weather', '--shadow', 's=sagemaker:other', '--socket', 'control'];
  const { io, ended } = begin([...sides, '--listen', '127.0.0.1:0'], cwd, env);
  const { port } = await started(io, ended);
  const answer = await ask(undefined, port, { method: 'POST', path: '/invocations', headers: {} }, '{}');
  expect(answer).toMatchObject({ status: 502, body: expect.stringContaining('http://127.0.0.1:9') });
  expect(answer.headers).toContain('live-unreachable');
  expect(answer.body).not.toContain('secret');
});

test('sides that take no connections are named at the start, by /healthz and by status; the mirror works all the same', async () => {
  const cwd = folder();
  const gone = await openModel((_, res) => res.end());
  await gone.close();
  const shadow = await openModel((_, res) => res.end('{}'));
  open.push(shadow);
  const sides = ['--live', gone.url, '--shadow', `s=${shadow.url}`];
  const { io, ended } = begin(
    ['mirror', ...sides, '--listen', '0', '--control', '0', '--records', 'records', '--log-format', 'json'],
    cwd,
  );
  const refused = [{ side: 'live', why: 'ECONNREFUSED' }];
  const { port, controlPort, ...more } = await started(io, ended);
  expect(more).toMatchObject({ level: 'warn', unreachable: refused });
  const healthz = await ask(undefined, controlPort, { method: 'GET', path: '/healthz', headers: {} });
  expect([healthz.status, JSON.parse(healthz.body)]).toEqual([200, { status: 'ok', unreachable: refused }]);
  expect(await ask(undefined, port, { method: 'POST', path: '/invocations', headers: {} }, '{}')).toMatchObject({
    status: 502,
  });
  const status = async () =>
    JSON.parse((await shadowctl(['status', '--mirror', 'records', '--format', 'json'], cwd)).out);
  expect(await status()).toMatchObject({ counted: { unreachable: refused } });
  const told = (await shadowctl(['status', '--mirror', 'records'], cwd)).out;
  expect(told).toContain('! live takes no connections now: refused');
  await shadow.close();
  expect((await status()).counted.unreachable).toHaveLength(2);
});
