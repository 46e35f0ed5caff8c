import { featuresOf } from '../../answers/features.ts';
import { describePair } from '../../answers/describe.ts';
import type { Answer } from '../../answers/answer.ts';
import type { ChosenReading } from '../../answers/choose.ts';
import { answersOf } from '../../answers/read-answers.ts';
import { readCapture } from '../../answers/captures.ts';
import type { DivergingPair, LostLines, PairingMethod, Predictions, SideCounts, Task } from '../../predictions.ts';
import { quantile } from '../../statistics/distances.ts';
import { slicesOf } from '../../slicing.ts';
import { SliceCounter } from '../memory/slice-counter.ts';
import type { ComparisonOptions } from '../options.ts';
import type { Tried } from '../pairing-method.ts';
import { answerSums, othersWithin, withOthers } from '../readings.ts';
import { labels } from '../sql/labels.ts';
import { NOTHING_TOLD, showTruth, truthSums } from '../sql/truth.ts';
import { numberSums, referenceSums } from '../sql/numbers.ts';
import type { Row } from '../sql/questions.ts';
import { repeats } from '../sql/repeats.ts';
import { fill, quote, toleranceSql } from '../sql/statements.ts';
import { blockSums } from '../sql/blocks.ts';
import { WORST } from '../sql/worst.ts';
import { addLost } from '../tally.ts';
import { cellsSelect, choosePairs, defineLines, defineRows, ofSide, PAIRS } from './pairing.ts';
import type { Met } from './pairing.ts';
import { WarehouseQuestions } from './questions.ts';
import { labelsTable } from './labels.ts';
import { MAX_STATEMENT, SIDES, TOO_LONG, writesOf } from './staging.ts';
import type { SideName, Staging } from './staging.ts';
import { cellsTable, recordsTable } from './tables.ts';
import type { Warehouse, WarehouseRecords } from './warehouse.ts';

/** Lines that only JavaScript can read are read here, up to so many; beyond, a sample of all is. */
const MAX_UNSURE = 2_000;
/** Rows whose inputs are looked at for slices. */
const MAX_ASKED = 20_000;
/** Pairs whose times are looked at. */
const MAX_SKEW = 10_000;
const MAX_ANSWER_CHARACTERS = 80;

interface Asked extends ComparisonOptions {
  reading: ChosenReading;
  askedShare: number;
}

/** Where the lines of one side went. */
export interface SideStates {
  records: number;
  unreadable: number;
  unreadableBy: LostLines[];
  outside: number;
  withoutAnswer: number;
  unparsed: number;
  /** Records with an answer, and their rows. */
  answered: number;
  answers: number;
  /** Lines that only JavaScript can read. */
  unsure: number;
  /** Of the answers: the least and the largest number; different labels; rows with a number and a label; rows with more than two scores. */
  least: number | null;
  most: number | null;
  labels: number;
  named: number;
  several: number;
  examples: string[];
}

/**
 * Pairs and sums in the warehouse, reading answers by SQL.
 *
 * @returns why SQL cannot do it, as part of a sentence, where that shows only now
 */
export async function sumInWarehouse(
  warehouse: Warehouse,
  records: WarehouseRecords,
  staging: Staging,
  options: Asked,
): Promise<{ predictions: Predictions; tried: readonly Tried[] } | string> {
  const { signal, progress } = options;
  progress?.({ step: 'reading-captures' });
  await warehouse.unload(writesOf(records, staging));
  const questions = new WarehouseQuestions(warehouse);
  defineLines(questions, records, recordsTable(records.prefix, staging.digest).name);
  const sides = await statesOf(questions, records);
  const unsure = await readUnsure(questions, records, sides, options.reading);
  if (unsure !== undefined) return unsure;
  defineRows(questions, records, { read: "'answered'", unreadable: "'unreadable', 'unsure'" });
  progress?.({ step: 'pairing' });
  const answered = { production: sides.production.answered, shadow: sides.shadow.answered };
  const { method, tried, met } = await choosePairs(questions, answered);
  const cells = cellsTable(records.prefix, staging.digest);
  const told = options.truth && labelsTable(records.prefix).name;
  const select = cellsSelect(questions, staging.forms, { labels: told, method, classes: options.reading.classes });
  if (select.length > MAX_STATEMENT) return TOO_LONG;
  await warehouse.unload([{ select, folder: cells.template, about: 'pairs requests' }]);
  await questions.define('cell', `select * from ${cells.name}`);
  await questions.define('compared', 'select * from cell where same_rows');
  progress?.({ step: 'summing' });
  signal?.throwIfAborted();
  return { predictions: await sum(questions, records, options, { sides, method, met }), tried };
}

