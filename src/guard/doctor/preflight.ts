import type { CompositeAlarm, MetricAlarm, PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { examineAlarm, type GuardedUpdate } from '../alarms/check.ts';
import { latencyMinutes, secondsToFire } from '../alarms/plan.ts';
import { shownStart, text } from '../../base/text.ts';
import type { Finding } from '../finding.ts';
import { examineNonMetricAlarm } from '../alarms/lookup.ts';
import { type Capacity, capacityWords } from '../capacity.ts';
import { OBSERVABILITY } from '../observability.ts';
import { hourlyCost, type PriceList } from '../prices.ts';
import { frozenFinding, type Scaled } from '../scaling.ts';
import { AS_FLAGS, type GuardSetting, type SettingWords } from '../setting-words.ts';
import { instances, type Strategy } from '../strategy.ts';
import { type Baseline, brokenMinutes, type Limits } from '../thresholds.ts';
import { counted, duration, durationFlag, milliseconds, percent, SECOND } from '../../base/units.ts';

/** Everything the examination before an update looks at; it touches nothing itself. */
export interface PreflightFacts {
  endpoint: string;
  variant: string;
  liveConfig: string;
  newConfig: string;
  instanceType: string | undefined;
  prices: PriceList;
  strategy: Strategy;
  limits: Limits;
  baseline: Baseline;
  /** Our alarms as they will be written. */
  alarms: readonly PutMetricAlarmCommandInput[];
  /** The team's alarms that were asked for, and what CloudWatch has of them. */
  teamAlarms: readonly { name: string; found: MetricAlarm | undefined; composite: CompositeAlarm | undefined }[];
  /** What the examination of the endpoint itself found. */
  endpointFindings: readonly Finding[];
  /** Twelve digits. */
  account: string;
  /** ARN of a model package behind the live or the new model. */
  modelPackage: string | undefined;
  /** The new config has detailed observability, which the live one does not have. */
  observability?: boolean;
  /** Instances of shadows that run besides, by type. */
  besides?: readonly Capacity[];
  /** Production scales automatically. */
  scaled?: Scaled | undefined;
  /** The endpoint carries a shadow, which the update removes. */
  carriesShadow: boolean;
  /** How whoever is told sets what is advised; by flags where it is not said. */
  say?: SettingWords | undefined;
  /** A release's: nobody is asked, and there are no flags. */
  released?: boolean | undefined;
  /** True when shadowctl itself will send traffic meanwhile. */
  bringsTraffic: boolean;
}

/** The first stage is the one that protects: its alarms must be able to fire before it is over. */
export function firstBake(strategy: Strategy): number {
  return strategy.stages.length > 1 ? strategy.bakeSeconds : strategy.finalBakeSeconds;
}

/** What an alarm of this update is to guard. */
function guardedUpdate(
  facts: Pick<PreflightFacts, 'endpoint' | 'variant' | 'liveConfig' | 'newConfig' | 'strategy' | 'baseline'>,
): GuardedUpdate {
  return {
    endpoint: facts.endpoint,
    variant: facts.variant,
    newConfig: facts.newConfig,
    liveConfig: facts.liveConfig,
    bakeSeconds: firstBake(facts.strategy),
    firstShare: (facts.strategy.stages[0] ?? facts.strategy.fleet) / Math.max(1, facts.strategy.fleet),
    requestsPerMinute: facts.baseline.requests / Math.max(1, facts.baseline.activeMinutes),
  };
}

/** Examines an update before anything is created. */
export function preflight(facts: PreflightFacts): Finding[] {
  const update = guardedUpdate(facts);
  const findings: Finding[] = [...fallbacks(facts), ...standing(facts)];
  for (const alarm of facts.alarms) findings.push(...examineAlarm(alarm, update));
  for (const { name, found, composite } of facts.teamAlarms) {
    if (found !== undefined) findings.push(...examineAlarm(found, update));
    else findings.push(examineNonMetricAlarm(name, composite, facts.say));
  }
  if (facts.carriesShadow) findings.push(besideShadow(facts));
  if (facts.observability === true)
    findings.push({
      severity: 'note',
      check: 'observability',
      subject: `endpoint ${facts.endpoint}`,
      message: `${OBSERVABILITY.replace(/^i/, 'I')}.`,
    });
  if (facts.scaled !== undefined) findings.push(frozenFinding(facts.endpoint, facts.scaled, facts.strategy));
  findings.push(...traffic(facts), ...predecessor(facts), ...finalBake(facts), capacity(facts));
  return findings;
}

/** Where SageMaker does not refuse but silently does without the guardrail (facts 4.5). */
function fallbacks(facts: PreflightFacts): Finding[] {
  const found: Finding[] = [];
  const subject = `endpoint ${facts.endpoint}`;
  const silently = 'SageMaker would silently shift all traffic at once, without a final bake.';
  if (facts.instanceType?.startsWith('ml.inf1.')) {
    found.push({
      severity: 'blocking',
      check: 'inferentia-1',
      subject,
      message: `${facts.instanceType} (Inferentia 1) has no deployment guardrails: ${silently}`,
      next: text`Use another instance type, or ${shownStart('deploy', { endpoint: facts.endpoint })}, which states that it has no guardrail.`,
    });
  }
  const owner = /:(\d{12}):model-package\//.exec(facts.modelPackage ?? '')?.[1];
  if (owner !== undefined && owner !== facts.account) {
    found.push({
      severity: 'blocking',
      check: 'marketplace',
      subject,
      message: `The model comes from the package ${facts.modelPackage} of another account. If that is a Marketplace product, it has no deployment guardrails: ${silently}`,
      next: facts.released === true ? undefined : 'If it is a package shared with you, add --unguarded.',
    });
  }
  return found;
}

/** What is examined here with more knowledge of the update, or is refused before. */
const EXAMINED_HERE = new Set([
  'shadow-not-scaled',
  'no-traffic',
  'inferentia-1',
  'one-instance',
  'serverless',
  'in-progress',
  'broken',
]);

/** Parts of the live model without which no instance of it starts. */
const NEEDED_TO_START = new Set(['artifact-missing', 'image-missing', 'role-missing']);

/** What the doctor would say of the endpoint, as far as it bears on this update. */
function standing(facts: PreflightFacts): Finding[] {
  const { strategy, endpointFindings } = facts;
  const found = endpointFindings.filter(
    ({ severity, check }) => (severity === 'blocking' || severity === 'warning') && !EXAMINED_HERE.has(check),
  );
  // Blue/green keeps the old fleet until the end: what it was started from is needed again only where it goes batch by batch.
  return found.map((finding) =>
    NEEDED_TO_START.has(finding.check) && strategy.name !== 'rolling'
      ? { ...finding, severity: 'warning' as const }
      : finding,
  );
}

/** No source says whether guardrails go with a shadow (facts 1.6): AWS's own example names only all-at-once. */
function besideShadow({ endpoint, released }: PreflightFacts): Finding {
  const then =
    released === true
      ? 'fallback decides what the release does'
      : 'shadowctl asks you whether to remove the shadow first';
  return {
    severity: 'note',
    check: 'guardrails-beside-shadow',
    subject: `endpoint ${endpoint}`,
    message: `It carries a shadow, and AWS does not document whether SageMaker accepts a guarded update then. If SageMaker refuses it, nothing is changed, and ${then}.`,
  };
}

function traffic(facts: PreflightFacts): Finding[] {
  const { requests, minutes } = facts.baseline;
  const subject = `endpoint ${facts.endpoint}`;
  if (facts.bringsTraffic)
    return [
      {
        severity: 'note',
        check: 'own-traffic',
        subject,
        message: 'shadowctl sends traffic of its own during the update (--traffic).',
      },
    ];
  if (requests === 0) {
    return [
      {
        severity: 'warning',
        check: 'no-traffic',
        subject,
        message: `No requests in the last ${minutes} minutes: alarms see nothing, and an update without traffic proves nothing.`,
        next:
          facts.released === true
            ? text`Send traffic during the update: ${shownStart('invoke', { endpoint: facts.endpoint })}`
            : text`Send traffic during the update (--traffic FILE --rate N, or ${shownStart('invoke', { endpoint: facts.endpoint })}).`,
      },
    ];
  }
  const update = guardedUpdate(facts);
  const perMinute = (update.requestsPerMinute ?? 0) * update.firstShare;
  if (perMinute >= 10) return [];
  return [
    {
      severity: 'warning',
      check: 'little-traffic',
      subject,
      message: `At the rate of the last ${minutes} minutes (${counted(requests, 'requests')}; traffic that has just begun hardly counts yet), about ${Number(perMinute.toPrecision(2))} requests a minute will reach the first stage: a single failure is ${percent(Math.min(1, 1 / Math.max(1, perMinute)))} of a minute's requests.`,
      next: `Bake longer (${(facts.say ?? AS_FLAGS)('bake')}), or take a larger first step.`,
    },
  ];
}

/** A limit that the fleet being replaced breaks itself would roll back its equal. */
function predecessor(facts: PreflightFacts): Finding[] {
  const { baseline, limits, say = AS_FLAGS } = facts;
  const found: Finding[] = [];
  const subject = `endpoint ${facts.endpoint}`;
  const rate = (failures: number, limit: number, code: string, setting: GuardSetting) => {
    const now = failures / Math.max(1, baseline.requests);
    if (now > limit) {
      found.push({
        severity: 'warning',
        check: 'predecessor-fails',
        subject,
        message: `The fleet being replaced answers ${percent(now)} of its requests with ${code}, and the limit is ${percent(limit)}: an equally good fleet would be rolled back.`,
        next: `Raise ${say(setting)}, or find out what fails now.`,
      });
    }
  };
  rate(baseline.failures5xx, limits.rate5xx, '5XX', 'max-5xx-rate');
  rate(baseline.failures4xx, limits.rate4xx, '4XX', 'max-4xx-rate');
  const inARow = latencyMinutes(firstBake(facts.strategy));
  const struck = brokenMinutes(baseline.latency, limits.latency.milliseconds, inARow);
  if (struck > 0) {
    found.push({
      severity: 'warning',
      check: 'predecessor-slow',
      subject,
      message: `The latency alarm (${limits.latency.statistic} > ${milliseconds(limits.latency.milliseconds)}, ${inARow} minutes in a row) would have fired in ${struck} of the last ${baseline.minutes} minutes on the fleet being replaced.`,
      next: `Raise ${say('max-latency')}, or limit a lower percentile.`,
    });
  }
  return found;
}

function finalBake(facts: PreflightFacts): Finding[] {
  const { strategy, say = AS_FLAGS } = facts;
  if (strategy.stages.length < 2 || strategy.name === 'rolling' || strategy.finalBakeSeconds >= secondsToFire(1))
    return [];
  return [
    {
      severity: 'warning',
      check: 'short-final-bake',
      subject: `endpoint ${facts.endpoint}`,
      message: `With all traffic on the new fleet it is watched for ${duration(strategy.finalBakeSeconds * SECOND)}, and an alarm needs about ${duration(secondsToFire(1) * SECOND)}: a failure that appears only at full traffic is noticed after the old fleet is gone.`,
      next: `Use ${say('final-bake', durationFlag(secondsToFire(1) * SECOND))} or more.`,
    },
  ];
}

function capacity(facts: PreflightFacts): Finding {
  const { strategy } = facts;
  const extra = strategy.name === 'rolling' ? (strategy.stages[0] ?? strategy.fleet) : strategy.fleet;
  const cost =
    facts.instanceType === undefined
      ? undefined
      : hourlyCost(facts.prices, [{ instanceType: facts.instanceType, count: extra }]);
  const { besides = [] } = facts;
  const shadows = besides.reduce((sum, { count }) => sum + count, 0);
  const alike = besides.find(({ instanceType }) => instanceType === facts.instanceType)?.count ?? 0;
  const other = capacityWords(besides.filter(({ instanceType }) => instanceType !== facts.instanceType));
  return {
    severity: 'note',
    check: 'capacity',
    subject: `endpoint ${facts.endpoint}`,
    message: `While it lasts, ${instances(extra)} of ${facts.instanceType ?? 'its kind'} ${extra === 1 ? 'is' : 'are'} needed and billed in addition to the ${strategy.fleet + shadows} that run${cost === undefined ? '' : `: ${cost}`}; the account's quota must permit ${strategy.fleet + extra + alike}${other === '' ? '' : `, and ${other} for the shadow`}.`,
  };
}
