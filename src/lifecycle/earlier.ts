import {
  type AskedBy,
  type EarlierFailure,
  earlierFailures,
  earlierText,
  type JudgedRecord,
  judgedNow,
} from '../analysis/judge/earlier.ts';
import { Problem } from '../base/errors.ts';
import type { Report } from '../report/report.ts';
import { newRun, runEvent } from '../resources/apply.ts';
import { factsNamed } from '../state/facts.ts';
import { replay, type State } from '../state/replay.ts';
import type { Judgement, JudgeSession } from './judge.ts';

/** A judgement, where gates that failed before are not answered by it: it is open then. Pure. */
export function withEarlier(judgement: Judgement, earlier: readonly EarlierFailure[]): Judgement {
  const goes = judgement.outcome === 'pass' || judgement.accepted;
  if (earlier.length === 0 || !goes) return { ...judgement, earlier };
  const gates = [...new Set(earlier.map(({ gate }) => gate))].join(', ');
  return {
    ...judgement,
    outcome: 'inconclusive',
    accepted: false,
    summary: `What was asked now would do, but ${gates} failed before, and this verdict does not answer that.`,
    reasons: [...judgement.reasons, ...earlier.map(earlierText)],
    earlier,
  };
}

/** What the journal has of verdicts on the shadow of this config, oldest first. Pure. */
function recordsOf({ facts, runs }: State, config: string | undefined): JudgedRecord[] {
  return factsNamed(facts, 'judged').flatMap(({ at, run, value }) => {
    if (value.config !== config) return [];
    const by = runs.find((one) => one.run === run);
    return [{ ...value, at, by: by?.by ?? 'unknown', command: by?.command ?? 'unknown' }];
  });
}

/**
 * Gates that failed on the shadow of this config, and of which this verdict says nothing.
 * @param config what the endpoint runs
 */
export async function earlierOf(
  session: JudgeSession,
  endpoint: string,
  config: string | undefined,
  { verdict }: Pick<Report, 'verdict'>,
  asked: AskedBy,
): Promise<EarlierFailure[]> {
  if (verdict === undefined) return [];
  return earlierFailures(recordsOf(replay((await session.journal(endpoint)).events()), config), verdict, asked);
}

/**
 * Writes down that gates failed, or pass that had failed: once for the same gates, asked for by the same, however often it is
 * looked at. An endpoint that this folder has no journal of gets none.
 *
 * @param of.config what the endpoint runs; undefined: as the journal knows it
 * @returns why it could not be written, where another command holds the journal or the folder cannot be written
 */
export async function recordJudged(
  session: JudgeSession,
  of: { endpoint: string; config: string | undefined; command: 'promote' | 'report' },
  { verdict }: Pick<Report, 'verdict'>,
  asked: AskedBy,
): Promise<string | undefined> {
  const { endpoint, command } = of;
  const journal = await session.journal(endpoint);
  if (verdict === undefined || journal.events().length === 0) return undefined;
  const found = () => {
    const state = replay(journal.events());
    const config = of.config ?? configOf(state);
    const now = config === undefined ? undefined : judgedNow(recordsOf(state, config), verdict, asked);
    return now === undefined || config === undefined ? undefined : { config, ...now };
  };
  if (found() === undefined) return undefined;
  try {
    await journal.locked(`${command} --endpoint ${endpoint}`, async () => {
      const now = found();
      if (now === undefined) return;
      const run = newRun(session.clock);
      await journal.append(await runEvent(await session.aws(), run, command));
      const { config, failed, passed } = now;
      const value = { config, verdict: verdict.outcome, asked, failed: [...failed], passed };
      await journal.append({ type: 'fact', run, name: 'judged', value });
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof Problem || code !== undefined) return (error as Error).message;
    throw error;
  }
  return undefined;
}

/** The config that an endpoint was told to run last, as far as the journal knows. Pure. */
export function configOf({ configs }: Pick<State, 'configs'>): string | undefined {
  return configs.at(-1)?.config;
}
