import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DescribeAlarmsForMetricCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  ListTagsForResourceCommand,
  type MetricAlarm,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MINUTE, NINE, type Running, start } from './start.ts';

let running: Running;
beforeEach(async () => {
  running = await start();
});
afterEach(() => running.stop());

const ERRORS = {
  AlarmName: 'errors',
  Namespace: 'Shop',
  MetricName: 'Errors',
  Dimensions: [{ Name: 'Variant', Value: 'green' }],
  Statistic: 'Sum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  TreatMissingData: 'notBreaching',
} as const satisfies PutMetricAlarmCommandInput;

const put = (more: Partial<PutMetricAlarmCommandInput> = {}) =>
  running.client.send(new PutMetricAlarmCommand({ ...ERRORS, ...more }));
const record = (value: number, more: object = {}) =>
  running.client.send(
    new PutMetricDataCommand({
      Namespace: 'Shop',
      MetricData: [{ MetricName: 'Errors', Dimensions: ERRORS.Dimensions, Value: value, ...more }],
    }),
  );
const describeOne = async (name = 'errors'): Promise<MetricAlarm> => {
  const { MetricAlarms } = await running.client.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
  const alarm = MetricAlarms?.[0];
  if (alarm === undefined) throw new Error(`no alarm ${name}`);
  return alarm;
};

test('an alarm, and the topic it tells, are in the partition of their region', async () => {
  const client = {
    endpoint: running.emulator.url,
    region: 'cn-north-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const [there, sns] = [new CloudWatchClient(client), new SNSClient(client)];
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'told' }));
  expect(TopicArn).toBe('arn:aws-cn:sns:cn-north-1:000000000000:told');
  await there.send(new PutMetricAlarmCommand({ ...ERRORS, AlarmActions: [TopicArn] }));
  await there.send(new SetAlarmStateCommand({ AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'a test' }));
  const { MetricAlarms } = await there.send(new DescribeAlarmsCommand({}));
  expect(MetricAlarms?.[0]?.AlarmArn).toBe('arn:aws-cn:cloudwatch:cn-north-1:000000000000:alarm:errors');
  const { AlarmHistoryItems } = await there.send(new DescribeAlarmHistoryCommand({ HistoryItemType: 'Action' }));
  expect(AlarmHistoryItems?.map((item) => item.HistorySummary)).toEqual([`Successfully executed action ${TopicArn}`]);
  there.destroy();
  sns.destroy();
});

