import { listAlarms } from '../aws/alarms.ts';
import { endpointNotFound } from '../aws/endpoint-not-found.ts';
import { describeEndpoint } from '../aws/sagemaker.ts';
import { orUnseen } from '../aws/unseen.ts';
import { environmentError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import { inventory, neededBy } from '../resources/inventory.ts';
import { type Live, ownership, readLive } from '../resources/live.ts';
import { planTeardown } from '../resources/teardown.ts';
import type { ResourceRef } from '../state/journal.ts';
import { existing, type State, trackedResource } from '../state/replay.ts';
import { positionOf } from '../state/rollouts.ts';
import { unfinishedUpdate } from '../state/updates.ts';
import { findByTag } from './by-tag.ts';
import { watches } from './doctor.ts';
import { type DriftFound, driftOf, recordStanding, recordTakenOver } from './drift.ts';
import { adopts, type EndpointSession, lockEndpoint, notSeen, openRun, type Session, viewEndpoint } from './session.ts';

/** What came under management, or had: the endpoint, its config, its models, the alarms on it. */
export interface Adoption {
  endpoint: string;
  /** Only asked for: nothing was written down. */
  planned: boolean;
  /** Written down now, as adopted. */
  adopted: ResourceRef[];
  /** What the journal had already, as adopted or as its own. */
  known: ResourceRef[];
  /** What somebody else had changed, and is expected from now on. */
  takenOver: DriftFound['found'][number]['drift'][];
  /** Of an endpoint that shadowctl created, and of which this journal knows nothing: what its tags could not tell. */
  notKnown: string[];
}

/**
 * Takes an endpoint that exists under management: the journal says so, and nothing of AWS is changed. What is adopted is
 * never deleted. Of an endpoint that shadowctl created from elsewhere, everything comes along that carries its tag.
 *
 * @throws Problem (cannot-run) where there is no such endpoint, or this journal says that shadowctl created it and nothing of it
 * was changed from elsewhere
 */
export function adoptEndpoint(session: Session, endpoint: string, plan = false): Promise<Adoption> {
  return lookOrLock(session, { endpoint, command: 'adopt', plan }, async (on) => {
    const { aws, journal } = on;
    const live = await readLive(aws, endpoint, session.signal);
    if (live === undefined) throw endpointNotFound(aws.target, endpoint);
    const tracked = trackedResource(on.state(), { kind: 'endpoint', name: endpoint });
    const drift = await driftOf(on, live, notSeen(session));
    if (tracked?.adopted !== true && drift === undefined && !adopts(live, on.state(), true))
      throw environmentError(
        `shadowctl created endpoint "${endpoint}", and ${journal.path} says so: there is nothing to adopt, and nothing of it was changed from elsewhere.`,
        text`See what stands: ${shown('status', { endpoint })}`,
      );
    const alarms =
      (await orUnseen('the alarms on the endpoint', () => listAlarms(aws, session.signal), notSeen(session))) ?? [];
    const found: ResourceRef[] = [
      { kind: 'endpoint', name: endpoint },
      ...(live.config?.EndpointConfigName === undefined
        ? []
        : [{ kind: 'endpoint-config' as const, name: live.config.EndpointConfigName }]),
      ...modelsOf(live.config).map((name) => ({ kind: 'model' as const, name })),
      ...alarms
        .filter((alarm) => watches(alarm, endpoint))
        .map(({ AlarmName }) => ({ kind: 'alarm' as const, name: AlarmName })),
    ];
    const elsewhere = ownership(live, on.state()) === 'unknown-here';
    const byTag = elsewhere ? await findByTag(on) : { found: [], notKnown: [] };
    for (const { kind, name } of byTag.found)
      if (!found.some((one) => one.kind === kind && one.name === name)) found.push({ kind, name });
    const isKnown = (ref: ResourceRef) =>
      existing(on.state(), ref.kind).some((one) => one.ref.name === ref.name) &&
      !(isLost(on.state(), ref) && adopts(live, on.state(), true));
    const known = found.filter(isKnown);
    const adopted = found.filter((ref) => !isKnown(ref));
    if (on.locked && (adopted.length > 0 || drift !== undefined)) {
      const run = await openRun(on, 'adopt');
      const before = on.state();
      for (const value of adopted) await journal.append({ type: 'fact', run: run.id, name: 'adopted', value });
      if (drift !== undefined) await recordTakenOver(run, live, before, drift, alarms);
      else if (live.endpoint.EndpointStatus === 'InService') await recordStanding(run, live.endpoint);
    }
    return {
      endpoint,
      planned: !on.locked,
      adopted,
      known,
      takenOver: (drift?.found ?? []).map((one) => one.drift),
      notKnown: byTag.notKnown,
    };
  });
}

/** With `plan` the endpoint is only looked at. */
function lookOrLock<T>(
  session: Session,
  { plan, ...words }: { endpoint: string; command: string; plan: boolean },
  work: (on: EndpointSession) => Promise<T>,
): Promise<T> {
  return plan ? viewEndpoint(session, words.endpoint, work) : lockEndpoint(session, words, work);
}

/** An endpoint of this name that the journal has as its own, and that does not carry its tag, is somebody else's by now. */
function isLost(state: State, ref: ResourceRef): boolean {
  return ref.kind === 'endpoint' && trackedResource(state, ref)?.adopted !== true;
}

function modelsOf(config: Live['config']): string[] {
  const variants = [...(config?.ProductionVariants ?? []), ...(config?.ShadowProductionVariants ?? [])];
  return [...new Set(variants.flatMap(({ ModelName }) => ModelName ?? []))];
}

/** What was given back, and what is still shadowctl's. */
export interface Disowned {
  endpoint: string;
  /** Only asked for: nothing was written down. */
  planned: boolean;
  givenBack: ResourceRef[];
  /** What shadowctl created for it and still stands: `cleanup` deletes what the endpoint does not run with. */
  ours: ResourceRef[];
  /** The shadow variant that it carries, which goes on and is billed; undefined where there is none, or nobody may look. */
  shadow: string | undefined;
  /** A cleanup has something to delete by now: not all of `ours` is what the endpoint runs with. */
  cleans: boolean;
}

/**
 * Gives an adopted endpoint back: the journal says so, and nothing of AWS is changed.
 *
 * @throws Problem (cannot-run) where it was not adopted here, or a change of it has not ended
 */
export function disownEndpoint(session: Session, endpoint: string, plan = false): Promise<Disowned> {
  return lookOrLock(session, { endpoint, command: 'disown', plan }, async (on) => {
    const { journal } = on;
    const state = on.state();
    const givenBack = state.resources.filter(({ adopted }) => adopted).map(({ ref }) => ref);
    if (trackedResource(state, { kind: 'endpoint', name: endpoint })?.adopted !== true)
      throw environmentError(
        `Endpoint "${endpoint}" was not adopted here: ${journal.path} does not say so.`,
        text`See whose it is: ${shown('status', { endpoint })}`,
      );
    const underWay =
      state.open.length > 0
        ? 'a step was begun, and its end was not seen'
        : positionOf(state) !== undefined
          ? 'a rollout is under way'
          : unfinishedUpdate(state) === undefined
            ? undefined
            : 'an update that shadowctl began has no end in the journal yet';
    if (underWay !== undefined)
      throw environmentError(
        `Endpoint "${endpoint}" cannot be given back now: ${underWay}.`,
        text`See what goes on, and let it end: ${shown('status', { endpoint })}`,
      );
    const seen = await inventory(on, 'or unseen');
    for (const { unseen } of seen) if (unseen !== undefined) session.emit({ kind: 'not-seen', unseen });
    const ours = seen
      .filter(({ tracked, exists, managed, unseen }) =>
        unseen === undefined ? exists && managed : tracked.state === 'exists' && !tracked.adopted,
      )
      .map(({ tracked }) => tracked.ref);
    const live = await orUnseen(
      'whether the endpoint carries a shadow',
      () => describeEndpoint(on.aws, endpoint, session.signal),
      notSeen(session),
    );
    const shadow = live?.ShadowProductionVariants?.[0]?.VariantName;
    const used = await orUnseen('what the endpoint runs with', () => neededBy(on.aws, endpoint), notSeen(session));
    // A bucket goes only once nothing is in it.
    const cleans =
      used !== undefined &&
      planTeardown(seen, used, { uploads: false, captures: false, logs: false }).steps.some(
        ({ kind }) => kind !== 's3-bucket',
      );
    if (on.locked) {
      const run = await openRun(on, 'disown');
      await journal.append({ type: 'fact', run: run.id, name: 'disowned', value: {} });
    }
    return { endpoint, planned: !on.locked, givenBack, ours, shadow, cleans };
  });
}
