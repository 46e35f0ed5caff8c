import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { run } from '../../src/main.ts';
import { buildProgram } from '../../src/program.ts';
import { changeRouter } from '../../src/lifecycle/mirror/ask.ts';
import { socketOf } from '../../src/lifecycle/mirror/place.ts';
import { ask, openModel } from '../mirror/rig.ts';
import { pipelineOn } from '../pipeline/command.ts';
import { capturedIo } from '../support/io.ts';
import { ENDPOINT, GOOD_CANARY, openStage, type Stage } from '../support/stage.ts';
import { invoke } from '../support/traffic.ts';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateEndpointCommand, CreateEndpointConfigCommand } from '@aws-sdk/client-sagemaker';
import { ROOT } from '../docs/pages.ts';
import { csv, lake, makeModel, WEATHER_ROWS } from '../support/batch.ts';
import { ARTIFACT_009, testWorld } from '../support/world.ts';

/** Documents by the command that printed them: `shadow detach`. */
export type Documents = Map<string, unknown[]>;

const MINUTE = 60_000;
const GOOD = ['--artifact', ARTIFACT_009, '--algorithm', 'linear-learner'];
const ON = ['--endpoint', ENDPOINT];

/** Every command that has no commands below it, or does something by itself: `shadow` and `shadow detach`. */
export async function allCommands(): Promise<{ name: string; flags: string[] }[]> {
  const found: { name: string; flags: string[] }[] = [];
  const visit = async (words: readonly string[]): Promise<void> => {
    const io = { ...capturedIo(), columns: 120 };
    await buildProgram({ start: async () => undefined }, io)
      .parse([...words, '--help'])
      .catch(() => undefined);
    const text = io.outLines.join('\n');
    const own = text.split('\nGlobal Options:')[0] ?? '';
    const flags = [...own.matchAll(/^ {2}(?:-\w, )?(--[a-z0-9-]+)/gm)].map(([, flag = '']) => flag);
    const listed = /\nCommands:\n([^]*?)(?:\n\n|$)/.exec(text)?.[1] ?? '';
    const below = [...listed.matchAll(/^ {2}([a-z][a-z-]*)(?= )/gm)].map(([, name = '']) => name);
    if (words.length > 0 && (below.length === 0 || flags.length > 1)) found.push({ name: words.join(' '), flags });
    for (const name of new Set(below)) if (words.length === 0 || name !== 'help') await visit([...words, name]);
  };
  await visit([]);
  return found;
}

/** Runs every command for real and keeps what it printed as JSON. */
export async function collectDocuments(): Promise<Documents> {
  const documents: Documents = new Map();
  const keep = (command: string, out: string) => {
    const all = documents.get(command) ?? [];
    documents.set(command, [...all, ...parsed(out)]);
  };
  await inFolder(keep);
  await lifeCycle(keep);
  await otherLife(keep);
  await releases(keep);
  await pipelines(keep);
  await ofABatch(keep);
  await ofTheEmulator(keep);
  await ofAMirrorsFolder(keep);
  return documents;
}

type Keep = (command: string, out: string) => void;

/** One document, or one a line. */
function parsed(out: string): unknown[] {
  try {
    return [JSON.parse(out)];
  } catch {
    return out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  }
}

/** Runs a line with `--format json`; the words before the first flag name the command. */
function teller(stage: Stage, keep: Keep) {
  return async (line: readonly string[], exits: readonly number[] = [0]) => {
    const flag = line.findIndex((word) => word.startsWith('--'));
    const command = line.slice(0, flag < 0 ? undefined : flag).join(' ');
    const { code, out, err } = await stage.shadowctl([...line, '--format', 'json']);
    if (!exits.includes(code)) throw new Error(`${line.join(' ')} ended with ${code}: ${err}${out}`);
    keep(code === 2 ? 'error' : command, out);
    return out;
  };
}

