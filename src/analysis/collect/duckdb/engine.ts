import type { NumberSums, PairingMethod, Predictions, SideCounts, Spread, Task, Window } from '../../observations.ts';
import { labelSums } from '../../predictions/labels.ts';
import type { Shape } from '../../predictions/shape.ts';
import type { Truth } from '../../predictions/truth.ts';
import { jensenShannon, stabilityIndex } from '../../statistics/distances.ts';
import cellsSql from './cells.sql';
import { fill, openEngine, statements } from './connection.ts';
import type { Engine, Row } from './connection.ts';
import { answerExpressions, quote } from './expressions.ts';
import loadSql from './load.sql';
import pairsByInputSql from './pairs-by-input.sql';
import pairsSql from './pairs.sql';
import sideSql from './side.sql';
import sumsSql from './sums.sql';

const HALF = 'STRUCT(data VARCHAR, encoding VARCHAR, observedContentType VARCHAR)';
/** What is read of a record; what is not asked for is skipped unparsed. */
function columns(halves: readonly ('endpointInput' | 'endpointOutput')[]): string {
  return `{captureData: 'STRUCT(${halves.map((half) => `${half} ${HALF}`).join(', ')})', eventMetadata: 'STRUCT(eventId VARCHAR, inferenceId VARCHAR, inferenceTime VARCHAR)'}`;
}

const USABLE = '(within and not without_answer and (labels is not null or numbers is not null))';
const SUMS = statements(sumsSql);
const BINS = 30;

export interface EngineOptions {
  production: readonly string[];
  shadow: readonly string[];
  window: Window;
  shape: Shape;
  task: Task;
  sampling: number;
  tolerance: number | undefined;
  truth: Truth | undefined;
  /** A few records per side that could not be read, for the reader. */
  examples?: { production: readonly string[]; shadow: readonly string[] } | undefined;
  /** DuckDB's memory bound, like `1GB`; what does not fit goes to `spill`. */
  memory: string;
  spill: string;
  threads?: number | undefined;
  progress?: ((doing: string) => void) | undefined;
}

/** Pairs capture files on disk and sums them, in SQL; only sums and small tables come back. Same answers as `comparePredictions`. */
export async function comparePairsInSql(options: EngineOptions): Promise<Predictions> {
  const engine = await openEngine(options);
  try {
    return await compare(engine, options);
  } finally {
    engine.close();
  }
}

async function compare(engine: Engine, options: EngineOptions): Promise<Predictions> {
  const { shape, truth } = options;
  const lists = { production: options.production.map(quote).join(', '), shadow: options.shadow.map(quote).join(', ') };
  const method = (await load(engine, options, lists, 'inferenceId')) ?? (await load(engine, options, lists, 'rest'));
  if (truth !== undefined) await loadTruth(engine, truth);
  const vector = shape.vector;
  await engine.run(
    fill(cellsSql, {
      our_number: vector ? 'list_max(ours)' : 'ours',
      their_number: vector
        ? 'if(len(theirs) = len(ours), theirs[list_position(ours, list_max(ours))], null)'
        : 'theirs',
      apart: vector
        ? 'if(len(theirs) = len(ours), list_sum(list_transform(list_zip(ours, theirs), lambda z: abs(z[1] - z[2]))) / 2, 0)'
        : 'abs(theirs - ours)',
      truth: truth === undefined ? 'null::varchar' : 'truth.label',
      truth_join:
        truth === undefined
          ? ''
          : truth.by === 'id'
            ? 'left join truth on truth.key = told.inference_id and told.place = 0'
            : 'left join truth on truth.key = told.feature_id and told.place = 0',
    }),
  );
  options.progress?.('summing');
  return sum(engine, options, method, lists);
}

/** Reads both sides and pairs them. The other ids and the inputs are read only where InferenceIds pair nothing: it costs as much again. */
async function load(
  engine: Engine,
  options: EngineOptions,
  lists: { production: string; shadow: string },
  ids: 'inferenceId' | 'rest',
): Promise<PairingMethod | undefined> {
  const { shape, task, truth, window } = options;
  const features = truth?.by === 'input';
  const hashed = (column: string) => `if(${column} is null, null, hash(${column}))`;
  const none = 'null::ubigint';
  for (const side of ['production', 'shadow'] as const) {
    options.progress?.(`reading ${options[side].length} capture files of ${side}`);
    const values = {
      side,
      files: lists[side],
      columns: columns(ids === 'rest' || features ? ['endpointInput', 'endpointOutput'] : ['endpointOutput']),
      from: window.from,
      to: window.to,
      inference_id: hashed('eventMetadata.inferenceId'),
      event_id: ids === 'rest' ? hashed('eventMetadata.eventId') : none,
      input_id: ids === 'rest' ? hashed('captureData.endpointInput.data') : none,
      feature: features
        ? String.raw`hash(regexp_replace(trim(captureData.endpointInput.data), '\s*,\s*', ',', 'g'))`
        : none,
      ...answerExpressions(shape, task),
    };
    await engine.run(fill(loadSql, values));
  }
  options.progress?.('pairing');
  const found = await pair(engine, ids);
  if (found === undefined && ids === 'inferenceId') await engine.run('drop table production; drop table shadow');
  return found;
}

