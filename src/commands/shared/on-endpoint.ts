import type { App } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { restoreAlarm } from '../../lifecycle/guarded-update/alarm-override.ts';
import { startRun } from '../../resources/apply.ts';
import { checkName } from '../../resources/naming.ts';
import { recover } from '../../resources/resolve.ts';
import { replay, type State } from '../../state/replay.ts';
import type { Journal } from '../../state/journal.ts';
import { stopped } from './stopped.ts';

/** What a command that changes an endpoint stands on. */
export interface Ground {
  aws: Aws;
  journal: Journal;
  /** The account's twelve digits. */
  account: string;
  /** The journal replayed, as it is at this moment. */
  state(): State;
}

/**
 * Does `work` on one endpoint: under its lock, after what an earlier command left open has been settled. With
 * `readOnly` nothing is locked and nothing is settled: for `--plan` and for looking.
 * An interrupt becomes a Problem that says what stands and how to go on.
 */
export async function onEndpoint<T>(
  app: App,
  words: { endpoint: string; command: string; readOnly?: boolean },
  work: (ground: Ground) => Promise<T>,
): Promise<T> {
  checkName('endpoint', words.endpoint, '--endpoint');
  const aws = await app.aws();
  const account = await aws.account();
  const journal = await app.journal(words.endpoint);
  const ground: Ground = { aws, journal, account, state: () => replay(journal.events()) };
  let told = 0;
  const tell = () => {
    for (const note of journal.notes().slice(told)) app.io.err(`note: ${note}`);
    told = journal.notes().length;
  };
  tell();
  if (words.readOnly === true) return work(ground);
  const before = journal.events().length;
  try {
    return await journal.locked(`${words.command} --endpoint ${words.endpoint}`, async () => {
      tell();
      for (const line of await recover(aws, journal)) app.io.err(`note: ${line}`);
      const place = { aws, journal, clock: app.clock, signal: app.signal };
      const restored = await restoreAlarm(() => startRun(place, 'abort: alarm restored'), aws, journal);
      if (restored !== undefined)
        app.io.err(`note: An abort was stopped before it gave ${restored} its rule back: done now.`);
      return work(ground);
    });
  } catch (error) {
    if (app.signal.aborted && (error === app.signal.reason || isAbort(error)))
      throw stopped(words, journal.events(), before);
    throw error;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
