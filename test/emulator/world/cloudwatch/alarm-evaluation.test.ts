import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AlarmPoint, evaluateAlarm } from '../../../../src/emulator/world/cloudwatch/alarms/evaluation.ts';

const TREATMENTS = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;

/** AWS's notation, oldest first: `0 - X - X`. */
function rangeOf(notation: string): AlarmPoint[] {
  const values: Record<string, number | undefined> = { '0': 0, X: 9, '-': undefined };
  return notation
    .split(' ')
    .map((sign, i) => ({ at: i * 300_000, value: values[sign], sampleCount: 1 }))
    .toReversed();
}

function state(notation: string, toAlarm: number, treatment: string, more: object = {}): string {
  const settings = {
    EvaluationPeriods: 3,
    DatapointsToAlarm: toAlarm,
    Threshold: 5,
    ComparisonOperator: 'GreaterThanThreshold' as const,
    TreatMissingData: treatment,
    ...more,
  };
  return evaluateAlarm(settings, rangeOf(notation)).state ?? 'retain';
}

// AWS, "Configuring how CloudWatch alarms treat missing data": both tables, every cell.
const OK4 = ['OK', 'OK', 'OK', 'OK'];
const ALARM4 = ['ALARM', 'ALARM', 'ALARM', 'ALARM'];
const PREMATURE = ['ALARM', 'retain', 'ALARM', 'OK'];
const THREE_OF_THREE: [string, string[]][] = [
  ['0 - X - X', OK4],
  ['0 - - - -', OK4],
  ['- - - - -', ['INSUFFICIENT_DATA', 'retain', 'ALARM', 'OK']],
  ['0 X X - X', ALARM4],
  ['- - X - -', PREMATURE],
];
const TWO_OF_THREE: [string, string[]][] = [
  ['0 - X - X', ALARM4],
  ['0 0 X 0 X', ALARM4],
  ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
  ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
  ['- - - X -', PREMATURE],
];

describe('missing data, as AWS tables it', () => {
  test.each(THREE_OF_THREE)('3 of 3: %s', (notation, wanted) => {
    expect(TREATMENTS.map((treatment) => state(notation, 3, treatment))).toEqual(wanted);
  });
  test.each(TWO_OF_THREE)('2 of 3: %s', (notation, wanted) => {
    expect(TREATMENTS.map((treatment) => state(notation, 2, treatment))).toEqual(wanted);
  });
  test('a breaching datapoint that is too young does not alarm: "the next one may be non-breaching"', () => {
    for (const notation of ['- - - - X', '- - - X -']) {
      expect(state(notation, 3, 'missing')).toBe('INSUFFICIENT_DATA');
      expect(state(notation, 3, 'ignore')).toBe('retain');
    }
  });
  test('AWS/DynamoDB always ignores missing data', () => {
    expect(state('- - - - -', 3, 'breaching', { Namespace: 'AWS/DynamoDB' })).toBe('retain');
  });
  test('without TreatMissingData missing is missing', () => {
    expect(state('- - - - -', 3, undefined as unknown as string)).toBe('INSUFFICIENT_DATA');
  });
});

describe('comparisons', () => {
  test.each([
    ['GreaterThanOrEqualToThreshold', ['OK', 'ALARM', 'ALARM']],
    ['GreaterThanThreshold', ['OK', 'OK', 'ALARM']],
    ['LessThanThreshold', ['ALARM', 'OK', 'OK']],
    ['LessThanOrEqualToThreshold', ['ALARM', 'ALARM', 'OK']],
  ] as const)('%s', (operator, wanted) => {
    const states = [4, 5, 6].map(
      (value) =>
        evaluateAlarm({ EvaluationPeriods: 1, Threshold: 5, ComparisonOperator: operator }, [{ at: 0, value }]).state,
    );
    expect(states).toEqual(wanted);
  });
});

describe('percentile alarms with few samples', () => {
  const p99 = {
    EvaluationPeriods: 1,
    Threshold: 5,
    ComparisonOperator: 'GreaterThanThreshold' as const,
    ExtendedStatistic: 'p99',
    EvaluateLowSampleCountPercentile: 'ignore',
  };
  test.each([
    ['p99', 999, undefined],
    ['p99', 1000, 'ALARM'],
    ['p90', 99, undefined],
    ['p90', 100, 'ALARM'],
    ['p10', 99, undefined],
    ['p10', 100, 'ALARM'],
  ])('%s with %i samples', (ExtendedStatistic, sampleCount, wanted) => {
    expect(evaluateAlarm({ ...p99, ExtendedStatistic }, [{ at: 0, value: 9, sampleCount }]).state).toBe(wanted);
  });
  test('are evaluated all the same unless told otherwise', () => {
    const settings = { ...p99, EvaluateLowSampleCountPercentile: 'evaluate' };
    expect(evaluateAlarm(settings, [{ at: 0, value: 9, sampleCount: 1 }]).state).toBe('ALARM');
  });
});

describe('for any data', () => {
  const point = fc.constantFrom(undefined, 0, 9);
  const alarm = fc.record({
    periods: fc.integer({ min: 1, max: 8 }),
    toAlarm: fc.integer({ min: 1, max: 8 }),
    treatment: fc.constantFrom(...TREATMENTS),
    values: fc.array(point, { minLength: 10, maxLength: 10 }),
  });
  const run = ({
    periods,
    toAlarm,
    treatment,
    values,
  }: {
    periods: number;
    toAlarm: number;
    treatment: string;
    values: (number | undefined)[];
  }) =>
    evaluateAlarm(
      {
        EvaluationPeriods: periods,
        DatapointsToAlarm: Math.min(toAlarm, periods),
        Threshold: 5,
        ComparisonOperator: 'GreaterThanThreshold',
        TreatMissingData: treatment,
      },
      values.slice(0, periods + 2).map((value, age) => ({ at: -age, value })),
    );

  test('with enough datapoints the treatment of missing data does not matter', () => {
    fc.assert(
      fc.property(alarm, (given) => {
        const seen = given.values.slice(0, given.periods + 2).filter((value) => value !== undefined);
        fc.pre(seen.length >= given.periods);
        const newest = seen.slice(0, given.periods);
        const breaching = newest.filter((value) => value === 9).length;
        const wanted = breaching >= Math.min(given.toAlarm, given.periods) ? 'ALARM' : 'OK';
        for (const treatment of TREATMENTS) expect(run({ ...given, treatment }).state).toBe(wanted);
      }),
    );
  });
  test('breaching alarms whenever missing does, notBreaching only then', () => {
    const rank = { OK: 0, INSUFFICIENT_DATA: 1, ALARM: 2 };
    fc.assert(
      fc.property(alarm, (given) => {
        const of = (treatment: string) => rank[run({ ...given, treatment }).state ?? 'OK'];
        expect(of('notBreaching')).toBeLessThanOrEqual(of('missing'));
        if (of('missing') === 2) expect(of('breaching')).toBe(2);
      }),
    );
  });
  test('evaluated and filled are EvaluationPeriods together', () => {
    fc.assert(
      fc.property(alarm, (given) => {
        const verdict = run(given);
        expect(verdict.evaluated.length + verdict.filled).toBe(given.periods);
        expect(verdict.evaluated.every((one) => one.value !== undefined)).toBe(true);
      }),
    );
  });
});
