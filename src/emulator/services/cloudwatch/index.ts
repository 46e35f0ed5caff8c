import type { CloudWatch } from '@aws-sdk/client-cloudwatch';
import type { OperationsOf } from '../operation.ts';
import { changeOperations } from './change-alarms.ts';
import { describeOperations } from './describe-alarms.ts';
import { getMetricData } from './get-metric-data.ts';
import { getMetricStatistics } from './get-metric-statistics.ts';
import { listMetrics } from './list-metrics.ts';
import { putMetricAlarm } from './put-metric-alarm.ts';
import { putMetricData } from './put-metric-data.ts';

/** CloudWatch: metrics and alarms on them. */
export const operations = {
  PutMetricData: putMetricData,
  GetMetricData: getMetricData,
  GetMetricStatistics: getMetricStatistics,
  ListMetrics: listMetrics,
  PutMetricAlarm: putMetricAlarm,
  ...describeOperations,
  ...changeOperations,
} satisfies OperationsOf<CloudWatch>;
