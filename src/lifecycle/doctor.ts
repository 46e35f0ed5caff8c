import { readFile } from 'node:fs/promises';
import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { compositeAlarms, listAlarms } from '../aws/alarms.ts';
import { describeAlarms } from '../aws/cloudwatch.ts';
import { unseenArtifact } from '../resources/artifact/check-remote.ts';
import { orUnseen, type Unseen, unseenWords } from '../aws/unseen.ts';
import { MINUTE } from '../base/units.ts';
import type { Aws } from '../aws/clients.ts';
import { experimentOn } from '../aws/experiments.ts';
import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { environmentError, usageError } from '../base/errors.ts';
import { lines, shown, text } from '../base/text.ts';
import { examineAlarm, type GuardedUpdate, isLeftOver, leftOver } from '../guard/alarms/check.ts';
import { parseAlarmFile } from '../guard/alarms/file.ts';
import { examineEndpoint } from '../guard/doctor/endpoint.ts';
import { examineNonMetricAlarm } from '../guard/alarms/lookup.ts';
import type { Finding } from '../guard/finding.ts';
import type { Size } from '../guard/strategy.ts';
import { batchNames } from './batch/store.ts';
import { readBaseline } from './guarded-update/fleet-metrics.ts';
import { type Live, readLive } from '../resources/live.ts';
import { existing, replay } from '../state/replay.ts';
import { positionOf } from '../state/rollouts.ts';
import { type UpdateStarted, unfinishedUpdate } from '../state/updates.ts';
import { prunable } from './prune.ts';
import { releaseOfShadow, releaseUnderWay } from './release/under-way.ts';
import {
  type DamagedJournal,
  damagedProblem,
  type EndpointSession,
  journalsHere,
  type Session,
  viewEndpoint,
} from './session.ts';
import { athenaFindings } from './warehouse/doctor.ts';
import { factsOfLive, scalingOf } from './standing.ts';
import { lookAtLiveArtifact } from './live-artifact.ts';

export interface DoctorOptions {
  endpoint: string;
  /** Alarms by name; none: every alarm on this endpoint. */
  alarms: readonly string[];
  /** Path of a JSON file with alarms that need not exist yet. */
  file: string | undefined;
  /** The bake the alarms are to fire in, in seconds. */
  bakeSeconds: number;
  /** How much of the fleet goes first. */
  canarySize: Size;
  /** The config a new fleet will run, where the alarms name one. */
  configName: string | undefined;
  /** Ask IAM what will be denied, too. */
  permissions: boolean;
}

/**
 * The endpoints that doctor looks at where none is named: all that have a journal here, and of which anything may stand.
 * @throws Problem (cannot-run) where there is none
 */
export async function endpointsHere(session: Session): Promise<{ endpoints: string[]; damaged: DamagedJournal[] }> {
  const { region } = (await session.aws()).target;
  const { account, journals, damaged } = await journalsHere(session);
  const standing = journals.filter(({ moved, events }) => !moved && !replay(events).clean);
  if (standing.length > 0) return { endpoints: standing.map(({ endpoint }) => endpoint), damaged };
  const problem = damagedProblem(damaged);
  if (problem !== undefined) throw problem;
  throw environmentError(
    `shadowctl manages no endpoint in account ${account}, ${region}, from this folder, and none was named.`,
    lines(
      text`Name any endpoint: ${shown('doctor', { endpoint: 'NAME' })}`,
      ...(await batchNames(session)).map((batch) => text`A batch needs none: ${shown('batch status', { batch })}`),
    ),
  );
}

/** Finds out which alarms can never fire, and what else would spoil an update. */
export function examine(session: Session, options: DoctorOptions): Promise<Finding[]> {
  return viewEndpoint(session, options.endpoint, async (on) => {
    const { aws, state } = on;
    const unseen: Unseen[] = [];
    const note = (one: Unseen) => {
      if (!unseen.some(({ what }) => what === one.what)) unseen.push(one);
    };
    const live = await readLive(aws, options.endpoint, session.signal, note);
    // Permissions can be asked for before there is anything.
    if (live === undefined && options.permissions) return deniedFindings(on, undefined);
    if (live === undefined) throw endpointNotFound(aws.target, options.endpoint);
    const findings = await examineLive(on, live, { ...options, underWay: unfinishedUpdate(state())?.started }, note);
    findings.push(...(await athenaFindings(session, options.endpoint, note)));
    if (options.permissions) findings.push(...(await deniedFindings(on, live)));
    return [...findings, ...unseen.map((one) => unseenFinding(options.endpoint, one))];
  });
}

