import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetMetricDataCommand,
  type GetMetricDataCommandInput,
  GetMetricStatisticsCommand,
  type GetMetricStatisticsCommandInput,
  ListMetricsCommand,
  type MetricDataQuery,
  type MetricDatum,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MINUTE, NINE, type Running, start } from './start.ts';

let running: Running;
beforeAll(async () => {
  running = await start();
});
afterAll(() => running.stop());

const put = (Namespace: string, ...MetricData: MetricDatum[]) =>
  running.client.send(new PutMetricDataCommand({ Namespace, MetricData }));
const query = (
  Namespace: string,
  more: Partial<NonNullable<MetricDataQuery['MetricStat']>> = {},
  Id = 'm1',
): MetricDataQuery => ({
  Id,
  MetricStat: { Metric: { Namespace, MetricName: 'Latency' }, Period: 60, Stat: 'Sum', ...more },
});
const get = async (MetricDataQueries: MetricDataQuery[], more: Partial<GetMetricDataCommandInput> = {}) => {
  const output = await running.client.send(
    new GetMetricDataCommand({
      MetricDataQueries,
      StartTime: new Date(NINE - 10 * MINUTE),
      EndTime: new Date(NINE + 10 * MINUTE),
      ScanBy: 'TimestampAscending',
      ...more,
    }),
  );
  return output;
};
const at = (minutes: number) => new Date(NINE + minutes * MINUTE);

describe('what is put can be read', () => {
  test('values with counts, statistic sets, single values; gzip above 10 KB', async () => {
    await put(
      'Forms',
      { MetricName: 'Latency', Value: 5, Timestamp: at(-2) },
      { MetricName: 'Latency', Values: [1, 2, 3], Counts: [1, 2, 1], Timestamp: at(-2), Unit: 'None' },
      {
        MetricName: 'Latency',
        StatisticValues: { SampleCount: 4, Sum: 40, Minimum: 5, Maximum: 20 },
        Timestamp: at(-1),
      },
    );
    const stats = ['SampleCount', 'Sum', 'Average', 'Minimum', 'Maximum', 'p50', 'tm80', 'IQM'];
    const { MetricDataResults: results = [] } = await get(stats.map((Stat, i) => query('Forms', { Stat }, `m${i}`)));
    expect(results.map((one) => one.Values)).toEqual([[5, 4], [13, 40], [2.6, 10], [1, 5], [5, 20], [2], [2], [7 / 3]]);
    expect(results[0]?.Timestamps).toEqual([at(-2), at(-1)]);
    expect(results[0]?.StatusCode).toBe('Complete');
    const many = Array.from({ length: 900 }, (_, i) => ({ MetricName: 'Latency', Value: i, Timestamp: at(-1) }));
    await put('Large', ...many);
    expect((await get([query('Large')])).MetricDataResults?.[0]?.Values).toEqual([404_550]);
  });

  test('exactly these dimensions, this account, this region', async () => {
    await put('Exact', {
      MetricName: 'Latency',
      Value: 1,
      Dimensions: [
        { Name: 'A', Value: '1' },
        { Name: 'B', Value: '2' },
      ],
    });
    const values = async (Dimensions: { Name: string; Value: string }[]) =>
      (await get([query('Exact', { Metric: { Namespace: 'Exact', MetricName: 'Latency', Dimensions } })]))
        .MetricDataResults?.[0]?.Values;
    expect(
      await values([
        { Name: 'B', Value: '2' },
        { Name: 'A', Value: '1' },
      ]),
    ).toEqual([1]);
    expect(await values([{ Name: 'A', Value: '1' }])).toEqual([]);
    expect(await values([])).toEqual([]);
  });

  test('periods are counted from the start time, rounded down to the minute', async () => {
    await put(
      'Periods',
      ...[0, 1, 2, 3, 4, 5].map((i) => ({ MetricName: 'Latency', Value: 1, Timestamp: at(-i - 1) })),
    );
    const StartTime = new Date(NINE - 7 * MINUTE + 12_345);
    const { MetricDataResults: results } = await get([query('Periods', { Period: 300 })], { StartTime });
    expect(results?.[0]?.Timestamps).toEqual([at(-7), at(-2)]);
    expect(results?.[0]?.Values).toEqual([4, 2]);
  });

  test('newest first unless asked otherwise', async () => {
    await put(
      'Order',
      { MetricName: 'Latency', Value: 1, Timestamp: at(-3) },
      { MetricName: 'Latency', Value: 2, Timestamp: at(-1) },
    );
    const { MetricDataResults } = await running.client.send(
      new GetMetricDataCommand({ MetricDataQueries: [query('Order')], StartTime: at(-9), EndTime: at(1) }),
    );
    expect(MetricDataResults?.[0]?.Values).toEqual([2, 1]);
  });

  test('ten-second periods of a high-resolution metric', async () => {
    const seconds = (s: number) => new Date(NINE - MINUTE + s * 1_000);
    await put(
      'Fine',
      ...[1, 2, 11, 25].map((s) => ({ MetricName: 'Latency', Value: 1, Timestamp: seconds(s), StorageResolution: 1 })),
    );
    const { MetricDataResults } = await get([query('Fine', { Period: 10 })]);
    expect(MetricDataResults?.[0]?.Timestamps).toEqual([seconds(0), seconds(10), seconds(20)]);
    expect(MetricDataResults?.[0]?.Values).toEqual([2, 1, 1]);
  });
});

