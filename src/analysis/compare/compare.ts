import type { ComparatorSums, Predictions } from '../predictions.ts';
import type { Sample } from './comparator/sample.ts';
import type { Pairing } from './memory/pair.ts';
import { kindNamed } from '../answers/kinds/table.ts';
import { skewNote } from '../answers/skew.ts';
import { withSpill } from './spill.ts';
import type { ComparisonOptions, Records, RecordSource } from './options.ts';
import { passedOverNote, type Tried } from './pairing-method.ts';
import { readingsOf } from './readings.ts';
import { sizeOf, SMALL_BYTES } from './sources.ts';

/** What was compared, and whatever the reader must know about how that came about, in sentences. */
export interface Compared {
  predictions: Predictions;
  notes: string[];
}

/**
 * Pairs the records of both variants and sums what their answers have in common. Few records are compared in memory; the
 * columns of many are written to disk, and DuckDB does the rest under a memory bound. Both read and word answers by the
 * same functions, and find the same (test/analysis/compare/engines.test.ts).
 *
 * @throws Problem (cannot-run) where the disk refuses
 */
export async function compareRecords(records: Records, options: ComparisonOptions): Promise<Compared> {
  if (isEmpty(records.production) && isEmpty(records.shadow))
    return { predictions: emptyPredictions(options), notes: [] };
  const found: Found[] = [];
  for (const reading of readingsOf(records, options)) {
    // A relative tolerance alone leaves no room for more.
    const tolerance = options.tolerance ?? (options.rules?.relative === undefined ? undefined : 0);
    // A comparator reads answers by itself: it is asked once, whatever the readings.
    const comparator = found.length === 0 ? options.comparator : undefined;
    // Rows to be labelled are those of the first reading.
    const labelNext = found.length === 0 ? options.labelNext : undefined;
    const asked = { ...options, reading, tolerance, comparator, labelNext };
    found.push((await inMemory(records, asked)) ?? (await byDuckdb(records, asked)));
  }
  const [first, ...others] = found;
  if (first === undefined) throw new Error('there is no way to read answers');
  const comparator = await asComparator(first, options);
  const alternatives =
    others.length === 0 ? undefined : others.map((other) => withComparator(other.predictions, comparator));
  const { sampled } = first;
  const predictions = { ...withComparator(first.predictions, comparator), alternatives };
  const notes: string[] = [];
  const passedOver = passedOverNote(first.tried);
  if (passedOver !== undefined) notes.push(passedOver);
  if (sampled < 1)
    notes.push(
      `Slices of the inputs come from one in ${Math.round(1 / sampled)} of production's requests, chosen at random, because there are many.`,
    );
  const skewed = skewNote(predictions);
  if (skewed !== undefined) notes.push(skewed);
  notes.push(...unreadNotes(predictions, options));
  return { predictions, notes };
}

/** What one reading came to. */
interface Found {
  predictions: Predictions;
  sampled: number;
  /** The ways of pairing that were tried. */
  tried: readonly Tried[];
  /** Pairs for the comparator, where there is one. */
  drawn?: Sample | undefined;
}

async function asComparator({ drawn }: Found, options: ComparisonOptions): Promise<ComparatorSums | undefined> {
  if (options.comparator === undefined || drawn === undefined) return undefined;
  options.progress?.({ step: 'asking-comparator', pairs: drawn.pairs.length });
  const { compareBy } = await import('./comparator/compare.ts');
  return compareBy(options.comparator, drawn, { cluster: options.cluster, signal: options.signal });
}

function withComparator(predictions: Predictions, comparator: ComparatorSums | undefined): Predictions {
  return comparator === undefined ? predictions : { ...predictions, comparator };
}

/** What the user said about answers, where it leads to nothing. */
function unreadNotes({ production, shadow, answers }: Predictions, { answers: asked }: ComparisonOptions): string[] {
  if (answers === undefined || asked === undefined || Object.values(asked).every((one) => one === undefined)) return [];
  return [
    { name: "production's", side: production, form: answers.production },
    { name: "the shadow's", side: shadow, form: answers.shadow },
  ].flatMap(({ name, side, form }) =>
    side.unparsed > 0 && side.answers === 0
      ? [
          `In none of ${name} ${side.unparsed} answers is there ${kindNamed(answers.kind)?.title ?? 'an answer'} at ${form.from}: see the examples of answers that could not be read.`,
        ]
      : [],
  );
}

/** Undefined where there are too many records for it. */
async function inMemory(records: Records, options: ComparisonOptions): Promise<Found | undefined> {
  if (!(options.inMemory ?? sizeOf(records) <= SMALL_BYTES)) return undefined;
  options.progress?.({ step: 'reading-captures' });
  const { comparePredictions, readRecords } = await import('./memory/compare.ts');
  const production = readRecords(records.production, records.window);
  const shadow = readRecords(records.shadow, records.window);
  if (production === undefined || shadow === undefined) return undefined;
  options.signal?.throwIfAborted();
  options.progress?.({ step: 'comparing' });
  let pairing: Pairing | undefined;
  const predictions = comparePredictions(production, shadow, {
    ...options,
    sampling: records.sampling,
    paired: (found) => (pairing = found),
  });
  const tried = pairing?.tried ?? [];
  if (options.comparator === undefined || pairing === undefined) return { predictions, sampled: 1, tried };
  const { samplePairs } = await import('./memory/sample.ts');
  return { predictions, sampled: 1, tried, drawn: samplePairs(pairing, options.comparator.sample) };
}

async function byDuckdb(records: Records, options: ComparisonOptions): Promise<Found> {
  const { compareWithDuckdb } = await import('./duckdb/engine.ts');
  return withSpill(options.spill, (spill) => compareWithDuckdb(records, { ...options, spill }));
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
