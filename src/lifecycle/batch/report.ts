import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { BatchDay } from '../../analysis/batch/day.ts';
import { daysThatCount } from '../../analysis/batch/days.ts';
import { dayPlus, periodOf } from '../../analysis/batch/period.ts';
import type { Truth } from '../../analysis/answers/truth.ts';
import { compareRecords } from '../../analysis/compare/compare.ts';
import type { Comparator } from '../../analysis/compare/comparator/compare.ts';
import type { ComparisonOptions } from '../../analysis/compare/options.ts';
import { notAsked } from '../../analysis/judge/days.ts';
import { judge } from '../../analysis/judge/judge.ts';
import { summarizeBoth } from '../../analysis/judge/summaries.ts';
import { mergeDays, type SeenDay } from '../../analysis/merge/days.ts';
import { boundCache, captureCache } from '../../analysis/observe/cache.ts';
import { otherReading } from '../../analysis/merge/merge.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { redact } from '../../analysis/redact.ts';
import { redactedBatch } from '../redacted.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { DAY } from '../../base/units.ts';
import { batchOwner } from '../../resources/tags.ts';
import type { BatchFacts, Report } from '../../report/report.ts';
import { withCapturesCache } from '../captures-cache.ts';
import { comparisonFor, type JudgeProgress } from '../judge.ts';
import { type LabelSource, readLabels } from '../labels.ts';
import type { Session } from '../session.ts';
import { knownBatch } from './store.ts';
import { toleranceFor } from './sum.ts';

/** What `batch report` asks for. */
export interface BatchReportRequest {
  batch: string;
  policy: Policy;
  /** Where the policy came from, for the report. */
  policyFrom: string;
  /** Read anew at every look: labels come later. */
  labels: LabelSource | undefined;
  comparator: Comparator | undefined;
  /** Memory bound of the comparison, like `1GB`. */
  memory: string;
  /** Leave out what was sent, who sent it, and free answers. */
  redact: boolean;
  /** How long the batch goes on at the most, from its first day on; milliseconds. */
  length: number;
}

/**
 * Judges a batch by the days that are kept of it. Each day's pairs are summed anew, as this policy asks and with the labels that
 * there are by now; of a day whose pairs are gone, what was summed when it was run counts.
 *
 * @throws Problem (usage) where no day has been run, or days cannot be judged together
 */
export async function judgeBatch(
  session: Session,
  request: BatchReportRequest,
  progress?: JudgeProgress,
): Promise<Report> {
  const { batch, policy, policyFrom } = request;
  const store = await knownBatch(session, batch);
  const all = await store.readAll();
  if (all.length === 0)
    throw environmentError(
      `No day of the batch ${batch} is kept in ${store.path}.`,
      text`See what there is: ${shown('batch status', { batch })}`,
    );
  const { days, leftOut } = daysThatCount(all);
  const now = session.clock.now();
  const { seen, kept } = await withCapturesCache(session, async (cache) => {
    const folder = captureCache(cache, { account: store.account, region: store.region, endpoint: batchOwner(batch) });
    const found = await sumDays(session, request, days, { cache, folder }, progress);
    await boundCache(folder, [], now);
    return found;
  });
  requireOneReading(seen);
  const merged = mergeDays(seen);
  const observations = request.redact ? redact(merged) : merged;
  return {
    schema: 'shadowctl-batch-report/1',
    created: now,
    observations,
    summaries: summarizeBoth(observations),
    policy,
    policyFrom,
    verdict: judge(observations, policy, 'candidate', now),
    batch: request.redact
      ? redactedBatch(factsOf(request, days, { leftOut, kept, now }))
      : factsOf(request, days, { leftOut, kept, now }),
  };
}

/** What there is to say of a batch beside what was seen. Pure. */
function factsOf(
  { batch, policy, length }: Pick<BatchReportRequest, 'batch' | 'policy' | 'length'>,
  days: readonly BatchDay[],
  { leftOut, kept, now }: Pick<BatchFacts, 'leftOut' | 'kept'> & { now: number },
): BatchFacts {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) throw new Error('there is no day to tell of');
  const until = dayPlus(first.day, Math.max(1, Math.round(length / DAY)) - 1);
  const costs = days.map(({ cost }) => cost);
  return {
    name: batch,
    zone: last.zone,
    against: last.against,
    days: days.map(({ day, attempt, failedObjects, notes, cost }) => ({ day, attempt, failedObjects, notes, cost })),
    leftOut,
    kept,
    notAsked: notAsked(policy),
    until,
    // The last day is run when it has ended, and has a day for that.
    over: last.day >= until || now >= periodOf(dayPlus(until, 1), last.zone).to,
    cost: costs.some((cost) => cost === undefined)
      ? undefined
      : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0),
  };
}

