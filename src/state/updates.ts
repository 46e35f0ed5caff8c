import type { PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import type { JournaledRun } from '../resources/apply.ts';
import type { State } from './replay.ts';
import type { Aftermath } from '../lifecycle/guarded-update/evidence.ts';
import type { Ending } from '../guard/outcome.ts';
import type { StrategyName } from '../guard/strategy.ts';
import type { Update } from '../lifecycle/guarded-update/await-update.ts';

/** What the journal keeps of an update when it was asked for, so that another process can go on watching it. */
export interface StartedUpdate extends Update {
  command: 'canary' | 'promote' | 'undo' | 'rollout';
  models: { previous: string; requested: string };
  strategy: StrategyName;
  /** Those of the alarms that are shadowctl's own. */
  ownAlarms: readonly string[];
}

/** What the journal keeps of how it ended. */
interface EndedUpdate {
  requested: string;
  previous: string;
  kind: Ending['kind'];
  sentence: string;
  reason: string | null;
  alarms: readonly string[];
  served: Aftermath['served'];
  startedAt: number;
  endedAt: number;
}

const STARTED = 'update-started';
const ENDED = 'update-ended';
const ABORTED = 'update-aborted';
const RESTORED = 'alarm-restored';

/** Needs the journal's lock, as all of these do. */
export async function noteStarted(run: JournaledRun, update: StartedUpdate): Promise<void> {
  await run.journal.append({ type: 'fact', run: run.id, name: STARTED, value: { ...update } });
}

export async function noteEnded(run: JournaledRun, ended: EndedUpdate): Promise<void> {
  await run.journal.append({ type: 'fact', run: run.id, name: ENDED, value: { ...ended } });
}

/** With the rule that the alarm had: whoever comes next can give it back, should this run be killed. */
export async function noteAborted(
  run: JournaledRun,
  requested: string,
  alarm: PutMetricAlarmCommandInput,
): Promise<void> {
  const value = { requested, at: run.clock.now(), alarm: JSON.parse(JSON.stringify(alarm)) as typeof alarm };
  await run.journal.append({ type: 'fact', run: run.id, name: ABORTED, value: { ...value } });
}

export async function noteRestored(run: JournaledRun, alarm: string): Promise<void> {
  await run.journal.append({ type: 'fact', run: run.id, name: RESTORED, value: { alarm } });
}

/** The alarm that an abort has set off and nobody has given its rule back: that rule. */
export function firingByAbort(state: Pick<State, 'facts'>): PutMetricAlarmCommandInput | undefined {
  const last = state.facts.findLast((fact) => fact.name === ABORTED || fact.name === RESTORED);
  return last?.name === ABORTED ? (last.value as { alarm?: PutMetricAlarmCommandInput }).alarm : undefined;
}

/** An update in the journal with what became of it. */
interface RecordedUpdate {
  started: StartedUpdate;
  ended: EndedUpdate | undefined;
  aborted: boolean;
  /** The run that started it. */
  run: string;
}

/** Every guarded update of an endpoint, oldest first. */
export function recordedUpdates(state: Pick<State, 'facts'>): RecordedUpdate[] {
  const updates: RecordedUpdate[] = [];
  for (const fact of state.facts) {
    const latest = updates.at(-1);
    if (fact.name === STARTED)
      updates.push({
        started: fact.value as unknown as StartedUpdate,
        ended: undefined,
        aborted: false,
        run: fact.run,
      });
    if (fact.name === ENDED) {
      const ended = fact.value as unknown as EndedUpdate;
      const whose = updates.findLast(
        (update) => update.started.requested === ended.requested && update.started.startedAt === ended.startedAt,
      );
      if (whose !== undefined) whose.ended = ended;
    }
    if (fact.name === ABORTED && latest !== undefined) latest.aborted = true;
  }
  return updates;
}

/**
 * The last update, where nobody has seen its end yet and AWS accepted it. Needs a journal that `recover` has settled.
 */
export function unfinishedUpdate(state: Pick<State, 'facts' | 'configs'>): RecordedUpdate | undefined {
  const last = recordedUpdates(state).at(-1);
  if (last === undefined || last.ended !== undefined) return undefined;
  return state.configs.some((change) => change.run === last.run && change.config === last.started.requested)
    ? last
    : undefined;
}
