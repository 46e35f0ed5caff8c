import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { putMetricAlarm } from '../../src/aws/cloudwatch.ts';
import { createModel } from '../../src/aws/sagemaker.ts';
import { apply, startRun, type JournaledRun } from '../../src/resources/apply.ts';
import { resolveOpenSteps } from '../../src/resources/resolve.ts';
import type { Step } from '../../src/resources/steps.ts';
import { tagList } from '../../src/resources/tags.ts';
import { replay, trackedResource } from '../../src/state/replay.ts';
import type { Journal } from '../../src/state/journal.ts';
import { folderJournal } from '../support/journal.ts';
import { ROLE, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
let journal: Journal;
beforeEach(async () => {
  world = await testWorld();
  journal = await folderJournal({
    stateDir: world.root,
    account: '000000000000',
    region: 'us-east-1',
    endpoint: 'weather',
    clock: world.clock,
  });
});
afterEach(() => world.close());

/** A model that needs no artifact: its image carries one. */
function model(run: string, name = 'm'): Step {
  const Tags = tagList({ project: 'p', endpoint: 'weather', run });
  return {
    action: 'create',
    kind: 'model',
    name,
    input: {
      ModelName: name,
      ExecutionRoleArn: ROLE,
      PrimaryContainer: { Image: 'own:1', Environment: { SECRET: 'hush' } },
      Tags,
    },
  };
}

async function onRun<T>(work: (run: JournaledRun) => Promise<T>, signal = new AbortController().signal): Promise<T> {
  return journal.locked('test', async () =>
    work(await startRun({ aws: world.aws, journal, clock: world.clock, signal }, 'test')),
  );
}

const stateOf = (name = 'm') => trackedResource(replay(journal.events()), { kind: 'model', name })?.state;
const ends = () => journal.events().filter((event) => event.type === 'end');

test('intent first, outcome after; values of the environment stay out of the journal', async () => {
  await onRun((run) => apply(run, model(run.id)));
  expect(journal.events().map((event) => event.type)).toEqual(['open', 'run', 'begin', 'end']);
  expect(stateOf()).toBe('exists');
  expect(JSON.stringify(journal.events())).not.toContain('hush');
});

test('a refusal on the first attempt proves that nothing happened', async () => {
  await createModel(world.aws, { ModelName: 'm', ExecutionRoleArn: ROLE, PrimaryContainer: { Image: 'own:1' } });
  await expect(onRun((run) => apply(run, model(run.id)))).rejects.toThrow(/Cannot create already existing model/);
  expect(ends()).toMatchObject([{ outcome: 'refused' }]);
  expect(stateOf()).toBe('absent');
});

test('a reply that was lost: the retry is refused, AWS is asked, and the model is ours', async () => {
  world.emulator.world.faults.add({ kind: 'drop-reply', service: 'sagemaker', operation: 'CreateModel', times: 1 });
  await onRun((run) => apply(run, model(run.id)));
  expect(ends()).toMatchObject([{ outcome: 'done', recovered: true }]);
  expect(stateOf()).toBe('exists');
});

test("a first attempt that broke and a name that is somebody else's: not ours", async () => {
  await createModel(world.aws, { ModelName: 'm', ExecutionRoleArn: ROLE, PrimaryContainer: { Image: 'own:1' } });
  world.emulator.world.faults.add({ kind: 'error', service: 'sagemaker', operation: 'CreateModel', times: 1 });
  await expect(onRun((run) => apply(run, model(run.id)))).rejects.toThrow(/already existing/);
  expect(ends()).toMatchObject([
    { outcome: 'absent', error: expect.stringContaining('does not carry the tag of this run') },
  ]);
  expect(stateOf()).toBe('absent');
});

test('throttling is waited out', async () => {
  world.emulator.world.faults.add({ kind: 'throttle', service: 'sagemaker', operation: 'CreateModel', times: 2 });
  await onRun((run) => apply(run, model(run.id)));
  expect(stateOf()).toBe('exists');
});

test('where nobody can say how it ended the step stays open, and the next command asks', async () => {
  const { faults } = world.emulator.world;
  faults.add({ kind: 'drop-reply', service: 'sagemaker', operation: 'CreateModel' });
  faults.add({ kind: 'error', service: 'sagemaker', operation: 'DescribeModel' });
  await expect(onRun((run) => apply(run, model(run.id)))).rejects.toThrow(/Could not create model "m"/);
  expect(stateOf()).toBe('unknown');
  faults.clear();
  const resolved = await journal.locked('test', () => resolveOpenSteps(world.aws, journal));
  expect(resolved).toEqual([{ action: 'create', resource: { kind: 'model', name: 'm' }, outcome: 'done' }]);
  expect(stateOf()).toBe('exists');
});

test('nothing is begun once the user has interrupted', async () => {
  const stop = new AbortController();
  stop.abort(new Error('stop'));
  await expect(onRun((run) => apply(run, model(run.id)), stop.signal)).rejects.toThrow('stop');
  expect(journal.events().some((event) => event.type === 'begin')).toBe(false);
});

test('deleting what is gone already is success', async () => {
  await onRun((run) => apply(run, { action: 'delete', kind: 'model', name: 'never' }));
  expect(ends()).toMatchObject([{ outcome: 'done' }]);
});

test("somebody else's alarm is not overwritten", async () => {
  const alarm = {
    AlarmName: 'a',
    MetricName: 'x',
    Namespace: 'n',
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 1,
    EvaluationPeriods: 1,
    Period: 60,
    Statistic: 'Sum',
  } as const;
  await putMetricAlarm(world.aws, alarm);
  await expect(
    onRun((run) => apply(run, { action: 'create', kind: 'alarm', name: 'a', input: { ...alarm, Threshold: 2 } })),
  ).rejects.toThrow(/carries no tag of this journal/);
  expect((await takeCensus(world.aws)).alarms).toEqual(['a']);
});

test('a model that this run did not create is not waited for: the config is refused at once', async () => {
  const began = world.clock.now();
  const input = {
    EndpointConfigName: 'c',
    ProductionVariants: [
      {
        VariantName: 'v',
        ModelName: 'of-somebody-else',
        InitialInstanceCount: 1,
        InstanceType: 'ml.m5.large' as const,
      },
    ],
  };
  await expect(
    onRun((run) => apply(run, { action: 'create', kind: 'endpoint-config', name: 'c', input })),
  ).rejects.toThrow(/Could not find model/);
  expect(world.clock.now() - began).toBeLessThan(1_000);
  expect(ends()).toMatchObject([{ outcome: 'refused' }]);
});
