import type { Platform } from '../world.ts';
import { acceptMs, activateMs, fallBack, numberOf, planRollback } from './plan.ts';
import type { Endpoint } from './endpoint.ts';
import {
  type Change,
  type ChangeStage,
  type Counts,
  type FleetRecord,
  type VariantRecord,
  variantsOf,
} from './records.ts';
import { refreshServing, closeFleet, removeInstances, addInstances } from '../fleet/fleet.ts';
import type { Fleet } from '../fleet/variant.ts';
import { stopInstances } from '../fleet/instance.ts';
import { beginScale, endScale } from './scale.ts';
import { checkHealth, lacksCapacity, NO_CAPACITY, warmUp } from '../fleet/health.ts';

/** How often alarms are looked at while baking: an alarm acts within a second of its change. */
const ALARM_CHECK_MS = 1_000;
/** How often servers that are just starting are looked at. */
const STARTING_CHECK_MS = 250;

/** Begins the stage under way: what is to be seen at once, and when it ends. */
export function beginStage(world: Platform, endpoint: Endpoint, at: number): void {
  const change = changeOf(endpoint);
  const stage = stageOf(change);
  change.stageStartedAt = at;
  delete change.unhealthy;
  delete change.granted;
  const launch = change.kind === 'create' ? world.latencies.createEndpoint : world.latencies.launchFleet;
  const accept = Math.min(launch, acceptMs(world.latencies));
  switch (stage.kind) {
    case 'accept':
      return endAt(change, at + accept);
    case 'launch': {
      const fleet = fleetOf(endpoint, stage.fleet);
      for (const variant of variantsOf(fleet)) {
        const count = numberOf(stage.counts, variant.name) ?? 0;
        addInstances(world, variant, count);
        if (count > 0)
          setStatus(variant, variant.serving === 0 ? 'Creating' : 'Updating', `Launching ${count} instance(s).`, at);
      }
      refresh(endpoint);
      const launched = stage.fleet === 'new' ? endpoint.next : endpoint.serving;
      // On the wall clock a server of the user's own needs the time of the launch to start.
      if (launched && !world.clock.virtual) void warmUp(world, launched, undefined);
      // The call's own delay counts as part of the launch that follows it.
      return endAt(change, at + launch - (change.stage === 1 && !change.rollback ? accept : 0));
    }
    case 'activate':
      if (change.kind === 'create') return endAt(change, at);
      for (const variant of variantsOf(fleetOf(endpoint, change.rollback ? 'old' : 'new'))) {
        const count = numberOf(change.rollback ? stage.serving.old : stage.serving.new, variant.name) ?? 0;
        setStatus(
          variant,
          'ActivatingTraffic',
          `Activating traffic on ${stage.extent} capacity of ${count} instance(s).`,
          at,
        );
      }
      return endAt(change, at + activateMs(world.latencies));
    case 'bake':
      for (const variant of variantsOf(fleetOf(endpoint, 'new'))) {
        // AWS's own sample names TerminationWaitInSeconds in the canary stage too (facts 4.2).
        const wait = stage.extent === 'canary' ? world.switches.bakingWait : 'TerminationWaitInSeconds';
        const text = `Baking for ${stage.seconds} seconds (${wait}) with traffic enabled on ${stage.extent} capacity of ${variant.serving} instance(s).`;
        setStatus(variant, 'Baking', text, at);
      }
      endAt(change, at + stage.seconds * 1000);
      // Looked at once even where there is nothing to wait for.
      change.dueAt = at;
      return;
    case 'terminate':
      for (const variant of variantsOf(fleetOf(endpoint, stage.fleet))) {
        const count = numberOf(stage.counts, variant.name) ?? 0;
        if (count > 0) setStatus(variant, 'Deleting', `Terminating ${count} instance(s).`, at);
      }
      return endAt(change, at + world.latencies.terminateFleet);
    case 'scale':
      beginScale(world, endpoint, stage, at);
      return endAt(change, at + world.latencies.updateWeights);
    case 'delete':
      return endAt(change, at + world.latencies.deleteEndpoint);
  }
}

/** What `advance` did to an endpoint: nothing yet, something about it changed, or it is gone. */
export type Progress = 'waits' | 'changed' | 'gone';

/** Makes happen what is due at `at`. */
export async function advance(world: Platform, endpoint: Endpoint, at: number): Promise<Progress> {
  const progress = await runStage(world, endpoint, at);
  const { change } = endpoint.record;
  if (change && mayTimeOut(change)) change.dueAt = Math.min(change.dueAt, change.timeOutAt ?? change.dueAt);
  return progress;
}

