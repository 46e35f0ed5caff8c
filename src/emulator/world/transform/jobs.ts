import { builtInImage } from '../../containers/images.ts';
import { createAgenda } from '../agenda.ts';
import { keyOf } from '../endpoints/records.ts';
import type { Platform } from '../world.ts';
import { announceTransform } from './announce.ts';
import { meterInstances } from './metrics.ts';
import { type TransformRecord, type Transforms, transformsOf } from './records.ts';
import { whereOf } from './request.ts';
import { discard, storeOutputs } from './land.ts';
import { seeLogs, type WorkDone, workOn } from './work.ts';
import { callOff, type Work } from '../work.ts';

/** As users quote it of jobs of all kinds. */
const NO_CAPACITY =
  'CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type.';
const INTERNAL = 'InternalServerError: We encountered an internal error. Please try again.';

/** The transform jobs of a world, and the event source that moves them on. */
export function createTransforms(world: Platform): Transforms {
  const table = transformsOf(world.store);
  /** When each job goes on, by key; jobs whose containers are at work are not in it. */
  const agenda = createAgenda();
  const working: Work = new Map();
  const keep = (record: TransformRecord, at: number) => {
    const key = keyOf(record, record.name);
    record.modifiedAt = at;
    table.set(key, record);
    agenda.set(key, record.stage?.dueAt);
  };
  // Work that was under way when the process ended begins again.
  for (const [key, record] of table.entries()) agenda.set(key, record.stage?.dueAt);

  const end = (record: TransformRecord, status: 'Completed' | 'Failed' | 'Stopped', at: number, reason?: string) => {
    record.status = status;
    record.endedAt = at;
    if (reason !== undefined) record.failureReason = reason.slice(0, 1024);
    delete record.stage;
    delete record.outputs;
    keep(record, at);
    meterInstances(world, record);
    announceTransform(world, record, at);
  };
  const settle = (record: TransformRecord, { outputs, failure, took }: WorkDone) => {
    if (record.stage?.kind !== 'work') return discard(world, outputs);
    const began = record.startedAt ?? record.createdAt;
    record.outputs = outputs;
    if (failure !== undefined) record.failureReason = failure.reason;
    const dueAt = Math.round(began + world.latencies.runTransformJob + took);
    record.stage = { kind: 'store', dueAt: Math.max(dueAt, world.clock.virtual ? 0 : world.clock.now()) };
    keep(record, record.modifiedAt);
    return undefined;
  };
  const work = async (record: TransformRecord, at: number) => {
    const key = keyOf(record, record.name);
    const calledOff = new AbortController();
    const began = workOn(world, record, at, calledOff.signal);
    const done = began.then(
      (result) => settle(record, result),
      (error: unknown) => {
        // Called off: nothing is known of it. Else the emulator is at fault, which nobody may take for an answer.
        if (calledOff.signal.aborted) return undefined;
        const reason = `${INTERNAL} (${error instanceof Error ? error.message : String(error)})`;
        return settle(record, { outputs: [], failure: { blame: 'InternalServerError', reason }, took: 0 });
      },
    );
    const over = done.finally(() => working.delete(key));
    agenda.set(key, undefined);
    working.set(key, { calledOff, done: over });
    // In simulated time nothing else can happen meanwhile; real callers must not wait. A server of the user's own may call the
    // emulator before it answers.
    const own = record.containers.some(({ Image }) => builtInImage(Image ?? '') === undefined);
    if (world.clock.virtual) await (own ? world.timeline.outside(over) : over);
    else over.catch(() => {});
  };
  const launch = async (record: TransformRecord, at: number) => {
    if (world.faults.inject(['insufficient-capacity'], whereOf(record)) !== undefined)
      return end(record, 'Failed', at, NO_CAPACITY);
    const { InstanceCount: count = 1 } = record.request.TransformResources ?? {};
    record.instances = Array.from({ length: count }, () => `i-0${world.random.hex(16)}`);
    record.startedAt = at;
    record.stage = { kind: 'work', dueAt: at };
    keep(record, at);
    announceTransform(world, record, at);
    return work(record, at);
  };
  const store = async (record: TransformRecord, at: number) => {
    const { failureReason } = record;
    const lost = await storeOutputs(world, record, at);
    const reason = failureReason ?? (lost ? seeLogs('ClientError') : undefined);
    end(record, reason === undefined ? 'Completed' : 'Failed', at, reason);
  };
  const step = async (record: TransformRecord, at: number) => {
    switch (record.stage?.kind) {
      case 'launch':
        return launch(record, at);
      case 'work':
        return work(record, at);
      case 'store':
        return store(record, at);
      case 'stop':
        await discard(world, record.outputs ?? []);
        return end(record, 'Stopped', at);
      default:
        return undefined;
    }
  };

  return {
    add(record) {
      keep(record, record.createdAt);
      announceTransform(world, record, record.createdAt);
    },
    stop(record) {
      const now = world.clock.now();
      record.status = 'Stopping';
      delete record.failureReason;
      record.stage = { kind: 'stop', dueAt: now + world.latencies.stopTransformJob };
      keep(record, now);
      working.get(keyOf(record, record.name))?.calledOff.abort(new Error('The transform job was stopped.'));
      announceTransform(world, record, now);
    },
    next: agenda.next,
    async run(at) {
      for (const key of agenda.due(at)) {
        const record = table.get(key);
        if (record === undefined) agenda.set(key, undefined);
        else await step(record, at);
      }
    },
    async close() {
      await callOff(working);
    },
  };
}
