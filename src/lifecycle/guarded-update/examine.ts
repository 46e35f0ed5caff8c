import { compositeAlarms } from '../../aws/alarms.ts';
import { describeAlarms } from '../../aws/cloudwatch.ts';
import type { Unseen } from '../../aws/unseen.ts';
import { environmentError } from '../../base/errors.ts';
import { duration, durationFlag, SECOND } from '../../base/units.ts';
import { examineAlarm } from '../../guard/alarms/check.ts';
import { examineNonMetricAlarm } from '../../guard/alarms/lookup.ts';
import { alarmNames, latencyMinutes, type PlannedAlarm, planAlarms, secondsToFire } from '../../guard/alarms/plan.ts';
import { capacityOf, countIn } from '../../guard/capacity.ts';
import { turnsOnObservability } from '../../guard/observability.ts';
import { type EndpointFacts, examineEndpoint, foreignRegion } from '../../guard/doctor/endpoint.ts';
import { firstBake, preflight, type PreflightFacts } from '../../guard/doctor/preflight.ts';
import { blocking, type Finding } from '../../guard/finding.ts';
import { AS_FLAGS, OF_RELEASE, type SettingWords } from '../../guard/setting-words.ts';
import type { Strategy } from '../../guard/strategy.ts';
import {
  lacksStatistic,
  type LimitRequest,
  limitedStatistic,
  MEAN,
  missingStatistic,
  namesStatistic,
  settleLimits,
} from '../../guard/thresholds.ts';
import { refuseForeignAlarms } from '../../resources/apply.ts';
import type { Live } from '../../resources/live.ts';
import { ownRuns } from '../../state/replay.ts';
import { type EndpointSession } from '../session.ts';
import { pricesOf } from '../prices.ts';
import { factsOfLive, scalingOf } from '../standing.ts';
import { readBaseline } from './fleet-metrics.ts';

/** What is to be updated, as far as the examination must know. */
interface Examined {
  endpoint: string;
  variant: string;
  liveConfig: string;
  newConfig: string;
  instanceType: string | undefined;
  modelPackage: string | undefined;
  strategy: Strategy;
  bringsTraffic: boolean;
  live: Live;
  /** The image of the new model, where the update brings one. */
  newImage: string | undefined;
}

/**
 * Reads how the fleet that runs now does, decides limits and alarms from it, and examines the update before anything
 * is created.
 * @throws Problem where a relative limit has nothing to compare with, or our alarms' names belong to somebody else
 */
export async function examineUpdate(
  on: EndpointSession,
  guard: {
    limits: LimitRequest;
    baselineMinutes: number;
    alarms: readonly string[];
    say?: SettingWords | undefined;
  },
  update: Examined,
): Promise<{ alarms: PlannedAlarm[]; findings: Finding[] }> {
  const { aws, account } = on;
  const { say = AS_FLAGS } = guard;
  const { clock, signal } = on.session;
  const live = { endpoint: update.endpoint, variant: update.variant, config: update.liveConfig };
  const asked = limitedStatistic(guard.limits);
  const read = (statistic: string) => readBaseline(aws, live, statistic, clock.now(), guard.baselineMinutes, signal);
  const first = await read(asked);
  const lacks = lacksStatistic(first);
  if (lacks && namesStatistic(guard.limits))
    throw environmentError(
      missingStatistic(asked, first),
      `Limit the mean instead: ${say('max-latency', 'avg=250ms')}`,
    );
  const statistic = lacks ? MEAN : asked;
  const baseline = lacks ? await read(statistic) : first;
  const limits = settleLimits(guard.limits, baseline, statistic, say);
  if ('missing' in limits)
    throw environmentError(limits.missing, `Give an absolute limit instead: ${say('max-latency', 'p99=250ms')}`);
  const fleet = { endpoint: update.endpoint, variant: update.variant, config: update.newConfig };
  const alarms = planAlarms(fleet, limits, firstBake(update.strategy));
  const runs = ownRuns(on.state());
  await refuseForeignAlarms(aws, Object.values(alarmNames(on.endpoint)), on.endpoint, runs);
  const found = guard.alarms.length === 0 ? [] : await describeAlarms(aws, guard.alarms, signal);
  const others = guard.alarms.filter((name) => !found.some((alarm) => alarm.AlarmName === name));
  const composites = await compositeAlarms(aws, others, signal);
  const unseen = (one: Unseen) => on.session.emit({ kind: 'not-seen', unseen: one });
  const scaling = await scalingOf(aws, update.live, unseen, signal);
  const shadows = update.live.config?.ShadowProductionVariants ?? [];
  const facts: PreflightFacts = {
    ...update,
    say,
    released: say === OF_RELEASE,
    prices: await pricesOf(on.session, [update]),
    observability: turnsOnObservability(update.live.config, clock.now()),
    carriesShadow: shadows.length > 0,
    besides: capacityOf([{ config: { ShadowProductionVariants: shadows }, scaled: countIn(update.live.endpoint) }]),
    scaled: scaling?.find(({ variant }) => variant === update.variant),
    account,
    limits,
    baseline,
    alarms: alarms.map(({ input }) => input),
    teamAlarms: guard.alarms.map((name) => ({
      name,
      found: found.find((alarm) => alarm.AlarmName === name),
      composite: composites.find((alarm) => alarm.AlarmName === name),
    })),
    endpointFindings: [
      ...examineEndpoint({ ...(await endpointFacts(on, update, baseline.requests)), say }),
      ...foreignImage(update, aws.target.region),
    ],
  };
  return { alarms, findings: preflight(facts) };
}

