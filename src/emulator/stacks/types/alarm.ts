import { orNothing, flag, type Properties, type ResourceType, tagList, text, type TypeContext } from '../type.ts';

const NUMBERS = ['DatapointsToAlarm', 'EvaluationPeriods', 'Period', 'Threshold'];
const TEXTS = [
  'AlarmDescription',
  'ComparisonOperator',
  'EvaluateLowSampleCountPercentile',
  'ExtendedStatistic',
  'MetricName',
  'Namespace',
  'Statistic',
  'TreatMissingData',
  'Unit',
];
const LISTS = ['AlarmActions', 'Dimensions', 'InsufficientDataActions', 'OKActions', 'Metrics'];

export const alarm: ResourceType = {
  named: 'AlarmName',
  required: ['ComparisonOperator', 'EvaluationPeriods'],
  properties: ['AlarmName', 'ActionsEnabled', ...NUMBERS, ...TEXTS, ...LISTS, 'Tags'],
  replacing: ['AlarmName'],
  attributes: ['Arn'],
  async exists(context, { AlarmName }) {
    if (AlarmName === undefined) return false;
    const { MetricAlarms = [] } = (await context.call('cloudwatch', 'DescribeAlarms', { AlarmNames: [AlarmName] })) as {
      MetricAlarms?: unknown[];
    };
    return MetricAlarms.length > 0;
  },
  async create(context, properties) {
    const AlarmName = text(properties.AlarmName ?? context.name(255));
    await put(context, AlarmName, properties);
    const Arn = `arn:${context.partition}:cloudwatch:${context.region}:${context.account}:alarm:${AlarmName}`;
    return { physicalId: AlarmName, attributes: { Arn } };
  },
  async update(context, AlarmName, after) {
    await put(context, AlarmName, after);
    return { more: false };
  },
  async remove(context, AlarmName) {
    await context.call('cloudwatch', 'DeleteAlarms', { AlarmNames: [AlarmName] });
  },
};

async function put(context: TypeContext, AlarmName: string, { Tags, ...properties }: Properties): Promise<void> {
  const given = Object.entries(properties).map(([name, value]) => {
    if (NUMBERS.includes(name)) return [name, Number(value)];
    if (name === 'ActionsEnabled') return [name, flag(value)];
    return [name, name === 'Metrics' ? metrics(value) : value];
  });
  await context.call('cloudwatch', 'PutMetricAlarm', {
    ...(Object.fromEntries(given) as Record<string, unknown>),
    AlarmName,
    Tags: orNothing(tagList(context, Tags)),
  });
}

function metrics(value: unknown): unknown {
  return (value as Record<string, unknown>[]).map((one) => {
    const stat = one.MetricStat as Properties | undefined;
    return {
      ...one,
      ...(one.ReturnData !== undefined && { ReturnData: flag(one.ReturnData) }),
      ...(one.Period !== undefined && { Period: Number(one.Period) }),
      ...(stat !== undefined && { MetricStat: { ...stat, Period: Number(stat.Period) } }),
    };
  });
}