describe('an alarm through its life', () => {
  test('begins unchecked, is OK without data, fires, and is OK again when the errors are out of range', async () => {
    await put();
    expect(await describeOne()).toMatchObject({
      AlarmArn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors',
      StateValue: 'INSUFFICIENT_DATA',
      StateReason: 'Unchecked: Initial alarm creation',
      ActionsEnabled: true,
      OKActions: [],
      StateUpdatedTimestamp: new Date(NINE),
    });
    running.clock.advance(MINUTE);
    expect(await describeOne()).toMatchObject({
      StateValue: 'OK',
      StateReason:
        'Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].',
    });
    await record(3);
    running.clock.advance(2 * MINUTE);
    const firing = await describeOne();
    expect(firing).toMatchObject({
      StateValue: 'ALARM',
      StateReason:
        'Threshold Crossed: 1 datapoint [3.0 (05/01/26 09:01:00)] was greater than or equal to the threshold (1.0).',
      // Put at nine and looked at ten seconds later: so is every minute after.
      StateUpdatedTimestamp: new Date(NINE + 2 * MINUTE + 10_000),
    });
    expect(JSON.parse(firing.StateReasonData ?? '')).toEqual({
      version: '1.0',
      queryDate: '2026-01-05T09:02:10.000+0000',
      startDate: '2026-01-05T09:01:00.000+0000',
      statistic: 'Sum',
      period: 60,
      recentDatapoints: [3],
      threshold: 1,
      evaluatedDatapoints: [{ timestamp: '2026-01-05T09:01:00.000+0000', sampleCount: 1, value: 3 }],
    });
    expect(running.emulator.world.alarms.get('000000000000', 'us-east-1', 'errors')?.state).toBe('ALARM');
    // The evaluation range is three minutes long: 09:01 leaves it at 09:05.
    running.clock.advance(2 * MINUTE);
    expect((await describeOne()).StateValue).toBe('ALARM');
    running.clock.advance(MINUTE);
    expect((await describeOne()).StateValue).toBe('OK');
  });

  test('how soon it is looked at and how far it looks back can be chosen', async () => {
    await running.stop();
    running = await start({ latencies: { firstEvaluation: 30_000 }, switches: { alarmExtraPeriods: 0 } });
    await put();
    running.clock.advance(29_999);
    expect((await describeOne()).StateReason).toBe('Unchecked: Initial alarm creation');
    running.clock.advance(1);
    expect(await describeOne()).toMatchObject({ StateValue: 'OK', StateUpdatedTimestamp: new Date(NINE + 30_000) });
    await record(3);
    running.clock.advance(MINUTE);
    expect((await describeOne()).StateValue).toBe('ALARM');
    // The range is one minute long: 09:00 leaves it at 09:02.
    running.clock.advance(MINUTE);
    expect((await describeOne()).StateValue).toBe('OK');
  });

  test('the history tells it, newest first', async () => {
    await put();
    await record(1);
    running.clock.advance(10 * MINUTE);
    const { AlarmHistoryItems: items = [] } = await running.client.send(
      new DescribeAlarmHistoryCommand({ AlarmName: 'errors' }),
    );
    expect(items.map((item) => [item.HistoryItemType, item.HistorySummary])).toEqual([
      ['StateUpdate', 'Alarm updated from ALARM to OK'],
      ['StateUpdate', 'Alarm updated from OK to ALARM'],
      ['StateUpdate', 'Alarm updated from INSUFFICIENT_DATA to OK'],
      ['ConfigurationUpdate', 'Alarm "errors" created'],
    ]);
    const data = JSON.parse(items[1]?.HistoryData ?? '');
    expect(data.oldState.stateValue).toBe('OK');
    expect(data.newState).toMatchObject({
      stateValue: 'ALARM',
      stateReasonData: { recentDatapoints: [1], threshold: 1 },
    });
    const first = await running.client.send(
      new DescribeAlarmHistoryCommand({ MaxRecords: 3, ScanBy: 'TimestampAscending', HistoryItemType: 'StateUpdate' }),
    );
    expect(first.AlarmHistoryItems?.[0]?.HistorySummary).toBe('Alarm updated from INSUFFICIENT_DATA to OK');
  });

  test('an evaluation sees only what could be seen then', async () => {
    await put();
    const series = {
      account: '000000000000',
      region: 'us-east-1',
      namespace: 'Shop',
      name: 'Errors',
      dimensions: ERRORS.Dimensions,
    };
    // As SageMaker publishes: the minute 09:00 is readable a quarter past its end.
    running.emulator.world.metrics.handle(series).add(NINE + 5_000, 1, NINE + MINUTE + 15_000);
    running.clock.advance(30 * MINUTE);
    expect((await describeOne()).StateValue).toBe('OK');
    const { AlarmHistoryItems: items = [] } = await running.client.send(
      new DescribeAlarmHistoryCommand({ HistoryItemType: 'StateUpdate', ScanBy: 'TimestampAscending' }),
    );
    expect(items.map((item) => item.Timestamp?.getTime())).toEqual([
      NINE + 10_000,
      NINE + 2 * MINUTE + 10_000,
      NINE + 4 * MINUTE + 10_000,
    ]);
  });

  test('an update leaves the state alone and overwrites the rest', async () => {
    await put({ AlarmDescription: 'old', DatapointsToAlarm: 1 });
    await running.client.send(
      new SetAlarmStateCommand({ AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'by hand' }),
    );
    await put({ Threshold: 7 });
    const alarm = await describeOne();
    expect(alarm).toMatchObject({ StateValue: 'ALARM', StateReason: 'by hand', Threshold: 7 });
    expect(alarm.AlarmDescription).toBeUndefined();
    expect(alarm.DatapointsToAlarm).toBeUndefined();
    running.clock.advance(MINUTE);
    expect((await describeOne()).StateValue).toBe('OK');
  });

  test('dimensions match exactly', async () => {
    await put({ AlarmName: 'less', Dimensions: [] });
    await put({ AlarmName: 'more', Dimensions: [...ERRORS.Dimensions, { Name: 'Zone', Value: 'a' }] });
    await put();
    await record(5);
    running.clock.advance(MINUTE + 10_000);
    expect((await describeOne('less')).StateValue).toBe('OK');
    expect((await describeOne('more')).StateValue).toBe('OK');
    expect((await describeOne()).StateValue).toBe('ALARM');
  });

  test('ten-second alarms are looked at every ten seconds', async () => {
    await put({ Period: 10 });
    await record(2, { StorageResolution: 1 });
    running.clock.advance(10_000);
    expect((await describeOne()).StateValue).toBe('ALARM');
  });

  test('a world that slept for months wakes at once, and missed nothing', async () => {
    for (let i = 0; i < 20; i += 1) await put({ AlarmName: `errors-${i}` });
    const series = {
      account: '000000000000',
      region: 'us-east-1',
      namespace: 'Shop',
      name: 'Errors',
      dimensions: ERRORS.Dimensions,
    };
    const later = NINE + 10 * 24 * 60 * MINUTE + 30_000;
    running.emulator.world.metrics.handle(series).add(later, 1, later + 45_000);
    running.clock.advance(90 * 24 * 60 * MINUTE);
    const reads = vi.spyOn(running.emulator.world.metrics, 'read');
    const { AlarmHistoryItems: items = [] } = await running.client.send(
      new DescribeAlarmHistoryCommand({
        AlarmName: 'errors-7',
        HistoryItemType: 'StateUpdate',
        ScanBy: 'TimestampAscending',
      }),
    );
    // Turns that would see nothing are passed over: without that there were 2.6 million.
    expect(reads.mock.calls.length).toBeLessThan(1_000);
    // The rest is older than the two weeks for which CloudWatch keeps an alarm's history.
    expect((await describeOne('errors-7')).StateUpdatedTimestamp?.getTime()).toBe(later + 4 * MINUTE - 20_000);
    expect(items.map((item) => item.HistorySummary).at(-1)).toBe('Alarm updated from ALARM to OK');
  });

  test('catching up over a week evaluates only what can have changed', async () => {
    for (let i = 0; i < 5; i += 1) await put({ AlarmName: `errors-${i}` });
    await record(1);
    running.clock.advance(7 * 24 * 60 * MINUTE);
    const reads = vi.spyOn(running.emulator.world.metrics, 'read');
    expect((await describeOne('errors-4')).StateValue).toBe('OK');
    expect(reads.mock.calls.length).toBeLessThan(200);
  });
});

