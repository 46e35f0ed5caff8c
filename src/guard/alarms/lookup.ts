import type { CompositeAlarm } from '@aws-sdk/client-cloudwatch';
import type { Finding } from '../finding.ts';
import { AS_FLAGS, type SettingWords } from '../setting-words.ts';

/**
 * What is to be said of an alarm that was named and is no metric alarm: there is none, or it is a composite one, which
 * has no metric of its own to examine. Pure.
 * @param say how whoever is told names alarms
 */
export function examineNonMetricAlarm(
  name: string,
  composite: CompositeAlarm | undefined,
  say: SettingWords = AS_FLAGS,
): Finding {
  const subject = `alarm ${name}`;
  if (composite === undefined) {
    return {
      severity: 'blocking',
      check: 'no-such-alarm',
      subject,
      message: `There is no alarm ${name} in this account and region.`,
      next: `Check the name given to ${say('alarm')}, and the region.`,
    };
  }
  if (composite.StateValue === 'ALARM') {
    return {
      severity: 'blocking',
      check: 'already-in-alarm',
      subject,
      message: 'It is in ALARM now: an update guarded by it would be rolled back at once.',
      next: 'Wait until it is OK, or remove its cause.',
    };
  }
  return {
    severity: 'warning',
    check: 'composite-alarm',
    subject,
    message: `It is a composite alarm (${composite.AlarmRule ?? 'its rule is not shown'}): AWS does not document whether SageMaker acts on those, and the alarms behind it were not examined.`,
    next: `Name the metric alarms themselves with ${say('alarm')}.`,
  };
}
