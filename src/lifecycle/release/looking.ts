import { setMaxListeners } from 'node:events';
import { isDiskFull } from '../../base/disk.ts';
import type { Problem } from '../../base/errors.ts';
import { duration } from '../../base/units.ts';
import { recordFact } from '../../state/journal.ts';
import { openRelease, type Release } from '../../state/releases.ts';
import { nothingJudged } from '../judge.ts';
import { lockEndpoint, openRun, type Session } from '../session.ts';
import type { EvidenceLook, Gathered } from './evidence.ts';
import { answerUntil, boxEnds } from './machine.ts';
import { troubleKey } from './due-note.ts';
import { staysInTheWay, noteTrouble } from './send-notes.ts';
import { NotDecidedHere, type TickParts } from './tick-parts.ts';

/** Where evidence gathers: also while people are asked, since their answer is judged again. */
export const GATHERS: ReadonlySet<Release['at']> = new Set(['gathering', 'asking']);

/**
 * Does what is due for evidence to come, and writes it down. What stands in its way is told; a release whose time is over goes on with
 * what there is.
 * @returns whether there is more to look at than before
 */
export async function gather(session: Session, parts: TickParts, release: Release): Promise<boolean> {
  const { evidence, endpoint } = parts;
  const { gather: work } = evidence;
  if (work === undefined) return false;
  let found: Gathered;
  try {
    found = await inTime(session, parts, (signal) => work(release, signal));
  } catch (error) {
    await noteTrouble(session, parts, release, error);
    if (!staysInTheWay(error) || session.clock.now() < deadlineOf(release)) throw error;
    return false;
  }
  const { days, missing, failed } = found;
  if (days.length + failed.length > 0)
    await lockEndpoint(session, { endpoint, command: 'release' }, async (on) => {
      if (openRelease(on.state())?.id !== release.id) return;
      const run = await openRun(on, 'release');
      const at = session.clock.now();
      for (const one of days)
        await recordFact(run, { name: 'release-day', value: { release: release.id, ...one, at } });
      for (const { day, settings, problem } of failed)
        await recordFact(run, {
          name: 'release-day-failed',
          value: { release: release.id, day, what: problem.message, settings, at },
        });
    });
  await noteDays(session, parts, release, [...missing, ...failed.map(({ problem }) => problem)]);
  return days.length > 0;
}

/** People are told of each day once; one of them, told or not, is shown as what stands in the way. */
async function noteDays(
  session: Session,
  parts: TickParts,
  release: Release,
  problems: readonly Problem[],
): Promise<void> {
  const unsaid = problems.filter(({ message }) => !release.notified.some(({ about }) => about === troubleKey(message)));
  const shown = problems.some(({ message }) => message === release.trouble?.what);
  for (const one of unsaid.length > 0 || shown ? unsaid : problems.slice(-1))
    await noteTrouble(session, parts, release, one);
}

/**
 * A look at the evidence. People are told where there can be none; and where its time is over as well, nothing is proven: a shadow
 * must not stay because its labels cannot be read.
 */
export async function lookOrTell(session: Session, parts: TickParts, release: Release): Promise<EvidenceLook> {
  const began = session.clock.now();
  try {
    return await inTime(session, parts, (signal) => parts.evidence.look(release, signal));
  } catch (error) {
    await noteTrouble(session, parts, release, error);
    if (!staysInTheWay(error) || session.clock.now() < deadlineOf(release)) throw error;
    const { message } = error;
    const evidence = { outcome: 'inconclusive', passes: false, errors: 'inconclusive', summary: message } as const;
    return {
      evidence: { ...evidence, reasons: [], open: [], unread: true },
      judgement: nothingJudged('inconclusive', message),
      sides: [],
    };
  } finally {
    parts.looked?.(session.clock.now() - began);
  }
}

/** When people are asked, or not waited for any more, with whatever evidence there is. */
function deadlineOf(release: Release): number {
  return release.at === 'gathering' ? boxEnds(release) : answerUntil(release);
}

/** @throws NotDecidedHere where it takes longer than it may */
async function inTime<T extends object>(
  session: Session,
  { lookWithin, endpoint }: TickParts,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (lookWithin === undefined) return work(session.signal);
  const enough = new AbortController();
  const looked = new AbortController();
  const signal = AbortSignal.any([session.signal, enough.signal]);
  // Every request under way listens to it: ten are no leak.
  setMaxListeners(0, signal);
  const [look] = await session.clock.all<T | undefined>([
    async () => {
      try {
        return await work(signal);
      } catch (error) {
        if (session.signal.aborted) throw error;
        if (enough.signal.aborted)
          throw new NotDecidedHere(
            endpoint,
            `to read this window takes longer than the ${duration(lookWithin)} that there are`,
          );
        if (isDiskFull(error))
          throw new NotDecidedHere(endpoint, 'the captures of this window are more than the disk here takes');
        throw error;
      } finally {
        looked.abort();
      }
    },
    async () => {
      await session.clock.sleep(lookWithin, AbortSignal.any([session.signal, looked.signal])).then(
        () => enough.abort(),
        () => undefined,
      );
      return undefined;
    },
  ]);
  if (look === undefined) throw new Error('a look ended without a result');
  return look;
}