/**
 * What would leave an update unguarded that comes later, by its settings alone: alarms that cannot fire while the new fleet bakes, or
 * that are not there. What passes by itself, such as an alarm that fires now, is not looked at.
 */
export async function examineAhead(
  { aws, session }: EndpointSession,
  guard: { alarms: readonly string[]; say?: SettingWords | undefined },
  update: Pick<Examined, 'endpoint' | 'variant' | 'liveConfig' | 'strategy'>,
): Promise<Finding[]> {
  const { say = AS_FLAGS } = guard;
  const { strategy, endpoint } = update;
  const bakeSeconds = firstBake(strategy);
  // Of shadowctl's own alarms that on latency looks at the most minutes.
  const takes = secondsToFire(latencyMinutes(bakeSeconds));
  const own: Finding[] =
    takes <= bakeSeconds
      ? []
      : [
          {
            severity: 'blocking',
            check: 'longer-than-bake',
            subject: `endpoint ${endpoint}`,
            message: `Its alarms need about ${duration(takes * SECOND)} until all of them can fire, and the new fleet bakes for ${duration(bakeSeconds * SECOND)}: nothing would guard the update.`,
            next: `Use ${say('bake', durationFlag(takes * SECOND))} or more.`,
          },
        ];
  const found = guard.alarms.length === 0 ? [] : await describeAlarms(aws, guard.alarms, session.signal);
  const others = guard.alarms.filter((name) => !found.some((alarm) => alarm.AlarmName === name));
  const composites = await compositeAlarms(aws, others, session.signal);
  const guarded = {
    ...{ endpoint, variant: update.variant, liveConfig: update.liveConfig, newConfig: undefined, bakeSeconds },
    firstShare: (strategy.stages[0] ?? strategy.fleet) / Math.max(1, strategy.fleet),
    requestsPerMinute: undefined,
  };
  const teams = [
    ...found.flatMap((alarm) => examineAlarm(alarm, guarded)),
    ...others.map((name) =>
      examineNonMetricAlarm(
        name,
        composites.find((one) => one.AlarmName === name),
        say,
      ),
    ),
  ];
  return [...own, ...blocking(teams).filter(({ check }) => check !== 'already-in-alarm')];
}

async function endpointFacts(on: EndpointSession, { live }: Examined, requests: number): Promise<EndpointFacts> {
  const note = (unseen: Unseen) => on.session.emit({ kind: 'not-seen', unseen });
  return { ...(await factsOfLive(on, live, note)), requests };
}

/** The new model's image is examined as the live one's is. */
function foreignImage({ endpoint, live, newImage }: Examined, here: string): Finding[] {
  const there = foreignRegion(newImage ?? '', here);
  if (there === undefined || newImage === live.model?.PrimaryContainer?.Image) return [];
  return [
    {
      severity: 'warning',
      check: 'new-image-region',
      subject: `endpoint ${endpoint}`,
      message: `The new model's image is in ${there} (${newImage}), and the endpoint in ${here}: SageMaker pulls images only from its own region.`,
      next: `Use the image's registry in ${here}.`,
    },
  ];
}
