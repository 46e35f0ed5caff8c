import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PairingMethod, Predictions, SideCounts, Task } from '../../predictions.ts';
import { detectTask } from '../../answers/task.ts';
import { scanRecords } from '../ingest/scan.ts';
import type { Scanned } from '../ingest/scan.ts';
import type { Sample } from '../comparator/sample.ts';
import type { ComparisonOptions, Records } from '../options.ts';
import { othersWithin, UNCHOSEN, withOthers } from '../readings.ts';
import { filesOf, sizeOf, SMALL_BYTES } from '../sources.ts';
import { chosenMethod, keysMost, pairsMost, type Tried } from '../pairing-method.ts';
import { loadDuckdb, openEngine } from './connection.ts';
import type { Engine } from './connection.ts';
import { wholeSums } from './fields.ts';
import { labels } from '../sql/labels.ts';
import { missingMinutes } from './missing.ts';
import { nextRows } from './next-rows.ts';
import { numberSums, referenceSums } from '../sql/numbers.ts';
import { pairSides, showSides } from './pairing.ts';
import { samplePairs } from './records.ts';
import { repeats } from '../sql/repeats.ts';
import { slices } from './slices.ts';
import { fill, KEYS, toleranceSql } from '../sql/statements.ts';
import { OWN_SUMS } from './sums.ts';
import { blockSums } from '../sql/blocks.ts';
import { topPairs } from './top.ts';
import { NOTHING_TOLD, showTruth, truthSums } from '../sql/truth.ts';

const MAX_ANSWER_CHARACTERS = 80;

interface Paired {
  method: PairingMethod | undefined;
  task: Task;
  scanned: Scanned;
  /** The ways of pairing that were tried, the surest first. */
  tried: readonly Tried[];
  pairs: number;
  /** Pairs whose answers have not as many rows as each other. */
  different: number;
  /** Pairs of ids that occur several times. */
  retried: number;
  pairedInputs: NonNullable<Predictions['pairedInputs']>;
}

/**
 * Pairs capture records and sums them: they are read into columns, and SQL does the rest; only sums and small tables come
 * back.
 *
 * @param options `spill` is an empty folder for this comparison alone
 * @returns the sums, how records were paired, the share of production's records whose inputs were kept column by column, and the pairs for the comparator
 */
export async function compareWithDuckdb(
  records: Records,
  options: ComparisonOptions,
): Promise<{ predictions: Predictions; sampled: number; tried: readonly Tried[]; drawn: Sample | undefined }> {
  const size = sizeOf(records);
  const threads = options.threads ?? (size <= SMALL_BYTES ? 1 : undefined);
  const run = { ...options, threads };
  let opening: Promise<Engine> | undefined;
  const open = () => {
    opening = openEngine(run);
    // Awaiting it says where it fails.
    opening.catch(() => undefined);
  };
  // Loading DuckDB holds this thread up: where others read the files, they are at work by then; where this one does, the
  // engine comes up beside it.
  if (threads === 1) {
    await loadDuckdb();
    open();
  }
  const first = await scan(records, run, false, threads === 1 ? undefined : open);
  const engine = await (opening ?? openEngine(run));
  try {
    const paired = await load(engine, records, run, first);
    options.progress?.({ step: 'summing' });
    const { comparator } = options;
    return {
      predictions: await sum(engine, records, run, paired),
      sampled: paired.scanned.sampled,
      tried: paired.tried,
      drawn: comparator && (await samplePairs(engine, paired, records, comparator.sample)),
    };
  } finally {
    engine.close();
  }
}

/** Scans both sides and pairs them. Other ids and inputs are scanned only where InferenceIds pair few: it costs more. */
async function load(engine: Engine, records: Records, options: ComparisonOptions, first: Scanned): Promise<Paired> {
  let scanned = first;
  const task = options.task ?? detectTask(scanned.sample, options.reading?.production.kind === 'number');
  const tried: Tried[] = [];
  const pair = (method: PairingMethod) =>
    pairSides(engine, scanned, { method, truth: options.truth, records, classes: options.reading?.classes });
  for (const method of ['inferenceId', 'eventId', 'input'] as const) {
    if (method === 'eventId') scanned = await scan(records, options, true);
    if (method !== 'input') await showSides(engine, columnsOf(options), scanned, task);
    options.progress?.({ step: 'pairing' });
    const paired = await pair(method);
    const { pairs } = paired;
    tried.push({ method, pairs });
    const least = Math.min(scanned.production.answered, scanned.shadow.answered);
    const enough = pairsMost(pairs, least) || (pairs > 0 && keysMost(pairs, await keyedShare(engine, method)));
    if (!enough && method !== 'input') continue;
    const chosen = chosenMethod(tried);
    const again = chosen === undefined || chosen === method ? paired : await pair(chosen);
    return { method: chosen, task, scanned, tried, ...again };
  }
  throw new Error('there is no further way to pair');
}