/** Commands that need no endpoint. */
async function inFolder(keep: Keep): Promise<void> {
  const stage = await openStage();
  try {
    const tell = teller(stage, keep);
    await tell(['status', '--endpoint', 'nowhere'], [2]);
    await tell(['status', '--nowhere'], [2]);
    await tell(['init', '--plan'], [4]);
    await tell(['init', '--yes']);
    await tell(['config', 'show']);
    writeFileSync(
      join(stage.cwd, 'shadowctl.yaml'),
      'region: us-east-1\npolicy: { errors: 0.1 }\nnotify: https://x.example/y\nendpoints: { weather: { bake: 5m } }\n',
    );
    await tell(['config', 'show', '--endpoint', 'weather']);
    await tell(['policy', 'explain']);
    await tell(['policy', 'init', '--kind', 'container']);
    await tell(['iam-policy', '--endpoint', 'weather']);
    await tell(['iam-policy', '--execution-role']);
    const mirrored = ['--live', 'http://127.0.0.1:9', '--shadow', 'http://127.0.0.1:8', '--control', '127.0.0.1:9001'];
    const manifest = await stage.shadowctl(['mirror', 'manifest', 'envoy', ...mirrored, '--format', 'json']);
    keep('mirror manifest', manifest.out);
    await tell(['ls']);
    await tell(['ls', '--all']);
    await tell(['state', 'show']);
    keep('completion', (await stage.shadowctl(['completion', 'zsh', '--format', 'json'])).out);
    keep('completion', (await stage.shadowctl(['completion', 'endpoints', '--format', 'json'])).out);
    keep('help', (await stage.shadowctl(['help', 'deploy', '--format', 'json'])).out);
    keep('help', (await stage.shadowctl(['help', 'judging', '--format', 'json'])).out);
    writeFileSync(
      join(stage.cwd, 'lines.jsonl'),
      ['live', 'shadow']
        .map(
          (side) =>
            `${JSON.stringify({ id: '1', side, status: 200, latency: 1, time: '2026-01-05T09:00:00Z', request: [1], answer: [2] })}\n`,
        )
        .join(''),
    );
    await tell(['record', '--from', 'lines.jsonl']);
    const target = await openModel((_, res) => void res.end('[2]'));
    const again = ['replay', '--from', 'lines.jsonl', '--to', `${target.url}/p`];
    await tell([...again, '--plan'], [4]);
    await tell([...again, '--yes']);
    const load = ['--load', '1x,2x', '--step-time', '2s', '--peak', '50', '--max-latency', 'p99=1s'];
    await tell([...again, ...load, '--yes'], [0, 3]);
    await target.close();
  } finally {
    await stage.close();
  }
}

/** An endpoint of somebody else: canary, shadow, promotion, undo, adoption. */
async function lifeCycle(keep: Keep): Promise<void> {
  const stage = await openStage();
  try {
    const tell = teller(stage, keep);
    const ids = ['--model-name', 'm2', '--config-name', 'v2'];
    await tell([...GOOD_CANARY, ...ids, '--plan'], [4]);
    const { result } = await stage.traffic(() =>
      stage.clock.all([
        () => tell([...GOOD_CANARY, ...ids], [1]),
        async () => {
          await stage.clock.sleep(6 * MINUTE);
          await tell(['watch', ...ON, '--once']);
          await tell(['status', ...ON]);
          await tell(['abort', ...ON, '--plan'], [4]);
          await tell(['abort', ...ON, '--yes']);
          return '';
        },
      ]),
    );
    if (result.length !== 2) throw new Error('the canary and its end were not told');
    await tell(['doctor', ...ON], [0, 1]);
    await tell(['doctor'], [0, 1]);
    await tell(['shadow', ...ON, ...GOOD, '--adopt', '--plan'], [4]);
    await tell(['shadow', ...ON, ...GOOD, '--adopt', '--yes']);
    await stage.traffic(() => stage.clock.sleep(5 * MINUTE));
    await tell(['watch', ...ON, '--once']);
    await tell(['report', ...ON], [0, 1, 3]);
    await tell(['status', ...ON]);
    await tell(['status']);
    await tell(['ls']);
    await tell(['ls', '--all']);
    await tell(['promote', ...ON, '--force', '--plan', '--unguarded'], [4]);
    await stage.traffic(() => tell(['promote', ...ON, '--force', '--yes']));
    await tell(['history', ...ON]);
    await tell(['undo', ...ON, '--to']);
    await tell(['undo', ...ON, '--plan'], [4]);
    await tell(['undo', ...ON, '--yes']);
    await tell(['shadow', ...ON, ...GOOD, '--yes']);
    await tell(['keep', ...ON, '--plan'], [4]);
    await tell(['keep', ...ON, '--yes', '--reason', 'slower']);
    await tell(['shadow', ...ON, ...GOOD, '--yes']);
    await tell(['shadow', 'detach', ...ON, '--yes']);
    await tell(['adopt', ...ON]);
    await tell(['prune', ...ON, '--plan'], [0, 4]);
    await tell(['state', 'unlock', ...ON, '--yes']);
    await tell(['cleanup', ...ON, '--plan'], [0, 4]);
    await tell(['disown', ...ON]);
    await tell(['state', 'move', '--to', 'elsewhere', '--plan'], [4]);
    await tell(['state', 'move', '--to', 'elsewhere', '--yes']);
    await tell(['state', 'show']);
  } finally {
    await stage.close();
  }
}

