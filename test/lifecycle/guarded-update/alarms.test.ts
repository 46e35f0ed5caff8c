import {
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeAlarms } from '../../../src/aws/cloudwatch.ts';
import { createSession } from '../../../src/lifecycle/create-session.ts';
import type { LifecycleEvent } from '../../../src/lifecycle/events.ts';
import { restoreAlarm } from '../../../src/lifecycle/guarded-update/alarm-override.ts';
import { waitUntilQuiet } from '../../../src/lifecycle/guarded-update/await-quiet.ts';
import type { Session } from '../../../src/lifecycle/session.ts';
import { apply, startRun } from '../../../src/resources/apply.ts';
import { tagList } from '../../../src/resources/tags.ts';
import { recordUpdateAborted } from '../../../src/state/updates.ts';
import { type TestWorld, testWorld } from '../../support/world.ts';

const NAME = 'weather-5XXError';
const RULE: PutMetricAlarmCommandInput = {
  AlarmName: NAME,
  Namespace: 'AWS/SageMaker',
  MetricName: 'Invocation5XXErrors',
  Statistic: 'Average',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 0.01,
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
};

let world: TestWorld;
let session: Session;
let events: LifecycleEvent[];

beforeEach(async () => {
  world = await testWorld();
  events = [];
  const { aws, root, clock } = world;
  session = createSession({ aws, folder: root, clock, emit: (event) => void events.push(event) });
});
afterEach(() => world.close());

async function putAlarm(change: Partial<PutMetricAlarmCommandInput> = {}): Promise<void> {
  await (await world.aws.cloudwatch()).send(new PutMetricAlarmCommand({ ...RULE, ...change }));
}

async function stateOf(): Promise<string | undefined> {
  return (await describeAlarms(world.aws, [NAME]))[0]?.StateValue;
}

describe('before an update begins', () => {
  const wait = () => waitUntilQuiet(session, world.aws, 'weather', [NAME]);

  test('a fresh alarm is awaited until it has been evaluated', async () => {
    await putAlarm();
    expect(await stateOf()).toBe('INSUFFICIENT_DATA');
    await wait();
    expect(await stateOf()).toBe('OK');
    expect(events).toEqual([{ kind: 'alarms-awaited', firing: [], unevaluated: 1 }]);
  });

  test('an alarm of an earlier update is awaited until it has left ALARM', async () => {
    await putAlarm();
    const client = await world.aws.cloudwatch();
    await client.send(new SetAlarmStateCommand({ AlarmName: NAME, StateValue: 'ALARM', StateReason: 'before' }));
    await wait();
    expect(await stateOf()).toBe('OK');
    expect(events[0]).toEqual({ kind: 'alarms-awaited', firing: [NAME], unevaluated: 0 });
  });

  test('an alarm that goes on firing refuses the update after five minutes', async () => {
    await putAlarm({ TreatMissingData: 'breaching' });
    const began = world.clock.now();
    await expect(wait()).rejects.toThrow(`Still in ALARM after 5 min: ${NAME}`);
    expect(world.clock.now() - began).toBe(300_000);
  });

  test('an alarm that never has data is no reason to refuse', async () => {
    await putAlarm({ TreatMissingData: 'missing' });
    await wait();
    expect(await stateOf()).toBe('INSUFFICIENT_DATA');
  });
});

describe('an alarm that an abort has made to fire', () => {
  async function aborted() {
    const journal = await session.journal('weather');
    const parts = { aws: world.aws, journal, clock: world.clock, signal: session.signal };
    await journal.locked('test', async () => {
      const run = await startRun(parts, 'canary');
      const rule = { ...RULE, Tags: tagList({ project: 'test', endpoint: 'weather', run: run.id }) };
      await apply(run, { action: 'create', kind: 'alarm', name: NAME, input: rule });
      await recordUpdateAborted(run, 'v2', rule, world.clock.now());
      await apply(run, { action: 'create', kind: 'alarm', name: NAME, input: { ...rule, Threshold: 0 } });
    });
    const restore = () =>
      journal.locked('test', () => restoreAlarm(() => startRun(parts, 'restore'), world.aws, journal));
    return { journal, parts, restore };
  }

  test('gets its own rule back, once', async () => {
    const { restore } = await aborted();
    expect(await restore()).toBe(NAME);
    expect((await describeAlarms(world.aws, [NAME]))[0]?.Threshold).toBe(0.01);
    await putAlarm({ Threshold: 0.5 });
    expect(await restore()).toBeUndefined();
    expect((await describeAlarms(world.aws, [NAME]))[0]?.Threshold).toBe(0.5);
  });

  test('is not made anew where cleanup has deleted it', async () => {
    const { journal, parts, restore } = await aborted();
    await journal.locked('test', async () =>
      apply(await startRun(parts, 'cleanup'), { action: 'delete', kind: 'alarm', name: NAME }),
    );
    expect(await restore()).toBeUndefined();
    expect(await describeAlarms(world.aws, [NAME])).toEqual([]);
  });
});
