import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CreateBucketCommand, GetBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { expect, test, vi } from 'vitest';
import { connect } from '../../src/aws/clients.ts';
import { startEmulator } from '../../src/emulator/http/server.ts';
import { isWhole } from '../support/sizes.ts';
import { ENDPOINT, openStage } from '../support/stage.ts';
import { pipelineOn } from './command.ts';

// The emulator dies in the middle of a stack: what lay on its disk then is started again, and the same command given again.

vi.setConfig({ testTimeout: 300_000 });

const ON = ['--endpoint', ENDPOINT, '--yes', '--format', 'json'];
const INSTALL = ['install', ...ON, '--watch', 's3://uploads/weather/', '--adopt'];
const REMOVE = ['remove', ...ON];
/** Seconds after the command has begun: an installation takes some 190, a removal some 90. */
const MOMENTS = Array.from({ length: 24 }, (_, n) => 1 + 8 * n);

// A stack in one test takes more time than the rest of `npm test` can spare: another tells that a killed command goes on.
test.runIf(isWhole('matrix')).each([
  ['installed', [INSTALL]],
  ['removed', [INSTALL, REMOVE]],
] as const)('while a pipeline is %s', async (_, commands) => {
  const dir = mkdtempSync(join(tmpdir(), 'shadowctl-killed-'));
  const own = (name: string) => join(dir, name);
  const stage = await openStage({ settings: { dir: own('state') } });
  const s3 = await stage.aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'uploads' }));
  const before = commands.slice(0, -1);
  for (const argv of before) expect(await pipelineOn(stage, argv)).toMatchObject({ code: 0 });
  const last = commands.at(-1) ?? [];
  const copies: string[] = [];
  const done = new AbortController();
  const began = stage.clock.now();
  await stage.clock.all<unknown>([
    async () => {
      const said = await pipelineOn(stage, last);
      done.abort();
      expect(said.code, said.err).toBe(0);
    },
    async () => {
      for (const moment of MOMENTS) {
        await stage.clock.sleep(began + moment * 1000 - stage.clock.now(), done.signal).catch(() => undefined);
        if (done.signal.aborted) return;
        await stage.emulator.world.store.flush();
        const copy = own(`left-${moment}`);
        cpSync(own('state'), copy, { recursive: true, filter: (path) => !path.endsWith('lock') });
        copies.push(copy);
      }
    },
  ]);
  await stage.close();
  expect(copies).not.toEqual([]);
  for (const copy of copies) {
    const emulator = await startEmulator({ clock: stage.clock, dir: copy });
    const place = { clock: stage.clock, emulator, cwd: mkdtempSync(join(dir, 'cwd-')) };
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const aws = connect({ region: 'us-east-1', endpointUrl: emulator.url, profile: undefined, credentials });
    try {
      // The lock of the dead command runs out; then the same one goes on.
      await stage.clock.sleep(61_000);
      const again = await pipelineOn(place, last);
      expect(again.code, `${copy}: ${again.err}`).toBe(0);
      if (last !== REMOVE) expect(await pipelineOn(place, REMOVE)).toMatchObject({ code: 0 });
      const { Stacks = [] } = await (await aws.cloudformation()).send(new DescribeStacksCommand({}));
      expect(Stacks, copy).toEqual([]);
      const { $metadata: __, ...events } = await (await aws.s3()).send(
        new GetBucketNotificationConfigurationCommand({ Bucket: 'uploads' }),
      );
      expect(events, copy).toEqual({});
    } finally {
      aws.close();
      await emulator.close();
    }
  }
  rmSync(dir, { recursive: true, force: true });
});