/** An endpoint of our own: deployment, requests, rollout, cleanup. */
async function otherLife(keep: Keep): Promise<void> {
  const stage = await openStage();
  try {
    const tell = teller(stage, keep);
    const own = ['--endpoint', 'own'];
    writeFileSync(
      join(stage.cwd, 'few.csv'),
      readFileSync(join(ROOT, 'fixtures/data/test.csv'), 'utf8').split('\n').slice(0, 4).join('\n'),
    );
    await tell(['deploy', ...own, ...GOOD, '--plan'], [4]);
    await tell(['deploy', ...own, ...GOOD, '--yes', '--test', 'few.csv', '--no-metrics']);
    await tell(['invoke', ...own, '--data', 'few.csv']);
    writeFileSync(join(stage.cwd, 'bodies.jsonl'), '{"instances":[{"features":[0,5.6,-3.2,1.2,0,1]}]}\n');
    await tell(['replay', ...own, '--from', 'bodies.jsonl', '--speed', 'max', '--plan'], [4]);
    await tell(['rollout', ...own, ...GOOD, '--plan'], [4]);
    writeFileSync(join(stage.cwd, 'soon.yaml'), 'blockMinutes: 1\nminimumBlocks: 2\nwarmupMinutes: 0\n');
    const soon = ['--bake', '1m', '--patience', '2m', '--policy', 'soon.yaml'];
    await tell(['rollout', ...own, ...GOOD, '--yes', ...soon], [3]);
    await tell(['undo', ...own, '--plan'], [4]);
    await tell(['undo', ...own, '--yes']);
    await tell(['rollout', ...own, ...GOOD, '--yes', ...soon], [3]);
    await tell(['rollout', ...own, '--cancel', '--yes']);
    await slicesOf(stage, tell);
    await tell(['prune', ...own, '--yes', '--keep', '1'], [0, 1]);
    await tell(['cleanup', ...own, '--yes']);
    await tell(['cleanup', '--all', '--plan'], [0, 4]);
  } finally {
    await stage.close();
  }
}

/** An endpoint whose callers choose the variant: one slice that is not decided yet. */
async function slicesOf(stage: Stage, tell: ReturnType<typeof teller>): Promise<void> {
  const sagemaker = await stage.aws.sagemaker();
  await (await stage.aws.s3()).send(new CreateBucketCommand({ Bucket: 'routed' }));
  const fleet = { ModelName: 'm1', InstanceType: 'ml.m5.large' as const, InitialInstanceCount: 1 };
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'routed',
      ProductionVariants: [
        { ...fleet, VariantName: 'blue', InitialVariantWeight: 1 },
        { ...fleet, VariantName: 'green', InitialVariantWeight: 0 },
      ],
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 100,
        DestinationS3Uri: 's3://routed/captures',
        CaptureOptions: [{ CaptureMode: 'InputAndOutput' }],
        CaptureContentTypeHeader: { CsvContentTypes: ['text/csv'], JsonContentTypes: ['application/json'] },
      },
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: 'routed', EndpointConfigName: 'routed' }));
  await stage.clock.sleep(5 * MINUTE);
  const by = ['rollout', '--endpoint', 'routed', '--by', 'column 1', '--patience', '0s', '--bake', '0s'];
  await tell([...by, '--steps', '0.0,1.0'], [3]);
  await stage.clock.sleep(MINUTE);
  const body = '0.0,5.6,-3.2,1.2,0.000000,1.000000';
  for (const variant of ['blue', 'green', 'green'])
    await invoke(stage.emulator, { endpoint: 'routed', body, variant, inferenceId: variant });
  await stage.clock.sleep(5 * MINUTE);
  await tell([...by, '--plan'], [4]);
  await tell(by, [3]);
  await tell([...by, '--cancel']);
}

