import type { Site } from '../resources/apply.ts';
import type { State } from '../state/fold.ts';
import type { Aftermath } from './aftermath.ts';
import type { Ending } from './ending.ts';
import type { StrategyName } from './strategy.ts';
import type { Update } from './watch.ts';

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

/** Needs the journal's lock, as all of these do. */
export async function noteStarted(site: Site, update: StartedUpdate): Promise<void> {
  await site.journal.append({ type: 'fact', run: site.run, name: STARTED, value: { ...update } });
}

export async function noteEnded(site: Site, ended: EndedUpdate): Promise<void> {
  await site.journal.append({ type: 'fact', run: site.run, name: ENDED, value: { ...ended } });
}

export async function noteAborted(site: Site, requested: string): Promise<void> {
  await site.journal.append({ type: 'fact', run: site.run, name: ABORTED, value: { requested, at: site.clock.now() } });
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