describe('alarms on metric math', () => {
  test('an error rate fires, and names the datapoint', async () => {
    const metric = (Id: string, MetricName: string) => ({
      Id,
      MetricStat: { Metric: { Namespace: 'Shop', MetricName, Dimensions: ERRORS.Dimensions }, Period: 60, Stat: 'Sum' },
      ReturnData: false,
    });
    await running.client.send(
      new PutMetricAlarmCommand({
        AlarmName: 'rate',
        EvaluationPeriods: 1,
        Threshold: 5,
        ComparisonOperator: 'GreaterThanThreshold',
        Metrics: [{ Id: 'e1', Expression: '100 * m1 / m2' }, metric('m1', 'Errors'), metric('m2', 'Calls')],
      }),
    );
    await record(1);
    await running.client.send(
      new PutMetricDataCommand({
        Namespace: 'Shop',
        MetricData: [{ MetricName: 'Calls', Dimensions: ERRORS.Dimensions, Value: 10 }],
      }),
    );
    running.clock.advance(MINUTE + 10_000);
    const alarm = await describeOne('rate');
    expect(alarm).toMatchObject({
      StateValue: 'ALARM',
      StateReason: 'Threshold Crossed: 1 datapoint [10.0 (05/01/26 09:00:00)] was greater than the threshold (5.0).',
    });
    expect(alarm.Metrics?.[0]).toMatchObject({ Id: 'e1', Expression: '100 * m1 / m2' });
    expect(alarm.MetricName).toBeUndefined();
  });

  test.each([
    [{ Metrics: [{ Id: 'e1', Expression: 'm9 + 1' }] }, /m9/],
    [{ Metrics: [{ Id: 'e1', Expression: '1 +' }] }, /end of the expression/],
    [{ Metrics: [{ Id: 'E1', Expression: '1' }] }, /E1/],
  ])('refuses %j', async (more, message) => {
    const { AlarmName, EvaluationPeriods, Threshold, ComparisonOperator } = ERRORS;
    await expect(
      running.client.send(
        new PutMetricAlarmCommand({ AlarmName, EvaluationPeriods, Threshold, ComparisonOperator, ...more }),
      ),
    ).rejects.toMatchObject({ message: expect.stringMatching(message) });
  });
});