/** Share of the answers that carry what this way pairs by, of the side of which fewer do. */
async function keyedShare(engine: Engine, method: PairingMethod): Promise<number> {
  const [row] = await engine.rows(fill(OWN_SUMS.keyed, { key: KEYS[method] }));
  return Number(row?.share ?? 0);
}

async function scan(
  records: Records,
  options: ComparisonOptions,
  everyId: boolean,
  begun?: () => void,
): Promise<Scanned> {
  const folder = columnsOf(options);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return scanRecords(records, options, { everyId, folder, begun });
}

function columnsOf(options: ComparisonOptions): string {
  return join(options.spill, 'columns');
}

async function sum(engine: Engine, records: Records, options: ComparisonOptions, paired: Paired): Promise<Predictions> {
  const { pairs, scanned, method, task } = paired;
  const { fields, answers } = await wholeSums(engine, task === 'json', options);
  const numbers = await numberSums(engine, { tolerance: options.tolerance, relative: options.rules?.relative, task });
  const tolerance = numbers === undefined ? '0' : toleranceSql(numbers);
  const { truth: labelled } = options;
  const classes = task !== 'json';
  const told =
    labelled === undefined ? NOTHING_TOLD : await showTruth(engine, { ...options, truth: labelled }, classes);
  const { minutes, others } = await blockSums(engine, { tolerance, others: othersWithin(options) });
  const blocks = minutes.map((block) => ({ ...block, ...told.blockOf(block) }));
  const rows = blocks.reduce((total, block) => total + block.rows, 0);
  const beyond = minutes.reduce((total, block) => total + block.beyond, 0);
  const truth = labelled && (await truthSums(engine, labelled, { of: rows, classes, ...options, tolerance, told }));
  const withTruth = (truth?.rows ?? 0) > 0;
  const expected = records.sampling * scanned.production.answered;
  const { labelNext, reading = UNCHOSEN } = options;
  labelNext?.take(await nextRows(engine, { method, task, tolerance }, records, reading, labelNext.most));
  return {
    method,
    task,
    ...(await sideCounts(engine, records, paired)),
    pairs,
    retried: paired.retried,
    pairedInputs: paired.pairedInputs,
    skewMs: await skew(engine, method, scanned.production.answered),
    coverage: expected > 0 ? Math.min(1, pairs / expected) : undefined,
    rows,
    differentRows: paired.different,
    blocks,
    missing: await missingMinutes(engine, columnsOf(options), paired),
    labels: withOthers(await labels(engine, classes), others, othersWithin(options)),
    numbers: numbers && { ...numbers, beyond },
    ...(options.reference === undefined ? {} : { reference: await referenceSums(engine, options.reference) }),
    top: await topPairs(engine, method, records, options.reading ?? UNCHOSEN),
    truth,
    fields,
    answers,
    ...(method === undefined ? {} : await slices(engine, method, tolerance, columnsOf(options), withTruth)),
    repeats: await repeats(engine, 'input', tolerance, withTruth, rows),
    clusters:
      options.cluster === undefined
        ? undefined
        : { by: options.cluster, ...(await repeats(engine, 'cluster', tolerance, withTruth, rows)) },
  };
}

/** Median of the shadow's time less production's, of pairs by id, or of inputs that occur once a side; of some thousand pairs, where there are many. */
async function skew(engine: Engine, method: PairingMethod | undefined, records: number): Promise<number | undefined> {
  const byId = method === 'inferenceId' || method === 'eventId';
  const each = Math.max(1, Math.floor(records / 10_000));
  const sql = byId ? fill(OWN_SUMS.skew_by_id, { key: KEYS[method], each }) : OWN_SUMS.skew_by_input;
  const [row] = await engine.rows(sql);
  return typeof row?.skew === 'number' ? row.skew : undefined;
}

/** Where every record of both sides went, and how their answers are spread: a model that always says the same stands out. */
async function sideCounts(
  engine: Engine,
  records: Records,
  { scanned, pairs }: Paired,
): Promise<Record<'production' | 'shadow', SideCounts>> {
  const found = await engine.rows(OWN_SUMS.answers);
  const of = (side: 'production' | 'shadow'): SideCounts => {
    const { answered, scored: _, ...counts } = scanned[side];
    const row = found.find((one) => one.side === side);
    const ambiguous = Number(row?.ambiguous ?? 0);
    return {
      files: filesOf(records[side]),
      ...counts,
      ambiguous,
      unmatched: answered - ambiguous - pairs,
      distinct: Number(row?.kinds ?? 0),
      commonest:
        typeof row?.answer === 'string'
          ? { answer: row.answer.slice(0, MAX_ANSWER_CHARACTERS), share: Number(row.n) / counts.answers }
          : undefined,
    };
  };
  return { production: of('production'), shadow: of('shadow') };
}