/** What IAM will deny to whoever runs shadowctl, and to the role that the models run with. */
async function deniedFindings(
  { aws, account, endpoint, session }: EndpointSession,
  live: Live | undefined,
): Promise<Finding[]> {
  const { permissionFindings } = await import('./permissions/check.ts');
  const project = await session.project();
  const place = {
    region: aws.target.region,
    account,
    endpoint,
    role: live?.model?.ExecutionRoleArn ?? project.role,
    buckets: [],
    topics: [],
    athena: project.athena,
  };
  return permissionFindings(aws, place, session.signal);
}

/** What production and its shadow were asked since that came; the newest minutes may not be there yet. */
async function copiesOf({ aws, session }: EndpointSession, live: Live, production: string) {
  const [{ VariantName: shadow } = {}] = live.config?.ShadowProductionVariants ?? [];
  const now = session.clock.now();
  const since = live.endpoint.LastModifiedTime?.getTime() ?? now;
  const minutes = Math.min(60, Math.floor((now - since) / MINUTE));
  if (shadow === undefined || minutes < 1) return undefined;
  const asked = async (variant: string) => {
    const watched = { endpoint: live.name, variant, config: live.endpoint.EndpointConfigName };
    return (await readBaseline(aws, watched, 'p90', now, minutes, session.signal)).requests;
  };
  return { requests: await asked(production), copies: await asked(shadow), minutes };
}

/** What was not looked at may hide anything: it is said, and is no reason to be calm. */
function unseenFinding(endpoint: string, unseen: Unseen): Finding {
  return { severity: 'warning', check: 'not-seen', subject: `endpoint ${endpoint}`, message: unseenWords(unseen) };
}

async function examineLive(
  on: EndpointSession,
  live: Live,
  options: DoctorOptions & { underWay: UpdateStarted | undefined },
  note: (one: Unseen) => void,
): Promise<Finding[]> {
  const { session, aws, state } = on;
  const variant =
    live.config?.ProductionVariants?.[0]?.VariantName ?? live.endpoint.ProductionVariants?.[0]?.VariantName ?? '';
  const liveConfig = live.endpoint.EndpointConfigName;
  const watched = { endpoint: options.endpoint, variant, config: liveConfig };
  const now = session.clock.now();
  const baseline = await orUnseen(
    'the metrics of the last hour',
    () => readBaseline(aws, watched, 'p90', now, 60, session.signal),
    note,
  );
  const update: GuardedUpdate = {
    endpoint: options.endpoint,
    variant,
    // Alarms that guard what is under way watch the fleet that is coming.
    newConfig: options.configName ?? options.underWay?.requested,
    liveConfig,
    bakeSeconds: options.bakeSeconds,
    firstShare: firstShare(live, options),
    requestsPerMinute:
      baseline === undefined || baseline.activeMinutes === 0 ? undefined : baseline.requests / baseline.activeMinutes,
  };
  const underWay = releaseUnderWay(state(), options.endpoint);
  const findings = examineEndpoint({
    ...(await factsOfLive(on, live, note)),
    scaling: await scalingOf(aws, live, note, session.signal),
    experiment: await orUnseen(
      'inference experiments: whether one has it',
      () => experimentOn(aws, options.endpoint, session.signal),
      note,
    ),
    requests: baseline?.requests,
    copied: baseline && (await copiesOf(on, live, variant)),
    underWay: options.underWay,
    release: underWay && {
      text: underWay.text,
      next: underWay.next,
      shadow: releaseOfShadow(state(), liveConfig) !== undefined,
    },
    rollout: positionOf(state())?.rollout,
  });
  findings.push(...(await artifactFindings(on, live, note)));
  const unneeded = await orUnseen('what could be pruned', () => prunable(on, live), note);
  if (unneeded !== undefined && unneeded.length > 0)
    findings.push({
      severity: 'note',
      check: 'prunable',
      subject: `endpoint ${options.endpoint}`,
      message: `${unneeded.length} configs, models and uploads from shadowctl are not needed any more, as far as this endpoint tells.`,
      next: text`See what can go: ${shown('prune', { endpoint: options.endpoint, plan: true })}`,
    });
  const alarms = await orUnseen('the alarms on it', () => chosenAlarms(session, aws, options), note);
  if (alarms === undefined) return findings;
  const others = options.alarms.filter((name) => !alarms.some((alarm) => alarm.AlarmName === name));
  const composites = await compositeAlarms(aws, others, session.signal);
  for (const name of others)
    findings.push(
      examineNonMetricAlarm(
        name,
        composites.find((alarm) => alarm.AlarmName === name),
      ),
    );
  if (alarms.length === 0 && options.alarms.length === 0) {
    findings.push({
      severity: 'note',
      check: 'no-alarms',
      subject: `endpoint ${options.endpoint}`,
      message: 'No alarm watches it: SageMaker would never roll back an update because of its answers.',
      next: 'A canary creates three for each update.',
    });
  }
  const ours = existing(state(), 'alarm').flatMap(({ ref, adopted }) => (adopted ? [] : [ref.name]));
  // What was named is examined for what it can do.
  const unasked = options.alarms.length === 0 && options.file === undefined;
  const past = alarms.filter((alarm) => unasked && ours.includes(alarm.AlarmName ?? '') && isLeftOver(alarm, update));
  const leftovers = leftOver(past, options.endpoint);
  if (leftovers !== undefined) findings.push(leftovers);
  for (const alarm of alarms) if (!past.includes(alarm)) findings.push(...examineAlarm(alarm, update));
  return findings;
}