describe('asking for alarms', () => {
  test('by names, prefix, state and metric, page by page', async () => {
    for (const name of ['b', 'a-2', 'a-1', 'c'])
      await put({ AlarmName: name, AlarmActions: [`arn:aws:sns:us-east-1:000000000000:${name}`] });
    const names = async (input: object) => {
      const { MetricAlarms = [], NextToken } = await running.client.send(new DescribeAlarmsCommand(input));
      return { names: MetricAlarms.map((alarm) => alarm.AlarmName), NextToken };
    };
    expect((await names({})).names).toEqual(['a-1', 'a-2', 'b', 'c']);
    expect((await names({ AlarmNamePrefix: 'a-' })).names).toEqual(['a-1', 'a-2']);
    expect((await names({ AlarmNames: ['c', 'gone'] })).names).toEqual(['c']);
    expect((await names({ ActionPrefix: 'arn:aws:sns:us-east-1:000000000000:b' })).names).toEqual(['b']);
    expect((await names({ StateValue: 'ALARM' })).names).toEqual([]);
    expect((await names({ AlarmTypes: ['CompositeAlarm'] })).names).toEqual([]);
    const first = await names({ MaxRecords: 3 });
    expect(first.names).toEqual(['a-1', 'a-2', 'b']);
    // A page stays true when alarms come and go.
    await running.client.send(new DeleteAlarmsCommand({ AlarmNames: ['a-1', 'b', 'gone'] }));
    const second = await names({ MaxRecords: 3, NextToken: first.NextToken });
    expect(second).toEqual({ names: ['c'], NextToken: undefined });
    await expect(names({ NextToken: 'nonsense' })).rejects.toMatchObject({ name: 'InvalidNextToken' });
    const { MetricAlarms } = await running.client.send(
      new DescribeAlarmsForMetricCommand({ Namespace: 'Shop', MetricName: 'Errors', Dimensions: ERRORS.Dimensions }),
    );
    expect(MetricAlarms?.map((alarm) => alarm.AlarmName)).toEqual(['a-2', 'c']);
  });

  test('actions are switched, tags kept', async () => {
    await put({ Tags: [{ Key: 'team', Value: 'red' }] });
    await running.client.send(new DisableAlarmActionsCommand({ AlarmNames: ['errors', 'gone'] }));
    const alarm = await describeOne();
    expect(alarm.ActionsEnabled).toBe(false);
    await running.client.send(new EnableAlarmActionsCommand({ AlarmNames: ['errors'] }));
    expect((await describeOne()).ActionsEnabled).toBe(true);
    const ResourceARN = alarm.AlarmArn as string;
    await running.client.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'stage', Value: 'test' }] }));
    await running.client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['team'] }));
    const { Tags } = await running.client.send(new ListTagsForResourceCommand({ ResourceARN }));
    expect(Tags).toEqual([{ Key: 'stage', Value: 'test' }]);
    await expect(
      running.client.send(new ListTagsForResourceCommand({ ResourceARN: `${ResourceARN}-gone` })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('SetAlarmState wants an alarm', async () => {
    await expect(
      running.client.send(new SetAlarmStateCommand({ AlarmName: 'gone', StateValue: 'OK', StateReason: 'x' })),
    ).rejects.toMatchObject({ name: 'ResourceNotFound', $metadata: { httpStatusCode: 404 } });
  });
});

