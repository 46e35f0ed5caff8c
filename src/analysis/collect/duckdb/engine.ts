import type { PairingMethod, Predictions, SideCounts, Task, Window } from '../../observations.ts';
import { labelSums } from '../../predictions/labels.ts';
import type { Shape } from '../../predictions/shape.ts';
import type { Truth } from '../../predictions/truth.ts';
import { columns, one, SUMS } from './asked.ts';
import cellsSql from './cells.sql';
import { fill, openEngine } from './connection.ts';
import type { Engine } from './connection.ts';
import { answerExpressions, quote } from './expressions.ts';
import loadSql from './load.sql';
import pairsByInputSql from './pairs-by-input.sql';
import pairsSql from './pairs.sql';
import sideSql from './side.sql';
import { numberSums, sqlNumber } from './numbers.ts';
import { JUDGED, repeats, UNJUDGED } from './repeats.ts';
import { topPairs } from './top.ts';

const USABLE = '(within and not without_answer and (labels is not null or numbers is not null))';

const INPUT = 'captureData.endpointInput.data';
const TRIMMED = (text: string) => `trim(${text}, e' \\t\\r\\n')`;
/** The input of each row, hashed: of each line, where a request has several. */
const ROW_INPUTS = `case when ${INPUT} is null then null when contains(${INPUT}, chr(10))
  then list_transform(string_split(${TRIMMED(INPUT)}, chr(10)), lambda line: hash(${TRIMMED('line')}))
  else [hash(${TRIMMED(INPUT)})] end`;

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
      columns: columns(
        ids === 'rest' || features || side === 'production' ? ['endpointInput', 'endpointOutput'] : ['endpointOutput'],
      ),
      from: window.from,
      to: window.to,
      inference_id: hashed('eventMetadata.inferenceId'),
      event_id: ids === 'rest' ? hashed('eventMetadata.eventId') : none,
      input_id: ids === 'rest' ? hashed('captureData.endpointInput.data') : none,
      feature: features
        ? String.raw`hash(regexp_replace(trim(captureData.endpointInput.data), '\s*,\s*', ',', 'g'))`
        : none,
      row_inputs: side === 'production' ? ROW_INPUTS : 'null::ubigint[]',
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
  const numbers = await numberSums(engine, options);
  const judged = options.truth === undefined ? UNJUDGED : JUDGED;
  const tolerance = numbers === undefined ? '0' : sqlNumber(numbers.tolerance);
  const blocks = (await engine.rows(
    fill(SUMS.blocks ?? '', { tolerance, judged }),
  )) as unknown as Predictions['blocks'];
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
    numbers,
    top: await topPairs(engine, method, lists.production),
    truth:
      options.truth === undefined
        ? undefined
        : await truthSums(
            engine,
            options.truth,
            blocks.reduce((total, block) => total + block.rows, 0),
          ),
    repeats: await repeats(engine, tolerance, options.truth !== undefined),
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
