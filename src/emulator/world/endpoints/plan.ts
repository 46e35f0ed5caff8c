import type { CapacitySize, DeploymentConfig } from '@aws-sdk/client-sagemaker';
import type { Latencies } from '../options.ts';
import type { Change, ChangeStage, Counts, FleetRecord } from './records.ts';

/** A change that begins at `at` with the first of `stages`. */
export function changeAt(at: number, kind: Change['kind'], stages: ChangeStage[]): Change {
  return { kind, startedAt: at, stages, stage: 0, stageStartedAt: at, dueAt: at, endsAt: at, alarms: [] };
}

/** A variant's number; undefined where there is none, also for a variant called `constructor`. */
export function numberOf(numbers: Readonly<Record<string, number>>, variant: string): number | undefined {
  return Object.hasOwn(numbers, variant) ? numbers[variant] : undefined;
}

/** Share of a launch that passes before `PendingDeploymentSummary` appears: 3 s of 180 s, as observed (facts 4.2). */
export function acceptMs(latencies: Latencies): number {
  return Math.round(latencies.launchFleet / 60);
}

/** Moving traffic; no source says how long, so 10 s where a launch takes 180 s. */
export function activateMs(latencies: Latencies): number {
  return Math.round(latencies.launchFleet / 18);
}

/** Instances that a CapacitySize means for a variant of `total`, at least one. Percentages round down (not sourced): never beyond the permitted share. */
export function instancesOf(size: CapacitySize | undefined, total: number): number {
  if (size?.Value === undefined) return total;
  const wanted = size.Type === 'INSTANCE_COUNT' ? size.Value : Math.floor((size.Value * total) / 100);
  return Math.max(1, Math.min(total, wanted));
}

function counts(variants: readonly { name: string; desiredCount: number }[], of: (total: number) => number): Counts {
  return Object.fromEntries(variants.map((variant) => [variant.name, of(variant.desiredCount)]));
}

/** Creating a fleet where there is none. */
export function planCreate(next: FleetRecord): ChangeStage[] {
  const all = everything(next);
  return [
    { kind: 'accept' },
    { kind: 'launch', fleet: 'new', counts: all },
    { kind: 'activate', serving: { old: {}, new: all }, extent: 'full' },
  ];
}

/** All instances of a fleet, shadows included. */
function everything(fleet: FleetRecord): Counts {
  return counts([...fleet.production, ...fleet.shadow], (total) => total);
}

/** The stages that bring an endpoint from one fleet to the next (facts 4.1, 4.2). */
export function planUpdate(old: FleetRecord, next: FleetRecord, config: DeploymentConfig | undefined): ChangeStage[] {
  if (config?.RollingUpdatePolicy) return planRolling(old, next, config);
  const policy = config?.BlueGreenUpdatePolicy;
  const routing = policy?.TrafficRoutingConfiguration;
  const wait = routing?.WaitIntervalInSeconds ?? 0;
  const finalWait = policy?.TerminationWaitInSeconds ?? 0;
  const stages: ChangeStage[] = [{ kind: 'accept' }, { kind: 'launch', fleet: 'new', counts: everything(next) }];
  const step =
    routing?.Type === 'CANARY' ? routing.CanarySize : routing?.Type === 'LINEAR' ? routing.LinearStepSize : undefined;
  if (step) {
    const portion = (times: number) => (total: number) => Math.min(total, times * instancesOf(step, total));
    const complete = (times: number) => next.production.every((v) => portion(times)(v.desiredCount) >= v.desiredCount);
    for (let times = 1; !complete(times) && (times === 1 || routing?.Type === 'LINEAR'); times += 1) {
      const activated = { ...everything(next), ...counts(next.production, portion(times)) };
      const left = (total: number) => total - portion(times)(total);
      // A canary leaves the old fleet whole (facts 4.2); a linear step takes the same portion of it out of service.
      const remaining =
        routing?.Type === 'LINEAR' ? { ...everything(old), ...counts(old.production, left) } : everything(old);
      stages.push({ kind: 'activate', serving: { old: remaining, new: activated }, extent: 'canary' });
      stages.push({ kind: 'bake', seconds: wait, extent: 'canary' });
    }
  }
  stages.push({ kind: 'activate', serving: { old: {}, new: everything(next) }, extent: 'full' });
  // Without a policy there is no baking at all.
  if (policy) stages.push({ kind: 'bake', seconds: finalWait, extent: 'full' });
  stages.push({ kind: 'terminate', fleet: 'old', counts: everything(old) });
  return stages;
}

