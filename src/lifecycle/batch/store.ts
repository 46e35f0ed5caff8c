import { type BatchDay, batchDayText, readBatchDay } from '../../analysis/batch/day.ts';
import { environmentError, type Problem, usageError } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { isName } from '../../resources/naming.ts';
import { batchOwner } from '../../resources/tags.ts';
import { type Journal, openJournal } from '../../state/journal.ts';
import { accountHere, type Session } from '../session.ts';

/** Where a batch is kept: its journal, and its days. */
export interface BatchStore {
  batch: string;
  account: string;
  region: string;
  /** Whoever writes a day holds its lock. */
  journal: Journal;
  /** Where the days are, for people. */
  readonly path: string;
  /** The days that are kept, oldest first: `2026-11-29`. */
  days(): Promise<string[]>;
  /**
   * One day as its last run left it; undefined where there is none.
   * @throws Problem (cannot-run) where what is kept is damaged, or a newer version wrote it
   */
  read(day: string): Promise<BatchDay | undefined>;
  /** Every day that is kept, oldest first. */
  readAll(): Promise<BatchDay[]>;
  /** Replaces what is kept of the day. */
  write(day: BatchDay): Promise<void>;
}

/**
 * Opens what is kept of a batch; nothing is written before the first run.
 * @throws Problem (usage) for a name that cannot be one, (cannot-run) where the journal is damaged
 */
export async function openBatch(session: Session, batch: string): Promise<BatchStore> {
  checkBatchName(batch);
  const { batches } = await session.state();
  const account = await accountHere(session);
  const { region } = (await session.aws()).target;
  const place = { account, region, endpoint: batch };
  // Tags and metadata of what it makes say whose it is by this name.
  const journal = { ...(await openJournal(batches.journals, place, session.clock)), endpoint: batchOwner(batch) };
  const documents = batches.days(place);
  const read = async (day: string) => {
    const content = await documents.read(day);
    if (content === undefined) return undefined;
    const found = readBatchDay(content);
    if (!('wrong' in found)) return found;
    throw environmentError(
      `What is kept of ${day} in ${documents.path} cannot be read: ${found.wrong}.`,
      'Update shadowctl, where a newer version wrote it; or run the day again.',
    );
  };
  return {
    batch,
    account,
    region,
    journal,
    path: documents.path,
    days: () => documents.names(),
    read,
    async readAll() {
      const days: BatchDay[] = [];
      for (const day of await documents.names()) {
        const found = await read(day);
        if (found !== undefined) days.push(found);
      }
      return days;
    },
    async write(day) {
      journal.requireLock();
      const content = batchDayText(day);
      const again = readBatchDay(content);
      // What could not be read back would make the day useless, and every report with it.
      if ('wrong' in again) throw new Error(`a day of a batch has a wrong shape: ${again.wrong}`);
      await documents.write(day.day, content);
    },
  };
}

/**
 * Opens a batch of which anything is kept here. Where no batch is, AWS is not asked: an emulator would be started for nothing.
 * @throws Problem (cannot-run) where there is no such batch here
 */
export async function knownBatch(session: Session, batch: string): Promise<BatchStore> {
  checkBatchName(batch);
  const { place, batches } = await session.state();
  if ((await batches.journals.accounts()).length === 0) throw noBatch(batch, [], place);
  const store = await openBatch(session, batch);
  if (store.journal.events().length === 0) throw noBatch(batch, await batchNames(session), store.journal.path);
  return store;
}

function noBatch(batch: string, known: readonly string[], place: string): Problem {
  return environmentError(
    `There is no batch "${batch}" here: nothing is kept of it in ${place}.`,
    lines(
      known.length > 0
        ? `Those that there are: ${known.join(', ')}.`
        : text`How one begins: ${shown('help batch', {})}`,
      text`If its journal is lost, what carries the tag shadowctl:batch=${batch} is found without it: ${shown('cleanup', { batch, 'by-tag': true, plan: true })}`,
      'Or work from the folder that holds its .shadowctl/, with the profile and region it was run with.',
    ),
  );
}

/** The batches that have a journal in this account and region, sorted by name. */
export async function batchNames(session: Pick<Session, 'aws' | 'state'>): Promise<string[]> {
  const { batches } = await session.state();
  return batches.journals.endpoints(await accountHere(session), (await session.aws()).target.region);
}

/** Gives the name back where a batch may have it: models and jobs are called after it. @throws Problem (usage) */
function checkBatchName(batch: string): string {
  if (isName('endpoint', batch)) return batch;
  throw usageError(
    `--batch: "${batch}" cannot be the name of a batch.`,
    'Use at most 63 letters, digits and single hyphens, with a letter or digit at both ends.',
  );
}
