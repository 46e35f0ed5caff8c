import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Aws } from '../../src/aws/clients.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { HOUR } from '../../src/base/units.ts';
import { type Emulator, startEmulator } from '../../src/emulator/http/server.ts';
import { QUICK_LATENCIES } from '../../src/emulator/world/options.ts';
import { isWhole, matrixTest } from '../support/sizes.ts';
import { connection, environment, remains, ROOT, SCHEDULE_ROLE } from './session.ts';

/* The session as its own process, which somebody ends in the middle. */

let ahead = 0;
/** The machine's clock, which a test can put forward. */
const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
let emulator: Emulator;
let aws: Aws;
let folder: string;
let child: ChildProcess;
let said: string;

beforeEach(async () => {
  ahead = 0;
  said = '';
  emulator = await startEmulator({ clock, seed: 1, latencies: QUICK_LATENCIES });
  aws = connection(emulator);
  folder = mkdtempSync(join(tmpdir(), 'shadowctl-verify-'));
});
afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
    process.kill(-child.pid, 'SIGKILL');
  aws.close();
  await emulator.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Recorded {
  operation: string;
  input: { EndpointName?: string };
  output?: object;
}

const recorded = (): Recorded[] => {
  const file = join(folder, 'recording.jsonl');
  if (!existsSync(file)) return [];
  const whole = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return whole.map((line) => JSON.parse(line) as Recorded);
};

/** Starts a session, and waits until its endpoint was asked for; gives the endpoint's name. */
async function begun(): Promise<string> {
  const script = join(ROOT, 'scripts/verify-aws.mjs');
  child = spawn(process.execPath, [script, '--yes', '--folder', folder, '--schedule-role', SCHEDULE_ROLE], {
    detached: true,
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...environment(emulator) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr?.on('data', (data: Buffer) => (said += data.toString()));
  for (;;) {
    const asked = recorded().find((one) => one.operation === 'CreateEndpoint' && one.output !== undefined);
    if (asked?.input.EndpointName !== undefined) return asked.input.EndpointName;
    if (child.exitCode !== null) throw new Error(said);
    await systemClock.sleep(50);
  }
}

const ended = (process: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    if (process.exitCode !== null || process.signalCode !== null) resolve(process.exitCode);
    else process.once('exit', resolve);
  });

matrixTest('killed: the schedule deletes the endpoint, and the command that was printed the rest', async () => {
  const endpoint = await begun();
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await ended(child);
  expect(await remains(aws, emulator, endpoint)).toContain('schedule');
  ahead += 2 * HOUR + 60_000;
  expect(await describeEndpoint(aws, endpoint)).toBeUndefined();
  const command = said.split('\n').find((line) => line.trim().startsWith('node ')) ?? '';
  const removal = spawn('sh', ['-c', command.trim()], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, HOME: folder, ...environment(emulator) },
    stdio: 'ignore',
  });
  expect(await ended(removal)).toBe(0);
  expect(await remains(aws, emulator, endpoint)).toEqual([]);
});

test.runIf(isWhole('matrix'))('SIGTERM: everything is removed before it ends, the schedule too', async () => {
  const endpoint = await begun();
  child.kill('SIGTERM');
  expect(await ended(child)).toBe(130);
  expect(await remains(aws, emulator, endpoint)).toEqual([]);
});