describe('labels, units and metric math', () => {
  test('labels tell queries of one metric apart, as AWS was seen to do', async () => {
    await put('Labels', { MetricName: 'Latency', Value: 1, Timestamp: at(-1) });
    const labels = async (...queries: MetricDataQuery[]) =>
      (await get(queries)).MetricDataResults?.map((one) => one.Label);
    const of = (Stat: string, Period: number, Id: string) => query('Labels', { Stat, Period }, Id);
    expect(await labels(of('Sum', 60, 'a'))).toEqual(['Latency']);
    expect(await labels(of('Sum', 60, 'a'), of('Minimum', 30, 'b'))).toEqual(['Latency Sum 60', 'Latency Minimum 30']);
    expect(await labels(of('Sum', 60, 'a'), of('Minimum', 60, 'b'))).toEqual(['Latency Sum', 'Latency Minimum']);
    expect(await labels(of('Sum', 60, 'a'), of('Sum', 30, 'b'))).toEqual(['Latency 60', 'Latency 30']);
    expect(await labels({ ...of('Sum', 60, 'a'), Label: "mine: ${LAST} ${PROP('Stat')}" })).toEqual(['mine: 1 Sum']);
    expect(await labels({ ...of('Sum', 60, 'a'), ReturnData: false }, { Id: 'e', Expression: 'a * 2' })).toEqual(['e']);
  });

  test('of several units the first by name answers, and says so', async () => {
    await put(
      'Units',
      { MetricName: 'Latency', Value: 60_000, Unit: 'Milliseconds', Timestamp: at(-1) },
      { MetricName: 'Latency', Value: 60, Unit: 'Seconds', Timestamp: at(-1) },
    );
    const { MetricDataResults: results } = await get([query('Units')]);
    expect(results?.[0]).toMatchObject({
      Values: [60_000],
      Messages: [{ Code: 'MultipleUnits', Value: "Multiple units returned: '[Milliseconds, Seconds]'" }],
    });
    const one = await get([query('Units', { Unit: 'Seconds' })]);
    expect(one.MetricDataResults?.[0]?.Values).toEqual([60]);
  });

  test('an error rate', async () => {
    const both = (value: number, MetricName: string, minute: number) => ({
      MetricName,
      Value: value,
      Timestamp: at(minute),
    });
    await put('Rate', both(1, 'Errors', -2), both(50, 'Calls', -2), both(20, 'Calls', -1));
    const stat = (Id: string, MetricName: string) => ({
      ...query('Rate', { Metric: { Namespace: 'Rate', MetricName } }, Id),
      ReturnData: false,
    });
    const { MetricDataResults: results } = await get([
      { Id: 'e1', Expression: '100 * FILL(m1, 0) / m2', Label: 'rate' },
      stat('m1', 'Errors'),
      stat('m2', 'Calls'),
    ]);
    expect(results).toMatchObject([{ Id: 'e1', Label: 'rate', Values: [2, 0], Timestamps: [at(-2), at(-1)] }]);
  });
});