interface Paired {
  sides: Record<SideName, SideStates>;
  method: PairingMethod | undefined;
  met: Met;
}

async function sum(
  questions: WarehouseQuestions,
  records: WarehouseRecords,
  options: Asked,
  { sides, method, met }: Paired,
): Promise<Predictions> {
  const { production, shadow } = sides;
  const task = options.task ?? taskOf(production, options.reading.production.kind === 'number');
  const counting = questions.rows(PAIRS.counts, 'counts pairs');
  // What waits for nothing is asked side by side.
  const asked = Promise.all([
    counting,
    method === undefined
      ? undefined
      : questions.rows(fill(PAIRS.minutes, { within: method === 'input' ? 5_000 : 1e15 }), 'looks for missing answers'),
    labels(questions, task !== 'json'),
    method === undefined ? [] : topPairs(questions, method),
    skew(questions, Math.min(production.answered, shadow.answered)),
    commonest(questions, 'production'),
    commonest(questions, 'shadow'),
    options.reference && referenceSums(questions, options.reference),
  ]);
  asked.catch(() => undefined);
  const { truth: given } = options;
  const [numbers, told] = await Promise.all([
    numberSums(questions, { tolerance: options.tolerance, relative: options.rules?.relative, task }),
    given === undefined ? NOTHING_TOLD : showTruth(questions, { ...options, truth: given }, task !== 'json'),
  ]);
  const tolerance = numbers === undefined ? '0' : toleranceSql(numbers);
  const { minutes, others } = await blockSums(questions, { tolerance, others: othersWithin(options) });
  const blocks = minutes.map((block) => ({ ...block, ...told.blockOf(block) }));
  const rows = blocks.reduce((total, block) => total + block.rows, 0);
  const beyond = blocks.reduce((total, block) => total + (block.beyond ?? 0), 0);
  const truth =
    given && (await truthSums(questions, given, { of: rows, classes: task !== 'json', ...options, tolerance, told }));
  const withTruth = (truth?.rows ?? 0) > 0;
  const [repeated, sliced] = await Promise.all([
    repeats(questions, 'input', tolerance, withTruth, rows),
    method === undefined ? {} : slices(questions, tolerance, withTruth),
  ]);
  const [[counts], missing, labelled, top, skewMs, ownCommonest, otherCommonest, reference] = await asked;
  const pairs = Number(counts?.pairs ?? 0);
  const expected = records.sampling * production.answered;
  return {
    method,
    task,
    production: sideCounts(records.files.production, production, {
      ambiguous: met.ambiguous.production,
      pairs,
      commonest: ownCommonest,
    }),
    shadow: sideCounts(records.files.shadow, shadow, {
      ambiguous: met.ambiguous.shadow,
      pairs,
      commonest: otherCommonest,
    }),
    pairs,
    retried: met.retried,
    pairedInputs: { known: Number(counts?.known_inputs ?? 0), differing: Number(counts?.other_inputs ?? 0) },
    skewMs,
    coverage: expected > 0 ? Math.min(1, pairs / expected) : undefined,
    rows,
    differentRows: Number(counts?.different ?? 0),
    blocks,
    missing: missing as Predictions['missing'],
    labels: withOthers(labelled, others, othersWithin(options)),
    numbers: numbers && { ...numbers, beyond },
    ...(reference === undefined ? {} : { reference }),
    top,
    truth,
    fields: undefined,
    answers: answerSums(options.reading, undefined),
    ...sliced,
    repeats: repeated,
    clusters: undefined,
  };
}

/** What `detectTask` says of all of production's answers. */
function taskOf({ labels: classes, least, most, named, several, answers }: SideStates, areNumbers: boolean): Task {
  if (answers > 0 && !areNumbers) return classes <= 2 && (named > 0 || several === 0) ? 'binary' : 'multiclass';
  return least !== null && most !== null && least >= 0 && most <= 1 ? 'scores' : 'regression';
}

