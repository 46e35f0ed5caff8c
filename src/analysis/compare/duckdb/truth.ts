import type {
  FitSums,
  LabelAges,
  LossStratum,
  PairBlock,
  Predictions,
  TruthCell,
  TruthOutcome,
  TruthStratum,
  TruthSums,
} from '../../predictions.ts';
import { isUsable } from '../../answers/answer.ts';
import { BANDS, CLASS_BANDS } from '../../answers/bands.ts';
import { ageRule, DELAYS } from '../../answers/label-age.ts';
import { classesOf } from '../../answers/prices.ts';
import type { Prices } from '../../answers/prices.ts';
import { CLASSES, commonestOutcomes, MOST_OUTCOMES, OTHERS, sortedCells, sortedStrata } from '../../answers/strata.ts';
import type { Truth } from '../../answers/truth.ts';
import { hashText } from '../ingest/fast/hash.ts';
import type { Engine } from './connection.ts';
import type { ComparisonOptions } from '../options.ts';
import { fill, quote, sqlNumber } from '../sql/statements.ts';
import { OWN_SUMS } from './sums.ts';

const CREATE =
  'create or replace table truth_text (key ubigint, place uinteger, label varchar, number double, came_at double, exact boolean)';
const KEEP =
  'create or replace table truth as select key, place, arg_max(label, exact) as label, arg_max(number, exact) as number, arg_max(came_at, exact) as came_at from truth_text group by key, place';

/**
 * Puts the labels into a table `truth` (key, place, label, number); without any it is empty. A key like `id#2` is row 2 of
 * request `id`, unless a request is really called that.
 */
export async function loadTruth(engine: Engine, truth: Truth | undefined): Promise<void> {
  await engine.run(CREATE);
  if (truth === undefined) return engine.run(KEEP);
  const appender = await engine.connection.createAppender('truth_text');
  const add = (key: string, place: number, label: string, at: number | undefined, exact: boolean) => {
    appender.appendUBigInt(hashText(key));
    appender.appendUInteger(place);
    appender.appendVarchar(label);
    const number = label === '' ? Number.NaN : Number(label);
    if (isUsable(number)) appender.appendDouble(number);
    else appender.appendNull();
    if (at === undefined) appender.appendNull();
    else appender.appendDouble(at);
    appender.appendBoolean(exact);
    appender.endRow();
  };
  for (const [key, label, at] of truth.entries()) {
    add(key, 0, label, at, false);
    const row = truth.by === 'id' ? /^(.*)#(\d{1,9})$/s.exec(key) : null;
    if (row !== null) add(row[1] ?? '', Number(row[2]), label, at, true);
  }
  appender.closeSync();
  await engine.run(KEEP);
}

/** What a block says of the truth. */
export type JudgedBlock = Required<
  Pick<PairBlock, 'truth' | 'onlyProduction' | 'onlyShadow' | 'loss' | 'lossSquared' | 'squaredLoss' | 'cost'>
>;
export const UNJUDGED: JudgedBlock = {
  truth: 0,
  onlyProduction: 0,
  onlyShadow: 0,
  loss: 0,
  lossSquared: 0,
  squaredLoss: 0,
  cost: 0,
};

/**
 * Makes the views `ripe`, of rows that are old enough to be compared with labels, and `with_truth`, of those of them of which the
 * truth is known, with what mistakes cost.
 *
 * @returns what is left out for its age
 */
