import { configBefore } from '../state/earlier-configs.ts';
import { endingOf, recordedUpdates } from '../state/updates.ts';
import type { ConfigChange, State } from '../state/replay.ts';
import { type Session, viewEndpoint } from './session.ts';

/** One change of what an endpoint runs. */
export interface HistoryEntry {
  /** ISO 8601. */
  at: string;
  command: string;
  by: string;
  /** Null where it was created. */
  from: string | null;
  to: string;
  /** How it ended, where it was watched to its end: an ending's kind. */
  ending: string | null;
  sentence: string | null;
  /** Alarms that rolled it back. */
  alarms: readonly string[];
  /** Requests the new fleet served while it was watched. */
  requests: number | null;
}

/** What the journal knows of an endpoint, oldest first; AWS is asked only which account this is. */
export function history(session: Session, endpoint: string): Promise<HistoryEntry[]> {
  return viewEndpoint(session, endpoint, async ({ state }) => historyOf(state()));
}

/** What the journal knows of every change AWS accepted, oldest first. Pure. */
function historyOf(state: State): HistoryEntry[] {
  return state.lifetimes.flatMap((changes) => lifeOf(state, changes));
}

/** From the creation of an endpoint to its cleanup. */
function lifeOf(state: State, changes: readonly ConfigChange[]): HistoryEntry[] {
  const updates = recordedUpdates(state);
  let running: string | null = null;
  return changes.map((change): HistoryEntry => {
    const run = state.runs.find((one) => one.run === change.run);
    const update = updates.find((one) => one.run === change.run && one.started.requested === change.config);
    const from = update?.started.previous ?? running ?? configBefore(state, change) ?? null;
    const ended = update?.ended;
    const kind = (ended ?? endingOf(state, change))?.kind;
    // What rolled back leaves running what ran before.
    if (kind === undefined || kind === 'updated' || kind === 'created') running = change.config;
    return {
      at: change.at,
      command: update?.started.command ?? run?.command ?? 'unknown',
      by: run?.by ?? 'unknown',
      from,
      to: change.config,
      ending: kind ?? null,
      sentence: ended?.sentence ?? null,
      alarms: ended?.alarms ?? [],
      requests: ended?.served?.requests ?? null,
    };
  });
}