/** Releases that nobody sends requests to: they ask, and are answered. */
async function releases(keep: Keep): Promise<void> {
  const stage = await openStage();
  try {
    const tell = teller(stage, keep);
    writeFileSync(join(stage.cwd, 'shadowctl.yaml'), 'release: { sampling: [100%], timeBox: 30m, settle: 1m }\n');
    const begin = ['release', ...ON, '--artifact', 's3://models/009.tar.gz', '--adopt', '--once', '--again'];
    const ticksUntil = async (what: string) => {
      for (let n = 0; n < 20; n += 1) {
        const tick = JSON.parse(await tell(['release', ...ON, '--once'], [0, 1])) as { for?: string; result: string };
        if (tick.for === what || tick.result === what) return;
        await stage.clock.sleep(5 * MINUTE);
      }
      throw new Error(`the release never came to ${what}`);
    };
    const answer = ['--question', '1', '--yes'];
    await tell(['release', ...ON, '--once']);
    await tell(['release', 'status', ...ON]);
    await tell([...begin, '--plan'], [4]);
    await tell([...begin, '--yes']);
    await tell([...begin, '--plan'], [0]);
    await tell(['status', ...ON]);
    await tell(['ls']);
    await tell(['watch', ...ON, '--once']);
    await tell(['release', 'status', ...ON]);
    await ticksUntil('answer');
    await tell(['release', 'status', ...ON]);
    await tell(['release', 'reject', ...ON, '--plan'], [4]);
    await tell(['release', 'reject', ...ON, ...answer, '--reason', 'later'], [0, 1]);
    await ticksUntil('ended');
    await tell([...begin, '--yes']);
    await tell(['release', 'cancel', ...ON, '--plan'], [4]);
    await tell(['release', 'cancel', ...ON, '--yes'], [0, 1]);
    await ticksUntil('ended');
    await tell([...begin, '--yes']);
    await ticksUntil('answer');
    await tell(['release', 'approve', ...ON, ...answer]);
    await tell(['release', 'history', ...ON]);
    const stop = new AbortController();
    const served = stage.shadowctl(['release', 'serve', '--port', '0', '--format', 'json'], stop.signal);
    setTimeout(() => stop.abort(new DOMException('stop', 'AbortError')), 500);
    keep('release serve', (await served).out);
  } finally {
    await stage.close();
  }
}

/** A pipeline that comes and goes; what its function would be made of is made elsewhere. */
async function pipelines(keep: Keep): Promise<void> {
  const stage = await openStage();
  try {
    const tell = async (line: readonly string[], exit = 0) => {
      const { code, out, err } = await pipelineOn(stage, [...line, ...ON, '--format', 'json']);
      if (code !== exit) throw new Error(`pipeline ${line.join(' ')} ended with ${code}: ${err}${out}`);
      keep(`pipeline ${line[0]}`, out);
    };
    const parts = ['--watch', 's3://models/in/', '--adopt', '--email', 'team@example.com'];
    await tell(['template', ...parts]);
    await tell(['status']);
    await tell(['install', ...parts, '--plan'], 4);
    await tell(['install', ...parts, '--yes']);
    const state = ['--state', 's3://shadowctl-state-000000000000-us-east-1/journals'];
    const begin = ['release', ...ON, ...state, '--artifact', 's3://models/009.tar.gz', '--adopt', '--yes', '--once'];
    await stage.shadowctl(begin);
    await tell(['status']);
    await tell(['logs', '--last', '1d']);
    await tell(['remove', '--leave-release', '--plan'], 4);
    await tell(['remove', '--leave-release', '--yes']);
  } finally {
    await stage.close();
  }
}

