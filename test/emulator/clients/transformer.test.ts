import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { emulatorEnvironment } from '../../../src/emulator/daemon/process.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';
import { QUICK_LATENCIES } from '../../../src/emulator/world/options.ts';
import { folder, peer, program, surroundings } from './programs.ts';

// Foreign programs, which load hundreds of megabytes, on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 });

/** Each version of the SDK has a Python of its own: they want packages of one name. */
const SDKS = [
  ['v2', process.env.SHADOWCTL_SDK_V2, 'import sagemaker.transformer'],
  ['core', process.env.SHADOWCTL_SDK_CORE, 'import sagemaker.core.transformer'],
] as const;

describe('the Transformer of the SageMaker Python SDK', () => {
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

  for (const [name, bin = '', imports] of SDKS) {
    const python = join(bin, 'python3');
    const there = bin !== '' && peer(python, '-W', 'ignore', '-c', imports);
    it.skipIf(!there)(`${name}${there ? '' : ' (skipped: needs `npm run peers`)'}`, async () => {
      const file = join(import.meta.dirname, 'transformer_programs.py');
      const env = surroundings({ ...emulatorEnvironment(emulator.url, {}), HOME: cwd });
      const ended = await program(python, ['-W', 'ignore', file, name], cwd, env);
      expect(ended, ended.err).toMatchObject({ code: 0 });
      expect(ended.out.trimEnd().split('\n').at(-1)).toBe('done');
    });
  }
});
