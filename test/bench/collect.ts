/**
 * How fast do capture files come to this machine? `npm run bench:collect -- 10000` lays that many (default 2000) of about 20 kB into
 * the emulator's S3, thirty an hour as SageMaker names them, and brings them here, each way in a process of its own: as `report`
 * does, again with all of them in the cache, and with `aws s3 sync` where that is installed. The server is the same; memory is the
 * peak. Run three times, with the best kept.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { fetchCaptures } from '../../src/analysis/observe/captures.ts';
import { type Aws, connect } from '../../src/aws/clients.ts';
import { systemClock } from '../../src/base/clock.ts';

interface Measured {
  ms: number;
  cpu: number;
  megabytes: number;
}

const HOUR = 3_600_000;
const AN_HOUR = 30;
const START = Date.UTC(2026, 0, 5);
const [mode = '2000', url = '', folder = '', count = ''] = process.argv.slice(2);
const say = (line: string) => void process.stdout.write(`${line}\n`);

function awsOf(endpointUrl: string): Aws {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return connect({ region: 'us-east-1', endpointUrl, profile: undefined, credentials });
}

async function lay(aws: Aws, files: number): Promise<void> {
  const s3 = await aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'captures' }));
  const body = `${'x'.repeat(699)}\n`.repeat(29);
  const numbers = Array.from({ length: files }, (_, i) => i).values();
  const worker = async () => {
    for (const i of numbers) {
      const hour = new Date(START + Math.floor(i / AN_HOUR) * HOUR).toISOString().slice(0, 13).replace(/[-T]/g, '/');
      const Key = `c/weather/AllTraffic/${hour}/${String(i).padStart(6, '0')}.jsonl`;
      await s3.send(new PutObjectCommand({ Bucket: 'captures', Key, Body: `${i}\n${body}` }));
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

async function collect(): Promise<void> {
  const window = { from: START, to: START + Math.ceil(Number(count) / AN_HOUR) * HOUR };
  const source = { destination: 's3://captures/c', endpoint: 'weather', variant: 'AllTraffic', window };
  const { paths } = await fetchCaptures(awsOf(url), systemClock, source, { cache: folder });
  if (paths.length !== Number(count)) throw new Error(`${paths.length} files of ${count} came`);
}

async function measured(words: readonly string[]): Promise<Measured> {
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...words]);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (out === '') throw new Error(`${words[0]}: ${err}`);
  return JSON.parse(out) as Measured;
}

/** With the memory and processor time of the child, as GNU time tells them. */
function synced(at: string, into: string): Measured | undefined {
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
  const words = [
    '-f',
    '%U %S %M',
    'aws',
    's3',
    'sync',
    's3://captures',
    into,
    '--endpoint-url',
    at,
    '--only-show-errors',
  ];
  const start = performance.now();
  const { status, stderr } = spawnSync('/usr/bin/time', words, { env, encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [user = 0, system = 0, kilobytes = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { ms: performance.now() - start, cpu: (user + system) * 1000, megabytes: kilobytes / 1024 };
}

function emulator(what: 'start' | 'stop', dir: string): string {
  const words = ['bin/shadowctl.js', 'emulator', what, '--dir', dir, '--format', 'json'];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return what === 'start' ? (JSON.parse(stdout) as { url: string }).url : '';
}

if (mode === 'collect') {
  const start = performance.now();
  await collect();
  const used = process.resourceUsage();
  const ms = performance.now() - start;
  say(JSON.stringify({ ms, cpu: (used.userCPUTime + used.systemCPUTime) / 1000, megabytes: used.maxRSS / 1024 }));
} else {
  const files = Number(mode);
  const made = mkdtempSync(join(tmpdir(), 'shadowctl-bench-collect-'));
  const at = emulator('start', join(made, 'emulator'));
  try {
    await lay(awsOf(at), files);
    const best: Record<string, Measured> = {};
    const keep = (name: string, one: Measured | undefined) => {
      if (one !== undefined && one.ms < (best[name]?.ms ?? Number.POSITIVE_INFINITY)) best[name] = one;
    };
    for (let round = 0; round < 3; round += 1) {
      const into = (name: string) => join(made, `${name}-${round}`);
      keep('as report does', await measured(['collect', at, into('cache'), String(files)]));
      keep('again, all in the cache', await measured(['collect', at, into('cache'), String(files)]));
      keep('aws s3 sync', synced(at, into('sync')));
      for (const name of ['cache', 'sync']) rmSync(into(name), { recursive: true, force: true });
    }
    say(`${files} capture files, ${Math.round((files * 20_300) / 1e6)} MB`);
    for (const [name, { ms, cpu, megabytes }] of Object.entries(best))
      say(
        `${name.padEnd(26)} ${(ms / 1000).toFixed(1).padStart(7)} s ${(cpu / 1000).toFixed(1).padStart(7)} s cpu ${Math.round(megabytes).toString().padStart(5)} MB`,
      );
  } finally {
    emulator('stop', join(made, 'emulator'));
    rmSync(made, { recursive: true, force: true });
  }
}
