import { describe, expect, test } from 'vitest';
import { attachedShadow, calibrationOf } from '../../src/state/calibration.ts';
import type { FactValue, JournalFact, RecordedFact } from '../../src/state/facts.ts';
import { positionOf } from '../../src/state/rollouts.ts';
import {
  endingOf,
  firingByAbort,
  recordAlarmRestored,
  recordedUpdates,
  recordUpdateAborted,
  recordUpdateEnded,
  recordUpdateStarted,
  unfinishedUpdate,
} from '../../src/state/updates.ts';
import type { Journal } from '../../src/state/journal.ts';
import type { JournalEvent } from '../../src/state/events.ts';
import { latestNoise } from '../../src/state/noise.ts';

const AT = '2026-01-05T09:00:00.000Z';
const fact = (content: JournalFact, run = 'r-1', at = AT): RecordedFact => ({ ...content, run, at });

const started = (requested: string, startedAt: number, run = 'r-1') =>
  fact(
    {
      name: 'update-started',
      value: {
        command: 'canary',
        endpoint: 'weather',
        variant: 'AllTraffic',
        requested,
        previous: 'c1',
        models: { previous: 'm1', requested: 'm2' },
        alarms: ['weather-5XXError'],
        ownAlarms: ['weather-5XXError'],
        strategy: 'canary',
        startedAt,
      },
    },
    run,
  );
const ended = (requested: string, kind: string, startedAt?: number, run = 'r-1') =>
  fact({ name: 'update-ended', value: { requested, kind, reason: null, startedAt } }, run);
const alarm = {
  AlarmName: 'weather-5XXError',
  ComparisonOperator: 'GreaterThanThreshold',
  EvaluationPeriods: 1,
} as const;
const aborted = fact({ name: 'update-aborted', value: { requested: 'c2', at: 1, alarm } });
const restored = fact({ name: 'alarm-restored', value: { alarm: alarm.AlarmName } });
const change = (config: string, run = 'r-1') => ({ config, run, at: AT });

describe('an alarm that an abort made to fire', () => {
  test.each<[string, RecordedFact[], boolean]>([
    ['none', [started('c2', 1)], false],
    ['fires', [started('c2', 1), aborted], true],
    ['was restored', [started('c2', 1), aborted, restored], false],
    ['was restored, and a later abort made it fire again', [aborted, restored, started('c2', 2), aborted], true],
    ['fires, whatever was recorded since', [aborted, ended('c2', 'aborted', 1)], true],
  ])('%s', (_, facts, fires) => {
    expect(firingByAbort({ facts })).toEqual(fires ? alarm : undefined);
  });
});

describe('the update under way', () => {
  test.each<[string, RecordedFact[], string[], boolean]>([
    ['none', [], ['c1'], false],
    ['one that AWS accepted', [started('c2', 1)], ['c1', 'c2'], true],
    ['one that AWS refused is not', [started('c2', 1)], ['c1'], false],
    ['one that ended is not', [started('c2', 1), ended('c2', 'updated', 1)], ['c1', 'c2'], false],
    [
      'an earlier one, whose end was not seen, is not',
      [started('c2', 1), started('c3', 2), ended('c3', 'updated', 2)],
      ['c2', 'c3'],
      false,
    ],
    [
      'the end of another attempt at the same config is not its end',
      [started('c2', 2), ended('c2', 'updated', 1)],
      ['c2'],
      true,
    ],
  ])('%s', (_, facts, configs, underWay) => {
    const state = { facts, configs: configs.map((config) => change(config)) };
    expect(unfinishedUpdate(state) !== undefined).toBe(underWay);
  });

  test('accepted for another run: this one was refused', () => {
    expect(unfinishedUpdate({ facts: [started('c2', 1, 'r-2')], configs: [change('c2', 'r-1')] })).toBeUndefined();
  });
});

test('every update has its own end, and an abort is of the last one', () => {
  const facts = [started('c2', 1), ended('c2', 'rolled-back', 1), started('c2', 2), aborted, ended('c2', 'aborted', 2)];
  expect(recordedUpdates({ facts })).toMatchObject([
    { aborted: false, ended: { kind: 'rolled-back' } },
    { aborted: true, ended: { kind: 'aborted' } },
  ]);
});