/** What was seen of each day, and the days of which only what was summed when they were run is there. */
async function sumDays(
  session: Session,
  request: BatchReportRequest,
  days: readonly BatchDay[],
  { cache, folder }: { cache: string; folder: string },
  progress: JudgeProgress | undefined,
): Promise<{ seen: SeenDay[]; kept: string[] }> {
  const truth = request.labels && (await readLabels(session, request.labels, true));
  const comparison = await comparisonOf(session, request, days, truth);
  const seen: SeenDay[] = [];
  const kept: string[] = [];
  for (const one of days) {
    const files = await pairsOf(session, one, folder);
    let { observations } = one;
    if (files !== undefined) {
      const { predictions, notes } = await compareRecords(
        {
          production: { files: [files.production] },
          shadow: { files: [files.candidate] },
          window: { from: one.from, to: one.to },
          sampling: 1,
        },
        { ...comparison, memory: request.memory, spill: cache, signal: session.signal, progress },
      );
      observations = { ...observations, predictions, notes };
    } else if (one.pairs !== undefined) kept.push(one.day);
    seen.push({ day: one.day, from: one.from, to: one.to, rows: one.rows, observations });
  }
  return { seen, kept };
}

/** How every day is compared: numbers with one tolerance, labels at one age. */
async function comparisonOf(
  session: Session,
  { policy, comparator }: BatchReportRequest,
  days: readonly BatchDay[],
  truth: Truth | undefined,
): Promise<Omit<ComparisonOptions, 'memory' | 'spill'>> {
  const now = session.clock.now();
  const found = await comparisonFor(policy, { task: undefined, now });
  const numbers = days.flatMap(({ observations: { predictions } }) => predictions?.numbers ?? []);
  const youngest = days.at(-1)?.from;
  const age =
    policy.maturity ??
    (truth?.newest === undefined || youngest === undefined ? undefined : Math.max(0, truth.newest - youngest));
  return {
    ...found,
    truth,
    comparator,
    tolerance: toleranceFor(found, numbers[0]?.tolerance),
    maturity: { age, now },
  };
}

/** Puts both sides' records of a day into files; undefined where they are not kept, or gone. */
async function pairsOf(
  session: Session,
  { pairs }: BatchDay,
  folder: string,
): Promise<{ production: string; candidate: string } | undefined> {
  if (pairs === undefined) return undefined;
  const [production, candidate] = [
    await fileOf(session, pairs.production, folder),
    await fileOf(session, pairs.candidate, folder),
  ];
  return production === undefined || candidate === undefined ? undefined : { production, candidate };
}

async function fileOf(session: Session, uri: string, folder: string): Promise<string | undefined> {
  const [{ headObject }, { downloadObject }] = await Promise.all([
    import('../../aws/s3.ts'),
    import('../../aws/s3-download.ts'),
  ]);
  const aws = await session.aws();
  const facts = await headObject(aws, uri);
  if (facts === undefined) return undefined;
  const name = createHash('sha256').update(`${uri} ${facts.etag}`).digest('hex').slice(0, 32);
  const path = join(folder, `${name}.jsonl.gz`);
  const how = await downloadObject(
    aws,
    session.clock,
    { uri, etag: facts.etag, bytes: facts.bytes },
    path,
    session.signal,
  );
  if (how !== 'changed') return how === 'gone' ? undefined : path;
  throw environmentError(`${uri} was replaced while it was read.`, 'Run the command again once the day has been run.');
}

/** @throws Problem (usage) for days whose answers were read in different ways */
function requireOneReading(days: readonly SeenDay[]): void {
  const seen = days.filter(({ observations: { predictions } }) => (predictions?.pairs ?? 0) > 0);
  const [first] = seen;
  for (const one of seen) {
    const [a, b] = [first?.observations.predictions, one.observations.predictions];
    if (a === undefined || b === undefined) continue;
    // Labels of some days may be there, and of others not.
    const unlabelled = a.truth === undefined || b.truth === undefined;
    const why = unlabelled ? otherReading({ ...a, truth: undefined }, { ...b, truth: undefined }) : otherReading(a, b);
    if (why !== undefined)
      throw usageError(
        `${first?.day ?? ''} and ${one.day} cannot be judged together: ${why}.`,
        'Say how answers are to be read (--answers, --prediction, or answers: in the policy), let a comparator see every row of a day (--comparator-sample), or run the day again.',
      );
  }
}