export async function showTruth(
  engine: Engine,
  { truth, prices, maturity }: Pick<ComparisonOptions, 'truth' | 'prices' | 'maturity'>,
): Promise<{ age: LabelAges | undefined; before: number | undefined }> {
  const [last] = await engine.rows('select max(moment)::double as moment from cell');
  const rule = ageRule(truth, maturity, typeof last?.moment === 'number' ? last.moment : undefined);
  const is = {
    young: rule?.before === undefined ? 'false' : `(moment >= ${sqlNumber(rule.before)})`,
    late: rule?.timed === true ? `(truth_at is null or truth_at - moment > ${sqlNumber(rule.age)})` : 'false',
  };
  await engine.run(fill(OWN_SUMS.ripe, is));
  await showPrices(engine, prices);
  if (rule === undefined) return { age: undefined, before: undefined };
  const { age, demanded, timed, before } = rule;
  const [row] = await engine.rows(fill(OWN_SUMS.ages, is));
  const value = (name: string) => Number(row?.[name] ?? 0);
  const delays = timed ? await engine.rows(fill(OWN_SUMS.delays, { steps: `[${DELAYS.join(', ')}]` })) : [];
  const left = { young: value('young'), youngLabels: value('youngLabels'), late: value('late') };
  const within = delays.map((one) => ({ minutes: Number(one.minutes), labels: Number(one.labels) }));
  return { before, age: { age, demanded, timed, ...left, within } };
}

async function showPrices(engine: Engine, prices: Prices | undefined): Promise<void> {
  await engine.run(OWN_SUMS.class_name);
  await engine.run(priceMacro(prices));
  await engine.run(OWN_SUMS.with_truth);
}

/** What `priceOf` says, in SQL; 0 for a mistake without a price. */
function priceMacro(prices: Prices = {}): string {
  const keys = Object.keys(prices).map((key) => ({ key, names: classesOf(key) }));
  const wild = ({ names: [truth, prediction] }: (typeof keys)[number]) =>
    (truth === '*' ? 2 : 0) + (prediction === '*' ? 1 : 0);
  const when = ({ key, names: [truth, prediction] }: (typeof keys)[number]) => {
    const asks = [
      truth === '*' ? [] : [`class = ${quote(truth)}`],
      prediction === '*' ? [] : [`answer = ${quote(prediction)}`],
    ].flat();
    return `when ${asks.length === 0 ? 'true' : asks.join(' and ')} then ${sqlNumber(prices[key] ?? 0)}`;
  };
  const [own, others] = [keys.filter((one) => wild(one) === 0), keys.filter((one) => wild(one) > 0)];
  const cases = [
    ...own.map(when),
    'when class = answer then 0::double',
    ...others.toSorted((a, b) => wild(a) - wild(b)).map(when),
  ];
  return `create or replace macro price(class, answer) as case ${cases.join(' ')} else 0::double end`;
}

/** What the truth says minute by minute. */
export async function judgedBlocks(engine: Engine): Promise<Map<number, JudgedBlock>> {
  const rows = await engine.rows(OWN_SUMS.truth_blocks);
  return new Map(rows.map(({ at, ...block }) => [Number(at), block as unknown as JudgedBlock]));
}

/**
 * Both models against the truth.
 *
 * @param rules `of`: rows that were compared; `classes` is false where answers are no classes, as of free JSON; `tolerance` is
 *   what two numbers may differ by
 */
export async function truthSums(
  engine: Engine,
  truth: Truth,
  {
    of,
    classes,
    tolerance,
    prices,
    age,
    scores,
  }: {
    scores: readonly LossStratum[] | undefined;
    of: number;
    classes: boolean;
    tolerance: string;
    age: LabelAges | undefined;
  } & Pick<ComparisonOptions, 'prices'>,
): Promise<Predictions['truth']> {
  const [row] = await engine.rows(OWN_SUMS.truth);
  const strata = (await engine.rows(
    fill(OWN_SUMS.truth_strata, { classes, most: CLASSES, others: OTHERS }),
  )) as unknown as TruthStratum[];
  const value = (name: string) => Number(row?.[name] ?? 0);
  const rows = value('rows');
  const labelled = value('labelled') > 0;
  return {
    rows,
    of: of - (age?.young ?? 0),
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
    unknown: Math.max(0, truth.size - rows - (age?.late ?? 0) - (age?.youngLabels ?? 0)),
    age,
    strata: strata.length === 0 ? undefined : sortedStrata(strata),
    cells: classes && labelled ? await cellsOf(engine, strata) : undefined,
    outcomes: classes && labelled ? await outcomesOf(engine) : undefined,
    prices,
    scores,
    ...(await losses(engine, tolerance)),
  };
}

