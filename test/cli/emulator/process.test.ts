import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  DEFAULT_PORT,
  emulatorEnvironment,
  ensureEmulator,
  runningEmulator,
  stopEmulator,
} from '../../../src/emulator/daemon/process.ts';
import { builtProgram } from '../../support/built.ts';

// Real processes on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const root = resolve(import.meta.dirname, '../../..');
let program: ReturnType<typeof builtProgram>;
let entry: string;
let project: string;

beforeAll(() => {
  program = builtProgram();
  entry = program.entry;
});
afterAll(() => program.remove());

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'shadowctl-project-'));
});
afterEach(async () => {
  await stopEmulator(dir());
  await rm(project, { recursive: true, force: true });
});
const dir = () => join(project, '.shadowctl', 'emulator');

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a command line in the project, to its end. */
function shadowctl(...argv: string[]): Promise<Ended> {
  return begin(...argv).ended;
}

function begin(...argv: string[]) {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = spawn(process.execPath, [entry, ...argv], { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => void (said.out += String(chunk)));
  child.stderr.on('data', (chunk) => void (said.err += String(chunk)));
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, ...said })));
  return { child, said, ended };
}

const s3 = (endpoint: string) =>
  new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
    maxAttempts: 1,
  });

describe('the emulator as a process', () => {
  it('that a refused command had to start is said to run on, and how it ends; --quiet or not, and only once', async () => {
    const deploy = [
      'deploy',
      '--endpoint',
      'w',
      '--algorithm',
      'linear-learner',
      '--emulator',
      '--region',
      'us-east-1',
    ];
    const artifact = join(root, 'fixtures/artifacts/005-model.tar.gz');
    const asked = [...deploy, '--artifact', artifact, '--role', 'arn:aws:iam::000000000000:role/x', '--quiet'];
    const runsOn = 'Stop it with: shadowctl emulator stop';
    const first = await shadowctl(...asked);
    expect(first).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Cannot prompt') });
    expect(first.err).toContain(runsOn);
    expect((await runningEmulator(dir()))?.url).toBeDefined();
    const second = await shadowctl(...asked);
    expect(second).toMatchObject({ code: 2, err: expect.not.stringContaining(runsOn) });
  });

  it('starts once, answers, keeps its state over a restart and a kill -9, stops once', async () => {
    const first = await shadowctl('emulator', 'start', '--port', '0');
    expect(first).toMatchObject({ code: 0, err: expect.stringContaining('runs as process') });
    const url = first.out.trim();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const again = await shadowctl('emulator', 'start', '--verbose');
    expect(again).toEqual({
      code: 0,
      out: `${url}\n`,
      err: expect.stringMatching(/is already running.*\n.*stop it first/),
    });

    const client = s3(url);
    await client.send(new CreateBucketCommand({ Bucket: 'kept' }));
    client.destroy();
    const { pid } = (await runningEmulator(dir())) ?? { pid: 0 };
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => runningEmulator(dir())).toBeUndefined();
    expect((await shadowctl('emulator', 'status')).code).toBe(1);

    const revived = await ensureEmulator(dir(), { entry, flags: ['--port', '0'] });
    expect(revived.started).toBe(true);
    expect((await ensureEmulator(dir(), { entry })).started).toBe(false);
    const other = s3(revived.url);
    await other.send(new HeadBucketCommand({ Bucket: 'kept' }));
    await other.send(new PutObjectCommand({ Bucket: 'kept', Key: 'k', Body: 'v' }));
    other.destroy();

    expect(await shadowctl('emulator', 'stop')).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringContaining('has stopped'),
    });
    expect(await shadowctl('emulator', 'stop')).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringContaining('No emulator runs'),
    });
    expect(await readFile(join(dir(), 'emulator.log'), 'utf8')).toContain('its state is kept');
  });

  it('is one, whoever starts it at the same moment', async () => {
    const all = await Promise.all([1, 2, 3].map(() => shadowctl('emulator', 'start', '--port', '0')));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(all.map(({ out }) => out)).size).toBe(1);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('in the foreground ends with %s, state kept, exit code 0', async (signal) => {
    const { child, said, ended } = begin('emulator', 'start', '--foreground', '--verbose', '--port', '0');
    await expect.poll(() => said.out, { timeout: 20_000 }).toContain('http://127.0.0.1:');
    const client = s3(said.out.trim());
    await client.send(new CreateBucketCommand({ Bucket: 'seen' }));
    client.destroy();
    child.kill(signal);
    const { code, err } = await ended;
    expect(code).toBe(0);
    expect(err).toMatch(/Z PUT \/seen\S* s3:CreateBucket 200 \d+ ms/);
    expect(await readFile(join(dir(), 'state.jsonl'), 'utf8')).toContain('"seen"');
  });

  it('says who has the port, and takes another where none was asked for', async () => {
    const server = createServer((_, response) => response.end('mine'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const refused = await shadowctl('emulator', 'start', '--port', String(port));
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toMatch(new RegExp(`Port ${port} is taken by .*--port`, 's'));
    server.close();
    const usual = createServer((_, response) => response.end('mine'));
    // Another program may have the usual port already, which is as good here.
    await new Promise<void>((done) => usual.once('error', () => done()).listen(DEFAULT_PORT, '127.0.0.1', done));
    const { code, out } = await shadowctl('emulator', 'start');
    expect([code, out.includes(`:${DEFAULT_PORT}\n`)]).toEqual([0, false]);
    usual.close();
  });

  it('points other programs at itself', async () => {
    const none = await shadowctl('emulator', 'env');
    expect(none).toMatchObject({ code: 2, out: '', err: expect.stringContaining('shadowctl emulator start') });
    const { url } = await ensureEmulator(dir(), { entry, flags: ['--port', '0'] });
    const { out } = await shadowctl('emulator', 'env', '--region', 'eu-west-1');
    const seen = execFileSync(
      'bash',
      ['-c', `${out}\necho "$AWS_ENDPOINT_URL $AWS_REGION $AWS_ACCESS_KEY_ID [$AWS_PROFILE]"`],
      { env: { AWS_PROFILE: 'production' } },
    );
    expect(seen.toString()).toBe(`${url} eu-west-1 test []\n`);
    const powershell = await shadowctl('emulator', 'env', '--shell', 'powershell');
    expect(powershell.out).toContain(`$Env:AWS_ENDPOINT_URL = '${url}'\n`);
    const fish = await shadowctl('emulator', 'env', '--shell', 'fish');
    expect(fish.out).toContain(`set -gx AWS_ENDPOINT_URL '${url}';\nset -gx`);
  });

  it('says what stands on it', async () => {
    const { url, pid } = await ensureEmulator(dir(), { entry, flags: ['--port', '0'] });
    const { code, out } = await shadowctl('emulator', 'status', '--format', 'json');
    expect([code, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({
        running: true,
        url,
        pid,
        dir: dir(),
        faults: 0,
        endpoints: [],
        models: [],
        region: 'us-east-1',
      }),
    ]);
    const text = await shadowctl('emulator', 'status');
    expect(text.out).toMatch(new RegExp(`url +${url}\nprocess +${pid}, `));
  });

  it('fails on demand', async () => {
    const { url } = await ensureEmulator(dir(), { entry, flags: ['--port', '0'] });
    const added = await shadowctl(
      'emulator',
      'fault',
      'add',
      'throttle',
      '--service',
      's3',
      '--operation',
      'CreateBucket',
      '--times',
      '1',
    );
    expect(added).toMatchObject({ code: 0, out: 'fault-1\n' });
    expect((await shadowctl('emulator', 'fault', 'list')).out).toBe(
      'fault-1  throttle, service s3, operation CreateBucket, times 1\n',
    );
    const client = s3(url);
    await expect(client.send(new CreateBucketCommand({ Bucket: 'slow-down' }))).rejects.toThrow(
      'reduce your request rate',
    );
    await client.send(new CreateBucketCommand({ Bucket: 'slow-down' }));
    client.destroy();
    expect((await shadowctl('emulator', 'fault', 'list')).out).toBe(
      'fault-1  throttle, service s3, operation CreateBucket, used up\n',
    );
    expect(await shadowctl('emulator', 'fault', 'clear', 'fault-9')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no fault'),
    });
    expect((await shadowctl('emulator', 'fault', 'clear')).code).toBe(0);
    expect(await shadowctl('emulator', 'fault', 'list', '--format', 'json')).toMatchObject({ code: 0, out: '[]\n' });
  });

  it('says what kept it from starting', async () => {
    await mkdir(dir(), { recursive: true });
    await writeFile(join(dir(), 'state.jsonl'), '{"format":"shadowctl emulator state","version":7}\n');
    const { code, out, err } = await shadowctl('emulator', 'start', '--port', '0');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('has version 7; this shadowctl reads version 1');
    expect(err).toContain('emulator.log');
  });
});

it.each([
  [{}, undefined, 'us-east-1'],
  [{}, 'eu-west-1', 'eu-west-1'],
  [{ AWS_REGION: 'eu-north-1' }, 'eu-west-1', 'eu-north-1'],
])('the emulator in %j and a project of %s is used in %s', (env, region, expected) => {
  expect(emulatorEnvironment('http://127.0.0.1:1', env, region)).toMatchObject({
    AWS_REGION: expected,
    AWS_DEFAULT_REGION: expected,
  });
});
