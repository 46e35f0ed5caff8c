import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { type FactValue, factsNamed } from './facts.ts';
import { type JournalWriter, recordFact } from './journal.ts';
import type { ConfigChange, State } from './replay.ts';

type Facts = Pick<State, 'facts'>;

/** A guarded update that was asked for: what another process needs to go on watching it. */
export type UpdateStarted = FactValue<'update-started'>;

/** How a guarded update ended. */
export type UpdateEnded = Required<FactValue<'update-ended'>>;

/** Records that a guarded update is about to be asked for. Needs the journal's lock, as all of these do. */
export async function recordUpdateStarted(run: JournalWriter, update: UpdateStarted): Promise<void> {
  await recordFact(run, { name: 'update-started', value: update });
}

/** Writes down how an update ended. */
export async function recordUpdateEnded(run: JournalWriter, ended: UpdateEnded): Promise<void> {
  await recordFact(run, { name: 'update-ended', value: ended });
}

/**
 * Records an abort, with the rule that the alarm had: the next command restores it, should this run be killed.
 * @param at milliseconds since the epoch
 */
export async function recordUpdateAborted(
  run: JournalWriter,
  requested: string,
  alarm: PutMetricAlarmCommandInput,
  at: number,
): Promise<void> {
  const kept = JSON.parse(JSON.stringify(alarm)) as typeof alarm;
  await recordFact(run, { name: 'update-aborted', value: { requested, at, alarm: kept } });
}

/** Writes down that an alarm has its own rule back. */
export async function recordAlarmRestored(run: JournalWriter, alarm: string): Promise<void> {
  await recordFact(run, { name: 'alarm-restored', value: { alarm } });
}

/** The alarm that an abort made to fire and that has not been restored since: its own rule. */
export function firingByAbort(state: Facts): PutMetricAlarmCommandInput | undefined {
  const last = state.facts.findLast((fact) => fact.name === 'update-aborted' || fact.name === 'alarm-restored');
  return last?.name === 'update-aborted' ? last.value.alarm : undefined;
}

/** A guarded update in the journal, with what became of it. */
export interface RecordedUpdate {
  started: UpdateStarted;
  /** Of an ending that an earlier version recorded, fields may be missing. */
  ended: FactValue<'update-ended'> | undefined;
  aborted: boolean;
  /** The run that started it. */
  run: string;
}

/** Every guarded update of an endpoint, oldest first. */
export function recordedUpdates(state: Facts): RecordedUpdate[] {
  const updates: RecordedUpdate[] = [];
  for (const fact of state.facts) {
    if (fact.name === 'update-started')
      updates.push({ started: fact.value, ended: undefined, aborted: false, run: fact.run });
    if (fact.name === 'update-ended') {
      const { requested, startedAt } = fact.value;
      const whose = updates.findLast(
        ({ started }) => started.requested === requested && started.startedAt === startedAt,
      );
      if (whose !== undefined) whose.ended = fact.value;
    }
    if (fact.name === 'update-aborted') {
      const latest = updates.at(-1);
      if (latest !== undefined) latest.aborted = true;
    }
  }
  return updates;
}

/**
 * The last guarded update, where AWS accepted it and its end was not recorded. Needs a journal without open steps.
 */
export function unfinishedUpdate(state: Pick<State, 'facts' | 'configs'>): RecordedUpdate | undefined {
  const last = recordedUpdates(state).at(-1);
  if (last === undefined || last.ended !== undefined) return undefined;
  return state.configs.some((change) => change.run === last.run && change.config === last.started.requested)
    ? last
    : undefined;
}

/** How a change of the config ended, where it was waited for, guarded or not. */
export function endingOf(state: Facts, { run, config }: ConfigChange): FactValue<'update-ended'> | undefined {
  return factsNamed(state.facts, 'update-ended').findLast((fact) => fact.run === run && fact.value.requested === config)
    ?.value;
}
