/**
 * How fast is a day of a batch paired and judged? `npm run bench:batch -- 1000000` lays that many rows and two models' answers to
 * them (default 200 000, half a million an object) into the emulator's S3, and measures, on the same files in the same run, each
 * in a process of its own: the whole way of a day (every object read once before anything is begun, rows and answers laid
 * together, compared), DuckDB's bare join of the rows and answers as they lie there, and its bare join of the records that were
 * made of them. Memory is the peak. Run three times with the best kept, up to two million rows.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isMainThread } from 'node:worker_threads';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { openEngine } from '../../src/analysis/compare/duckdb/connection.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { periodOf } from '../../src/analysis/batch/period.ts';
import { type Aws, connect } from '../../src/aws/clients.ts';
import { headObject } from '../../src/aws/s3.ts';
import { putFile } from '../../src/aws/s3-upload.ts';
import { systemClock } from '../../src/base/clock.ts';
import { seededRandom } from '../../src/emulator/world/random.ts';
import { lookAt, withObject } from '../../src/lifecycle/batch/look.ts';
import type { RunObject } from '../../src/lifecycle/batch/objects.ts';
import { writeRecords } from '../../src/lifecycle/batch/records.ts';
import type { BatchSettings } from '../../src/lifecycle/batch/settings.ts';
import { observeDay } from '../../src/lifecycle/batch/sum.ts';
import { createSession } from '../../src/lifecycle/create-session.ts';

interface Measured {
  ms: number;
  cpu: number;
  megabytes: number;
  /** Of the whole way, in milliseconds: looking into the objects, laying together, comparing. */
  parts?: readonly [looked: number, laid: number, compared: number];
}

const MEMORY = '1GB';
const PER_OBJECT = 500_000;
const period = periodOf('2026-01-05', 'UTC');
const [mode = '200000', folder = '', url = '', count = ''] = process.argv.slice(2);
const say = (line: string) => void process.stdout.write(`${line}\n`);

const SETTINGS: BatchSettings = {
  ...{ batch: 'bench', zone: 'UTC', input: 's3://lake/in/', captured: false, output: 's3://lake/out' },
  ...{ candidate: { model: 'candidate' }, against: { kind: 'model', model: 'production' }, id: '1', withoutId: false },
  ...{ header: undefined, contentType: undefined, accept: undefined, inputFilter: undefined },
  ...{ instances: 1, instanceType: 'ml.m5.large', maxPayloadMb: undefined, maxConcurrent: undefined },
  ...{
    maxCost: undefined,
    policy: DEFAULT_POLICY,
    labels: undefined,
    memory: MEMORY,
    findBadRows: false,
    rerun: false,
  },
};

function awsOf(endpointUrl: string): Aws {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return connect({ region: 'us-east-1', endpointUrl, profile: undefined, credentials });
}

/** Rows with an id and ten numbers, and scores of two models that lie near each other. */
async function deliver(aws: Aws, rows: number): Promise<number> {
  const random = seededRandom(1);
  const s3 = await aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
  let bytes = 0;
  for (let start = 0, object = 0; start < rows; start += PER_OBJECT, object += 1) {
    const lines: [string[], string[], string[]] = [[], [], []];
    for (let i = start; i < Math.min(rows, start + PER_OBJECT); i += 1) {
      const score = random.next();
      const moved = Math.min(1, Math.max(0, score + 0.02 * random.normal()));
      lines[0].push(`row-${i},${Array.from({ length: 10 }, () => random.next().toFixed(4)).join(',')}`);
      lines[1].push(`{"predictions":[{"score":${score},"predicted_label":${score > 0.5 ? 1 : 0}}]}`);
      lines[2].push(`{"predictions":[{"score":${moved},"predicted_label":${moved > 0.5 ? 1 : 0}}]}`);
    }
    for (const [i, side] of ['in', 'production', 'candidate'].entries()) {
      const path = join(folder === '' ? made : folder, 'upload');
      writeFileSync(path, `${lines[i]?.join('\n')}\n`);
      const size = statSync(path).size;
      bytes += size;
      await putFile(aws, keyOf(side, object), { path, bytes: size, metadata: {} });
    }
  }
  return bytes;
}

const keyOf = (side: string, object: number) =>
  `s3://lake/${side}/${String(object).padStart(4, '0')}.csv${side === 'in' ? '' : '.out'}`;

async function found(aws: Aws, uri: string) {
  const facts = await headObject(aws, uri);
  return { uri, bytes: facts?.bytes ?? 0, etag: facts?.etag ?? '' };
}

