import { compositeAlarms } from '../../aws/alarms.ts';
import { describeAlarms } from '../../aws/cloudwatch.ts';
import type { Aws } from '../../aws/clients.ts';
import { environmentError } from '../../base/errors.ts';
import { latencyMinutes } from '../../guard/alarms/plan.ts';
import { examineNonMetricAlarm } from '../../guard/alarms/lookup.ts';
import { type MetricsMinute, fleetMinutes, readBaseline } from '../guarded-update/fleet-metrics.ts';
import {
  lacksStatistic,
  limitedStatistic,
  missingStatistic,
  namesStatistic,
  settleLimits,
} from '../../guard/thresholds.ts';
import type { RolloutLimits } from '../../state/rollouts.ts';
import type { GuardOptions } from '../guarded-update/start.ts';
import type { Session } from '../session.ts';
import { milliseconds, percent, timeOfDay } from '../../base/units.ts';

/** What returns all requests to production at once, in addition to the policy. */
export type RolloutGuard = Pick<GuardOptions, 'limits' | 'baselineMinutes' | 'alarms'>;

/**
 * The limits that were asked for, a relative one settled against production as it is now.
 * @throws Problem where an alarm does not exist or is in ALARM already, or there is nothing to compare with
 */
export async function settleRolloutLimits(
  session: Session,
  production: { endpoint: string; variant: string; config: string },
  guard: RolloutGuard,
  bakeSeconds: number,
): Promise<RolloutLimits> {
  const aws = await session.aws();
  const { limits, baselineMinutes, alarms } = guard;
  for (const { name, firing, found } of await alarmStates(aws, alarms, session.signal)) {
    if (!found)
      throw environmentError(
        examineNonMetricAlarm(name, undefined).message,
        'Check the name given to --alarm, and the region.',
      );
    if (firing !== undefined)
      throw environmentError(
        `The alarm ${name} is in ALARM now: this rollout would be rolled back at once.`,
        'Wait until it is OK, or remove its cause.',
      );
  }
  const chosen: RolloutLimits = { rate5xx: limits.max5xxRate, rate4xx: limits.max4xxRate, alarms };
  if (!namesStatistic(limits)) return chosen;
  const statistic = limitedStatistic(limits);
  const now = session.clock.now();
  const baseline = await readBaseline(aws, production, statistic, now, baselineMinutes, session.signal);
  if (lacksStatistic(baseline))
    throw environmentError(missingStatistic(statistic, baseline), 'Limit the mean instead: --max-latency avg=250ms');
  const settled = settleLimits(limits, baseline);
  if ('missing' in settled)
    throw environmentError(settled.missing, 'Give an absolute limit instead: --max-latency p99=250ms');
  return { ...chosen, latency: { ...settled.latency, minutes: latencyMinutes(bakeSeconds) } };
}

/** Which limits the candidate's minutes exceed, a sentence for each. Pure. @param metric the name of the latency */
export function exceeded(
  minutes: readonly MetricsMinute[],
  limits: Omit<RolloutLimits, 'alarms'>,
  metric = 'ModelLatency',
): string[] {
  const reasons: string[] = [];
  const rate = (code: '5XX' | '4XX', limit: number | undefined, failures: (minute: MetricsMinute) => number) => {
    if (limit === undefined) return;
    const worst = minutes.find((minute) => minute.requests > 0 && failures(minute) / minute.requests > limit);
    if (worst === undefined) return;
    const share = percent(failures(worst) / worst.requests);
    reasons.push(
      `At ${timeOfDay(worst.at)} ${share} of ${worst.requests} requests were answered ${code}; the limit is ${percent(limit)}.`,
    );
  };
  rate('5XX', limits.rate5xx, (minute) => minute.errors5xx);
  rate('4XX', limits.rate4xx, (minute) => minute.errors4xx);
  const { latency } = limits;
  let run = 0;
  for (const minute of latency === undefined ? [] : minutes) {
    run = latency !== undefined && (minute.latencyMs ?? 0) > latency.milliseconds ? run + 1 : 0;
    if (latency === undefined || run < latency.minutes) continue;
    reasons.push(
      `${metric} ${latency.statistic} was ${milliseconds(minute.latencyMs ?? 0)} at ${timeOfDay(minute.at)}, above ${milliseconds(latency.milliseconds)} for ${run} minutes in a row.`,
    );
    break;
  }
  return reasons;
}

/**
 * Looks at limits and alarms once.
 * @param began when the candidate first took requests, ms since the epoch
 * @returns why it must be taken back; empty where nothing speaks against it
 */
export async function lookAtLimits(
  session: Session,
  candidate: { endpoint: string; variant: string },
  limits: RolloutLimits,
  began: number,
): Promise<string[]> {
  const { signal, clock } = session;
  const aws = await session.aws();
  const firing = (await alarmStates(aws, limits.alarms, signal)).filter((alarm) => alarm.firing !== undefined);
  const reasons = firing.map(({ name, firing: why }) => `The alarm ${name} is in ALARM: ${why}`);
  if (limits.rate5xx === undefined && limits.rate4xx === undefined && limits.latency === undefined) return reasons;
  const watched = { ...candidate, config: undefined };
  const window = { start: began, end: clock.now() };
  const [minutes = []] = await fleetMinutes(aws, [watched], limits.latency?.statistic ?? 'Average', window, signal);
  return [...reasons, ...exceeded(minutes, limits)];
}

/** Metric alarms and composite ones alike: here nobody but this command has to understand them. */
async function alarmStates(
  aws: Aws,
  names: readonly string[],
  signal: AbortSignal,
): Promise<{ name: string; found: boolean; firing: string | undefined }[]> {
  if (names.length === 0) return [];
  const metric = await describeAlarms(aws, names, signal);
  const missing = names.filter((name) => !metric.some((alarm) => alarm.AlarmName === name));
  const all = [...metric, ...(await compositeAlarms(aws, missing, signal))];
  return names.map((name) => {
    const found = all.find((alarm) => alarm.AlarmName === name);
    const firing = found?.StateValue === 'ALARM' ? (found.StateReason ?? 'no reason given') : undefined;
    return { name, found: found !== undefined, firing };
  });
}