test('the ending of a change is that of its run and config; the last one counts', () => {
  const facts = [
    ended('c2', 'failed'),
    ended('c2', 'updated'),
    ended('c2', 'deleted', undefined, 'r-2'),
    ended('c3', 'failed'),
  ];
  expect(endingOf({ facts }, change('c2'))).toMatchObject({ kind: 'updated' });
  expect(endingOf({ facts }, change('c2', 'r-3'))).toBeUndefined();
});

describe('a rollout', () => {
  const value: FactValue<'rollout-begun'> = {
    previous: 'c1',
    config: 'both',
    final: 'both-final',
    model: 'm2',
    previousModel: 'm1',
    production: 'AllTraffic',
    candidate: 'candidate',
    steps: [0.5, 1],
    bakeSeconds: 60,
    finalInput: { EndpointConfigName: 'both-final', ProductionVariants: [] },
  };
  const begun = fact({ name: 'rollout-begun', value });
  const step = (index: number, since: number) =>
    fact({ name: 'rollout-step', value: { step: index, share: 0.5, since } });

  test('is at its last step since that began, and began with its first', () => {
    expect(positionOf({ facts: [begun] })).toMatchObject({ step: undefined, since: undefined, began: undefined });
    expect(positionOf({ facts: [begun, step(0, 5), step(1, 9)] })).toEqual({
      rollout: value,
      step: 1,
      since: 9,
      began: 5,
    });
  });

  test('begins anew, and ends', () => {
    expect(positionOf({ facts: [begun, step(0, 5), begun] })).toMatchObject({ step: undefined, began: undefined });
    const over = fact({ name: 'rollout-ended', value: { outcome: 'passed' } });
    expect(positionOf({ facts: [begun, step(0, 5), over] })).toBeUndefined();
    expect(positionOf({ facts: [begun, over, step(0, 5)] })).toBeUndefined();
  });
});

describe('a calibration', () => {
  const shadow = (more: Partial<FactValue<'shadow'>>, at = AT) =>
    fact({ name: 'shadow', value: { config: 's', before: 'c1', sample: 1, variant: 'shadow', ...more } }, 'r-1', at);

  test('is under way where the endpoint runs its config', () => {
    const facts = [shadow({ calibrates: 'm1' })];
    expect(calibrationOf({ facts }, 's')).toEqual({ config: 's', before: 'c1', model: 'm1', since: Date.parse(AT) });
    expect(calibrationOf({ facts }, 'c1')).toBeUndefined();
    expect(calibrationOf({ facts }, undefined)).toBeUndefined();
  });

  test('is not what a candidate in shadow is; the last attachment of a config counts', () => {
    expect(calibrationOf({ facts: [shadow({ calibrates: 'm1' }), shadow({})] }, 's')).toBeUndefined();
    expect(attachedShadow({ facts: [shadow({ before: 'c0' }), shadow({ config: 't' })] }, 's')).toMatchObject({
      before: 'c0',
    });
  });

  test('without a way back it is none', () => {
    expect(calibrationOf({ facts: [shadow({ before: undefined, calibrates: 'm1' })] }, 's')).toBeUndefined();
  });
});

describe('what becomes of an update', () => {
  test("an abort or an end without an update is nobody's", () => {
    expect(recordedUpdates({ facts: [aborted, ended('c2', 'updated', 1)] })).toEqual([]);
    expect(unfinishedUpdate({ facts: [aborted], configs: [] })).toBeUndefined();
  });

  test('the end belongs to the last attempt at its config that began at its time', () => {
    const facts = [started('c2', 1, 'r-1'), started('c2', 1, 'r-2'), started('c3', 1), ended('c2', 'updated', 1)];
    expect(recordedUpdates({ facts }).map((update) => [update.run, update.ended?.kind, update.aborted])).toEqual([
      ['r-1', undefined, false],
      ['r-2', 'updated', false],
      ['r-1', undefined, false],
    ]);
  });

  test('an abort is of the last one of many', () => {
    const facts = [started('c2', 1), started('c3', 2), started('c4', 3), aborted];
    expect(recordedUpdates({ facts }).map((update) => update.aborted)).toEqual([false, false, true]);
  });

  test('an ending is looked for by run and by config', () => {
    const facts = [ended('c2', 'updated', 1, 'r-2'), ended('c3', 'failed', 1, 'r-1')];
    expect(endingOf({ facts }, change('c2', 'r-1'))).toBeUndefined();
    expect(endingOf({ facts }, change('c3', 'r-1'))).toEqual({
      requested: 'c3',
      kind: 'failed',
      reason: null,
      startedAt: 1,
    });
  });

  test('an alarm of another config that was accepted is not this one', () => {
    expect(unfinishedUpdate({ facts: [started('c2', 1)], configs: [change('c1'), change('c3')] })).toBeUndefined();
    expect(unfinishedUpdate({ facts: [started('c2', 1)], configs: [change('c1'), change('c2')] })).toMatchObject({
      run: 'r-1',
      aborted: false,
      started: { requested: 'c2' },
    });
  });
});