async function day(): Promise<Measured['parts']> {
  const aws = awsOf(url);
  const session = createSession({ aws, folder, clock: systemClock });
  const spool = join(folder, 'spool');
  mkdirSync(spool, { recursive: true });
  const began = performance.now();
  const objects: RunObject[] = [];
  const outputs = { candidate: new Map(), production: new Map() };
  for (let object = 0; object < Math.ceil(Number(count) / PER_OBJECT); object += 1) {
    const one = await found(aws, keyOf('in', object));
    const looked = await withObject(session, aws, one, spool, (path) => lookAt(path, one, SETTINGS, period));
    objects.push({ ...looked, asked: one.uri });
    for (const side of ['candidate', 'production'] as const)
      outputs[side].set(one.uri, await found(aws, keyOf(side, object)));
  }
  const looked = performance.now();
  const accept = () => 'application/jsonlines';
  const files = { candidate: join(folder, 'candidate.jsonl.gz'), production: join(folder, 'production.jsonl.gz') };
  const sides = {
    candidate: { outputs: outputs.candidate, accept },
    production: { outputs: outputs.production, accept },
  };
  await writeRecords({ session, aws, folder: spool }, objects, sides, period.from, files, () => undefined);
  const laid = performance.now();
  const model = { model: 'm' };
  const { predictions } = await observeDay(
    session,
    SETTINGS,
    period,
    files,
    { candidate: model, production: model },
    { spill: join(folder, 'spill'), store: { days: async () => [], read: async () => undefined } },
    { progress: () => undefined, end: () => undefined },
  );
  if (predictions?.pairs !== Number(count)) throw new Error(`${predictions?.pairs} pairs of ${count}`);
  return [looked - began, laid - looked, performance.now() - laid];
}

async function joined(sql: string): Promise<undefined> {
  const engine = await openEngine({ memory: MEMORY, spill: join(folder, 'spill') });
  const [row] = await engine.rows(sql);
  if (row?.n !== Number(count)) throw new Error(`${String(row?.n)} rows of ${count} were joined`);
  engine.close();
  return undefined;
}

const record = (side: string) =>
  `read_json('${join(folder, side)}.jsonl.gz', columns = {captureData: 'STRUCT(endpointOutput STRUCT(data VARCHAR))', eventMetadata: 'STRUCT(inferenceId VARCHAR)'}, format = 'newline_delimited')`;

const WAYS: Record<string, () => Promise<Measured['parts']>> = {
  day,
  join: () =>
    joined(
      `select count(*)::double as n, sum(length(a.captureData.endpointOutput.data))::double as p, sum(length(b.captureData.endpointOutput.data))::double as s from ${record('production')} a join ${record('candidate')} b on a.eventMetadata.inferenceId = b.eventMetadata.inferenceId`,
    ),
};

async function measured(words: readonly string[]): Promise<Measured> {
  const child = spawn(process.execPath, ['--max-old-space-size=16000', process.argv[1] ?? '', ...words]);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (out === '') throw new Error(`${words[0]}: ${err}`);
  return JSON.parse(out) as Measured;
}

/** The built program's emulator, in a process of its own. */
function emulator(what: 'start' | 'stop'): string {
  const words = ['bin/shadowctl.js', 'emulator', what, '--dir', join(made, 'emulator'), '--format', 'json'];
  const { stdout, stderr, status } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return what === 'start' ? (JSON.parse(stdout) as { url: string }).url : '';
}

const made = mode in WAYS || !isMainThread ? '' : mkdtempSync(join(tmpdir(), 'shadowctl-bench-batch-'));
const way = WAYS[mode];
if (!isMainThread) {
  // This one file is what the threads of a scan begin with, too.
  await import('../../src/analysis/compare/ingest/worker.ts');
} else if (way !== undefined) {
  const start = performance.now();
  const parts = await way();
  const ms = performance.now() - start;
  const used = process.resourceUsage();
  const cpu = (used.userCPUTime + used.systemCPUTime) / 1000;
  say(JSON.stringify({ ms, cpu, megabytes: used.maxRSS / 1024, parts }));
} else {
  const rows = Number(mode);
  const at = emulator('start');
  try {
    const bytes = await deliver(awsOf(at), rows);
    say(`${rows} rows and two answers to each, ${Math.round(bytes / 1e6)} MB, memory bound ${MEMORY}`);
    const best: Record<string, Measured> = {};
    for (let round = 0; round < (rows > 2_000_000 ? 1 : 3); round += 1)
      for (const name of ['day', 'join']) {
        const one = await measured([name, made, at, String(rows)]);
        if (one.ms < (best[name]?.ms ?? Number.POSITIVE_INFINITY)) best[name] = one;
      }
    const { day: whole, join: bare } = best;
    if (whole === undefined || bare === undefined) throw new Error('nothing was measured');
    const line = (name: string, ms: number, cpu?: number, megabytes?: number) =>
      say(
        `${name.padEnd(44)} ${(ms / 1000).toFixed(2).padStart(8)} s ${(ms / bare.ms).toFixed(2).padStart(6)} ×${
          cpu === undefined
            ? ''
            : ` ${(cpu / 1000).toFixed(2).padStart(8)} s cpu ${Math.round(megabytes ?? 0)
                .toString()
                .padStart(6)} MB`
        }`,
      );
    line("DuckDB's bare join of the records", bare.ms, bare.cpu, bare.megabytes);
    line('a day, from objects to what the judge reads', whole.ms, whole.cpu, whole.megabytes);
    const [looked = 0, laid = 0, compared = 0] = whole.parts ?? [];
    line('  objects fetched and read before the jobs', looked);
    line('  fetched again, rows and answers laid together', laid);
    line('  compared', compared);
  } finally {
    emulator('stop');
    rmSync(made, { recursive: true, force: true });
  }
}
