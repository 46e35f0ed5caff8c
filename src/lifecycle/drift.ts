import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { describeAlarms } from '../aws/cloudwatch.ts';
import { describeEndpointConfig } from '../aws/sagemaker.ts';
import { orUnseen, type Unseen } from '../aws/unseen.ts';
import { type CommandLine, shown } from '../base/text.ts';
import { configParts, type Drift, ruleChanges, ruleOf } from '../guard/drift.ts';
import type { Live } from '../resources/live.ts';
import type { Endpoint } from '../resources/wait.ts';
import { expected, type Expected } from '../state/expected.ts';
import { factsNamed, type FactValue, isAlarmInput } from '../state/facts.ts';
import { type JournalWriter, recordFact } from '../state/journal.ts';
import { existing, type State, trackedResource } from '../state/replay.ts';
import type { EndpointSession } from './session.ts';
import { scalingOf } from './standing.ts';

/** One thing that was changed outside shadowctl, and how it is put back. */
interface Drifted {
  drift: Drift;
  /** Undefined where what was there before no longer exists. */
  putBack: CommandLine | undefined;
}

/** What was changed outside shadowctl. */
export interface DriftFound {
  found: Drifted[];
  /** When the endpoint was changed last (ISO 8601): what differs was changed by then. */
  modified: string | undefined;
  /** Makes what stands now the state that is expected. */
  takeOver: CommandLine;
}

/**
 * What of an endpoint differs from what its journal says: config, instances, weights, alarms. Undefined where nothing does, where
 * the journal does not know what it should be, and while the endpoint is being changed.
 * @param unseen is told of what these credentials may not look at
 */
export async function driftOf(
  on: EndpointSession,
  live: Live,
  unseen: (one: Unseen) => void,
): Promise<DriftFound | undefined> {
  const { endpoint, state } = on;
  const should = expected(state());
  if (should === undefined || live.endpoint.EndpointStatus !== 'InService') return undefined;
  const found = [
    ...(await configDrift(on, live, should, unseen)),
    ...(await fleetDrift(on, live, should, unseen)),
    ...(await alarmDrift(on, should, unseen)),
  ];
  if (found.length === 0) return undefined;
  return {
    found,
    modified: live.endpoint.LastModifiedTime?.toISOString(),
    takeOver: shown('adopt', { endpoint }),
  };
}

async function configDrift(
  { aws, endpoint, session }: EndpointSession,
  live: Live,
  should: Expected,
  unseen: (one: Unseen) => void,
): Promise<Drifted[]> {
  const now = live.endpoint.EndpointConfigName;
  if (now === undefined || now === should.config || now === should.orElse) return [];
  const look = () => describeEndpointConfig(aws, should.config, session.signal);
  const before = await orUnseen(`endpoint config ${should.config}`, look, unseen);
  const parts = before === undefined || live.config === undefined ? undefined : configParts(before, live.config);
  return [
    {
      drift: { kind: 'config', before: should.config, now, parts },
      putBack: before && shown('undo', { endpoint, to: should.config }),
    },
  ];
}

async function fleetDrift(
  { aws, endpoint, session }: EndpointSession,
  live: Live,
  { stands }: Expected,
  unseen: (one: Unseen) => void,
): Promise<Drifted[]> {
  if (stands === undefined || stands.config !== live.endpoint.EndpointConfigName) return [];
  const now = fleetsOf(live.endpoint);
  const differing = (kind: 'instances' | 'weights') =>
    Object.entries(stands[kind]).flatMap(([variant, before]) => {
      const value = now[kind][variant];
      return value === undefined || value === before ? [] : [{ variant, before, now: value }];
    });
  const put = (variant: string, what: string): CommandLine => ({
    program: 'aws',
    command: 'sagemaker update-endpoint-weights-and-capacities',
    options: { 'endpoint-name': endpoint, 'desired-weights-and-capacities': `VariantName=${variant},${what}` },
    incomplete: false,
  });
  const counts = differing('instances');
  // What scales by itself was not changed by somebody.
  const scaled = counts.length === 0 ? [] : await scalingOf(aws, live, unseen, session.signal);
  return [
    ...counts
      .filter(({ variant }) => scaled !== undefined && !scaled.some((target) => target.variant === variant))
      .map((one) => ({
        drift: { kind: 'instances' as const, ...one },
        putBack: put(one.variant, `DesiredInstanceCount=${one.before}`),
      })),
    ...differing('weights').map((one) => ({
      drift: { kind: 'weight' as const, ...one },
      putBack: put(one.variant, `DesiredWeight=${one.before}`),
    })),
  ];
}

async function alarmDrift(
  { aws, session, state }: EndpointSession,
  { stands }: Expected,
  unseen: (one: Unseen) => void,
): Promise<Drifted[]> {
  const own = ownAlarms(state());
  if (own.length === 0) return [];
  const names = own.map(({ name }) => name);
  const alarms = await orUnseen('the rules of the alarms', () => describeAlarms(aws, names, session.signal), unseen);
  if (alarms === undefined) return [];
  return own.flatMap(({ name, input }): Drifted[] => {
    const alarm = alarms.find((one) => one.AlarmName === name);
    if (stands?.alarms !== undefined && stands.alarms[name] === (alarm === undefined ? null : ruleOf(alarm))) return [];
    const changed = alarm === undefined ? 'deleted' : ruleChanges(input, alarm);
    if (changed.length === 0) return [];
    const options = { 'cli-input-json': JSON.stringify(input) };
    const putBack: CommandLine = { program: 'aws', command: 'cloudwatch put-metric-alarm', options, incomplete: false };
    return [{ drift: { kind: 'alarm', alarm: name, changed }, putBack }];
  });
}