/** A day of a batch, planned, run with an object that fails, run again, with one that came late; and its end. */
async function ofABatch(keep: Keep): Promise<void> {
  const world = await testWorld();
  try {
    const s3 = lake(world);
    await s3.make();
    await makeModel(world, 'prod', ARTIFACT_009);
    await s3.put('in/a.csv', csv(WEATHER_ROWS.slice(0, 5)));
    await s3.put('in/b.csv', csv(['x,y', ...WEATHER_ROWS.slice(5, 8)]));
    const day =
      'batch run --batch nightly --input s3://lake/in/ --output s3://lake/out --against model:prod --no-header';
    const line = `${day} --artifact ${ARTIFACT_009} --algorithm linear-learner --max-cost 5`;
    const tell = async (words: string, exit = 0) => {
      const { code, out, err } = await world.shadowctl(`${words} --format json`);
      if (code !== exit) throw new Error(`${words} ended with ${code}: ${err}${out}`);
      keep(words.split(' --')[0] ?? '', out);
    };
    await tell(`${line} --plan`, 4);
    const { emulator } = world;
    const fault = emulator.world.faults.add({ kind: 'deny', service: 'sagemaker', operation: 'CreateTransformJob' });
    await world.shadowctl(`${line} --yes`);
    emulator.world.faults.remove(fault.id);
    await tell('batch status --batch nightly');
    await tell(`${line} --find-bad-rows --yes`, 1);
    await s3.put('in/b.csv', csv(WEATHER_ROWS.slice(5, 8)));
    await tell(`${line} --rerun --yes`);
    await tell(`${line} --yes`);
    await world.clock.sleep(60_000);
    await s3.put('in/c.csv', csv(WEATHER_ROWS.slice(8, 9)));
    await tell(`${line} --yes`);
    await tell(`${line.replace('--day 2026-01-04 ', '')} --day 2026-01-03 --catch-up 1 --yes`);
    await tell('batch status --batch nightly');
    await tell('batch report --batch nightly', 3);
    await tell(`${line.replace('batch run', 'batch schedule').replace('/in/', '/in/{yyyy}/{MM}/{dd}/')} --at 03:30`);
    await tell('cleanup --batch nightly --plan', 4);
    await tell('cleanup --batch nightly --by-tag --plan', 4);
    await tell('cleanup --batch nightly --yes');
  } finally {
    await world.close();
  }
}

/** The emulator as a process of its own, and a mirror: the built program. */
async function ofTheEmulator(keep: Keep): Promise<void> {
  const stage = await openStage();
  const tell = async (words: readonly string[], exits: readonly number[] = [0]) => {
    const flag = words.findIndex((word) => word.startsWith('--') || word === 'throttle' || word === 's3');
    const command = words.slice(0, flag < 0 ? undefined : flag).join(' ');
    const { code, out, err } = await process_(stage.cwd, [...words, '--format', 'json']);
    if (!exits.includes(code)) throw new Error(`${words.join(' ')} ended with ${code}: ${err}`);
    keep(command, out);
  };
  try {
    await tell(['emulator', 'status'], [1]);
    await tell(['emulator', 'start', '--port', '0']);
    await tell(['emulator', 'start', '--port', '0']);
    await tell(['emulator', 'status']);
    await tell(['emulator', 'env']);
    await tell(['emulator', 'fault', 'add', 'throttle', '--times', '1']);
    await tell(['emulator', 'fault', 'list']);
    await tell(['emulator', 'fault', 'clear']);
    await tell(['emulator', 'operations', 's3']);
    await tell(['emulator', 'stop']);
    await tell(['emulator', 'stop']);
    await ofAMirror(stage.cwd, keep);
  } finally {
    await process_(stage.cwd, ['emulator', 'stop']);
    await stage.close();
  }
}

async function ofAMirror(cwd: string, keep: Keep): Promise<void> {
  mkdirSync(join(cwd, 'm'));
  const socket = join(cwd, 'm/s');
  const words = ['mirror', '--live', 'http://127.0.0.1:9', '--shadow', 'http://127.0.0.1:9', '--listen', '127.0.0.1:0'];
  const mirror = process_(cwd, [...words, '--socket', socket, '--format', 'json'], (err) => err.includes('"started"'));
  await mirror.said;
  for (const what of ['status', 'reload', 'stop'])
    keep(`mirror ${what}`, (await process_(cwd, ['mirror', what, '--socket', socket, '--format', 'json'])).out);
  keep('mirror', (await mirror).err);
}

