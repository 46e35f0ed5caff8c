import { isDeepStrictEqual } from 'node:util';
import type { WaiverState } from '../analysis/judge/verdict.ts';
import { Problem } from '../base/errors.ts';
import type { Report } from '../report/report.ts';
import { newRun, runEvent } from '../resources/apply.ts';
import { factsNamed, type RecordedWaiver } from '../state/facts.ts';
import { replay } from '../state/replay.ts';
import type { JudgeSession } from './judge.ts';

/** Of all waivers those by which a gate does not decide although it did not pass, as a journal keeps them. */
export function waiversThatCount(waivers: readonly WaiverState[]): RecordedWaiver[] {
  return waivers.flatMap(({ gate, outcome, reason, owner, until, state }) =>
    state === 'counts' ? [{ gate, outcome: outcome ?? '', reason, owner, until }] : [],
  );
}

/**
 * Writes down what a report waived, so that `history` has it: once for the same waivers, verdict and config, however often it
 * is looked at. An endpoint that this folder has no journal of gets none.
 *
 * @returns why it could not be written, where another command holds the journal or the folder cannot be written
 */
export async function recordWaivers(
  session: JudgeSession,
  endpoint: string,
  { verdict }: Report,
): Promise<string | undefined> {
  const waivers = waiversThatCount(verdict?.waivers ?? []);
  const journal = await session.journal(endpoint);
  if (verdict === undefined || waivers.length === 0 || journal.events().length === 0) return undefined;
  try {
    await journal.locked(`report --endpoint ${endpoint}`, async () => {
      const state = replay(journal.events());
      const value = { verdict: verdict.outcome, waivers, config: state.configs.at(-1)?.config };
      // As it would be read back: without what is undefined.
      const plain: unknown = JSON.parse(JSON.stringify(value));
      if (isDeepStrictEqual(factsNamed(state.facts, 'waived').at(-1)?.value, plain)) return;
      const run = newRun(session.clock);
      await journal.append(await runEvent(await session.aws(), run, 'report'));
      await journal.append({ type: 'fact', run, name: 'waived', value });
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Problem || code !== undefined) return (error as Error).message;
    throw error;
  }
  return undefined;
}