/** Whether the image of the model that runs can read its artifact. */
async function artifactFindings(
  { aws, endpoint, session }: EndpointSession,
  live: Live,
  note: (one: Unseen) => void,
): Promise<Finding[]> {
  const seen = await lookAtLiveArtifact(aws, live, session.signal);
  if (seen === undefined) return [];
  const subject = `endpoint ${endpoint}`;
  if (seen.kind === 'unreadable')
    return [
      {
        severity: 'warning',
        check: 'artifact-unreadable',
        subject,
        message: `The model that runs: ${seen.words}`,
        next: 'Compare its answers with those of the model outside of SageMaker, before anything is judged by them; then bring it behind an image that reads it.',
      },
    ];
  const { uri } = seen.artifact;
  if (seen.artifact.why === 'too-large')
    return [
      {
        severity: 'note',
        check: 'artifact-too-large',
        subject,
        message: `The artifact of the model that runs (${uri}) is too large to be looked into (${seen.artifact.bytes} bytes): whether its image can read it is unknown.`,
      },
    ];
  note(unseenArtifact(uri));
  return [];
}

function firstShare(live: Live, { canarySize }: DoctorOptions): number {
  const fleet = live.endpoint.ProductionVariants?.[0]?.DesiredInstanceCount ?? 1;
  const share = canarySize.unit === 'percent' ? canarySize.value / 100 : canarySize.value / Math.max(1, fleet);
  return Math.min(1, share);
}

async function chosenAlarms(session: Session, aws: Aws, options: DoctorOptions): Promise<MetricAlarm[]> {
  const fromFile = options.file === undefined ? [] : parseAlarmFile(options.file, await readText(options.file));
  if (options.alarms.length > 0) return [...fromFile, ...(await describeAlarms(aws, options.alarms, session.signal))];
  if (options.file !== undefined) return fromFile;
  return (await listAlarms(aws, session.signal)).filter((alarm) => watches(alarm, options.endpoint));
}

/** Is it on a metric of this endpoint? */
export function watches(alarm: MetricAlarm, endpoint: string): boolean {
  const own = alarm.Dimensions ?? [];
  const inner = (alarm.Metrics ?? []).flatMap((query) => query.MetricStat?.Metric?.Dimensions ?? []);
  return [...own, ...inner].some((dimension) => dimension.Name === 'EndpointName' && dimension.Value === endpoint);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw usageError(
      code === 'ENOENT' ? `--file: there is no file ${path}.` : `--file: ${path} cannot be read (${code}).`,
      'Name a JSON file of PutMetricAlarm inputs, or of what describe-alarms prints.',
      error,
    );
  }
}
