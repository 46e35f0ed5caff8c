import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { printText } from '../../../src/base/text.ts';
import { examineAlarm, type GuardedUpdate } from '../../../src/guard/alarms/check.ts';

/** A canary of 1 in 3 that bakes five minutes. */
export const UPDATE: GuardedUpdate = {
  endpoint: 'weather',
  variant: 'AllTraffic',
  newConfig: 'v2',
  liveConfig: 'v1',
  bakeSeconds: 300,
  firstShare: 1 / 3,
  requestsPerMinute: 240,
};

export const BOTH_FLEETS = [
  { Name: 'EndpointName', Value: 'weather' },
  { Name: 'VariantName', Value: 'AllTraffic' },
];
export const NEW_FLEET = [...BOTH_FLEETS, { Name: 'EndpointConfigName', Value: 'v2' }];

/** A good alarm of the team on the new fleet, but for what is changed. */
export function alarm(change: Partial<MetricAlarm>): MetricAlarm {
  return {
    AlarmName: 'team',
    Namespace: 'AWS/SageMaker',
    MetricName: 'Invocation5XXErrors',
    Statistic: 'Average',
    Dimensions: NEW_FLEET,
    Threshold: 0.01,
    ComparisonOperator: 'GreaterThanThreshold',
    Period: 60,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    StateValue: 'OK',
    ...change,
  };
}

/** `severity check` of everything that is not fine. */
export function found(change: Partial<MetricAlarm>, update: Partial<GuardedUpdate> = {}): string[] {
  return examineAlarm(alarm(change), { ...UPDATE, ...update })
    .filter((finding) => finding.severity !== 'ok')
    .map((finding) => `${finding.severity} ${finding.check}`);
}

/** The finding of one check, its next step as it is printed. */
export function the(check: string, change: Partial<MetricAlarm>, update: Partial<GuardedUpdate> = {}) {
  const finding = examineAlarm(alarm(change), { ...UPDATE, ...update }).find((one) => one.check === check);
  if (finding === undefined) throw new Error(`no finding ${check}`);
  return { ...finding, next: finding.next === undefined ? undefined : printText(finding.next) };
}