/** What takes a mirror by the folder of its records: a rollout that pauses, a promotion, and the way back. */
async function ofAMirrorsFolder(keep: Keep): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'shadowctl-mirror-'));
  const started = (words: readonly string[], clock: Clock = systemClock) => {
    const io = capturedIo();
    const { signal } = new AbortController();
    return { io, ended: run([...words, '--format', 'json'], { clock, env: {}, cwd, signal, io: () => io }) };
  };
  const on = ['--mirror', 'records'];
  const tell = async (line: readonly string[], exit = 0, clock?: Clock) => {
    const { io, ended } = started(line, clock);
    const code = await ended;
    if (code !== exit) throw new Error(`${line.join(' ')} ended with ${code}: ${io.errLines.join(' ')}`);
    keep(line[0] ?? '', io.outLines.join('\n'));
  };
  const [live, candidate] = [await openModel((_, res) => res.end('{}')), await openModel((_, res) => res.end('{}'))];
  const sides = ['--live', live.url, '--shadow', `c=${candidate.url}`];
  const mirror = started(['mirror', ...sides, '--listen', '127.0.0.1:0', '--records', 'records']);
  try {
    while (mirror.io.errLines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const { port } = JSON.parse(mirror.io.errLines[0] ?? '') as { port: number };
    await ask(undefined, port, { method: 'POST', path: '/invocations', headers: {} }, '{}');
    await tell(['status', ...on]);
    await tell(['rollout', ...on, '--plan'], 4);
    const steps = ['--steps', 'header:x-a=b,50%,100%', '--bake', '3m', '--max-latency', 'p99=1s'];
    await tell(['rollout', ...on, ...steps, '--yes'], 3, hurried());
    await tell(['status', ...on]);
    await tell(['watch', ...on, '--once']);
    await tell(['ls', '--mirrors']);
    await tell(['rollout', ...on, '--resume', '--plan'], 4);
    await tell(['rollout', ...on, '--cancel', '--plan'], 4);
    await tell(['rollout', ...on, '--cancel', '--yes']);
    await tell(['promote', ...on, '--force', '--plan'], 4);
    await tell(['promote', ...on, '--force', '--steps', '100%', '--yes'], 3, hurried());
    await tell(['rollout', ...on, '--cancel', '--yes']);
    // As the promotion does once its last step has passed, for which it takes minutes with requests.
    await changeRouter(await socketOf(join(cwd, 'records')), {
      change: { kind: 'promote', shadow: 'c' },
      entry: { by: 'test', command: 'promote', what: 'promoted', shadow: 'c' },
    });
    await tell(['status', ...on]);
    await tell(['undo', ...on, '--plan'], 4);
    await tell(['undo', ...on, '--yes']);
    await tell(['keep', ...on, '--shadow', 'c', '--plan'], 4);
    await tell(['keep', ...on, '--shadow', 'c', '--reason', 'slow', '--yes']);
    await tell(['status', ...on]);
    await tell(['history', ...on]);
  } finally {
    await started(['mirror', 'stop', ...on]).ended;
    await mirror.ended;
    await Promise.all([live.close(), candidate.close()]);
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** A clock on which nobody waits: a step is over before anything was recorded of it. */
function hurried(): Clock {
  let ahead = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + ahead,
    async sleep(ms) {
      ahead += ms;
    },
  };
}

/** The built program. `said` resolves when `heard` is true of what it wrote to standard error. */
function process_(cwd: string, words: readonly string[], heard: (err: string) => boolean = () => false) {
  const child = spawn(process.execPath, [join(ROOT, 'bin/shadowctl.js'), ...words], {
    cwd,
    env: { PATH: process.env.PATH ?? '', AWS_REGION: 'us-east-1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let hear: () => void = () => undefined;
  const said = new Promise<void>((resolve) => (hear = resolve));
  const got = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => void (got.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => {
    got.err += data.toString();
    if (heard(got.err)) hear();
  });
  const ended = new Promise<{ code: number; out: string; err: string }>((resolve) =>
    child.on('close', (code) => {
      hear();
      resolve({ code: code ?? -1, ...got });
    }),
  );
  return Object.assign(ended, { said });
}