test('an abort by an earlier version, which kept no rule, leaves nothing to restore', () => {
  expect(firingByAbort({ facts: [fact({ name: 'update-aborted', value: { requested: 'c', at: 1 } })] })).toBe(
    undefined,
  );
});

test('each record is the fact that is read later', async () => {
  const appended: JournalEvent[] = [];
  const journal: Omit<Journal, 'store'> = {
    path: '',
    endpoint: 'weather',
    account: '000000000000',
    region: 'us-east-1',
    events: () => [],
    notes: () => [],
    append: async (event) => void appended.push(event),
    locked: (_, work) => work(),
    requireLock: () => undefined,
  };
  const run = { journal: journal as Journal, id: 'r-1' };
  const update = started('c2', 1);
  if (update.name !== 'update-started') throw new Error('no start');
  const end = {
    requested: 'c2',
    kind: 'updated',
    reason: null,
    previous: 'c1',
    sentence: 'Done.',
    alarms: [],
    served: { requests: 1, errors4xx: 0, errors5xx: 0 },
    startedAt: 1,
    endedAt: 2,
  };
  await recordUpdateStarted(run, update.value);
  await recordUpdateEnded(run, end);
  // What JSON cannot hold is not kept.
  await recordUpdateAborted(run, 'c2', { ...alarm, AlarmDescription: undefined }, 7);
  await recordAlarmRestored(run, 'a');
  expect(appended).toStrictEqual([
    { type: 'fact', run: 'r-1', name: 'update-started', value: update.value },
    { type: 'fact', run: 'r-1', name: 'update-ended', value: end },
    { type: 'fact', run: 'r-1', name: 'update-aborted', value: { requested: 'c2', at: 7, alarm } },
    { type: 'fact', run: 'r-1', name: 'alarm-restored', value: { alarm: 'a' } },
  ]);
});

test('the last noise floor counts', () => {
  const floor = (model: string) =>
    fact({ name: 'noise-floor', value: { model, window: { from: 0, to: 1 }, pairs: 1 } });
  expect(latestNoise([])).toBeUndefined();
  expect(latestNoise([floor('m1'), restored])).toMatchObject({ model: 'm1' });
  expect(latestNoise([floor('m1'), floor('m2'), restored])).toMatchObject({ model: 'm2' });
});

test('a cleanup ends a rollout; a step of one keeps the time of the first', () => {
  const value = {
    previous: 'c1',
    config: 'both',
    final: 'f',
    model: 'm2',
    previousModel: 'm1',
    production: 'p',
    candidate: 'q',
    steps: [0.5, 1],
    bakeSeconds: 60,
    finalInput: { EndpointConfigName: 'f', ProductionVariants: [] },
  };
  const begun = fact({ name: 'rollout-begun', value });
  const step = (index: number, since: number) => fact({ name: 'rollout-step', value: { step: index, since } });
  expect(positionOf({ facts: [] })).toBeUndefined();
  expect(positionOf({ facts: [step(0, 5)] })).toBeUndefined();
  expect(positionOf({ facts: [begun, step(0, 5), restored] })).toMatchObject({ step: 0, since: 5, began: 5 });
  expect(positionOf({ facts: [begun, fact({ name: 'clean', value: {} })] })).toBeUndefined();
  expect(positionOf({ facts: [begun, restored, step(0, 0), step(1, 5), step(2, 9)] })).toMatchObject({
    step: 2,
    since: 9,
    began: 0,
  });
});
