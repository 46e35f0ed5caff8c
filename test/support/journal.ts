import type { Clock } from '../../src/base/clock.ts';
import { folderState } from '../../src/state/folder-state.ts';
import { type Journal, openJournal } from '../../src/state/journal.ts';
import type { JournalPlace } from '../../src/state/store.ts';

/** The journal of an endpoint in a folder. */
export function folderJournal({
  stateDir,
  clock,
  ...place
}: JournalPlace & { stateDir: string; clock: Clock }): Promise<Journal> {
  return openJournal(folderState(stateDir, clock), place, clock);
}
