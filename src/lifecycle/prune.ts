import type { DescribeEndpointConfigCommandOutput } from '@aws-sdk/client-sagemaker';
import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { AwsProblem } from '../aws/errors.ts';
import { experimentOn } from '../aws/experiments.ts';
import { describeEndpointConfig } from '../aws/sagemaker.ts';
import { environmentError, Problem } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import { inventory, neededBy, neededByConfig } from '../resources/inventory.ts';
import { type Live, ownership, readLive, requireOurs, requireSettled } from '../resources/live.ts';
import { type Needed, planPruning, PRUNED, type Pruning } from '../resources/prune.ts';
import type { Deletion, ResourceCheck } from '../resources/teardown.ts';
import { earlierConfigs } from '../state/earlier-configs.ts';
import type { ResourceRef } from '../state/journal.ts';
import { existing, replay } from '../state/replay.ts';
import { openRelease } from '../state/releases.ts';
import { positionOf } from '../state/rollouts.ts';
import { neededByOthers } from './others.ts';
import type { PrunePlan } from './plans.ts';
import {
  applyStep,
  type EndpointSession,
  journalsHere,
  type LockedEndpoint,
  onEndpoint,
  openRun,
  placeOf,
  type Session,
} from './session.ts';
import { releaseOf } from './undo.ts';

/** So many earlier releases stay, where nobody says how many. */
const KEPT_RELEASES = 3;

export interface PruneOptions {
  /** Undefined: every endpoint with a journal here, in this account and region. */
  endpoint?: string | undefined;
  /** How many releases before the one that runs the endpoint must be able to go back to: 1 or more. */
  keep?: number | undefined;
  /** Decide only: the plans are returned, and nothing is changed. */
  plan?: boolean;
}

/** One endpoint pruned, its plan, or why it was not. */
export type EndpointPruning =
  | { kind: 'planned'; plan: PrunePlan }
  | {
      kind: 'done';
      endpoint: string;
      deleted: readonly Deletion[];
      kept: readonly Needed[];
      /** It was to go, and these credentials may not delete it. */
      denied: readonly Needed[];
    }
  /** Of several endpoints, one that cannot be pruned keeps nobody from the others. */
  | { kind: 'refused'; endpoint: string; problem: Problem };

/**
 * Deletes configs, models and uploads that shadowctl created, which no endpoint of the account runs with and no way back
 * needs. Each deletion is written to the journal first, so a command that was killed is simply given again.
 *
 * @param done called after each endpoint
 * @throws Problem (cannot-run) where the one endpoint that is named cannot be pruned: it is being changed, it is not
 * shadowctl's to change, or what other endpoints run with may not be looked at
 */
export async function prune(
  session: Session,
  options: PruneOptions,
  done: (one: EndpointPruning) => void = () => undefined,
): Promise<EndpointPruning[]> {
  const { keep = KEPT_RELEASES, plan = false } = options;
  const pruned: EndpointPruning[] = [];
  const { journals, damaged } = await journalsHere(session);
  const names =
    options.endpoint === undefined
      ? journals.filter(({ moved, events }) => !moved && !replay(events).clean).map(({ endpoint }) => endpoint)
      : [options.endpoint];
  for (const endpoint of names) {
    const one = await onEndpoint(session, { endpoint, command: 'prune', readOnly: plan }, (on) =>
      pruneEndpoint(on, keep),
    ).catch((problem: unknown): EndpointPruning => {
      if (options.endpoint !== undefined || !(problem instanceof Problem) || problem.kind !== 'cannot-run')
        throw problem;
      return { kind: 'refused', endpoint, problem };
    });
    pruned.push(one);
    done(one);
  }
  // Those that say nothing keep nobody from the others.
  for (const { endpoint, problem } of options.endpoint === undefined ? damaged : []) {
    const one: EndpointPruning = { kind: 'refused', endpoint, problem };
    pruned.push(one);
    done(one);
  }
  return pruned;
}

