import type { Predictions } from '../predictions.ts';
import { skewNote } from '../answers/skew.ts';
import { withSpill } from './spill.ts';
import type { ComparisonOptions, Records, RecordSource } from './options.ts';

/** What was compared, and whatever the reader must know about how that came about, in sentences. */
export interface Compared {
  predictions: Predictions;
  notes: string[];
}

/**
 * Pairs the records of both variants and sums what their answers have in common. There is one way for a hundred records
 * and for ten million: their columns are written to disk, and DuckDB does the rest under a memory bound.
 *
 * @throws Problem (cannot-run) where the disk refuses
 */
export async function compareRecords(records: Records, options: ComparisonOptions): Promise<Compared> {
  if (isEmpty(records.production) && isEmpty(records.shadow))
    return { predictions: emptyPredictions(options), notes: [] };
  const { compareWithDuckdb } = await import('./duckdb/engine.ts');
  const { predictions, sampled } = await withSpill(options.spill, (spill) =>
    compareWithDuckdb(records, { ...options, spill }),
  );
  const notes: string[] = [];
  if (sampled < 1)
    notes.push(
      `Slices of the inputs come from one in ${Math.round(1 / sampled)} of production's requests, chosen at random, because there are many.`,
    );
  const skewed = skewNote(predictions);
  if (skewed !== undefined) notes.push(skewed);
  return { predictions, notes };
}

/** Loads DuckDB, which takes longer than most answers of AWS: whoever waits for those can have it load meanwhile. */
export function preloadEngine(): void {
  const loading = import('./duckdb/connection.ts').then(({ loadDuckdb }) => loadDuckdb());
  // Where this fails, opening the engine says so.
  loading.catch(() => undefined);
}

function isEmpty(source: RecordSource): boolean {
  return 'files' in source
    ? source.files.length === 0
    : source.captures.captures.length === 0 && source.captures.unreadable === 0;
}

/** Nothing was seen: predictions that were asked for and are missing are no reason to pass. */
export function emptyPredictions({ task, truth }: Pick<ComparisonOptions, 'task' | 'truth'>): Predictions {
  const side = {
    files: 0,
    records: 0,
    unreadable: 0,
    outside: 0,
    withoutAnswer: 0,
    unparsed: 0,
    ambiguous: 0,
    unmatched: 0,
    answers: 0,
    distinct: 0,
    commonest: undefined,
    examples: [],
  };
  return {
    method: undefined,
    task: task ?? 'regression',
    production: side,
    shadow: side,
    pairs: 0,
    coverage: undefined,
    rows: 0,
    differentRows: 0,
    blocks: [],
    labels: undefined,
    numbers: undefined,
    top: [],
    truth: truth && { rows: 0, of: 0, labels: undefined, numbers: undefined, unknown: truth.size },
    repeats: {
      inputs: 0,
      known: 0,
      agreement: undefined,
      beyond: undefined,
      onlyProduction: undefined,
      onlyShadow: undefined,
      loss: undefined,
    },
  };
}
