import type { DescribeEndpointConfigCommandOutput } from '@aws-sdk/client-sagemaker';
import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { describeEndpointConfig, describeModel } from '../aws/sagemaker.ts';
import { environmentError } from '../base/errors.ts';
import { newRun } from '../resources/apply.ts';
import { type Live, productionOf, readLive, requireOurs, requireSettled } from '../resources/live.ts';
import { checkName } from '../resources/naming.ts';
import type { Step } from '../resources/steps.ts';
import { tagList } from '../resources/tags.ts';
import { type State, trackedResource } from '../state/replay.ts';
import type { GuardedResult } from './canary.ts';
import { finishGuardedUpdate } from './guarded-update/finish.ts';
import { type GuardOptions, guardOptions, startGuardedUpdate } from './guarded-update/start.ts';
import { targetsOf } from './notify.ts';
import { type PlainUpdateResult, runPlainUpdate } from './plain-update.ts';
import type { PlanNote } from './plans.ts';
import { type EndpointSession, onEndpoint, type Session } from './session.ts';

export interface UndoOptions {
  endpoint: string;
  /** Undefined: the config it ran before. */
  to?: string | undefined;
  /** Decide only: the plan is returned, and nothing is changed. */
  plan?: boolean;
}

/** Takes an endpoint back to an earlier config of ours, all traffic at once. */
export async function undo(session: Session, options: UndoOptions & { wait?: boolean }): Promise<PlainUpdateResult> {
  const { endpoint, plan = false, wait = true } = options;
  if (options.to !== undefined) checkName('endpoint config', options.to, '--to');
  return onEndpoint(session, { endpoint, command: 'undo', readOnly: plan }, async (on) => {
    const { live, config, step, notes } = await findWayBack(on, options.to);
    const run = newRun(session.clock);
    const update = { command: 'undo', run, live, config, steps: [step], adopt: false, notes };
    return runPlainUpdate(on, update, { wait });
  });
}

/** The way back through the same guardrails as the way there: alarms on the fleet that returns. */
export async function undoGuarded(
  session: Session,
  options: UndoOptions & { guard: Partial<GuardOptions> },
): Promise<GuardedResult> {
  const { endpoint, plan = false } = options;
  const guard = guardOptions(options.guard);
  if (options.to !== undefined) checkName('endpoint config', options.to, '--to');
  const targets = await targetsOf(session, guard.notify);
  const started = await onEndpoint(session, { endpoint, command: 'undo', readOnly: plan }, async (on) => {
    const { live, config, target, notes } = await findWayBack(on, options.to);
    session.emit({ kind: 'plan-notes', endpoint, notes });
    const run = newRun(session.clock);
    const own = { project: (await session.project()).name, endpoint, run };
    const model = target?.ProductionVariants?.[0]?.ModelName ?? '';
    return startGuardedUpdate(on, {
      command: 'undo',
      live,
      fleet: productionOf(live).instances ?? 1,
      guard,
      steps: [],
      names: { model, config, run, tagList: tagList(own) },
      bringsTraffic: false,
      adopt: false,
    });
  });
  if (started.kind === 'planned') return started;
  return finishGuardedUpdate(session, started.update, { targets, metrics: guard.metrics });
}

interface WayBack {
  live: Live;
  config: string;
  target: DescribeEndpointConfigCommandOutput | undefined;
  step: Step;
  notes: PlanNote[];
}

/** Where the endpoint is to return to, and whether it can. @throws Problem where it cannot */
async function findWayBack(on: EndpointSession, to: string | undefined): Promise<WayBack> {
  const { aws, journal, endpoint } = on;
  const { signal } = on.session;
  const live = await readLive(aws, endpoint, signal);
  if (live === undefined) throw endpointNotFound(aws.target, endpoint);
  const state = on.state();
  requireOurs(live, state, journal.path, false);
  requireSettled(live);
  const config = to ?? previousConfig(live, state);
  const target = await describeEndpointConfig(aws, config, signal);
  const missingModels: string[] = [];
  for (const variant of [...(target?.ProductionVariants ?? []), ...(target?.ShadowProductionVariants ?? [])]) {
    const model = variant.ModelName;
    if (model !== undefined && (await describeModel(aws, model, signal)) === undefined) missingModels.push(model);
  }
  const step = planUndo(live, state, { name: config, target, missingModels });
  return { live, config, target, step, notes: target === undefined ? [] : undoNotes(live, target) };
}

/** The config an endpoint ran before the one it runs: the last it was told to run that is another and still stands. */
function previousConfig(live: Live, state: State): string {
  const current = live.endpoint.EndpointConfigName;
  const stands = (name: string) => trackedResource(state, { kind: 'endpoint-config', name })?.state === 'exists';
  // What came after the current one was rolled back: it must not be taken for the past.
  const known = state.configs.map((change) => change.config);
  const until = current === undefined ? -1 : known.lastIndexOf(current);
  const before = (until < 0 ? known : known.slice(0, until)).findLast((name) => name !== current && stands(name));
  if (before !== undefined) return before;
  throw environmentError(
    `The journal of endpoint "${live.name}" has no earlier config that still exists; it runs ${current}.`,
    'Name one with --to.',
  );
}

/**
 * Back to a config that is ours and stands. Pure.
 * @param to.target as AWS describes it; undefined where it does not exist
 * @param to.missingModels of the target that do not exist any more
 * @throws Problem (cannot-run) where that is not possible
 */
function planUndo(
  live: Live,
  state: State,
  to: { name: string; target: DescribeEndpointConfigCommandOutput | undefined; missingModels: readonly string[] },
): Step {
  if (to.name === live.endpoint.EndpointConfigName)
    throw environmentError(`Endpoint "${live.name}" runs ${to.name} already.`, 'Name another config with --to.');
  const ours = state.resources
    .filter((tracked) => tracked.ref.kind === 'endpoint-config' && tracked.state === 'exists')
    .map((tracked) => tracked.ref.name);
  if (!ours.includes(to.name)) {
    throw environmentError(
      `Endpoint config "${to.name}" is not one that shadowctl created for endpoint "${live.name}".`,
      `Known: ${ours.join(', ') || 'none'}.`,
    );
  }
  if (to.target === undefined)
    throw environmentError(
      `Endpoint config "${to.name}" no longer exists.`,
      `Others in the journal: ${ours.filter((name) => name !== to.name).join(', ') || 'none'}.`,
    );
  if (to.missingModels.length > 0)
    throw environmentError(
      `Endpoint config "${to.name}" needs what no longer exists: model ${to.missingModels.join(', model ')}.`,
      'Name another config with --to.',
    );
  return {
    action: 'update',
    kind: 'endpoint',
    name: live.name,
    input: {
      EndpointName: live.name,
      EndpointConfigName: to.name,
      RetainAllVariantProperties: true,
      ExcludeRetainedVariantProperties: SET_ANEW,
    },
  };
}

/** Instance counts survive an update, as autoscaling has made them; weights and capture are as the config says. */
const SET_ANEW: { VariantPropertyType: 'DesiredWeight' | 'DataCaptureConfig' }[] = [
  { VariantPropertyType: 'DesiredWeight' },
  { VariantPropertyType: 'DataCaptureConfig' },
];

/** A shadow that the present config carries and the target does not is lost. */
function undoNotes(live: Live, target: DescribeEndpointConfigCommandOutput): PlanNote[] {
  const [shadow] = live.config?.ShadowProductionVariants ?? [];
  const lost = shadow !== undefined && (target.ShadowProductionVariants ?? []).length === 0;
  return lost ? [{ kind: 'shadow-lost', variant: shadow.VariantName ?? '' }] : [];
}