describe('actions', () => {
  const topic = 'arn:aws:sns:us-east-1:000000000000:pager';

  test('an SNS topic hears of it, in CloudWatch’s form', async () => {
    const sns = new SNSClient({
      endpoint: running.emulator.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    await sns.send(new CreateTopicCommand({ Name: 'pager' }));
    sns.destroy();
    await put({ AlarmActions: [topic], OKActions: ['arn:aws:lambda:us-east-1:000000000000:function:f'] });
    await record(2);
    running.clock.advance(10 * MINUTE);
    const { AlarmHistoryItems: items = [] } = await running.client.send(
      new DescribeAlarmHistoryCommand({ HistoryItemType: 'Action', ScanBy: 'TimestampAscending' }),
    );
    expect(items.map((item) => item.HistorySummary)).toEqual([
      'Failed to execute action arn:aws:lambda:us-east-1:000000000000:function:f. Received error: "This emulator carries out actions on SNS topics only"',
      `Successfully executed action ${topic}`,
      'Failed to execute action arn:aws:lambda:us-east-1:000000000000:function:f. Received error: "This emulator carries out actions on SNS topics only"',
    ]);
    const [line] = await running.emulator.world.logs.read(
      { account: '000000000000', region: 'us-east-1', name: '/shadowctl/sns/pager' },
      { streams: ['messages'] },
    );
    const published = JSON.parse(line?.message ?? '{}');
    expect(published.Subject).toBe('ALARM: "errors" in US East (N. Virginia)');
    expect(JSON.parse(published.Message)).toMatchObject({
      AlarmName: 'errors',
      AlarmDescription: null,
      AWSAccountId: '000000000000',
      NewStateValue: 'ALARM',
      OldStateValue: 'OK',
      StateChangeTime: '2026-01-05T09:01:10.000+0000',
      Region: 'US East (N. Virginia)',
      Trigger: {
        MetricName: 'Errors',
        StatisticType: 'Statistic',
        Statistic: 'SUM',
        Dimensions: [{ value: 'green', name: 'Variant' }],
        Threshold: 1,
        TreatMissingData: 'notBreaching',
      },
    });
  });

  test('nothing is done when they are off, and a lost topic is told of', async () => {
    await put({ ActionsEnabled: false, AlarmActions: [topic] });
    await put({ AlarmName: 'lost', AlarmActions: [topic] });
    await record(2);
    running.clock.advance(2 * MINUTE);
    const { AlarmHistoryItems: items = [] } = await running.client.send(
      new DescribeAlarmHistoryCommand({ HistoryItemType: 'Action' }),
    );
    expect(items.map((item) => [item.AlarmName, item.HistorySummary])).toEqual([
      ['lost', `Failed to execute action ${topic}. Received error: "Topic does not exist"`],
    ]);
  });
});

describe('PutMetricAlarm refuses', () => {
  test.each([
    [
      { TreatMissingData: 'maybe' },
      'The value maybe is not supported for TreatMissingData parameter. Supported values are [breaching, notBreaching, ignore, missing].',
    ],
    [
      { EvaluateLowSampleCountPercentile: 'maybe' },
      'Option maybe is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore.',
    ],
    [
      { Statistic: undefined, ExtendedStatistic: 'q99' },
      'The value q99 for parameter ExtendedStatistic is not supported.',
    ],
    [{ Period: 45 }, 'Period must be 10, 20, 30 or a multiple of 60'],
    [{ DatapointsToAlarm: 2 }, 'DatapointsToAlarm (2) must be less than or equal to EvaluationPeriods (1).'],
    [
      { EvaluationPeriods: 1441 },
      'Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).',
    ],
  ] as [Partial<PutMetricAlarmCommandInput>, string][])('%j', async (more, message) => {
    await expect(put(more)).rejects.toMatchObject({ message });
  });
});
