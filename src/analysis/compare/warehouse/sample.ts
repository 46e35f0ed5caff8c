import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PairingMethod, Predictions, TruthSums } from '../../predictions.ts';
import { compareRecords } from '../compare.ts';
import type { ComparisonOptions } from '../options.ts';
import { choosePairs, defineLines, defineRows } from './pairing.ts';
import { shareOf } from './plan.ts';
import { WarehouseQuestions } from './questions.ts';
import { below, drawnBy } from './reading/sql.ts';
import { sampleStaging, SIDES, writesOf } from './staging.ts';
import { statesOf } from './sums.ts';
import { recordsTable } from './tables.ts';
import type { Warehouse, WarehouseCompared, WarehouseLimits, WarehouseRecords } from './warehouse.ts';

const MAX_EXAMPLES = 5;
const LABELS_NOTE =
  'Labels were held against the requests of the sample alone; how many belong to no request is counted in proportion.';
const DRAWN_BY = { inferenceId: 'inference_id', eventId: 'event_id', input: 'input_id' } as const;

/**
 * Compares a sample of the requests by the local engine: those whose id has a small hash, both records of each. It is a random
 * sample of requests, whether they have both answers or not, so that every bound holds of it as of any requests.
 *
 * @param asked why SQL cannot compare them all, as part of a sentence
 */
export async function sampleInWarehouse(
  warehouse: Warehouse,
  records: WarehouseRecords,
  { options, limits, why }: { options: ComparisonOptions; limits: WarehouseLimits; why: string },
): Promise<WarehouseCompared> {
  const kept = shareOf(records, limits.sample);
  const staging = sampleStaging(records, kept);
  options.progress?.({ step: 'reading-captures' });
  await warehouse.unload(writesOf(records, staging));
  const questions = new WarehouseQuestions(warehouse);
  defineLines(questions, records, recordsTable(records.prefix, staging.digest).name);
  const states = await statesOf(questions, records);
  // Whether an answer can be read is not known here; there is one.
  defineRows(questions, records, { read: "'unsure', 'unreadable'", unreadable: "'empty'" });
  options.progress?.({ step: 'pairing' });
  const answered = {
    production: states.production.unsure + states.production.unparsed,
    shadow: states.shadow.unsure + states.shadow.unparsed,
  };
  const { method, met } = await choosePairs(questions, answered);
  const share = Math.min(kept, limits.sample / Math.max(1, met.keyed.production, met.keyed.shadow));
  const files = await lines(questions, records, { method, share, folder: limits.folder });
  const { predictions, notes } = await compareRecords(
    {
      production: { files: [files.production] },
      shadow: { files: [files.shadow] },
      window: records.window,
      sampling: records.sampling,
    },
    options,
  );
  // A line that is no record has no id to be drawn by: as many are counted as there would be among so many requests.
  const drawn = met.pairs === 0 ? 1 : predictions.pairs / met.pairs;
  const counted = (found: Predictions): Predictions => {
    const of = (side: 'production' | 'shadow') => ({
      ...found[side],
      files: records.files[side],
      unreadable: Math.ceil(states[side].unreadable * drawn),
      unreadableBy: states[side].unreadableBy.map((one) => ({ ...one, count: Math.ceil(one.count * drawn) })),
      outside: Math.round(states[side].outside * drawn),
      examples: [...found[side].examples, ...states[side].examples].slice(0, MAX_EXAMPLES),
    });
    const expected = records.sampling * answered.production;
    const coverage = expected > 0 ? Math.min(1, met.pairs / expected, found.coverage ?? 0) : undefined;
    const { alternatives, truth } = found;
    return {
      ...found,
      ...{ coverage, production: of('production'), shadow: of('shadow') },
      ...(truth === undefined || options.truth === undefined
        ? {}
        : { truth: { ...truth, unknown: unknownLabels(options.truth.size, truth, drawn) } }),
      ...(alternatives === undefined ? {} : { alternatives: alternatives.map(counted) }),
    };
  };
  const whole = (side: 'production' | 'shadow') => {
    const { records: all, unreadable, outside, withoutAnswer } = states[side];
    return { records: all, unreadable, outside, withoutAnswer };
  };
  return {
    predictions: counted(predictions),
    notes: options.truth === undefined ? notes : [...notes, LABELS_NOTE],
    sampled: {
      requests: predictions.pairs,
      of: met.pairs,
      why,
      whole: { production: whole('production'), shadow: whole('shadow') },
    },
  };
}

/** Labels that belong to no request: of those that found a row of the sample, as many more are among all. */
function unknownLabels(size: number, { rows, age }: TruthSums, drawn: number): number {
  return Math.max(0, size - Math.round((rows + (age?.late ?? 0) + (age?.youngLabels ?? 0)) / Math.max(drawn, 1e-9)));
}

/** Writes the lines of the requests that were drawn. */
async function lines(
  questions: WarehouseQuestions,
  { window }: WarehouseRecords,
  { method, share, folder }: { method: PairingMethod | undefined; share: number; folder: string },
): Promise<Record<'production' | 'shadow', string>> {
  const key = DRAWN_BY[method ?? 'inferenceId'];
  mkdirSync(folder, { recursive: true });
  const files = { production: join(folder, 'production.jsonl'), shadow: join(folder, 'shadow.jsonl') };
  for (const side of SIDES) {
    const found = await questions.rows(
      `select line from ${side}_lines where line is not null and ${below(drawnBy(key), share)} and ${key} is not null and moment >= ${window.from} and moment < ${window.to} order by moment, record`,
      'fetches a sample of requests',
    );
    await pipeline(
      Readable.from(found.map(({ line }) => `${String(line)}\n`)),
      createWriteStream(files[side], { mode: 0o600 }),
    );
  }
  return files;
}