async function pruneEndpoint(on: EndpointSession, keep: number): Promise<EndpointPruning> {
  const { session, endpoint } = on;
  const needs = (live: Live) => ownNeeds(on, live, keep);
  const { steps, kept } = await decide(on, needs);
  const plan: PrunePlan = { kind: 'prune', place: placeOf(on), endpoint, keep, steps, kept };
  if (!on.locked) return { kind: 'planned', plan };
  if (steps.length === 0) return { kind: 'done', endpoint, deleted: [], kept, denied: [] };
  await session.approve(plan);
  // While the plan was looked at, somebody may have begun to use what it names.
  const again = await decide(on, needs);
  const still = steps.filter((step) => again.steps.some((other) => sameAs(other, step)));
  const { deleted, denied } = await remove(on, still);
  return { kind: 'done', endpoint, deleted, kept: again.kept, denied };
}

/**
 * Deletes what nothing needs, without asking: neither the endpoint nor any other, nor what `needs` names.
 * @throws Problem (cannot-run) where the endpoint is gone, is being changed, or something was begun on it
 */
export async function pruneAllBut(
  on: LockedEndpoint,
  needs: (checks: readonly ResourceCheck[]) => readonly Needed[],
): Promise<{ deleted: Deletion[]; denied: Needed[] }> {
  const own = async () => [
    ...(await neededBy(on.aws, on.endpoint)).map((ref) => ({ ref, why: 'the endpoint runs with it' })),
    ...needs(await checksOf(on)),
  ];
  return remove(on, (await decide(on, own)).steps);
}

async function remove(
  on: LockedEndpoint,
  steps: readonly Deletion[],
): Promise<{ deleted: Deletion[]; denied: Needed[] }> {
  const deleted: Deletion[] = [];
  const denied: Needed[] = [];
  if (steps.length === 0) return { deleted, denied };
  const run = await openRun(on, 'prune');
  for (const step of steps)
    try {
      await applyStep(on.session, run, step);
      deleted.push(step);
      on.session.emit({ kind: 'deleted', step });
    } catch (error) {
      if (!(error instanceof AwsProblem) || !error.denied) throw error;
      denied.push({ ref: step, why: `not deleted: needs ${error.missing ?? error.words}` });
    }
  return { deleted, denied };
}

/** Looks at what stands and decides what goes; changes nothing. */
async function decide(on: EndpointSession, needs: (live: Live) => Promise<readonly Needed[]>): Promise<Pruning> {
  const { aws, endpoint, journal, session } = on;
  const live = await readLive(aws, endpoint, session.signal);
  if (live === undefined) {
    if (on.state().clean) throw endpointNotFound(aws.target, endpoint);
    throw environmentError(
      `There is no endpoint "${endpoint}" any more: no way back needs what shadowctl created for it.`,
      text`To delete all of it: ${shown('cleanup', { endpoint })}`,
    );
  }
  requireOurs(live, on.state(), journal.path, 'neither');
  requireSettled(live, on.state());
  await requireNothingBegun(on);
  const own = await needs(live);
  const candidates = planPruning(await checksOf(on), own);
  // Whoever has nothing to delete need not know what others run with.
  if (candidates.steps.length === 0) return candidates;
  return planPruning(await checksOf(on), [...own, ...(await othersNeed(on, candidates.steps))]);
}

const sameAs = (one: Deletion, other: Deletion) => one.kind === other.kind && one.name === other.name;

const checksOf = (on: EndpointSession) => inventory(on, 'must be seen', PRUNED);

