import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { usageError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';

/**
 * Alarms out of a file: a PutMetricAlarm input, a list of them, or what `aws cloudwatch describe-alarms` prints.
 * @throws Problem 'usage' naming file and entry
 */
export function parseAlarmFile(path: string, text: string): MetricAlarm[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw usageError(
      `${path} is not JSON: ${(error as Error).message}`,
      'Give PutMetricAlarm inputs, or the output of: aws cloudwatch describe-alarms',
      error,
    );
  }
  const listed = isObject(content) && Array.isArray(content.MetricAlarms) ? content.MetricAlarms : content;
  const entries: unknown[] = Array.isArray(listed) ? listed : [listed];
  if (entries.length === 0) throw usageError(`${path} holds no alarm.`);
  return entries.map((entry, index) => readAlarm(path, entry, index + 1));
}

function readAlarm(path: string, entry: unknown, number: number): MetricAlarm {
  const wrong = (what: string) => usageError(`${path}, alarm ${number}: ${what}.`);
  if (!isObject(entry)) throw wrong('not an object');
  const { AlarmName: name, MetricName: metric, Metrics: metrics, Threshold: threshold, Dimensions: dimensions } = entry;
  if (typeof name !== 'string' || name === '') throw wrong('AlarmName is missing');
  if (typeof metric !== 'string' && !Array.isArray(metrics)) throw wrong(`${name} has neither MetricName nor Metrics`);
  if (threshold !== undefined && typeof threshold !== 'number') throw wrong(`${name}: Threshold is not a number`);
  for (const key of ['Period', 'EvaluationPeriods', 'DatapointsToAlarm']) {
    const value = entry[key];
    if (value !== undefined && (typeof value !== 'number' || !(value > 0)))
      throw wrong(`${name}: ${key} is not a number above zero`);
  }
  if (
    dimensions !== undefined &&
    !(
      Array.isArray(dimensions) &&
      dimensions.every((one) => isObject(one) && typeof one.Name === 'string' && typeof one.Value === 'string')
    )
  ) {
    throw wrong(`${name}: Dimensions is not a list of Name and Value`);
  }
  return entry;
}