describe('page by page', () => {
  test('every datapoint comes once, in order, whatever the page size', async () => {
    const data = ['a', 'b', 'c'].flatMap((name, n) =>
      Array.from({ length: 3 + 2 * n }, (_, i) => ({ MetricName: name, Value: i + 1, Timestamp: at(-1 - i) })),
    );
    await put('Pages', ...data);
    const queries = ['a', 'b', 'c', 'none'].map((MetricName) =>
      query('Pages', { Metric: { Namespace: 'Pages', MetricName } }, MetricName),
    );
    const whole = (await get(queries)).MetricDataResults ?? [];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 16 }), async (MaxDatapoints) => {
        const seen = new Map<string, number[]>();
        let NextToken: string | undefined;
        do {
          const page = await get(queries, { MaxDatapoints, NextToken });
          const points = page.MetricDataResults ?? [];
          expect(points.reduce((sum, one) => sum + (one.Values?.length ?? 0), 0)).toBeLessThanOrEqual(MaxDatapoints);
          for (const { Id = '', Values = [] } of points) seen.set(Id, [...(seen.get(Id) ?? []), ...Values]);
          NextToken = page.NextToken;
        } while (NextToken !== undefined);
        expect([...seen]).toEqual(whole.map((one) => [one.Id, one.Values]));
      }),
      { numRuns: 16 },
    );
  });

  test('ListMetrics: filters and pages of 500', async () => {
    const other = await start();
    const client = other.client;
    for (const part of [0, 1]) {
      const MetricData = Array.from({ length: 260 }, (_, i) => ({
        MetricName: i % 2 === 0 ? 'Even' : 'Odd',
        Dimensions: [{ Name: 'N', Value: String(part * 260 + i).padStart(3, '0') }],
        Value: 1,
        ...(part === 0 && { Timestamp: at(-200) }),
      }));
      await client.send(new PutMetricDataCommand({ Namespace: 'Many', MetricData }));
    }
    const list = async (input: object) => {
      const { Metrics = [], NextToken } = await client.send(new ListMetricsCommand(input));
      return { names: Metrics.map((one) => `${one.MetricName} ${one.Dimensions?.[0]?.Value}`), NextToken };
    };
    const first = await list({ Namespace: 'Many' });
    const second = await list({ Namespace: 'Many', NextToken: first.NextToken });
    expect([first.names.length, second.names.length, second.NextToken]).toEqual([500, 20, undefined]);
    expect(new Set([...first.names, ...second.names]).size).toBe(520);
    expect((await list({ MetricName: 'Odd' })).names.length).toBe(260);
    expect((await list({ Dimensions: [{ Name: 'N', Value: '007' }] })).names).toEqual(['Odd 007']);
    expect((await list({ Dimensions: [{ Name: 'Zone' }] })).names).toEqual([]);
    expect((await list({ RecentlyActive: 'PT3H' })).names.length).toBe(260);
    other.clock.advance(15 * 24 * 60 * MINUTE);
    expect((await list({})).names).toEqual([]);
    await expect(list({ NextToken: 'x' })).rejects.toMatchObject({ message: 'Request parameter NextToken is invalid' });
    await other.stop();
  });
});

describe('GetMetricStatistics', () => {
  const ask = (more: Partial<GetMetricStatisticsCommandInput> = {}) =>
    running.client.send(
      new GetMetricStatisticsCommand({
        Namespace: 'Statistics',
        MetricName: 'Latency',
        StartTime: at(-10),
        EndTime: at(0),
        Period: 60,
        Statistics: ['Sum'],
        ...more,
      }),
    );

  test('statistics and percentiles, an entry for each unit', async () => {
    const values = Array.from({ length: 100 }, (_, i) => i + 1);
    await put('Statistics', { MetricName: 'Latency', Values: values, Timestamp: at(-3), Unit: 'Microseconds' });
    const { Datapoints, Label } = await ask({
      Statistics: ['Average', 'SampleCount'],
      ExtendedStatistics: ['p50', 'p99'],
    });
    expect(Label).toBe('Latency');
    expect(Datapoints).toEqual([
      {
        Timestamp: at(-3),
        Average: 50.5,
        SampleCount: 100,
        Unit: 'Microseconds',
        ExtendedStatistics: { p50: 50.5, p99: 99.01 },
      },
    ]);
    await put('Statistics', { MetricName: 'Latency', Value: 1, Timestamp: at(-3), Unit: 'Seconds' });
    expect((await ask()).Datapoints?.map((point) => point.Unit).sort()).toEqual(['Microseconds', 'Seconds']);
    expect((await ask({ Unit: 'Seconds' })).Datapoints?.length).toBe(1);
  });

  test.each([
    [{ EndTime: at(-10) }, 'The parameter StartTime must be less than the parameter EndTime.'],
    [
      { StartTime: new Date(NINE - 18_720 * MINUTE) },
      'You have requested up to 18720 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
    ],
    [{ Statistics: undefined }, 'At least one of the parameters Statistics and ExtendedStatistics must be specified.'],
    [{ ExtendedStatistics: ['q1'] }, 'The value q1 for parameter ExtendedStatistics is not supported.'],
  ])('refuses %j', async (more, message) => {
    await expect(ask(more)).rejects.toMatchObject({ message });
  });
});