/** Counts the lines of both sides by what they are. */
export async function statesOf(
  questions: WarehouseQuestions,
  records: Pick<WarehouseRecords, 'window'>,
): Promise<Record<SideName, SideStates>> {
  const [production, shadow] = await Promise.all([
    sideStates(questions, records, 'production'),
    sideStates(questions, records, 'shadow'),
  ]);
  return { production, shadow };
}

async function sideStates(
  questions: WarehouseQuestions,
  { window }: Pick<WarehouseRecords, 'window'>,
  side: SideName,
): Promise<SideStates> {
  const found = await questions.rows(fill(PAIRS.states, { ...ofSide(side), ...window }), 'counts records');
  const states: SideStates = {
    ...{
      records: 0,
      unreadable: 0,
      unreadableBy: [],
      outside: 0,
      withoutAnswer: 0,
      unparsed: 0,
      answered: 0,
      answers: 0,
    },
    ...{ unsure: 0, least: null, most: null, labels: 0, named: 0, several: 0, examples: [] },
  };
  for (const row of found) {
    const value = (name: string) => Number(row[name] ?? 0);
    states.outside += value('outside');
    const records = value('records');
    if (row.state === 'lost') {
      states.unreadable += records;
      if (records > 0) addLost(states.unreadableBy, [{ why: String(row.why), count: records }]);
      continue;
    }
    states.records += records;
    if (row.state === 'empty') states.withoutAnswer += records;
    else if (row.state === 'unreadable') states.unparsed += records;
    else if (row.state === 'unsure') states.unsure += records;
    else {
      states.answered = records;
      states.answers = value('answers');
      [states.labels, states.named, states.several] = [value('labels'), value('named'), value('several')];
      [states.least, states.most] = [row.least as number | null, row.most as number | null];
    }
  }
  if (states.unreadable + states.unparsed > 0) {
    const examples = await questions.rows(
      fill(PAIRS.examples, { ...ofSide(side), ...window }),
      'looks at what cannot be read',
    );
    states.examples = examples.map(({ state, why, example }) =>
      state === 'lost' ? `${String(why)}: ${String(example)}` : String(example),
    );
  }
  return states;
}

/** Reads what only JavaScript can read, and counts it. @returns why SQL cannot go on, where an answer among it can be read */
async function readUnsure(
  questions: WarehouseQuestions,
  { window }: WarehouseRecords,
  sides: Record<SideName, SideStates>,
  reading: ChosenReading,
): Promise<string | undefined> {
  const why = 'some answers are written in ways that SQL does not read exactly as this program does';
  for (const side of SIDES) {
    const states = sides[side];
    if (states.unsure === 0) continue;
    if (states.unsure > MAX_UNSURE) return why;
    const rows = await questions.rows(
      fill(PAIRS.unsure, { ...ofSide(side), ...window, most: MAX_UNSURE }),
      'fetches answers that SQL cannot read',
    );
    for (const { line } of rows) {
      const capture = readCapture(String(line));
      if (typeof capture === 'string' || answersOf(capture, reading[side]) !== undefined) return why;
      if (capture.at < window.from || capture.at >= window.to) return why;
    }
    states.unparsed += states.unsure;
    states.unsure = 0;
  }
  return undefined;
}

async function skew(questions: WarehouseQuestions, records: number): Promise<number | undefined> {
  // Of keys that are hashed, those below a threshold are a sample.
  const share = Math.min(1, MAX_SKEW / Math.max(1, records));
  const digits = Math.floor(share * 16 ** 8)
    .toString(16)
    .padStart(8, '0');
  const drawn = share >= 1 ? 'true' : `substr(lower(to_hex(md5(to_utf8(ours.key)))), 1, 8) < '${digits}'`;
  const found = await questions.rows(fill(PAIRS.skew, { drawn }), 'compares times');
  const apart = found.map((row) => ({ apart: Number(row.apart), n: Number(row.n) }));
  const length = apart.reduce((total, { n }) => total + n, 0);
  if (length === 0) return undefined;
  const at = (place: number) => {
    let left = place;
    for (const one of apart) if ((left -= one.n) < 0) return one.apart;
    return Number.NaN;
  };
  const middle = (length - 1) / 2;
  return quantile([at(Math.floor(middle)), at(Math.ceil(middle))], middle - Math.floor(middle));
}