async function pair(engine: Engine, ids: 'inferenceId' | 'rest'): Promise<PairingMethod | undefined> {
  const [method, key] =
    ids === 'inferenceId' ? (['inferenceId', 'inference_id'] as const) : (['eventId', 'event_id'] as const);
  await engine.run(fill(pairsSql, { key, usable: USABLE }));
  if ((await one(engine, 'pairs')) > 0) return method;
  await engine.run('drop table pair');
  if (ids === 'inferenceId') return undefined;
  await engine.run(fill(pairsByInputSql, { usable: USABLE }));
  return (await one(engine, 'pairs')) > 0 ? 'input' : undefined;
}

async function one(engine: Engine, name: string, values: Record<string, string | number> = {}): Promise<number> {
  const [row] = await engine.rows(fill(SUMS[name] ?? '', values));
  return Number(row?.n ?? 0);
}

async function loadTruth(engine: Engine, truth: Truth): Promise<void> {
  await engine.run('create temp table truth_text (key varchar, label varchar)');
  const appender = await engine.connection.createAppender('truth_text');
  for (const [key, label] of truth.entries()) {
    appender.appendVarchar(key);
    appender.appendVarchar(label);
    appender.endRow();
  }
  appender.closeSync();
  await engine.run('create temp table truth as select hash(key) as key, label from truth_text');
}

async function sum(
  engine: Engine,
  options: EngineOptions,
  method: PairingMethod | undefined,
  lists: { production: string; shadow: string },
): Promise<Predictions> {
  const pairs = await one(engine, 'pairs');
  const sides = {
    production: await side(engine, 'production', options, pairs, method),
    shadow: await side(engine, 'shadow', options, pairs, method),
  };
  const blocks = (await engine.rows(SUMS.blocks ?? '')) as unknown as Predictions['blocks'];
  const cells = (await engine.rows(SUMS.labels ?? '')) as unknown as { ours: string; theirs: string; count: number }[];
  const [agreement] = await engine.rows(SUMS.agreement ?? '');
  const expected = options.sampling * sides.production.answered;
  return {
    method,
    task: options.task,
    production: sides.production.counts,
    shadow: sides.shadow.counts,
    pairs,
    coverage: expected > 0 ? Math.min(1, pairs / expected) : undefined,
    rows: blocks.reduce((total, block) => total + block.rows, 0),
    differentRows: await one(engine, 'different'),
    blocks,
    labels: labelSums(cells, Number(agreement?.rows ?? 0), Number(agreement?.agree ?? 0)),
    numbers: await numbers(engine, options),
    top: await top(engine, method, lists.production),
    truth:
      options.truth === undefined
        ? undefined
        : await truthSums(
            engine,
            options.truth,
            blocks.reduce((total, block) => total + block.rows, 0),
          ),
  };
}

async function side(
  engine: Engine,
  name: 'production' | 'shadow',
  options: EngineOptions,
  pairs: number,
  method: PairingMethod | undefined,
): Promise<{ counts: SideCounts; answered: number }> {
  const [row] = await engine.rows(fill(sideSql, { side: name, usable: USABLE }));
  const counted = (column: string) => Number(row?.[column] ?? 0);
  const ambiguous = method === 'input' || method === undefined ? 0 : await one(engine, 'ambiguous', { side: name });
  const labelled = options.shape.label !== undefined || options.shape.vector || options.task === 'multiclass';
  const answers = await engine.rows(
    fill(SUMS.answers ?? '', { side: name, usable: USABLE, text: labelled ? 'label' : 'number::varchar' }),
  );
  const commonest = answers[0];
  const total = counted('answers');
  return {
    answered: counted('answered'),
    counts: {
      files: options[name].length,
      records: counted('records'),
      unreadable: counted('unreadable'),
      outside: counted('outside'),
      withoutAnswer: counted('withoutAnswer'),
      unparsed: counted('unparsed'),
      ambiguous,
      unmatched: counted('answered') - ambiguous - pairs,
      answers: total,
      distinct: answers.length,
      commonest:
        commonest === undefined || total === 0
          ? undefined
          : { answer: String(commonest.answer).slice(0, 80), share: Number(commonest.n) / total },
      examples: options.examples?.[name] ?? [],
    },
  };
}

