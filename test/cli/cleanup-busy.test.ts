import { join } from 'node:path';
import { DeleteEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, expect, test } from 'vitest';
import { describeAlarms } from '../../src/aws/cloudwatch.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { folderJournal } from '../support/journal.ts';
import { ARTIFACT, ENDPOINT, openStage, type Stage } from '../support/stage.ts';
import { wordsOf } from '../support/words.ts';

let stage: Stage;
afterEach(() => stage.close());

const MINUTE = 60_000;
const CANARY = `canary --endpoint ${ENDPOINT} --adopt --yes --artifact ${ARTIFACT} --algorithm linear-learner --config-name v2`;
const OTHER = `deploy --endpoint other --yes --artifact ${ARTIFACT} --algorithm linear-learner --instances 1`;

test('cleanup leaves the alarms that guard an update, whoever watches it', async () => {
  stage = await openStage();
  const refused: { code: number; err: string }[] = [];
  let alarms: unknown[] = [];
  let [all, rest] = [
    { code: 0, out: '', err: '' },
    { code: 0, out: '', err: '' },
  ];
  const { result } = await stage.traffic(
    () =>
      stage.clock.all([
        () => stage.shadowctl(wordsOf(CANARY)),
        async () => {
          await stage.clock.sleep(6 * MINUTE);
          refused.push(await stage.shadowctl(['cleanup', '--endpoint', ENDPOINT, '--plan']));
          const said = await stage.shadowctl(['cleanup', '--endpoint', ENDPOINT, '--yes']);
          refused.push(said);
          // One that is busy keeps nobody from seeing, and cleaning up, the others.
          await stage.shadowctl(wordsOf(OTHER));
          all = await stage.shadowctl(['cleanup', '--all', '--plan']);
          rest = await stage.shadowctl(['cleanup', '--all', '--yes']);
          alarms = await describeAlarms(stage.aws, [`${ENDPOINT}-5XXError`]);
          return said;
        },
      ]),
    1,
  );
  for (const { code, err } of refused) {
    expect(code).toBe(2);
    expect(err).toContain('is busy: Updating');
    expect(err).toContain('shadowctl abort --endpoint');
  }
  expect(alarms).toHaveLength(1);
  expect(all).toMatchObject({ code: 2, out: expect.stringContaining('endpoint other') });
  expect(rest).toMatchObject({ code: 2, out: expect.stringContaining('deleted endpoint other') });
  for (const { err } of [all, rest]) expect(err).toContain(`${ENDPOINT}: Endpoint "${ENDPOINT}" is busy`);
  expect(await describeEndpoint(stage.aws, 'other')).toBeUndefined();
  expect(result[0]?.code).toBe(0);
  // Afterwards it is cleaned up as ever.
  expect(await stage.shadowctl(['cleanup', '--endpoint', ENDPOINT, '--yes'])).toMatchObject({ code: 0 });
  expect(await describeAlarms(stage.aws, [`${ENDPOINT}-5XXError`])).toEqual([]);
  expect((await describeEndpoint(stage.aws, ENDPOINT))?.EndpointStatus).toBe('InService');
});

test('cleanup waits for the command that watches an update; a canary whose endpoint is deleted meanwhile has failed', async () => {
  stage = await openStage();
  expect(await stage.shadowctl(wordsOf(OTHER))).toMatchObject({ code: 0 });
  const again = ['canary', '--endpoint', 'other', '--yes', '--artifact', ARTIFACT, '--algorithm', 'linear-learner'];
  const canary = [...again, '--strategy', 'all-at-once', '--unguarded', '--bake', '3m', '--format', 'json'];
  const refused: { code: number; err: string }[] = [];
  const [ended] = await stage.clock.all([
    () => stage.shadowctl(canary),
    async () => {
      const status = async () => (await describeEndpoint(stage.aws, 'other'))?.EndpointStatus;
      while ((await status()) !== 'Updating') await stage.clock.sleep(5_000);
      await stage.clock.sleep(20_000);
      for (const flag of ['--plan', '--yes'])
        refused.push(await stage.shadowctl(['cleanup', '--endpoint', 'other', flag]));
      // It is deleted behind the canary's last look, and before that is written down.
      const journal = await folderJournal({
        ...{ stateDir: join(stage.cwd, '.shadowctl'), account: '000000000000', region: 'us-east-1' },
        ...{ endpoint: 'other', clock: stage.clock },
      });
      await journal.locked('a test', async () => {
        while ((await status()) !== 'InService') await stage.clock.sleep(1_000);
        await stage.clock.sleep(20_000);
        await (await stage.aws.sagemaker()).send(new DeleteEndpointCommand({ EndpointName: 'other' }));
      });
      return { code: 0, out: '', err: '' };
    },
  ]);
  for (const { code, err } of refused) {
    expect(code).toBe(2);
    expect(err.replace(/\s+/g, ' ')).toMatch(/is busy: Updating, towards config \S+, watched by .+ since .*abort/);
  }
  expect(ended).toMatchObject({ code: 1 });
  expect(JSON.parse(ended?.out ?? '')).toMatchObject({ ending: 'deleted', updated: false });
});
