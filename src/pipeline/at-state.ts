import { openState } from '../lifecycle/open-state.ts';
import type { Session } from '../lifecycle/session.ts';
import { openJournal } from '../state/journal.ts';

/** A session with its journals in another place. */
export function atState(session: Session, place: string): Session {
  let opened: ReturnType<Session['state']> | undefined;
  const state = () =>
    (opened ??= openState(
      { place, folder: session.folder },
      { aws: () => session.aws(), clock: session.clock, signal: session.signal },
    ));
  return {
    ...session,
    state,
    async journal(endpoint) {
      const aws = await session.aws();
      const of = { account: await aws.account(endpoint), region: aws.target.region, endpoint };
      return openJournal(await state(), of, session.clock);
    },
  };
}
