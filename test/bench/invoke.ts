/**
 * How fast is the emulator? `npm run bench:emulator` measures side by side in one run, about three minutes; with
 * `-- quick` in less than one. Servers run in processes of their own beside the client, on the same machine, loaded in
 * turns, so that whatever else the machine does strikes all alike: what counts are the ratios.
 *
 * - InvokeEndpoint a second: a bare node:http server that answers the same bytes (the floor); an endpoint alone, with
 *   capture of everything, and with capture and a shadow. Simulated latencies are 0.
 * - What a shadow adds to production's p99, at a steady pace below saturation.
 * - Memory after a million requests with capture and shadow, with a folder and without.
 * - Until the emulator is ready: in process (its code loaded, health answered), and as `shadowctl emulator start`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Load, load } from './invoke-load.ts';
import { prepare, type Served, serve, start } from './invoke-serve.ts';

const ARTIFACT = 'fixtures/artifacts/009-model.tar.gz';
const CONNECTIONS = 32;
/** Requests a second while the shadow's cost is measured. */
const PACE = 500;
const WAYS = ['floor', 'alone', 'captured', 'shadowed'] as const;

interface Size {
  rounds: number;
  seconds: number;
  /** Pairs of rounds for the shadow's cost. */
  pairs: number;
  /** Requests with a folder, and without. */
  requests: number;
  requestsInMemory: number;
  starts: number;
}

const FULL: Size = { rounds: 3, seconds: 2, pairs: 8, requests: 1_000_000, requestsInMemory: 300_000, starts: 5 };
const SHORT: Size = { rounds: 2, seconds: 1, pairs: 3, requests: 60_000, requestsInMemory: 60_000, starts: 2 };

const say = (line = '') => void process.stdout.write(`${line}\n`);
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const goal = (kept: boolean, words: string) => `(goal: ${words}${kept ? '' : '; MISSED'})`;

/** Requests a second of each way; the best of the rounds. */
async function throughput(floor: Served, emulator: Served, { rounds, seconds }: Size): Promise<void> {
  const best = new Map<string, Load>();
  for (let round = 0; round < rounds; round += 1) {
    for (const name of WAYS) {
      const { port } = name === 'floor' ? floor : emulator;
      const one = await load(port, name, { seconds, connections: CONNECTIONS });
      if (one.perSecond > (best.get(name)?.perSecond ?? 0)) best.set(name, one);
    }
  }
  say(`InvokeEndpoint, ${CONNECTIONS} in flight, best of ${rounds} rounds of ${seconds} s`);
  const lowest = best.get('floor')?.perSecond ?? Number.NaN;
  for (const [name, { perSecond, p50, p99 }] of best) {
    const words = [
      `  ${name.padEnd(9)}`,
      `${perSecond.toFixed(0).padStart(6)} /s`,
      `p50 ${p50.toFixed(2).padStart(5)} ms`,
      `p99 ${p99.toFixed(2).padStart(6)} ms`,
      `${(perSecond / lowest).toFixed(2)} of the floor`,
      ...(name === 'shadowed' ? [goal(perSecond >= 5000, '5000 /s')] : []),
    ];
    say(words.join('  '));
  }
}

/** Rounds A B A B at a steady pace: captured, then captured with a shadow. */
async function shadowCost(emulator: Served, { pairs, seconds }: Size): Promise<void> {
  const p99s: Record<'captured' | 'shadowed', number[]> = { captured: [], shadowed: [] };
  const p50s: Record<'captured' | 'shadowed', number[]> = { captured: [], shadowed: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const name of ['captured', 'shadowed'] as const) {
      const one = await load(emulator.port, name, { seconds, connections: 16, pace: PACE });
      p99s[name].push(one.p99);
      p50s[name].push(one.p50);
    }
  }
  const added = (of: typeof p99s) =>
    median(of.shadowed.map((value, pair) => value - (of.captured[pair] ?? Number.NaN)));
  const p99 = added(p99s);
  const sign = (value: number) => `${value < 0 ? '' : '+'}${value.toFixed(2)} ms`;
  say(`What a shadow adds to production at ${PACE} /s, median of ${pairs} pairs of rounds`);
  say(`  p50  ${sign(added(p50s))} on ${median(p50s.captured).toFixed(2)} ms`);
  say(`  p99  ${sign(p99)} on ${median(p99s.captured).toFixed(2)} ms  ${goal(p99 <= 1, 'at most 1 ms')}`);
}