async function commonest(questions: WarehouseQuestions, side: SideName): Promise<Row | undefined> {
  const [row] = await questions.rows(fill(PAIRS.commonest, ofSide(side)), 'counts answers');
  return row;
}

function sideCounts(
  files: number,
  states: SideStates,
  { ambiguous, pairs, commonest: row }: { ambiguous: number; pairs: number; commonest: Row | undefined },
): SideCounts {
  return {
    files,
    records: states.records,
    unreadable: states.unreadable,
    unreadableBy: states.unreadableBy,
    outside: states.outside,
    withoutAnswer: states.withoutAnswer,
    unparsed: states.unparsed,
    answers: states.answers,
    ambiguous,
    unmatched: states.answered - ambiguous - pairs,
    distinct: Number(row?.kinds ?? 0),
    commonest:
      row === undefined
        ? undefined
        : { answer: answerText(row).slice(0, MAX_ANSWER_CHARACTERS), share: Number(row.n) / states.answers },
    examples: states.examples,
  };
}

function answerText({ label, number }: Row): string {
  return typeof label === 'string' ? label : typeof number === 'number' ? String(number) : 'undefined';
}

/** The ten pairs that differ most; what they were asked is known of those whose inputs were kept. */
async function topPairs(questions: WarehouseQuestions, method: PairingMethod): Promise<DivergingPair[]> {
  const worst = await questions.rows(WORST);
  if (worst.length === 0) return [];
  const these = worst.map(
    (row) =>
      `(matched.key = ${quote(String(row.key))} and ours.moment = ${Number(row.moment)} and ours.place = ${Number(row.place)})`,
  );
  const found = await questions.rows(
    fill(PAIRS.described, { these: these.join(' or ') }),
    'shows the pairs that differ most',
  );
  return worst.map((row) => {
    const own = found.find((one) => one.key === row.key && one.moment === row.moment && one.place === row.place);
    const at = Number(row.moment);
    return {
      id: method === 'input' ? `input of ${new Date(at).toISOString()}` : String(row.key),
      at,
      row: Number(row.place),
      ...describePair(answerIn(own, 'production'), answerIn(own, 'shadow')),
      distance: Number(row.distance),
      times: Number(row.times),
      input: typeof own?.asked === 'string' ? own.asked.slice(0, MAX_INPUT_CHARACTERS) : undefined,
    };
  });
}

const MAX_INPUT_CHARACTERS = 400;

function answerIn(row: Row | undefined, side: SideName): Answer {
  const [label, number, scores] = ['label', 'number', 'scores'].map((name) => row?.[`${side}_${name}`]);
  return {
    ...(typeof label === 'string' ? { label } : {}),
    ...(typeof number === 'number' ? { number } : {}),
    ...(typeof scores === 'string' ? { scores: JSON.parse(scores) as number[] } : {}),
  };
}

/** What a row loses by its label. */
const LOST = {
  loss: 'cast(label_loss.loss as double)',
  own: 'cast(label_loss.own as double)',
  lost: '\n  left join label_loss on label_loss.key = cell.key and label_loss.moment = cell.moment and label_loss.place = cell.place',
};
const NOTHING_LOST = { loss: 'cast(null as double)', own: 'cast(null as double)', lost: '' };

/** Agreement by slices of the inputs, of the rows whose inputs were kept. */
async function slices(
  questions: WarehouseQuestions,
  tolerance: string,
  withTruth: boolean,
): Promise<Pick<Predictions, 'columns' | 'slices' | 'alike'>> {
  const labelled = withTruth ? LOST : NOTHING_LOST;
  const found = await questions.rows(fill(PAIRS.asked, { ...labelled, tolerance, most: MAX_ASKED }), 'looks at inputs');
  const counter = new SliceCounter();
  const numbers = new Map<unknown, number>();
  for (const { input, place, row_count, hit, loss, own, asked } of found) {
    const number = numbers.get(input) ?? numbers.size;
    numbers.set(input, number);
    const payload = { data: String(asked), encoding: 'JSON', contentType: undefined } as const;
    counter.add(number, () => featuresOf(payload, Number(row_count))[Number(place)] ?? []);
    if (hit === true) counter.hit(number);
    if (loss === null || loss === undefined) continue;
    counter.lose(number, Number(loss), Number(own));
    if (hit === true) counter.near(number);
  }
  const columns = counter.columns();
  return { columns, slices: slicesOf(columns), alike: counter.alike() };
}
