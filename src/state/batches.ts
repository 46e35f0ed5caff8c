import { factsNamed, type FactValue } from './facts.ts';
import type { State } from './replay.ts';

type BatchBegun = FactValue<'batch-begun'>;
export type RecordedBatchJob = FactValue<'batch-job'> & { ended: FactValue<'batch-job-ended'> | undefined };

/** A day of a batch as the journal has it, oldest attempt first. */
export interface RecordedAttempt {
  day: string;
  attempt: number;
  digest: string;
  /** The `s3://` URI of the folder in which everything of it lies; ends with a slash. */
  folder: string;
  at: number;
  jobs: RecordedBatchJob[];
  /** What it came to was kept, at this time; undefined: it is under way, or was stopped. */
  kept: number | undefined;
}

/** What the batch judges; undefined before its first day, and once it was cleaned up. Pure. */
export function begunBatch({ facts }: Pick<State, 'facts'>): BatchBegun | undefined {
  const clean = facts.findLastIndex(({ name }) => name === 'clean');
  return factsNamed(facts.slice(clean + 1), 'batch-begun').at(-1)?.value;
}

/** Every attempt at a day, oldest first. Pure. */
export function attemptsOf({ facts }: Pick<State, 'facts'>, day?: string): RecordedAttempt[] {
  const attempts: RecordedAttempt[] = [];
  const find = (of: { day: string; attempt: number }) =>
    attempts.find((one) => one.day === of.day && one.attempt === of.attempt);
  for (const fact of facts) {
    if (fact.name === 'batch-attempt') attempts.push({ ...fact.value, jobs: [], kept: undefined });
    else if (fact.name === 'batch-job') find(fact.value)?.jobs.push({ ...fact.value, ended: undefined });
    else if (fact.name === 'batch-job-ended') {
      const job = attempts.flatMap(({ jobs }) => jobs).find((one) => one.job === fact.value.job);
      if (job !== undefined) job.ended = fact.value;
    } else if (fact.name === 'batch-day') {
      const attempt = find(fact.value);
      if (attempt !== undefined) attempt.kept = fact.value.at;
    }
  }
  return day === undefined ? attempts : attempts.filter((one) => one.day === day);
}