describe('what is refused', () => {
  test.each([
    [
      { Value: 1, Values: [1] },
      'The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have specified both.',
    ],
    [
      { Values: [1, 2], Counts: [1] },
      'The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.',
    ],
    [{ Value: 2 ** 361 }, `The value ${2 ** 361} for parameter MetricData.member.1.Value is invalid.`],
    [
      { Value: 1, StorageResolution: 5 },
      'The parameter MetricData.member.1.StorageResolution must have a value of 1 or 60.',
    ],
    [
      { Value: 1, Timestamp: at(-15 * 24 * 60) },
      'The parameter MetricData.member.1.Timestamp must specify a time no more than two weeks in the past and no more than two hours in the future.',
    ],
  ])('PutMetricData %j', async (more, message) => {
    await expect(put('Wrong', { MetricName: 'Latency', ...more })).rejects.toMatchObject({ message });
  });

  test('one wrong datum keeps the others out', async () => {
    await expect(
      put('Wrong', { MetricName: 'Latency', Value: 1 }, { MetricName: 'Latency', Value: 1, StorageResolution: 7 }),
    ).rejects.toThrow('must have a value of 1 or 60');
    expect((await get([query('Wrong')])).MetricDataResults?.[0]?.Values).toEqual([]);
  });

  test.each([
    [[query('N'), query('N')], 'The values for parameter id in MetricDataQueries are not unique.'],
    [
      [query('N', { Stat: 'Mean' })],
      'The value Mean for parameter MetricDataQueries.member.1.MetricStat.Stat is not supported.',
    ],
    [[{ Id: 'e1', Expression: 'm1 * 2' }], "Error in expression 'e1' [Unknown identifier 'm1']"],
    [
      [{ Id: 'e1', Expression: "SEARCH('{AWS/EC2}', 'Sum')" }],
      'The metric math function SEARCH is not built into this emulator.',
    ],
  ])('GetMetricData %j', async (queries, message) => {
    await expect(get(queries)).rejects.toMatchObject({ message });
  });

  test('GetMetricData without time or with a foreign token', async () => {
    await expect(get([query('N')], { StartTime: at(1), EndTime: at(1) })).rejects.toThrow('must not equal');
    await expect(get([query('N')], { NextToken: 'abc' })).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });
});

test('metrics and alarms survive a restart', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'shadowctl-metrics-'));
  const first = await start({ dir });
  const series = { account: '000000000000', region: 'us-east-1', namespace: 'Kept', name: 'Latency', dimensions: [] };
  const handle = first.emulator.world.metrics.handle(series, { unit: 'Microseconds' });
  for (let i = 0; i < 3_000; i += 1) handle.add(NINE + 20 * i, 1_000 + i);
  await first.stop();
  const second = await start({ dir, at: NINE + 2 * MINUTE });
  const { Datapoints } = await second.client.send(
    new GetMetricStatisticsCommand({
      Namespace: 'Kept',
      MetricName: 'Latency',
      StartTime: at(0),
      EndTime: at(2),
      Period: 60,
      Statistics: ['SampleCount', 'Minimum', 'Maximum'],
      ExtendedStatistics: ['p50'],
    }),
  );
  expect(Datapoints).toMatchObject([{ SampleCount: 3_000, Minimum: 1_000, Maximum: 3_999, Unit: 'Microseconds' }]);
  expect(Math.abs((Datapoints?.[0]?.ExtendedStatistics?.p50 ?? 0) / 2_499.5 - 1)).toBeLessThan(0.0101);
  await second.stop();
  await rm(dir, { recursive: true });
});
