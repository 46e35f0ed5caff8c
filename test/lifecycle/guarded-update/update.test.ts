import { PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import { CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endpointLogGroup } from '../../../src/aws/logs.ts';
import { invokeEndpoint } from '../../../src/aws/runtime.ts';
import { canary, resumeCanary } from '../../../src/lifecycle/canary.ts';
import { createSession } from '../../../src/lifecycle/create-session.ts';
import { deploy } from '../../../src/lifecycle/deploy.ts';
import { collectEvidence } from '../../../src/lifecycle/guarded-update/evidence.ts';
import { readBaseline } from '../../../src/lifecycle/guarded-update/fleet-metrics.ts';
import type { Session } from '../../../src/lifecycle/session.ts';
import { apply, startRun } from '../../../src/resources/apply.ts';
import { recordUpdateStarted } from '../../../src/state/updates.ts';
import { ARTIFACT_005, ARTIFACT_009, ROLE, type TestWorld, testWorld } from '../../support/world.ts';

const endpoint = 'weather';
const MINUTE = 60_000;

let world: TestWorld;
let session: Session;

beforeEach(async () => {
  world = await testWorld();
  session = createSession({ aws: world.aws, folder: world.root, clock: world.clock, project: { role: ROLE } });
});
afterEach(() => world.close());

const model = (artifact: string) => ({ artifact, algorithm: 'linear-learner' });

test('an alarm that has been in ALARM since before the update is what rolls it back, the second time too', async () => {
  await deploy(session, { endpoint, candidate: model(ARTIFACT_005), instances: 2 });
  const client = await world.aws.cloudwatch();
  await client.send(
    new PutMetricAlarmCommand({
      AlarmName: 'team',
      Namespace: 'Team',
      MetricName: 'Errors',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'breaching',
    }),
  );
  await world.clock.sleep(5 * MINUTE);
  const guard = { alarms: ['team'], unguarded: true };
  for (let time = 0; time < 2; time += 1) {
    const result = await canary(session, { endpoint, candidate: model(ARTIFACT_009), guard });
    // SageMaker's reason is the same text both times: that the alarm fires is known from the alarm itself.
    expect(result).toMatchObject({ ended: { ending: { kind: 'rolled-back-by-alarm', alarms: ['team'] } } });
    await world.clock.sleep(MINUTE);
  }
});

test('a baseline counts every minute with requests: two neighboring minutes are two', async () => {
  await deploy(session, { endpoint, candidate: model(ARTIFACT_005) });
  const send = () =>
    invokeEndpoint(world.aws, { EndpointName: endpoint, Body: Buffer.from(ROW), ContentType: 'text/csv' });
  await send();
  await world.clock.sleep(MINUTE);
  await send();
  await world.clock.sleep(3 * MINUTE);
  const live = { endpoint, variant: 'AllTraffic', config: undefined };
  expect(await readBaseline(world.aws, live, 'Average', world.clock.now(), 60)).toMatchObject({
    requests: 2,
    activeMinutes: 2,
  });
});

const ROW = '0.0,5.6,-3.2,1.2,0.000000,1.000000';

test.each([
  ['', []],
  [', also where the group may not be filtered, as with AmazonSageMakerFullAccess', ['FilterLogEvents']],
])('the evidence holds the error lines of the new fleet, not those that the old fleet printed%s', async (_, denied) => {
  for (const operation of denied) world.emulator.world.faults.add({ kind: 'deny', operation });
  const logs = await world.aws.logs();
  const logGroupName = endpointLogGroup(endpoint);
  await logs.send(new CreateLogGroupCommand({ logGroupName }));
  const print = async (logStreamName: string, message: string) => {
    const timestamp = world.clock.now();
    await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents: [{ timestamp, message }] }));
  };
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 'AllTraffic/i-old' }));
  await world.clock.sleep(MINUTE);
  const startedAt = world.clock.now();
  await world.clock.sleep(MINUTE);
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 'AllTraffic/i-new' }));
  await print('AllTraffic/i-old', 'ERROR of the old fleet');
  await print('AllTraffic/i-new', 'all is well');
  await print('AllTraffic/i-new', 'ERROR of the new fleet');
  await print('AllTraffic/i-new', 'answered 500 at once');
  await world.clock.sleep(MINUTE);
  const update = { endpoint, variant: 'AllTraffic', requested: 'v2', previous: 'v1', alarms: [], startedAt };
  const ending = { kind: 'rolled-back', sentence: '', reason: undefined, alarms: [], running: 'v1' } as const;
  const surroundings = { aws: world.aws, clock: world.clock, signal: session.signal };
  const { log, unseen } = await collectEvidence(surroundings, update, ending);
  expect(log.lines.map((line) => line.message)).toEqual(['ERROR of the new fleet', 'answered 500 at once']);
  expect(unseen).toEqual([]);
});

test('an update that AWS refused is not under way', async () => {
  const journal = await session.journal(endpoint);
  const parts = { aws: world.aws, journal, clock: world.clock, signal: session.signal };
  await journal.locked('test', async () => {
    const run = await startRun(parts, 'canary');
    await recordUpdateStarted(run, {
      command: 'canary',
      endpoint,
      variant: 'AllTraffic',
      requested: 'v2',
      previous: 'v1',
      models: { previous: 'm1', requested: 'm2' },
      alarms: [],
      ownAlarms: [],
      strategy: 'canary',
      startedAt: world.clock.now(),
    });
    const input = { EndpointName: endpoint, EndpointConfigName: 'v2' };
    await expect(apply(run, { action: 'update', kind: 'endpoint', name: endpoint, input })).rejects.toThrow(
      'Could not find endpoint',
    );
  });
  await expect(resumeCanary(session, { endpoint })).rejects.toThrow(`No update of ${endpoint} is under way`);
});
