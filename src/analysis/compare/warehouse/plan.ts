import { usageError } from '../../../base/errors.ts';
import type { ComparisonOptions } from '../options.ts';
import { readingsOf } from '../readings.ts';
import { CANNOT, onlyHere } from './cannot.ts';
import { labelBytes, labelsTable } from './labels.ts';
import { askedShareOf, readStaging, sampleStaging, SIDES } from './staging.ts';
import type { Staging } from './staging.ts';
import { capturesTable, cellsTable, recordsTable } from './tables.ts';
import type { PlanInWarehouse, WarehousePlan, WarehouseRecords } from './warehouse.ts';

/** Statements over records: what became of lines, examples and what is unsure, ways of pairing, cells, missing answers, commonest answers, times, worst pairs. */
const OVER_RECORDS = 15;
/** Statements over cells: minutes, numbers, curves, labels, repeats, worst rows. */
const OVER_CELLS = 16;
/** The same of labels: their age, what they say by the minute and by stratum, probabilities, bands, curves, slices' losses. */
const OVER_LABELS = 15;
/** Of a sample: what became of lines, ways of pairing, and the lines. */
const OF_SAMPLE = 7;

/** See `PlanInWarehouse`. */
export const planInWarehouse: PlanInWarehouse = (records, options, limits) => {
  refuse(options);
  const bounded = notBySql(options);
  const readings = readingsOf(records.sample, options).map((reading) => {
    const { staging, unread } = readStaging(records, reading, limits.askedShare ?? askedShareOf(records));
    return { reading, staging, sampled: bounded ?? unread };
  });
  const { hours } = records;
  const variants = SIDES.map((side) => records.variants[side]);
  const tables = [capturesTable(records.prefix, variants)];
  const statements: WarehousePlan['statements'][number][] = [];
  const folders: string[] = [];
  // That only a sample can be compared may show when all captures have been read.
  const drawn = sampleStaging(records, shareOf(records, limits.sample));
  tables.push(recordsTable(records.prefix, drawn.digest));
  const { truth } = options;
  if (truth !== undefined) tables.push(labelsTable(records.prefix));
  const stage = (staging: Staging) => {
    if (staging.digest !== drawn.digest) tables.push(recordsTable(records.prefix, staging.digest));
    statements.push({ about: 'reads captures into columns', reads: 'captures', times: 1, hours, variants });
    folders.push(...SIDES.flatMap((side) => hours.map((hour) => staging.folder(side, hour))));
  };
  const sampled = readings.length === 0 || readings.some((one) => one.sampled !== undefined);
  if (sampled) {
    stage(drawn);
    statements.push({ about: 'draws a sample of requests', reads: 'records', times: OF_SAMPLE, hours, variants });
  } else
    for (const { staging } of readings) {
      stage(staging);
      tables.push(cellsTable(records.prefix, staging.digest));
      statements.push(
        { about: 'pairs requests', reads: 'records', times: OVER_RECORDS - 1, hours, variants },
        { about: 'compares answers', reads: 'cells', times: OVER_CELLS, hours, variants },
        // Labels are read once, where cells are made.
        { about: 'pairs requests', reads: 'records', times: 1, besides: truth && labelBytes(truth), hours, variants },
        { about: 'compares labels', reads: 'cells', times: truth === undefined ? 0 : OVER_LABELS, hours, variants },
      );
    }
  return {
    tables,
    statements,
    folders,
    readings: readings.map(({ reading, sampled: why }) => ({ reading, sampled: why })),
  };
};

/** So many of the requests are kept that there are rather too many than too few: what is too much is left aside later. */
export function shareOf({ requests }: WarehouseRecords, sample: number): number {
  return Math.min(1, (SPARE * sample) / Math.max(1, requests));
}

const SPARE = 2;

/** @throws Problem (usage) for what would be answered wrongly, or not at all */
function refuse(options: ComparisonOptions): void {
  const why = onlyHere(options);
  if (why !== undefined)
    throw usageError(
      `Athena cannot compare what this report asks for: ${why}.`,
      options.truth?.by === 'input'
        ? 'Give the labels a column inferenceId, or compare them on this machine: --engine local.'
        : 'Ask the local engine: --engine local.',
    );
}

/** Why SQL cannot compare what is asked for; undefined where it can. */
export function notBySql({ comparator, cluster, task, answers }: ComparisonOptions): string | undefined {
  if (comparator !== undefined) return CANNOT.comparator;
  if (cluster !== undefined) return CANNOT.clusters;
  if (task === 'multiclass' || task === 'json' || answers?.kind === 'json')
    return 'they are compared as classes or as JSON, whatever they look like';
  return undefined;
}
