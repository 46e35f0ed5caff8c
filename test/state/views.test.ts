import { describe, expect, test } from 'vitest';
import { attachedShadow, calibrationOf } from '../../src/state/calibration.ts';
import type { FactValue, JournalFact, RecordedFact } from '../../src/state/facts.ts';
import { positionOf } from '../../src/state/rollouts.ts';
import { endingOf, firingByAbort, recordedUpdates, unfinishedUpdate } from '../../src/state/updates.ts';

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
