import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decidedCaptures } from '../../analysis/observe/decided-captures.ts';
import { compareRecords } from '../../analysis/compare/compare.ts';
import type { ComparisonOptions } from '../../analysis/compare/options.ts';
import type { Period } from '../../analysis/batch/period.ts';
import type { BatchModel } from '../../analysis/batch/day.ts';
import { METRICS, type MetricTable, type Observations, type VariantFacts } from '../../analysis/observations.ts';
import type { Truth } from '../../analysis/answers/truth.ts';
import { comparisonFor } from '../judge.ts';
import { readLabels } from '../labels.ts';
import { count, counted } from '../../base/units.ts';
import type { Session, TaskReporter } from '../session.ts';
import type { BatchSettings } from './settings.ts';
import type { BatchStore } from './store.ts';

/** Of answers that came by no endpoint there are no metrics. */
const NO_METRICS = Object.fromEntries(METRICS.map((name) => [name, []])) as unknown as MetricTable;

/** The two sides of a day, as records in files. */
interface DayRecords {
  candidate: string;
  production: string;
}

/**
 * Puts what was decided beside the candidate's records, where that stands for production.
 * @returns production's file, and how many rows were decided
 */
export async function decidedRecords(
  session: Session,
  settings: BatchSettings,
  candidate: string,
  folder: string,
): Promise<{ file: string | undefined; notes: string[] }> {
  const { against } = settings;
  if (against.kind !== 'decisions') return { file: undefined, notes: [] };
  const decisions = await readLabels(session, against.source, false, 'decisions');
  const into = join(folder, 'decided');
  await mkdir(into, { recursive: true });
  const { files, requests, of } = await decidedCaptures([candidate], decisions, into);
  return {
    file: files[0],
    notes: [
      ...decisions.notes,
      `${against.source.name} decided ${count(requests)} of ${counted(of, 'rows')} that the candidate answered.`,
      ...(requests === 0 && settings.id === undefined && decisions.by === 'id'
        ? ['It names rows by their ids; specify where a row has its id with --id COLUMN.']
        : []),
    ],
  };
}

/** Compares the two sides of a day; the result is what the judge reads of it. */
export async function observeDay(
  session: Session,
  settings: BatchSettings,
  period: Period,
  records: DayRecords,
  models: { candidate: BatchModel; production: BatchModel | undefined },
  { spill, store }: { spill: string; store: Pick<BatchStore, 'days' | 'read'> },
  report: TaskReporter,
): Promise<Observations> {
  const { policy, labels, against, memory, batch } = settings;
  const comparison = await comparisonFor(policy, { task: undefined, now: session.clock.now() });
  const truth: Truth | undefined = labels && (await readLabels(session, labels, true));
  const { predictions, notes } = await compareRecords(
    {
      production: { files: [records.production] },
      shadow: { files: [records.candidate] },
      window: { from: period.from, to: period.to },
      sampling: 1,
    },
    {
      ...comparison,
      tolerance: toleranceFor(comparison, await firstTolerance(store, period.day)),
      truth,
      memory,
      spill,
      signal: session.signal,
      progress: (doing) => report.progress({ kind: 'analysis', doing }),
    },
  );
  return observationsOf(batch, period, models, against.kind, { predictions, notes });
}

/**
 * How far two numbers may lie apart and be equal: as the policy says, or as on the first day, so that days can be added. Undefined
 * on the first: half the spread of production's numbers.
 */
export function toleranceFor(
  { tolerance, rules }: Pick<ComparisonOptions, 'tolerance' | 'rules'>,
  first: number | undefined,
): number | undefined {
  return tolerance ?? (rules?.relative === undefined ? first : undefined);
}

/** The tolerance of the first day that is kept, but for the one that is run. */
async function firstTolerance(store: Pick<BatchStore, 'days' | 'read'>, but: string): Promise<number | undefined> {
  for (const day of await store.days()) {
    const found = day === but ? undefined : await store.read(day);
    const tolerance = found?.observations.predictions?.numbers?.tolerance;
    if (tolerance !== undefined) return tolerance;
  }
  return undefined;
}

/** Observations of a batch's day. Pure. */
export function observationsOf(
  batch: string,
  period: Period,
  models: { candidate: BatchModel; production: BatchModel | undefined },
  against: BatchSettings['against']['kind'],
  found: Pick<Observations, 'predictions' | 'notes'>,
): Observations {
  const facts = (name: string, model: BatchModel | undefined): VariantFacts => ({ name, ...model });
  return {
    schema: 'shadowctl-observations/1',
    endpoint: batch,
    region: undefined,
    window: { from: period.from, to: period.to },
    production: facts(against === 'decisions' ? 'decisions' : 'production', models.production),
    shadow: facts('candidate', models.candidate),
    ...(against === 'decisions' ? { live: 'decisions' as const } : {}),
    sampling: undefined,
    metrics: { times: [], production: NO_METRICS, shadow: NO_METRICS },
    ...found,
  };
}
