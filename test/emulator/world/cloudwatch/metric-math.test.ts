import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MetricDataQuery } from '../../../../src/emulator/world/cloudwatch/alarms/record.ts';
import { MathProblem, parseExpression } from '../../../../src/emulator/world/cloudwatch/math/parse.ts';
import { runQueries } from '../../../../src/emulator/world/cloudwatch/metrics/query.ts';
import { STRICT_SWITCHES } from '../../../../src/emulator/world/options.ts';
import { createMetricStore } from '../../../../src/emulator/world/cloudwatch/metrics/store.ts';
import { createMemoryStore } from '../../../../src/emulator/storage/memory.ts';

const PLACE = { account: '1', region: 'r' };
const MINUTE = 60_000;
const GAP = undefined;

/** m1: 1 2 – 4, m2: 10 – 30 40, m3: nothing. */
const DATA: Record<string, (number | undefined)[]> = { m1: [1, 2, GAP, 4], m2: [10, GAP, 30, 40], m3: [] };

function run(expression: string, more: MetricDataQuery[] = []): (number | undefined)[][] {
  const metrics = createMetricStore(createMemoryStore());
  for (const [name, values] of Object.entries(DATA)) {
    values.forEach((value, i) => {
      if (value !== undefined)
        metrics.record({ ...PLACE, namespace: 'n', name, dimensions: [] }, { at: i * MINUTE, value });
    });
  }
  const queries: MetricDataQuery[] = [
    { Id: 'e1', Expression: expression },
    ...more,
    ...Object.keys(DATA).map((name) => ({
      Id: name,
      MetricStat: { Metric: { Namespace: 'n', MetricName: name }, Period: 60, Stat: 'Sum' },
    })),
  ];
  const lines =
    runQueries(metrics, PLACE, queries, { startMs: 0, endMs: 4 * MINUTE, now: 1e12 }, STRICT_SWITCHES).get('e1') ?? [];
  return lines.map((line) => [0, 1, 2, 3].map((i) => line.points.get(i * MINUTE)));
}

test.each([
  ['m1 + m2', [11, GAP, GAP, 44]],
  ['m1 - 1', [0, 1, GAP, 3]],
  ['100 * m1 / m2', [10, GAP, GAP, 10]],
  ['m1 / m2 * 100', [10, GAP, GAP, 10]],
  ['-m1 + 2 ^ 3 ^ 1', [7, 6, GAP, 4]],
  ['(m1 + 1) * 2', [4, 6, GAP, 10]],
  ['1 / (m1 - 1)', [GAP, 1, GAP, 1 / 3]],
  ['m1 > 1', [0, 1, GAP, 1]],
  ['m1 > 1 AND m1 < 4', [0, 1, GAP, 0]],
  ['m1 == 1 || m1 == 4', [1, 0, GAP, 1]],
  ['IF(m1 > 1, m1, 0)', [0, 2, GAP, 4]],
  ['IF(m1 > 1, m2)', [GAP, GAP, GAP, 40]],
  ['FILL(m1, 0)', [1, 2, 0, 4]],
  ['FILL(m1, REPEAT)', [1, 2, 2, 4]],
  ['FILL(m1, LINEAR)', [1, 2, 3, 4]],
  ['FILL(m3, 0)', [0, 0, 0, 0]],
  ['FILL(m1, 0) / FILL(m2, 1)', [0.1, 2, 0, 0.1]],
  ['SUM([m1, m2])', [11, 2, 30, 44]],
  ['SUM(METRICS())', [11, 2, 30, 44]],
  ['SUM(METRICS("m1"))', [1, 2, GAP, 4]],
  ['AVG([m1, m2])', [5.5, 2, 30, 22]],
  ['MIN([m1, m2])', [1, 2, 30, 4]],
  ['MAX([m1, m2])', [10, 2, 30, 40]],
  ['STDDEV([m1, m2])', [4.5, 0, 0, 18]],
  ['m1 / SUM(m1)', [1 / 7, 2 / 7, GAP, 4 / 7]],
  ['m1 / PERIOD(m1)', [1 / 60, 2 / 60, GAP, 4 / 60]],
  ['m1 * METRIC_COUNT(METRICS())', [3, 6, GAP, 12]],
  ['m1 * DATAPOINT_COUNT(m1)', [3, 6, GAP, 12]],
  ['RATE(m1)', [GAP, 1 / 60, GAP, 2 / 120]],
  ['DIFF(m1)', [GAP, 1, GAP, 2]],
  ['RUNNING_SUM(m1)', [1, 3, GAP, 7]],
  ['ABS(1 - m1)', [0, 1, GAP, 3]],
  ['CEIL(m1 / 3)', [1, 1, GAP, 2]],
  ['TIME_SERIES(5)', [5, 5, 5, 5]],
  ['MINUTE(m1)', [0, 1, GAP, 3]],
  ['FIRST(SORT([m1, m2], "SUM", "DESC"))', [10, GAP, 30, 40]],
])('%s', (expression, wanted) => {
  const line = run(expression)[0] ?? [];
  line.forEach((value, i) => {
    const expected = wanted[i];
    if (expected === undefined) expect(value).toBeUndefined();
    else expect(value).toBeCloseTo(expected, 10);
  });
  expect(line.length).toBe(4);
});

test('an expression builds on others, and an array gives a line each', () => {
  expect(run('e2 * 2', [{ Id: 'e2', Expression: 'm1 + 1' }])).toEqual([[4, 6, GAP, 10]]);
  expect(run('METRICS() * 2').length).toBe(3);
  expect(run('REMOVE_EMPTY(METRICS())').length).toBe(2);
});

describe('what cannot be computed is refused with its place', () => {
  test.each([
    ['m1 +', /end of the expression/],
    ['m1 § 2', /'§' at character 4/],
    ['m9', /Unknown identifier 'm9'/],
    ['NOPE(m1)', /Unknown function 'NOPE'/],
    ['5', /must be a time series/],
    ['e1 + 1', /Circular reference: e1 -> e1/],
    ['m1 m2', /Unexpected 'm2' at character 4/],
    ['m1 + "text"', /Text cannot be an operand/],
    [`${'('.repeat(500)}m1${')'.repeat(500)}`, /nested too deeply/],
  ])('%s', (expression, message) => {
    expect(() => run(expression)).toThrow(message);
    expect(() => run(expression)).toThrow(MathProblem);
  });
});

test('no text makes the parser do anything but read or refuse', () => {
  const piece = fc.constantFrom(
    'm1',
    '(',
    ')',
    '[',
    ']',
    ',',
    '+',
    '-',
    '*',
    '^',
    '"',
    "'",
    '1',
    '1e',
    'SUM',
    ' ',
    '>',
    '&',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (text) => {
        try {
          parseExpression(text);
        } catch (problem) {
          expect(problem).toBeInstanceOf(MathProblem);
        }
      },
    ),
    { numRuns: 500 },
  );
});