/** @throws Problem (cannot-run) where something was begun that needs more than what runs and its way back */
async function requireNothingBegun({ aws, endpoint, session, state }: EndpointSession): Promise<void> {
  if (positionOf(state()) !== undefined)
    throw environmentError(
      `A rollout of endpoint "${endpoint}" is under way: it needs the configs on both sides of it.`,
      text`To continue it: ${shown('rollout', { endpoint, resume: true })}`,
    );
  const release = openRelease(state());
  if (release !== undefined)
    throw environmentError(
      `Release ${release.id} on endpoint "${endpoint}" is under way: it needs its artifact and its model, also where nothing runs with them yet.`,
      text`See how it stands: ${shown('release status', { endpoint })}`,
    );
  const experiment = await experimentOn(aws, endpoint, session.signal);
  if (experiment !== undefined)
    throw environmentError(
      `Inference experiment "${experiment.name}" of SageMaker's is going to change endpoint "${endpoint}", with models of its own choice.`,
      'Prune when it has ended.',
    );
}

/**
 * What the endpoint itself needs: what it runs, and the latest `keep` releases that it can go back to, with everything
 * that lies between them and what runs. A release is what `undo` takes for one: other models, or another fleet.
 */
async function ownNeeds({ aws, endpoint, session, state }: EndpointSession, live: Live, keep: number) {
  const needed: Needed[] = (await neededBy(aws, endpoint)).map((ref) => ({ ref, why: 'the endpoint runs with it' }));
  const releases = new Set<string>();
  const running = live.config && releaseOf(live.config);
  for (const name of earlierConfigs(state(), live.endpoint.EndpointConfigName).toReversed()) {
    const found: DescribeEndpointConfigCommandOutput | undefined = await describeEndpointConfig(
      aws,
      name,
      session.signal,
    );
    if (found === undefined) continue;
    const release = releaseOf(found);
    if (release !== running && !releases.has(release) && releases.size >= keep) break;
    if (release !== running) releases.add(release);
    const why = `a way back: one of the last ${keep} releases`;
    needed.push({ ref: { kind: 'endpoint-config', name }, why });
    needed.push(...(await neededByConfig(aws, found)).map((ref) => ({ ref, why })));
  }
  return needed;
}

/**
 * Of what is to go, what others need: every endpoint of the account and region, whoever made it, and whatever the journals
 * of other endpoints here name.
 * @throws AwsProblem where these credentials may not look: what serves others cannot be told then
 */
async function othersNeed(
  { account, aws, endpoint, session }: EndpointSession,
  steps: readonly Deletion[],
): Promise<Needed[]> {
  const needed = await neededByOthers({ aws, endpoint, session });
  const root = await session.state();
  for (const other of await root.endpoints(account, aws.target.region)) {
    if (other === endpoint) continue;
    const { events } = await root.store({ account, region: aws.target.region, endpoint: other }).read();
    if (replay(events).clean) continue;
    const words = JSON.stringify(events);
    const named = steps.filter(({ name }) => words.includes(JSON.stringify(name)));
    needed.push(...named.map((ref) => ({ ref, why: `the journal of endpoint ${other} names it` })));
  }
  return needed;
}

/**
 * What `prune` would find, seen from this endpoint alone: what others run with is not looked at. Nothing where the endpoint
 * is not shadowctl's, or is being changed.
 * @param checks what AWS has of what the journal names; undefined: it is looked up
 */
export async function prunable(
  on: EndpointSession,
  live: Live,
  checks?: readonly ResourceCheck[],
): Promise<ResourceRef[]> {
  const state = on.state();
  const ours = ['created', 'adopted'].includes(ownership(live, state));
  const begun = positionOf(state) !== undefined || openRelease(state) !== undefined;
  if (!ours || begun || live.endpoint.EndpointStatus !== 'InService') return [];
  // To look costs requests: one model or config of our own is no reason to.
  const own = existing(state).filter(({ adopted }) => !adopted);
  const several = PRUNED.some((kind) => own.filter(({ ref }) => ref.kind === kind).length > 1);
  if (!several) return [];
  const needed = await ownNeeds(on, live, KEPT_RELEASES);
  return planPruning(checks ?? (await checksOf(on)), needed).steps.map(({ kind, name }) => ({ kind, name }));
}
