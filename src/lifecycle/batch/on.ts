import { batchOwner } from '../../resources/tags.ts';
import { replay } from '../../state/replay.ts';
import type { Session } from '../session.ts';
import type { BatchOn } from './decision.ts';
import type { BatchStore } from './store.ts';

/** What works on a batch, as what works on an endpoint: whoever changes anything holds the lock of its journal. */
export async function batchOn(session: Session, batch: string, store: BatchStore): Promise<BatchOn> {
  const { account, journal } = store;
  const state = () => replay(journal.events());
  const aws = await session.aws();
  return { session, endpoint: batchOwner(batch), batch, store, aws, account, journal, state, locked: true };
}