/** Once the old fleet goes for good there is nothing to go back to. */
function mayTimeOut(change: Change): boolean {
  return !change.rollback && !(stageOf(change).kind === 'terminate' && change.stage === change.stages.length - 1);
}

async function runStage(world: Platform, endpoint: Endpoint, at: number): Promise<Progress> {
  const change = changeOf(endpoint);
  const stage = stageOf(change);
  if (change.timeOutAt !== undefined && at >= change.timeOutAt && mayTimeOut(change)) {
    // The text is not sourced; that a time-out rolls back is the reading of facts 4.1.
    return rollBack(
      world,
      endpoint,
      'The deployment exceeded its MaximumExecutionTimeoutInSeconds and was rolled back.',
      at,
    );
  }
  switch (stage.kind) {
    case 'launch':
      return launched(world, endpoint, stage, at);
    case 'activate':
      serve(endpoint, stage.serving);
      return nextStage(world, endpoint, at);
    case 'bake': {
      const alarms = change.rollback ? [] : returning(world, endpoint.record, change.alarms);
      if (alarms.length > 0) {
        const reason = `One or more configured alarm for automatic rollback deployment is in ALARM state: [${alarms.join(', ')}].`;
        return rollBack(world, endpoint, reason, at);
      }
      if (at >= change.endsAt) return nextStage(world, endpoint, at);
      change.dueAt = Math.min(
        change.endsAt,
        at + (change.alarms.length > 0 ? ALARM_CHECK_MS : Number.POSITIVE_INFINITY),
      );
      return 'waits';
    }
    case 'terminate':
      for (const variant of variantsOf(fleetOf(endpoint, stage.fleet))) {
        removeInstances(variant, numberOf(stage.counts, variant.name) ?? 0);
        delete variant.doing;
      }
      await stopInstances(world, refresh(endpoint));
      return nextStage(world, endpoint, at);
    case 'scale':
      if (await endScale(world, endpoint, stage, at)) await finish(world, endpoint, at);
      return 'changed';
    case 'delete':
      return 'gone';
    case 'accept':
      change.pendingSince = at;
      return nextStage(world, endpoint, at);
  }
}

/** The alarms that end an update: those in ALARM, and what one without data does is a switch (facts 4.4). */
function returning(world: Platform, place: { account: string; region: string }, names: readonly string[]): string[] {
  const ending = world.switches.alarmWithoutData === 'rollback' ? ['ALARM', 'INSUFFICIENT_DATA'] : ['ALARM'];
  return names.filter((name) => ending.includes(world.alarms.get(place.account, place.region, name)?.state ?? ''));
}

/** The time of a launch is over: are the instances there, and do they answer? */
async function launched(
  world: Platform,
  endpoint: Endpoint,
  stage: ChangeStage & { kind: 'launch' },
  at: number,
): Promise<Progress> {
  const change = changeOf(endpoint);
  const fleet = stage.fleet === 'new' ? endpoint.next : endpoint.serving;
  if (!fleet) throw new Error(`endpoint ${endpoint.key} launches a fleet it does not have`);
  if (!change.granted && lacksCapacity(world, endpoint.record.name, fleet.record, stage.counts)) {
    return giveUp(world, endpoint, NO_CAPACITY, at);
  }
  change.granted = true;
  const health = await checkHealth(world, fleet, at);
  if (health.state === 'starting') {
    endAt(change, world.clock.now() + STARTING_CHECK_MS);
    return 'changed';
  }
  // The time a real server needs to start is real: what was due long ago counts from now.
  const now = health.outside && !world.clock.virtual ? Math.max(at, world.clock.now()) : at;
  if (health.state === 'healthy') {
    delete change.unhealthy;
    return nextStage(world, endpoint, now);
  }
  const patience = Math.min(world.latencies.failHealthCheck, health.variant.startupTimeoutSeconds * 1000);
  change.unhealthy ??= { until: health.final ? now : now + patience };
  if (now >= change.unhealthy.until) return giveUp(world, endpoint, health.reason, now);
  endAt(change, Math.min(change.unhealthy.until, now + Math.max(100, patience / 24)));
  change.endsAt = change.unhealthy.until;
  return 'changed';
}

/** What was to be launched does not come: an endpoint being created fails, one that serves goes back. */
async function giveUp(world: Platform, endpoint: Endpoint, reason: string, at: number): Promise<Progress> {
  const { record } = endpoint;
  const change = changeOf(endpoint);
  if (change.kind === 'create' || change.rollback) {
    // A rollback that cannot bring the old fleet back leaves the endpoint as it is (facts 4.2).
    record.status = change.kind === 'create' ? 'Failed' : 'UpdateRollbackFailed';
    record.failureReason = reason;
    record.modifiedAt = at;
    if (change.kind === 'create') {
      if (endpoint.next) await closeFleet(world, endpoint.next);
      endpoint.next = undefined;
      delete record.change;
    } else await abandon(world, endpoint);
    return 'changed';
  }
  return rollBack(world, endpoint, reason, at);
}