async function numbers(engine: Engine, options: EngineOptions): Promise<NumberSums | undefined> {
  const [row] = await engine.rows(SUMS.numbers ?? '');
  const rows = Number(row?.rows ?? 0);
  if (row === undefined || rows === 0) return undefined;
  const deciles = list(row.our_deciles);
  const production = spreadOf(row, 'our', [deciles[0], deciles[4], deciles[8]]);
  const shadow = spreadOf(row, 'their', list(row.their_quantiles));
  const tolerance = options.tolerance ?? production.deviation / 2;
  const [distances] = await engine.rows(fill(SUMS.distances ?? '', { rows }));
  const low = Math.min(production.min, shadow.min);
  const high = Math.max(production.max, shadow.max);
  const width = (high - low) / BINS;
  const histogram = binned(
    await engine.rows(fill(SUMS.histogram ?? '', { bins: BINS, low: sqlNumber(low), width: sqlNumber(width) })),
    BINS,
  );
  const perDecile = binned(
    await engine.rows(fill(SUMS.deciles ?? '', { deciles: deciles.map(sqlNumber).join(', ') })),
    10,
  );
  const points = await engine.rows(SUMS.scatter ?? '');
  const constant = production.deviation === 0 || shadow.deviation === 0;
  return {
    rows,
    of: options.task === 'regression' || options.task === 'scores' ? 'value' : 'score',
    production,
    shadow,
    bias: Number(row.bias),
    deviation: Number(row.deviation ?? 0),
    mae: Number(row.mae),
    rmse: Number(row.rmse),
    correlation: constant || row.correlation === null ? undefined : Number(row.correlation),
    beyond: await one(engine, 'beyond', { tolerance: sqlNumber(tolerance) }),
    tolerance,
    distances: {
      ks: Number(distances?.ks ?? 0),
      wasserstein: Number(distances?.wasserstein ?? 0),
      psi: stabilityIndex(perDecile.production, perDecile.shadow),
      jensenShannon: jensenShannon(histogram.production, histogram.shadow),
    },
    histogram: { low, high, ...histogram },
    scatter: points.map((point) => [Number(point.x), Number(point.y)] as const),
  };
}

function spreadOf(
  row: Row,
  who: 'our' | 'their',
  [p10 = 0, p50 = 0, p90 = 0]: readonly (number | undefined)[],
): Spread {
  const value = (name: string) => Number(row[`${who}_${name}`] ?? 0);
  return { mean: value('mean'), deviation: value('deviation'), min: value('min'), p10, p50, p90, max: value('max') };
}

function list(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

/** Without a point DuckDB would read a decimal or an integer, and compare exactly. */
function sqlNumber(value: number): string {
  return `${value.toExponential()}::double`;
}

function binned(rows: readonly Row[], bins: number): { production: number[]; shadow: number[] } {
  const production = Array.from({ length: bins }, () => 0);
  const shadow = Array.from({ length: bins }, () => 0);
  for (const row of rows) {
    production[Number(row.bin)] = Number(row.production);
    shadow[Number(row.bin)] = Number(row.shadow);
  }
  return { production, shadow };
}

async function top(engine: Engine, method: PairingMethod | undefined, files: string): Promise<Predictions['top']> {
  const worst = await engine.rows(SUMS.top ?? '');
  if (worst.length === 0 || method === undefined) return [];
  const column = {
    inferenceId: 'eventMetadata.inferenceId',
    eventId: 'eventMetadata.eventId',
    input: 'captureData.endpointInput.data',
  }[method];
  const keys = worst.map((row) => `${String(row.key)}::ubigint`).join(', ');
  const wanted = [...new Set(worst.map((row) => `${String(row.file)}::ubigint`))].join(', ');
  const holding = (await engine.rows(fill(SUMS.files ?? '', { files, wanted }))).map((row) => quote(String(row.name)));
  const originals = new Map<string, Row>();
  const asked = { key: `hash(${column})`, keys, files: holding.join(', '), columns: columns(['endpointInput']) };
  for (const row of await engine.rows(fill(SUMS.originals ?? '', asked))) originals.set(String(row.key), row);
  const describe = (label: unknown, value: unknown) => {
    const number = typeof value === 'number' ? value : undefined;
    if (typeof label !== 'string') return number === undefined ? '' : String(number);
    return number === undefined ? label : `${label} (${Number(number.toPrecision(4))})`;
  };
  return worst.map((row) => {
    const original = originals.get(String(row.key));
    const id = method === 'inferenceId' ? original?.inferenceId : method === 'eventId' ? original?.eventId : undefined;
    return {
      id: typeof id === 'string' ? id : `${method} ${String(row.key)}`,
      at: Number(row.moment),
      row: Number(row.place),
      production: describe(row.our_label, row.our_number).slice(0, 200),
      shadow: describe(row.their_label, row.their_number).slice(0, 200),
      distance: Number(row.distance),
      input: typeof original?.input === 'string' ? original.input : undefined,
    };
  });
}

async function truthSums(engine: Engine, truth: Truth, of: number): Promise<Predictions['truth']> {
  const [row] = await engine.rows(SUMS.truth ?? '');
  const value = (name: string) => Number(row?.[name] ?? 0);
  const rows = value('rows');
  const labelled = value('labelled') > 0;
  return {
    rows,
    of,
    labels: labelled
      ? {
          production: value('production'),
          shadow: value('shadow'),
          onlyProduction: value('onlyProduction'),
          onlyShadow: value('onlyShadow'),
        }
      : undefined,
    numbers:
      labelled || rows === 0
        ? undefined
        : {
            maeProduction: value('maeProduction'),
            maeShadow: value('maeShadow'),
            loss: value('maeShadow') - value('maeProduction'),
            lossDeviation: value('lossDeviation'),
          },
    unknown: Math.max(0, truth.size - rows),
  };
}
