import type { Aws } from '../../aws/clients.ts';
import { describeAlarms } from '../../aws/cloudwatch.ts';
import { environmentError } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { duration, SECOND } from '../../base/units.ts';
import type { Session } from '../session.ts';

/** A fresh or a changed alarm is evaluated within a minute or two; more means that it really fires. */
const MAX_WAIT_SECONDS = 300;

/**
 * Waits until none of the alarms is in ALARM and, as far as that comes in time, all have been evaluated.
 * PutMetricAlarm leaves the state of an alarm as it was, so after a rollback the old ALARM stands for a while, and an
 * update started then would be rolled back at once.
 * @param own alarms shadowctl has just written; others must not be in ALARM to begin with
 * @throws Problem when one is still in ALARM after five minutes
 */
export async function waitUntilQuiet(
  { clock, signal, emit }: Pick<Session, 'clock' | 'signal' | 'emit'>,
  aws: Aws,
  endpoint: string,
  own: readonly string[],
): Promise<void> {
  const start = clock.now();
  let reported = '';
  for (;;) {
    const alarms = await describeAlarms(aws, own, signal);
    const firing = alarms.filter((alarm) => alarm.StateValue === 'ALARM').map((alarm) => alarm.AlarmName ?? '');
    const unevaluated = alarms.filter((alarm) => alarm.StateValue !== 'OK' && alarm.StateValue !== 'ALARM').length;
    if (firing.length === 0 && unevaluated === 0) return;
    const waited = (clock.now() - start) / 1000;
    if (waited >= MAX_WAIT_SECONDS) {
      // No traffic at all can leave an alarm without data; that alone is no reason to refuse.
      if (firing.length === 0) return;
      throw environmentError(
        `Still in ALARM after ${duration(waited * SECOND)}: ${firing.join(', ')}. An update started now would be rolled back at once.`,
        text`Look at what fires: ${shown('doctor', { endpoint })}`,
      );
    }
    // Told again only when it changes: the count does not matter while an alarm fires.
    const key = firing.length > 0 ? firing.join() : String(unevaluated);
    if (key !== reported) emit({ kind: 'alarms-awaited', firing, unevaluated });
    reported = key;
    await clock.sleep(10_000, signal);
  }
}