/** What was really the case in each of the strata. */
async function cellsOf(engine: Engine, strata: readonly TruthStratum[]): Promise<TruthCell[]> {
  const names = [...new Set(strata.map(({ production }) => quote(production)))].join(', ');
  const cells = await engine.rows(fill(OWN_SUMS.truth_cells, { names, others: OTHERS, most: CLASSES }));
  return sortedCells(cells as unknown as TruthCell[]);
}

/** Brier scores of probabilities of all classes, and their differences by the minute; undefined where any answer is none. */
export async function classScores(
  engine: Engine,
): Promise<{ scores: LossStratum[]; minutes: Map<number, number> } | undefined> {
  const [counted] = await engine.rows(
    fill(OWN_SUMS.truth_scores, {
      wanted: 'select count(*)::double as rows, count(*) filter (usable)::double as usable from scored',
    }),
  );
  const rows = Number(counted?.rows ?? 0);
  if (rows === 0 || Number(counted?.usable ?? 0) < rows) return undefined;
  await engine.run(OWN_SUMS.truth_losses);
  const bands = (await engine.rows(
    fill(OWN_SUMS.truth_scores, {
      wanted: `select
        if(differ, 'differ', 'agree') as band, count(*)::double as rows,
        sum(abs(p_squares - s_squares) / 2 + furthest) as apart, count(production_error)::double as labelled,
        loss_sums(null::double, null::double) as error,
        loss_sums(production_error, shadow_error) as squared
      from error group by 1`,
    }),
  )) as unknown as LossStratum[];
  const minutes = await engine.rows(
    fill(OWN_SUMS.truth_scores, {
      wanted: `select ((moment // 60000) * 60000)::double as at, sum(shadow_error - production_error) as loss
      from error where production_error is not null group by 1`,
    }),
  );
  return {
    scores: CLASS_BANDS.flatMap((band) => bands.find((one) => one.band === band) ?? []),
    minutes: new Map(minutes.map(({ at, loss }) => [Number(at), Number(loss)])),
  };
}

/** The commonest outcomes one by one. */
async function outcomesOf(engine: Engine): Promise<TruthOutcome[]> {
  const rows = await engine.rows(fill(OWN_SUMS.truth_outcomes, { most: MOST_OUTCOMES }));
  const kept = rows.map(
    ({ production, shadow, truth, rows: n }) => ({ production, shadow, truth, rows: n }) as TruthOutcome,
  );
  const rest = Number(rows[0]?.whole ?? 0) - kept.reduce((sum, one) => sum + one.rows, 0);
  const others = { production: OTHERS, shadow: OTHERS, truth: OTHERS };
  return commonestOutcomes(rest > 0 ? [...kept, { ...others, rows: rest }] : kept);
}

/** How far off numbers are, by how they lie to each other; undefined where there are none. */
async function losses(engine: Engine, tolerance: string): Promise<Pick<TruthSums, 'losses' | 'binary' | 'fit'>> {
  await engine.run(OWN_SUMS.truth_losses);
  const bands = (await engine.rows(fill(OWN_SUMS.truth_bands, { tolerance }))) as unknown as LossStratum[];
  if (bands.length === 0) return { losses: undefined, binary: undefined, fit: undefined };
  const [fit] = (await engine.rows(OWN_SUMS.truth_fit)) as unknown as FitSums[];
  const [curve] = await engine.rows(OWN_SUMS.truth_curves);
  const value = (name: string) => (curve?.[name] === null ? undefined : Number(curve?.[name]));
  const [rows = 0, ones = 0] = [value('rows'), value('ones')];
  return {
    losses: BANDS.flatMap((band) => bands.find((one) => one.band === band) ?? []),
    binary: rows === 0 ? undefined : { rows, ones, production: value('production'), shadow: value('shadow') },
    fit: fit === undefined || fit.rows === 0 ? undefined : fit,
  };
}