function ownAlarms(state: State) {
  return existing(state, 'alarm').flatMap(({ ref: { name }, input, adopted, state: how }) =>
    !adopted && how === 'exists' && isAlarmInput(input) ? [{ name, input }] : [],
  );
}

/**
 * Instances and weights of the production variants; a weight decides nothing where there is one variant. Whether those of a shadow
 * can be changed in place, no source says (facts 1.3).
 */
function fleetsOf({ ProductionVariants: variants = [], ShadowProductionVariants: shadows = [] }: Endpoint) {
  const instances: Record<string, number> = {};
  const weights: Record<string, number> = {};
  for (const { VariantName: name, DesiredInstanceCount: count, DesiredWeight: weight } of variants) {
    if (name === undefined) continue;
    if (count !== undefined) instances[name] = count;
    if (weight !== undefined && variants.length + shadows.length > 1) weights[name] = weight;
  }
  return { instances, weights };
}

/**
 * Writes down how an endpoint stands that is in service as it should be.
 * @param alarms of shadowctl's that are taken over as they are
 */
export async function recordStanding(
  writer: JournalWriter,
  endpoint: Endpoint,
  alarms?: FactValue<'stands'>['alarms'],
): Promise<void> {
  const config = endpoint.EndpointConfigName;
  if (config === undefined) return;
  const value = { config, ...fleetsOf(endpoint), ...(alarms !== undefined && { alarms }) };
  await recordFact(writer, { name: 'stands', value });
}

/** Makes what stands now the state that is expected, whoever made it so. @param config what was expected to run before */
export async function recordTakenOver(
  writer: JournalWriter,
  live: Live,
  state: State,
  { found }: DriftFound,
  alarms: readonly MetricAlarm[],
): Promise<void> {
  for (const { drift } of found)
    if (drift.kind === 'config')
      await recordFact(writer, { name: 'taken-over', value: { config: drift.now, previous: drift.before } });
  const rules = ownAlarms(state).map(({ name }) => {
    const alarm = alarms.find((one) => one.AlarmName === name);
    return [name, alarm === undefined ? null : ruleOf(alarm)] as const;
  });
  await recordStanding(writer, live.endpoint, Object.fromEntries(rules));
}

/** What Terraform's next plan would change of an endpoint that it made and shadowctl has changed since. */
export interface TerraformPlan {
  /** The config that Terraform's state names, and the one that runs. */
  config: { terraform: string; now: string } | undefined;
  /** The last update was guarded, and `deployment_config` says how: Terraform would take that away. */
  deployment: boolean;
  /** A tag or a name says that Terraform made it; else nobody knows. */
  said: boolean;
}

/**
 * What `terraform plan` would show for `aws_sagemaker_endpoint` of an adopted endpoint: it reads `endpoint_config_name` and, from
 * LastDeploymentConfig, `deployment_config` (facts 14). Undefined where nothing differs, while an update is under way, and where
 * what ran when the endpoint was taken over is not known, or came from shadowctl.
 */
export function terraformPlan(live: Live, state: State): TerraformPlan | undefined {
  const adopted = state.resources.find((one) => one.ref.kind === 'endpoint' && one.adopted);
  if (adopted === undefined || live.endpoint.EndpointStatus !== 'InService') return undefined;
  const now = live.endpoint.EndpointConfigName ?? '';
  const first =
    state.resources.find((one) => one.ref.kind === 'endpoint-config' && one.adopted)?.ref.name ??
    firstBefore(state, adopted.at);
  if (first === undefined || trackedResource(state, { kind: 'endpoint-config', name: first })?.adopted === false)
    return undefined;
  const config = first === now ? undefined : { terraform: first, now };
  const guarded = factsNamed(state.facts, 'update-started').some((fact) => fact.at >= adopted.at);
  const deployment = guarded && live.endpoint.LastDeploymentConfig !== undefined;
  return config === undefined && !deployment ? undefined : { config, deployment, said: saysTerraform(live) };
}

/** The provider names what it is given no name for `terraform-…`; tags are whatever a team writes. */
function saysTerraform({ name, tags, config, model }: Live): boolean {
  const names = [name, config?.EndpointConfigName, model?.ModelName];
  return (
    names.some((one) => one?.startsWith('terraform-')) ||
    Object.entries(tags)
      .flat()
      .some((one) => /terraform/i.test(one))
  );
}

/** What ran before the first change since the endpoint was adopted, where its config was not adopted with it. */
function firstBefore({ facts }: State, since: string): string | undefined {
  const changes = [
    ...factsNamed(facts, 'replaces').map(({ at, value }) => ({ at, previous: value.previous })),
    ...factsNamed(facts, 'update-started').map(({ at, value }) => ({ at, previous: value.previous })),
    ...factsNamed(facts, 'rollout-begun').map(({ at, value }) => ({ at, previous: value.previous })),
  ];
  return changes.filter(({ at }) => at >= since).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))[0]?.previous;
}
