import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PairingMethod, Predictions, SideCounts, Task, Window } from '../../observations.ts';
import type { FieldRules } from '../../answers/fields.ts';
import type { Path } from '../../answers/path.ts';
import { detectTask } from '../../answers/task.ts';
import type { Truth } from '../../answers/truth.ts';
import { scanCaptures } from '../ingest/scan.ts';
import type { Scanned } from '../ingest/scan.ts';
import { KEYS, one, SUMS } from './asked.ts';
import { fill, openEngine } from './connection.ts';
import type { Engine } from './connection.ts';
import { sqlNumber } from './curve.ts';
import { fieldSums } from './fields.ts';
import { labels } from './labels.ts';
import { numberSums } from './numbers.ts';
import { labelSql, pairSides, showSides } from './pairing.ts';
import { repeats } from './repeats.ts';
import { slices } from './slices.ts';
import { topPairs } from './top.ts';
import { judgedBlocks, truthSums, UNJUDGED } from './truth.ts';

export interface EngineOptions {
  production: readonly string[];
  shadow: readonly string[];
  window: Window;
  /** Path into JSON answers, parsed. */
  path: Path | undefined;
  /** Undefined: as the answers of production show. */
  task: Task | undefined;
  sampling: number;
  tolerance: number | undefined;
  truth: Truth | undefined;
  /** What the policy says about fields of free JSON. */
  fields: FieldRules | undefined;
  /** DuckDB's memory bound, like `1GB`; what does not fit goes to `spill`, as do the scanned columns. */
  memory: string;
  spill: string;
  threads?: number | undefined;
  signal?: AbortSignal | undefined;
  progress?: ((doing: string) => void) | undefined;
  /** Told what the reader must know. */
  note?: ((words: string) => void) | undefined;
}

interface Paired {
  method: PairingMethod | undefined;
  task: Task;
  scanned: Scanned;
  pairs: number;
  /** Pairs whose answers have not as many rows as each other. */
  different: number;
}

/**
 * Pairs capture files on disk and sums them: their bytes are scanned into columns, and SQL does the rest; only sums
 * and small tables come back. Same answers as `comparePredictions`.
 */
export async function comparePairsInSql(options: EngineOptions): Promise<Predictions> {
  let opening: Promise<Engine> | undefined;
  const first = await scan(options, false, () => {
    // Loading DuckDB holds this thread up; the others are at work by now. Who awaits it is told where it fails.
    opening = openEngine(options);
    opening.catch(() => undefined);
  });
  const engine = await (opening ?? openEngine(options));
  try {
    const paired = await load(engine, options, first);
    options.progress?.('summing');
    const { sampled } = paired.scanned;
    if (sampled < 1)
      options.note?.(
        `Parts of the inputs are from one in ${Math.round(1 / sampled)} of production's requests, taken by chance: there are many.`,
      );
    return await sum(engine, options, paired);
  } finally {
    engine.close();
    rmSync(join(options.spill, 'columns'), { recursive: true, force: true });
  }
}

/** Scans both sides and pairs them. Other ids and inputs are scanned only where InferenceIds pair nothing: it costs more. */
async function load(engine: Engine, options: EngineOptions, first: Scanned): Promise<Paired> {
  let scanned = first;
  const task = options.task ?? detectTask(scanned.sample);
  for (const method of ['inferenceId', 'eventId', 'input'] as const) {
    if (method === 'eventId') scanned = await scan(options, true);
    if (method !== 'input') await showSides(engine, columnsOf(options), scanned);
    options.progress?.('pairing');
    const paired = await pairSides(engine, scanned, { method, task, truth: options.truth });
    if (paired.pairs > 0 || method === 'input')
      return { method: paired.pairs > 0 ? method : undefined, task, scanned, ...paired };
  }
  throw new Error('there is no further way to pair');
}

async function scan(options: EngineOptions, everyId: boolean, begun?: () => void): Promise<Scanned> {
  const folder = columnsOf(options);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return scanCaptures({
    production: options.production,
    shadow: options.shadow,
    window: options.window,
    path: options.path,
    threads: options.threads,
    signal: options.signal,
    begun,
    everyId,
    features: options.truth?.by === 'input',
    whole: options.task === 'json',
    folder,
    progress: (done, of) => options.progress?.(`reading captures: ${Math.floor((100 * done) / of)} %`),
  });
}

function columnsOf(options: EngineOptions): string {
  return join(options.spill, 'columns');
}

async function sum(engine: Engine, options: EngineOptions, paired: Paired): Promise<Predictions> {
  const { pairs, scanned, method, task } = paired;
  const fields = task === 'json' ? await fieldSums(engine, options.fields, options.signal) : undefined;
  const numbers = await numberSums(engine, { tolerance: options.tolerance, task });
  const tolerance = numbers === undefined ? '0' : sqlNumber(numbers.tolerance);
  const judged = options.truth === undefined ? undefined : await judgedBlocks(engine);
  const minutes = (await engine.rows(fill(SUMS.blocks ?? '', { tolerance }))) as unknown as Predictions['blocks'];
  const blocks = minutes.map((block) => ({ ...block, ...(judged?.get(block.at) ?? UNJUDGED) }));
  const rows = blocks.reduce((total, block) => total + block.rows, 0);
  const { sums, labelled, bare } = await labels(engine);
  const truth = options.truth === undefined ? undefined : await truthSums(engine, options.truth, rows);
  const expected = options.sampling * scanned.production.answered;
  return {
    method,
    task,
    production: await sideCounts(engine, 'production', options, paired),
    shadow: await sideCounts(engine, 'shadow', options, paired),
    pairs,
    skewMs: await skew(engine, method, scanned.production.answered),
    coverage: expected > 0 ? Math.min(1, pairs / expected) : undefined,
    rows,
    differentRows: paired.different,
    blocks,
    labels: sums,
    numbers,
    top: await topPairs(engine, method, options),
    truth,
    fields,
    slices: method === undefined ? undefined : await slices(engine, method, tolerance, columnsOf(options)),
    repeats: await repeats(engine, { labelled, bare, told: truth?.rows ?? 0 }, tolerance),
  };
}

/** As in `Pairing`; of some thousand pairs, where there are many. */
async function skew(engine: Engine, method: PairingMethod | undefined, records: number): Promise<number | undefined> {
  const byId = method === 'inferenceId' || method === 'eventId';
  const each = Math.max(1, Math.floor(records / 10_000));
  const sql = byId ? fill(SUMS.skew_by_id ?? '', { key: KEYS[method], each }) : (SUMS.skew_by_input ?? '');
  const [row] = await engine.rows(sql);
  return typeof row?.n === 'number' ? row.n : undefined;
}

async function sideCounts(
  engine: Engine,
  side: 'production' | 'shadow',
  options: EngineOptions,
  { scanned, task, pairs }: Paired,
): Promise<SideCounts> {
  const { answered, scored: _, ...counts } = scanned[side];
  const ambiguous = await one(engine, 'ambiguous', { side });
  const [answers] = await engine.rows(fill(SUMS.answers ?? '', { side, label: labelSql('', task) }));
  return {
    files: options[side].length,
    ...counts,
    ambiguous,
    unmatched: answered - ambiguous - pairs,
    distinct: Number(answers?.kinds ?? 0),
    commonest:
      typeof answers?.answer === 'string'
        ? { answer: answers.answer.slice(0, 80), share: Number(answers.n) / counts.answers }
        : undefined,
  };
}
