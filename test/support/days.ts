import { METRICS } from '../../src/analysis/observations.ts';
import type { DayFacts, MetricTable, Observations } from '../../src/analysis/observations.ts';
import type { PairBlock, Predictions } from '../../src/analysis/predictions.ts';

const DAY_MS = 86_400_000;
/** A Monday. */
const BEGIN = Date.UTC(2026, 0, 5);
/** A batch has no metrics. */
export const NO_METRICS = Object.fromEntries(METRICS.map((name) => [name, []])) as unknown as MetricTable;
/** Of a side whose records could all be read. */
export const READ = {
  files: 1,
  unreadable: 0,
  outside: 0,
  withoutAnswer: 0,
  unparsed: 0,
  ambiguous: 0,
  unmatched: 0,
  distinct: 50,
  commonest: undefined,
  examples: [],
};

/** A day: how many rows, and how many of them differ; by how many days it comes after the first. */
export interface SomeDay {
  rows: number;
  differ: number;
  after: number;
  change?: Partial<DayFacts['rows']>;
}

/** So many days one after the other, each of 2000 rows of which 3 % differ, or as `of` says. */
export function someDays(count: number, of: (day: number) => Partial<SomeDay> = () => ({})): SomeDay[] {
  return Array.from({ length: count }, (_, after) => ({ rows: 2000, differ: 60, after, ...of(after) }));
}

/** What is known of a batch of labels over such days. */
export function batchOf(days: readonly SomeDay[], change: Partial<Predictions> = {}): Observations {
  const facts = days.map(({ rows, after, change: counts }): DayFacts => {
    const from = BEGIN + after * DAY_MS;
    const none = { withoutCounterpart: 0, unreadable: 0, inFailedObject: 0, late: 0 };
    return {
      day: new Date(from).toISOString().slice(0, 10),
      from,
      to: from + DAY_MS,
      rows: { delivered: rows, judged: rows, ...none, ...counts },
    };
  });
  const blocks = days.map(
    ({ rows, differ, after }): PairBlock => ({
      at: BEGIN + after * DAY_MS,
      rows,
      agree: rows - differ,
      d: 0,
      dd: 0,
      abs: 0,
    }),
  );
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  const agree = blocks.reduce((sum, block) => sum + block.agree, 0);
  const side = { ...READ, records: rows, answers: rows };
  return {
    schema: 'shadowctl-observations/1',
    endpoint: 'nightly',
    region: undefined,
    window: { from: facts[0]?.from ?? 0, to: facts.at(-1)?.to ?? 0 },
    production: { name: 'production' },
    shadow: { name: 'candidate' },
    sampling: undefined,
    metrics: { times: [], production: NO_METRICS, shadow: NO_METRICS },
    days: facts,
    predictions: {
      method: 'inferenceId',
      task: 'multiclass',
      production: side,
      shadow: side,
      pairs: rows,
      coverage: 1,
      rows,
      differentRows: 0,
      blocks,
      labels: { rows, agree, confusion: { labels: [], counts: [] }, classes: 5, kappa: undefined },
      numbers: undefined,
      top: [],
      truth: undefined,
      ...change,
    },
    notes: [],
  };
}
