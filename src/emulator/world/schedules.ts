import type { Store, Table } from '../storage/store.ts';
import { partitionOf } from './partition.ts';

/** A schedule of EventBridge Scheduler. Times are milliseconds since the epoch. */
export interface ScheduleRecord {
  account: string;
  region: string;
  group: string;
  name: string;
  arn: string;
  createdAt: number;
  modifiedAt?: number;
  /** `at(2026-01-05T11:00:00)`, `rate(5 minutes)` */
  expression: string;
  timezone: string;
  state: 'ENABLED' | 'DISABLED';
  description?: string;
  after: 'NONE' | 'DELETE';
  target: {
    arn: string;
    roleArn: string;
    /** Absent: a notification of Scheduler's own. */
    input?: string;
    maxAttempts: number;
    maxAgeSeconds: number;
    deadLetterArn?: string;
  };
  /** Of a rate, in ms; absent for what calls once. */
  period?: number;
  clientToken?: string;
  /** When it calls next; absent once it has, and while it is disabled. */
  dueAt?: number;
  /** When it was first due, and how often it has called since. */
  firstDueAt: number;
  attempts: number;
}

interface Place {
  account: string;
  region: string;
}

/** The schedules of a world. */
export interface Schedules {
  get(place: Place, group: string, name: string): ScheduleRecord | undefined;
  /** Those of an account and region, by group and name. */
  list(place: Place): [string, ScheduleRecord][];
  /** Keeps a new schedule, or a change of one. */
  keep(record: ScheduleRecord): void;
  forget(record: ScheduleRecord): void;
  /** When the next one calls. */
  next(): number | undefined;
  /** Those that call by `at`. */
  due(at: number): ScheduleRecord[];
}

/** The schedules of a world, and the event source that calls their targets. */
export function createSchedules(store: Store): Schedules {
  const table: Table<ScheduleRecord> = store.table('schedules');
  const waiting = new Map<string, ScheduleRecord>();
  const keyOf = ({ account, region }: Place, group: string, name: string) => `${account}/${region}/${group}/${name}`;
  for (const [key, record] of table.entries()) if (record.dueAt !== undefined) waiting.set(key, record);
  return {
    get: (place, group, name) => table.get(keyOf(place, group, name)),
    list: ({ account, region }) => table.entries(`${account}/${region}/`),
    keep(record) {
      const key = keyOf(record, record.group, record.name);
      table.set(key, record);
      if (record.dueAt === undefined) waiting.delete(key);
      else waiting.set(key, record);
    },
    forget(record) {
      const key = keyOf(record, record.group, record.name);
      table.delete(key);
      waiting.delete(key);
    },
    next() {
      let next: number | undefined;
      for (const { dueAt } of waiting.values()) if (dueAt !== undefined && dueAt < (next ?? Infinity)) next = dueAt;
      return next;
    },
    due: (at) => [...waiting.values()].filter(({ dueAt }) => dueAt !== undefined && dueAt <= at),
  };
}

/** `arn:aws:scheduler:REGION:ACCOUNT:schedule/GROUP/NAME` */
export function scheduleArn({ account, region }: Place, group: string, name: string): string {
  return `arn:${partitionOf(region)}:scheduler:${region}:${account}:schedule/${group}/${name}`;
}

/** The API that a universal target calls, as `arn:aws:scheduler:::aws-sdk:sagemaker:deleteEndpoint` names it; undefined for any other target. */
export function universalTarget(arn: string): { service: string; action: string } | undefined {
  const [, service, action] = /^arn:aws[\w-]*:scheduler:::aws-sdk:([\w-]+):(\w+)$/.exec(arn) ?? [];
  return service === undefined || action === undefined ? undefined : { service, action };
}
