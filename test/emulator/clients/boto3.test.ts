import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { emulatorEnvironment } from '../../../src/emulator/daemon/process.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';
import { folder, program, surroundings, peer } from './programs.ts';

// Foreign programs on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

const boto3 = peer('python3', '-c', 'import boto3');
const QUICK_LATENCIES = {
  createEndpoint: 300,
  deleteEndpoint: 100,
  launchFleet: 100,
  terminateFleet: 100,
  updateWeights: 100,
  functionActive: 100,
  launchTransformJob: 100,
  runTransformJob: 100,
  stopTransformJob: 100,
  stackResource: 50,
  runQuery: 50,
};

describe(`boto3${boto3 ? '' : ' (skipped: needs `npm run peers`, and boto3)'}`, () => {
  let cwd: string;
  let emulator: Emulator;
  beforeAll(async () => {
    cwd = await folder();
  });
  afterAll(() => rm(cwd, { recursive: true, force: true }));
  beforeEach(async () => {
    emulator = await startEmulator({ clock: systemClock, latencies: QUICK_LATENCIES });
  });
  afterEach(() => emulator.close());

  it
    .skipIf(!boto3)
    .each([
      ...['sagemaker', 'cloudwatch', 'transfers', 'keys', 'retries', 'logs', 'accounts', 'functions', 'transform'],
      'athena',
    ])('%s', async (name) => {
    const file = join(import.meta.dirname, 'boto3_programs.py');
    const env = surroundings(emulatorEnvironment(emulator.url, {}));
    expect(await program('python3', [file, name], cwd, env)).toEqual({ code: 0, out: '', err: '' });
  });
});
