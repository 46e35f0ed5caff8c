import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import type { App } from '../../app.ts';
import { compositeAlarms } from '../../aws/alarms.ts';
import { alarmTags, describeAlarms } from '../../aws/cloudwatch.ts';
import type { Aws } from '../../aws/clients.ts';
import { cannotRun } from '../../base/errors.ts';
import { alarmNames, planAlarms } from '../../guard/alarms/plan.ts';
import { type EndpointFacts, examineEndpoint, foreignRegion } from '../../guard/doctor/endpoint.ts';
import { blocking, type Finding, worstFirst } from '../../guard/finding.ts';
import { readBaseline } from '../../lifecycle/guarded-update/fleet-metrics.ts';
import { firstBake, preflight, type PreflightFacts } from '../../guard/doctor/preflight.ts';
import type { Strategy } from '../../guard/strategy.ts';
import { limitedStatistic, settleLimits } from '../../guard/thresholds.ts';
import { trackedResource, type State } from '../../state/replay.ts';
import type { Live } from '../../resources/live.ts';
import { isOurs } from '../../resources/tags.ts';
import { paint } from '../../ui/theme.ts';
import { text } from '../../base/text.ts';
import { isCommand, layout, wrap } from '../../ui/wrap.ts';
import { artifactExists } from '../../resources/artifact/check-remote.ts';
import type { GuardOptions } from '../../cli/flags/guard.ts';

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
  app: App,
  place: { aws: Aws; account: string; state: State },
  guard: GuardOptions,
  update: Examined,
): Promise<{ alarms: PutMetricAlarmCommandInput[]; findings: Finding[] }> {
  const { aws } = place;
  const live = { endpoint: update.endpoint, variant: update.variant, config: update.liveConfig };
  const baseline = await readBaseline(
    aws,
    live,
    limitedStatistic(guard.limits),
    app.clock.now(),
    guard.baselineMinutes,
    app.signal,
  );
  const limits = settleLimits(guard.limits, baseline);
  if ('missing' in limits) throw cannotRun(limits.missing, 'Give an absolute limit instead: --max-latency p99=250ms');
  const fleet = { endpoint: update.endpoint, variant: update.variant, config: update.newConfig };
  const alarms = planAlarms(fleet, limits, firstBake(update.strategy));
  await refuseForeignAlarms(place, update.endpoint);
  const found = guard.alarms.length === 0 ? [] : await describeAlarms(aws, guard.alarms, app.signal);
  const others = guard.alarms.filter((name) => !found.some((alarm) => alarm.AlarmName === name));
  const composites = await compositeAlarms(aws, others, app.signal);
  const facts: PreflightFacts = {
    ...update,
    account: place.account,
    limits,
    baseline,
    alarms,
    teamAlarms: guard.alarms.map((name) => ({
      name,
      found: found.find((alarm) => alarm.AlarmName === name),
      composite: composites.find((alarm) => alarm.AlarmName === name),
    })),
    endpointFindings: [
      ...examineEndpoint(await endpointFacts(aws, update, baseline.requests)),
      ...foreignImage(update, aws.target.region),
    ],
  };
  return { alarms, findings: preflight(facts) };
}

async function endpointFacts(aws: Aws, { live, endpoint }: Examined, requests: number): Promise<EndpointFacts> {
  return {
    name: endpoint,
    region: aws.target.region,
    endpoint: live.endpoint,
    config: live.config,
    model: live.model,
    artifactThere: await artifactExists(aws, live.model?.PrimaryContainer?.ModelDataUrl),
    requests,
  };
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
      message: `The new model's image lies in ${there} (${newImage}), and the endpoint in ${here}: SageMaker pulls images only from its own region.`,
      next: `Use the image's registry in ${here}.`,
    },
  ];
}

/** PutMetricAlarm overwrites without a word: an alarm of that name that is not ours must not be touched. */
async function refuseForeignAlarms(place: { aws: Aws; state: State }, endpoint: string): Promise<void> {
  const names = Object.values(alarmNames(endpoint));
  for (const alarm of await describeAlarms(place.aws, names)) {
    const name = alarm.AlarmName ?? '';
    if (trackedResource(place.state, { kind: 'alarm', name })?.state === 'exists') continue;
    const runs = place.state.runs.map((one) => one.run);
    if (isOurs(await alarmTags(place.aws, alarm.AlarmArn ?? ''), endpoint, runs)) continue;
    throw cannotRun(
      `There is an alarm ${name} that shadowctl did not create, and it needs that name.`,
      'Rename or delete that alarm.',
    );
  }
}

const MARKS = {
  blocking: ['✖', 'bad'],
  warning: ['!', 'warning'],
  note: ['·', 'quiet'],
  ok: ['✔', 'good'],
} as const;

/** A finding and what to do about it, in lines that fit. */
export function showFinding(io: Pick<App['io'], 'color' | 'columns' | 'command'>, finding: Finding): string[] {
  const [mark, meaning] = MARKS[finding.severity];
  const [head = '', ...more] = wrap(`${finding.subject}: ${finding.message}`, io.columns - 2);
  const lines = [`${paint(io, meaning, mark)} ${head}`, ...more.map((line) => `  ${line}`)];
  if (finding.next === undefined) return lines;
  if (typeof finding.next === 'string' && isCommand(finding.next)) return [...lines, `    ${finding.next}`];
  return [...lines, ...layout(text`    ${finding.next}`, io.columns, '    ', io.command)];
}

/**
 * Shows what was found, the worst first.
 * @throws Problem where a finding would make the guardrail a lie and is not overruled
 */
export function heedFindings(app: App, findings: readonly Finding[], force: boolean): void {
  for (const finding of worstFirst(findings)) {
    if (finding.severity === 'ok') continue;
    for (const line of showFinding(app.io, finding)) app.io.err(line);
  }
  const stops = blocking(findings);
  if (stops.length === 0) return;
  if (force) {
    app.io.err(`${paint(app.io, 'warning', '!')} Going on all the same (--force).`);
    return;
  }
  throw cannotRun(
    `Nothing was changed: ${stops.length === 1 ? 'a finding' : `${stops.length} findings`} would make this update unguarded (${stops.map((finding) => `${finding.subject}: ${finding.check}`).join(', ')}).`,
    'Mend what is marked ✖ above, or overrule it with --force.',
  );
}
