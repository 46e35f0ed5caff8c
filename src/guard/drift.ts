import { isDeepStrictEqual } from 'node:util';
import type { DescribeEndpointConfigCommandOutput, ProductionVariant } from '@aws-sdk/client-sagemaker';
import type { MetricAlarm, PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';

/** Something of an endpoint that was changed outside shadowctl. */
export type Drift =
  /** It runs another config; `parts` says in which ways that one differs: not known where the old one was deleted. */
  | { kind: 'config'; before: string; now: string; parts: ConfigPart[] | undefined }
  /** Instances that a variant is scaled to. */
  | { kind: 'instances' | 'weight'; variant: string; before: number; now: number }
  /** An alarm of shadowctl's, by field; `now` undefined: it was deleted. */
  | { kind: 'alarm'; alarm: string; changed: { field: string; before: string; now: string }[] | 'deleted' };

/** One difference between two configs. */
export interface ConfigPart {
  what: 'models' | 'instance types' | 'shadow' | 'data capture' | 'other settings';
  before: string;
  now: string;
}

type Config = DescribeEndpointConfigCommandOutput;

/** In which ways two configs differ; the number of instances aside, which is scaled apart from them. Pure. */
export function configParts(before: Config, now: Config): ConfigPart[] {
  const of = (what: ConfigPart['what'], tell: (config: Config) => string): ConfigPart[] =>
    tell(before) === tell(now) ? [] : [{ what, before: tell(before), now: tell(now) }];
  const told = [
    ...of('models', ({ ProductionVariants }) => list(ProductionVariants, (one) => one.ModelName)),
    ...of('instance types', ({ ProductionVariants }) => list(ProductionVariants, (one) => one.InstanceType)),
    ...of('shadow', ({ ShadowProductionVariants }) => list(ShadowProductionVariants, (one) => one.ModelName)),
    ...of('data capture', ({ DataCaptureConfig: capture }) =>
      capture?.EnableCapture === true ? `${capture.InitialSamplingPercentage} % to ${capture.DestinationS3Uri}` : 'off',
    ),
  ];
  if (told.length > 0 || isDeepStrictEqual(rest(before), rest(now))) return told;
  return [{ what: 'other settings', before: '…', now: '…' }];
}

function list(variants: readonly ProductionVariant[] = [], of: (one: ProductionVariant) => string | undefined): string {
  return variants.length === 0 ? 'none' : variants.map((one) => of(one) ?? '–').join(', ');
}

function rest(config: Config) {
  const { EndpointConfigName: _, EndpointConfigArn: __, CreationTime: ___, $metadata: ____, ...others } = config;
  const uncounted = (variants: readonly ProductionVariant[] = []) =>
    variants.map(({ InitialInstanceCount: _____, ...one }) => one);
  return {
    ...others,
    ProductionVariants: uncounted(config.ProductionVariants),
    ShadowProductionVariants: uncounted(config.ShadowProductionVariants),
  };
}

type Rule = Pick<
  MetricAlarm | PutMetricAlarmCommandInput,
  'MetricName' | 'Namespace' | 'Period' | 'EvaluationPeriods' | 'ComparisonOperator' | 'TreatMissingData'
> & {
  Threshold?: number | undefined;
  DatapointsToAlarm?: number | undefined;
  Statistic?: string | undefined;
  ExtendedStatistic?: string | undefined;
};

/** What decides when an alarm fires. */
const FIELDS = [
  'Namespace',
  'MetricName',
  'Statistic',
  'ExtendedStatistic',
  'Period',
  'EvaluationPeriods',
  'DatapointsToAlarm',
  'Threshold',
  'ComparisonOperator',
  'TreatMissingData',
] as const;

/** What is written down of the rule of an alarm that was taken over. */
export function ruleOf(alarm: Rule): string {
  return JSON.stringify(Object.fromEntries(FIELDS.map((field) => [field, alarm[field] ?? null])));
}

/** In which fields the rule of an alarm differs from the one that it was given; what AWS fills in by itself does not count. Pure. */
export function ruleChanges(before: Rule, now: Rule): { field: string; before: string; now: string }[] {
  return FIELDS.flatMap((field) => {
    const [was, is] = [before[field], now[field]];
    if (was === undefined || was === is) return [];
    return [{ field, before: String(was), now: is === undefined ? 'nothing' : String(is) }];
  });
}
