import { afterEach, expect, test } from 'vitest';
import { describeAlarms } from '../../src/aws/cloudwatch.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
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
