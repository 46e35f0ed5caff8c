import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PairingMethod, Predictions, SideCounts, Task, Window } from '../../observations.ts';
import { labelSums } from '../../predictions/labels.ts';
import type { Path } from '../../predictions/path.ts';
import { detectTask } from '../../predictions/task.ts';
import type { Truth } from '../../predictions/truth.ts';
import { scanCaptures } from '../scan/scan.ts';
import type { Scanned } from '../scan/scan.ts';
import { KEYS, one, quote, SUMS } from './asked.ts';
import aloneSql from './alone.sql';
import bothSql from './both.sql';
import cellsSql from './cells.sql';
import { fill, openEngine } from './connection.ts';
import type { Engine } from './connection.ts';
import loadSql from './load.sql';
import noneSql from './none.sql';
import numbersAloneSql from './numbers-alone.sql';
import numbersOrScoresSql from './numbers-or-scores.sql';
import { sqlNumber } from './curve.ts';
import { numberSums } from './numbers.ts';
import pairsByInputSql from './pairs-by-input.sql';
import pairsSql from './pairs.sql';
import { repeats } from './repeats.ts';
import { topPairs } from './top.ts';
import { judgedBlocks, loadTruth, showTold, truthSums, UNJUDGED } from './truth.ts';
import twiceSql from './twice.sql';

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
  /** DuckDB's memory bound, like `1GB`; what does not fit goes to `spill`, as do the scanned columns. */
  memory: string;
  spill: string;
  threads?: number | undefined;
  progress?: ((doing: string) => void) | undefined;
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
    if (method !== 'input') await show(engine, options, scanned);
    options.progress?.('pairing');
    const paired = await pair(engine, options, { task, method, scanned });
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
    begun,
    everyId,
    features: options.truth?.by === 'input',
    folder,
    progress: (done, of) => options.progress?.(`reading captures: ${Math.floor((100 * done) / of)} %`),
  });
}

function columnsOf(options: EngineOptions): string {
  return join(options.spill, 'columns');
}

/** Makes the scanned columns visible to SQL. */
async function show(engine: Engine, options: EngineOptions, scanned: Scanned): Promise<void> {
  for (const side of ['production', 'shadow'] as const) {
    const source =
      scanned[side].answered === 0 ? noneSql : `read_parquet(${quote(join(columnsOf(options), `${side}-*.parquet`))})`;
    await engine.run(fill(loadSql, { side, source }));
  }
}

/** Makes a cell of each row of each pair. */
async function pair(
  engine: Engine,
  options: EngineOptions,
  { task, method, scanned }: { task: Task; method: PairingMethod; scanned: Scanned },
): Promise<{ pairs: number; different: number }> {
  const key = KEYS[method];
  const { truth } = options;
  const scored = scanned.production.scored > 0 && scanned.shadow.scored > 0;
  const both = fill(bothSql, {
    numbers: scored ? numbersOrScoresSql : numbersAloneSql,
    key,
    feature: truth?.by === 'input' ? 'ours.feature_id,' : '',
    our_label: label('ours.', task),
    their_label: label('theirs.', task),
  });
  if (method === 'input') await engine.run(fill(pairsByInputSql, { both }));
  else {
    await engine.run(fill(twiceSql, { key }));
    // Looking for each id among none costs as much as among many.
    const alone = (await one(engine, 'twice')) > 0 ? fill(aloneSql, { key }) : '';
    await engine.run(fill(pairsSql, { key, both, alone }));
  }
  if (truth !== undefined) await loadTruth(engine, truth);
  const on =
    truth?.by === 'id' ? 'truth.key = joined.key and truth.place = joined.place' : 'truth.key = joined.feature_id';
  await engine.run(
    fill(cellsSql, {
      truth: truth === undefined ? '' : ', truth.label as truth, truth.number as truth_number',
      truth_join: truth === undefined ? '' : `left join truth on ${on}`,
      apart: scored ? '' : ', coalesce(abs(d), 0) as apart',
    }),
  );
  if (truth !== undefined) await showTold(engine);
  const [row] = await engine.rows(SUMS.different ?? '');
  return { pairs: Number(row?.pairs ?? 0), different: Number(row?.different ?? 0) };
}

/** The label of a row under this task, as `labelOf` in compare.ts decides. */
function label(of: string, task: Task): string {
  const number = `if(${of}number = floor(${of}number) and abs(${of}number) < 1e15, ${of}number::bigint::varchar, ${of}number::varchar)`;
  if (task === 'json') return `coalesce(${of}other, ${of}label, ${number}, 'undefined')`;
  return task === 'multiclass' ? `coalesce(${of}label, ${number})` : `${of}label`;
}

async function sum(engine: Engine, options: EngineOptions, paired: Paired): Promise<Predictions> {
  const { pairs, scanned, method, task } = paired;
  const numbers = await numberSums(engine, { tolerance: options.tolerance, task });
  const tolerance = numbers === undefined ? '0' : sqlNumber(numbers.tolerance);
  const judged = options.truth === undefined ? undefined : await judgedBlocks(engine);
  const minutes = (await engine.rows(fill(SUMS.blocks ?? '', { tolerance }))) as unknown as Predictions['blocks'];
  const blocks = minutes.map((block) => ({ ...block, ...(judged?.get(block.at) ?? UNJUDGED) }));
  const rows = blocks.reduce((total, block) => total + block.rows, 0);
  const cells = (await engine.rows(SUMS.labels ?? '')) as unknown as { ours: string; theirs: string; count: number }[];
  const [agreement] = await engine.rows(SUMS.agreement ?? '');
  const labelled = Number(agreement?.rows ?? 0);
  const truth = options.truth === undefined ? undefined : await truthSums(engine, options.truth, rows);
  const expected = options.sampling * scanned.production.answered;
  return {
    method,
    task,
    production: await sideCounts(engine, 'production', options, paired),
    shadow: await sideCounts(engine, 'shadow', options, paired),
    pairs,
    coverage: expected > 0 ? Math.min(1, pairs / expected) : undefined,
    rows,
    differentRows: paired.different,
    blocks,
    labels: labelSums(cells, labelled, Number(agreement?.agree ?? 0)),
    numbers,
    top: await topPairs(engine, method, options),
    truth,
    repeats: await repeats(engine, { labelled, bare: Number(agreement?.bare ?? 0), told: truth?.rows ?? 0 }, tolerance),
  };
}

async function sideCounts(
  engine: Engine,
  side: 'production' | 'shadow',
  options: EngineOptions,
  { scanned, task, pairs }: Paired,
): Promise<SideCounts> {
  const { answered, scored: _, ...counts } = scanned[side];
  const ambiguous = await one(engine, 'ambiguous', { side });
  const answers = await engine.rows(fill(SUMS.answers ?? '', { side, label: label('', task) }));
  const commonest = answers[0];
  return {
    files: options[side].length,
    ...counts,
    ambiguous,
    unmatched: answered - ambiguous - pairs,
    distinct: answers.length,
    commonest:
      commonest === undefined
        ? undefined
        : { answer: String(commonest.answer).slice(0, 80), share: Number(commonest.n) / counts.answers },
  };
}