/** The most that is resident while so many requests are answered, looked at ten times. */
async function memory(where: string, emulator: Served, requests: number): Promise<void> {
  const seen = [await emulator.resident()];
  for (let part = 0; part < 10; part += 1) {
    await load(emulator.port, 'shadowed', { requests: requests / 10, connections: CONNECTIONS });
    seen.push(await emulator.resident());
  }
  const most = Math.max(...seen);
  const tail = [seen[0], seen[5], seen[10]].map((bytes) => megabytes(bytes ?? Number.NaN)).join(', ');
  say(
    `  ${where}: at most ${megabytes(most)}; before, half way, after: ${tail}  ${goal(most < 300e6, 'below 300 MB')}`,
  );
}

/** Milliseconds of `shadowctl emulator start`, which returns when health answers. */
async function startCommand(): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'shadowctl-bench-'));
  const run = (...argv: string[]) =>
    new Promise<void>((done, failed) => {
      const command = [resolve('bin/shadowctl.js'), 'emulator', ...argv, '--dir', dir];
      const child = spawn(process.execPath, command, { stdio: ['ignore', 'ignore', 'pipe'] });
      let errors = '';
      child.stderr.on('data', (chunk) => (errors += String(chunk)));
      child.once('exit', (code) => (code === 0 ? done() : failed(new Error(errors))));
    });
  const from = performance.now();
  await run('start', '--port', '0');
  const took = performance.now() - from;
  await run('stop');
  await rm(dir, { recursive: true });
  return took;
}

async function readiness({ starts }: Size): Promise<void> {
  const within: number[] = [];
  const command: number[] = [];
  for (let turn = 0; turn < starts; turn += 1) {
    const one = await start('emulator', '');
    within.push(one.readyMs);
    await one.end();
    command.push(await startCommand());
  }
  const range = (values: number[]) =>
    `${median(values).toFixed(0)} ms (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
  say(`Until it is ready, median of ${starts}`);
  say(`  in process          ${range(within)}  ${goal(median(within) <= 150, '150 ms')}`);
  say(`  as a command        ${range(command)}  ${goal(median(command) <= 300, '300 ms')}`);
}

async function main(size: Size): Promise<void> {
  say(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'processor'}`);
  await readiness(size);
  const dir = await mkdtemp(join(tmpdir(), 'shadowctl-bench-'));
  const onDisk = await start('emulator', dir);
  try {
    await prepare(onDisk.port, ARTIFACT);
    const { answer } = await load(onDisk.port, 'alone', { requests: 10, connections: 1 });
    const floor = await start('floor', answer);
    // First, while nothing that was captured before is on its way to S3.
    await shadowCost(onDisk, size);
    await throughput(floor, onDisk, size);
    await floor.end();
    say(`Memory with capture and shadow over ${size.requests} requests, ${size.requestsInMemory} without a folder`);
    await memory('with a folder   ', onDisk, size.requests);
  } finally {
    await onDisk.end();
    await rm(dir, { recursive: true });
  }
  const inMemory = await start('emulator', '');
  try {
    await prepare(inMemory.port, ARTIFACT);
    await memory('without a folder', inMemory, size.requestsInMemory);
  } finally {
    await inMemory.end();
  }
}

if (!(await serve())) await main(process.argv.includes('quick') ? SHORT : FULL);