/** Lets go of instances that never came, and takes requests with what there is. */
async function abandon(world: Platform, endpoint: Endpoint): Promise<void> {
  const { record } = endpoint;
  for (const variant of record.fleet ? variantsOf(record.fleet) : []) {
    variant.instances = variant.instances.filter((instance) => instance.healthy);
    variant.serving = variant.instances.length;
    delete variant.doing;
  }
  await stopInstances(world, refresh(endpoint));
  if (endpoint.next) await closeFleet(world, endpoint.next);
  endpoint.next = undefined;
  delete record.change;
}

/** Turns an update round: back to the old fleet. */
async function rollBack(world: Platform, endpoint: Endpoint, reason: string, at: number): Promise<Progress> {
  const { record } = endpoint;
  const change = changeOf(endpoint);
  const old = fleetOf(endpoint, 'old');
  const next = fleetOf(endpoint, 'new');
  change.stages = planRollback(old, next, change.rollbackBatch);
  change.stage = 0;
  change.rollback = { reason };
  delete change.timeOutAt;
  record.status = world.switches.rollbackStatus;
  record.modifiedAt = at;
  serve(endpoint, fallBack(old, next));
  for (const variant of [...variantsOf(old), ...variantsOf(next)]) delete variant.doing;
  beginStage(world, endpoint, at);
  return 'changed';
}

/** On to the next stage, or the end. Stages that take no time follow at once. */
async function nextStage(world: Platform, endpoint: Endpoint, at: number): Promise<Progress> {
  const change = changeOf(endpoint);
  change.stage += 1;
  if (change.stage < change.stages.length) {
    beginStage(world, endpoint, at);
    return 'changed';
  }
  await finish(world, endpoint, at);
  return 'changed';
}

/** The change is over: the new fleet is the fleet, or the old one still is. */
async function finish(world: Platform, endpoint: Endpoint, at: number): Promise<void> {
  const { record } = endpoint;
  const change = changeOf(endpoint);
  const leaving = change.rollback ? endpoint.next : endpoint.serving;
  if (change.kind === 'create' || change.kind === 'update') {
    if (change.rollback && world.switches.rollbackReason) record.failureReason = change.rollback.reason;
    else delete record.failureReason;
    if (!change.rollback) {
      // What it has run: whether that may come again is a switch.
      record.ran = [...new Set([...(record.ran ?? []), record.configName])];
      endpoint.serving = endpoint.next;
      if (change.next) {
        record.fleet = change.next;
        record.configName = change.next.configName;
      }
    }
    endpoint.next = undefined;
    if (leaving) await closeFleet(world, leaving);
  }
  for (const variant of record.fleet ? variantsOf(record.fleet) : []) delete variant.doing;
  record.status = 'InService';
  record.modifiedAt = at;
  delete record.change;
}

/** Sets how many instances of either fleet take requests. */
function serve(endpoint: Endpoint, serving: { old: Counts; new: Counts }): void {
  const set = (fleet: Fleet | undefined, counts: Counts) => {
    for (const variant of fleet ? variantsOf(fleet.record) : []) variant.serving = numberOf(counts, variant.name) ?? 0;
  };
  set(endpoint.serving, serving.old);
  set(endpoint.next, serving.new);
  refresh(endpoint);
}

function refresh(endpoint: Endpoint) {
  return [endpoint.serving, endpoint.next].flatMap((fleet) => (fleet ? refreshServing(fleet) : []));
}

function endAt(change: Change, at: number): void {
  change.endsAt = at;
  change.dueAt = at;
}

function setStatus(
  variant: VariantRecord,
  status: NonNullable<VariantRecord['doing']>['status'],
  message: string,
  since: number,
): void {
  variant.doing = { status, message, since };
}

function changeOf(endpoint: Endpoint): Change {
  const { change } = endpoint.record;
  if (!change) throw new Error(`endpoint ${endpoint.key} has nothing under way`);
  return change;
}

function stageOf(change: Change): ChangeStage {
  const stage = change.stages[change.stage];
  if (!stage) throw new Error(`a change has ${change.stages.length} stages, not ${change.stage + 1}`);
  return stage;
}

function fleetOf(endpoint: Endpoint, which: 'old' | 'new'): FleetRecord {
  const fleet = which === 'old' ? endpoint.record.fleet : endpoint.record.change?.next;
  if (!fleet) throw new Error(`endpoint ${endpoint.key} has no ${which} fleet`);
  return fleet;
}