/** Batch by batch: launch, move its share of the traffic, bake, take as many old instances away. */
function planRolling(old: FleetRecord, next: FleetRecord, config: DeploymentConfig): ChangeStage[] {
  const policy = config.RollingUpdatePolicy;
  const stages: ChangeStage[] = [{ kind: 'accept' }];
  const target = everything(next);
  const before = everything(old);
  let reached: Counts = Object.fromEntries(Object.keys(target).map((name) => [name, 0]));
  let left = before;
  while (Object.entries(target).some(([name, total]) => (numberOf(reached, name) ?? 0) < total)) {
    const after: Counts = {};
    const launch: Counts = {};
    const remaining: Counts = {};
    const remove: Counts = {};
    for (const [name, total] of Object.entries(target)) {
      const now = numberOf(reached, name) ?? 0;
      after[name] = Math.min(total, now + instancesOf(policy?.MaximumBatchSize, total));
      launch[name] = after[name] - now;
    }
    for (const [name, total] of Object.entries(before)) {
      const goal = numberOf(target, name) ?? 0;
      remaining[name] = goal === 0 ? 0 : Math.floor((total * (goal - (numberOf(after, name) ?? 0))) / goal);
      remove[name] = (numberOf(left, name) ?? 0) - remaining[name];
    }
    const full = Object.entries(target).every(([name, total]) => after[name] === total);
    const extent = full ? 'full' : 'canary';
    stages.push({ kind: 'launch', fleet: 'new', counts: launch });
    stages.push({ kind: 'activate', serving: { old: remaining, new: after }, extent });
    stages.push({ kind: 'bake', seconds: policy?.WaitIntervalInSeconds ?? 0, extent });
    stages.push({ kind: 'terminate', fleet: 'old', counts: remove });
    reached = after;
    left = remaining;
  }
  return stages;
}

/** How many instances of either fleet take requests when `standing` of the old one do: together one whole fleet. */
export function fallBack(
  old: FleetRecord,
  next: FleetRecord,
  standing: Counts = standingOf(old),
): { old: Counts; new: Counts } {
  const total = everything(old);
  const kept = Object.entries(servingOf(next)).map(([name, count]) => {
    const whole = numberOf(total, name) ?? 0;
    const missing = whole - (numberOf(standing, name) ?? whole);
    return [name, whole === 0 ? 0 : Math.floor((count * missing) / whole)];
  });
  return { old: standing, new: Object.fromEntries(kept) };
}

/**
 * The stages back to the old fleet, after what is left of it has taken its requests again at once (`fallBack`). What
 * rolling took away is launched anew by RollbackMaximumBatchSize (default: all of it), and the new fleet goes as it
 * comes back.
 */
export function planRollback(old: FleetRecord, next: FleetRecord, batch: CapacitySize | undefined): ChangeStage[] {
  const stages: ChangeStage[] = [];
  const total = everything(old);
  let standing = standingOf(old);
  let leaving = standingOf(next);
  while (Object.entries(total).some(([name, count]) => (numberOf(standing, name) ?? 0) < count)) {
    const launch: Counts = {};
    const after: Counts = {};
    for (const [name, count] of Object.entries(total)) {
      const now = numberOf(standing, name) ?? 0;
      after[name] = Math.min(count, now + instancesOf(batch, count));
      launch[name] = after[name] - now;
    }
    const back = Object.entries(total).every(([name, count]) => after[name] === count);
    const serving = fallBack(old, next, after);
    stages.push({ kind: 'launch', fleet: 'old', counts: launch });
    stages.push({ kind: 'activate', serving, extent: back ? 'full' : 'canary' });
    if (!back) {
      const gone = Object.entries(leaving).map(([name, count]) => [
        name,
        Math.max(0, count - (numberOf(serving.new, name) ?? 0)),
      ]);
      stages.push({ kind: 'terminate', fleet: 'new', counts: Object.fromEntries(gone) });
      leaving = serving.new;
    }
    standing = after;
  }
  stages.push({ kind: 'terminate', fleet: 'new', counts: leaving });
  return stages;
}

function standingOf(fleet: FleetRecord): Counts {
  return Object.fromEntries([...fleet.production, ...fleet.shadow].map((v) => [v.name, v.instances.length]));
}

function servingOf(fleet: FleetRecord): Counts {
  return Object.fromEntries([...fleet.production, ...fleet.shadow].map((v) => [v.name, v.serving]));
}
