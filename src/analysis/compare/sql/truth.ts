import type {
  FitSums,
  LabelAges,
  LossStratum,
  LossSums,
  PairBlock,
  TruthCell,
  TruthOutcome,
  TruthStratum,
  TruthSums,
} from '../../predictions.ts';
import { BANDS, CLASS_BANDS } from '../../answers/bands.ts';
import { ageRule, DELAYS } from '../../answers/label-age.ts';
import { classesOf } from '../../answers/prices.ts';
import type { Prices } from '../../answers/prices.ts';
import {
  className,
  CLASSES,
  commonestOutcomes,
  MOST_OUTCOMES,
  OTHERS,
  sortedCells,
  sortedStrata,
} from '../../answers/strata.ts';
import type { Truth } from '../../answers/truth.ts';
import type { ComparisonOptions } from '../options.ts';
import type { Questions, Row } from './questions.ts';
import { fill, quote, sqlNumber, statements } from './statements.ts';
import truthSql from './truth.sql';

const SQL = statements(truthSql, [
  'last',
  'ripe',
  'ages',
  'delays',
  'with_truth',
  'label_loss',
  'blocks',
  'truth',
  'strata',
  'cells',
  'outcomes',
  'bands',
  'fit',
  'usable',
  'scores',
  'score_minutes',
  'curves',
]);

/** What a block says of the truth. */
type JudgedBlock = Required<
  Pick<PairBlock, 'truth' | 'onlyProduction' | 'onlyShadow' | 'loss' | 'lossSquared' | 'squaredLoss' | 'cost'>
>;
const UNJUDGED: JudgedBlock = {
  truth: 0,
  onlyProduction: 0,
  onlyShadow: 0,
  loss: 0,
  lossSquared: 0,
  squaredLoss: 0,
  cost: 0,
};

/** What labels say of rows, before it is known how far two numbers may lie apart. */
export interface Told {
  age: LabelAges | undefined;
  /** What a block says beside its own sums. */
  blockOf(block: { at: number; rows: number }): JudgedBlock & Pick<PairBlock, 'young'>;
  /** Brier scores of probabilities of all classes; undefined where any answer is none. */
  scores: LossStratum[] | undefined;
}

/** Nothing is known of any row. */
export const NOTHING_TOLD: Told = { age: undefined, blockOf: () => UNJUDGED, scores: undefined };

/**
 * Defines `ripe`, rows that are old enough to be compared with labels, `with_truth`, those of them of which the truth is known,
 * and `label_loss`, what each of these loses; and counts what is left out for its age.
 *
 * @param classes false where answers are no classes, as of free JSON
 */
export async function showTruth(
  engine: Questions,
  { truth, prices, maturity }: Pick<ComparisonOptions, 'prices' | 'maturity'> & { truth: Truth },
  classes: boolean,
): Promise<Told> {
  const [last] = await engine.rows(SQL.last);
  const rule = ageRule(truth, maturity, typeof last?.moment === 'number' ? last.moment : undefined);
  const is = {
    young: rule?.before === undefined ? 'false' : `(moment >= ${sqlNumber(rule.before)})`,
    late: rule?.timed === true ? `(told_at is null or told_at - moment > ${sqlNumber(rule.age)})` : 'false',
  };
  await engine.view('ripe', fill(SQL.ripe, is));
  await engine.view('with_truth', fill(SQL.with_truth, { ...rightness(engine), ...pricing(engine, prices) }));
  // Of classes what a mistake costs, where that is known, else what it is worth.
  const lost =
    prices !== undefined && classes
      ? { loss: 'cost', own: 'production_cost' }
      : {
          loss: '(case when only_production then 1 else 0 end - case when only_shadow then 1 else 0 end)',
          own: 'case when production_right then 0 else 1 end',
        };
  await engine.view('label_loss', fill(SQL.label_loss, lost));
  const [age, blocks, scored] = await Promise.all([
    rule && agesOf(engine, rule, is),
    engine.rows(SQL.blocks),
    classes ? classScores(engine) : undefined,
  ]);
  const judged = new Map(blocks.map(({ at, ...block }) => [Number(at), block as unknown as JudgedBlock]));
  return {
    age,
    scores: scored?.scores,
    blockOf({ at, rows }) {
      const found = judged.get(at) ?? UNJUDGED;
      return {
        ...found,
        squaredLoss: found.squaredLoss + (scored?.minutes.get(at) ?? 0),
        ...(rule?.before !== undefined && at >= rule.before ? { young: rows } : {}),
      };
    },
  };
}

async function agesOf(
  engine: Questions,
  { age, demanded, timed }: Pick<LabelAges, 'age' | 'demanded' | 'timed'>,
  is: { young: string; late: string },
): Promise<LabelAges> {
  const counts = DELAYS.map(
    (minutes) =>
      `cast(count(*) filter (where told_at - moment <= ${sqlNumber(minutes * 60_000)}) as double) as "${minutes}"`,
  );
  const [[row], [delays]] = await Promise.all([
    engine.rows(fill(SQL.ages, is)),
    timed ? engine.rows(fill(SQL.delays, { counts: counts.join(', ') })) : [],
  ]);
  const value = (name: string) => Number(row?.[name] ?? 0);
  const within =
    delays === undefined ? [] : DELAYS.map((minutes) => ({ minutes, labels: Number(delays[String(minutes)]) }));
  const left = { young: value('young'), youngLabels: value('youngLabels'), late: value('late') };
  return { age, demanded, timed, ...left, within };
}

/** Whether a model's label is what was really the case: 2 and 2.0 are one class, and so are true and True, as JSON and Python write it. */
function rightness(engine: Questions): Record<'production_right' | 'shadow_right', string> {
  const of = (label: string) =>
    `coalesce(${label} = truth or ${engine.dialect.numberOf(label)} = truth_number or (lower(truth) in ('true', 'false') and lower(${label}) = lower(truth)), false)`;
  return { production_right: of('production_label'), shadow_right: of('shadow_label') };
}

/** What `priceOf` says, in SQL; 0 for a mistake without a price. */
function pricing(engine: Questions, prices: Prices = {}): Record<'production_price' | 'shadow_price', string> {
  const keys = Object.keys(prices).map((key) => ({ key, names: classesOf(key) }));
  const wild = ({ names: [truth, prediction] }: (typeof keys)[number]) =>
    (truth === '*' ? 2 : 0) + (prediction === '*' ? 1 : 0);
  const [own, others] = [keys.filter((one) => wild(one) === 0), keys.filter((one) => wild(one) > 0)];
  const of = (side: 'production' | 'shadow') => {
    const when = ({ key, names: [truth, prediction] }: (typeof keys)[number]) => {
      const asks = [
        truth === '*' ? [] : [`truth_name = ${quote(truth)}`],
        prediction === '*' ? [] : [isClass(engine, `${side}_label`, prediction)],
      ].flat();
      return `when ${asks.length === 0 ? 'true' : asks.join(' and ')} then ${sqlNumber(prices[key] ?? 0)}`;
    };
    const cases = [
      ...own.map(when),
      `when ${side}_right then ${sqlNumber(0)}`,
      ...others.toSorted((a, b) => wild(a) - wild(b)).map(when),
    ];
    return `case ${cases.join(' ')} else ${sqlNumber(0)} end`;
  };
  return { production_price: of('production'), shadow_price: of('shadow') };
}

/** Whether a label is the class of this name, as `className` writes it. */
function isClass(engine: Questions, label: string, name: string): string {
  if (className(name) !== name) return 'false';
  if (name === 'true' || name === 'false') return `lower(${label}) = ${quote(name)}`;
  const isNumber = name.trim() !== '' && Number.isFinite(Number(name));
  return isNumber ? `${engine.dialect.numberOf(label)} = ${sqlNumber(Number(name))}` : `${label} = ${quote(name)}`;
}

/**
 * Both models against the truth.
 *
 * @param rules `of`: rows that were compared; `classes` is false where answers are no classes, as of free JSON; `tolerance` is
 *   what two numbers may differ by
 */
export async function truthSums(
  engine: Questions,
  truth: Truth,
  {
    of,
    classes,
    tolerance,
    prices,
    told: { age, scores },
    reading,
  }: { of: number; classes: boolean; tolerance: string; told: Told } & Pick<ComparisonOptions, 'prices' | 'reading'>,
): Promise<TruthSums> {
  const [[row], found, ofNumbers] = await Promise.all([
    engine.rows(SQL.truth),
    engine.rows(fill(SQL.strata, { classes, most: CLASSES, others: OTHERS, ...rightness(engine) })),
    losses(engine, tolerance),
  ]);
  const strata = found as unknown as TruthStratum[];
  const value = (name: string) => Number(row?.[name] ?? 0);
  const rows = value('rows');
  const labelled = value('labelled') > 0;
  const [cells, outcomes] =
    classes && labelled ? await Promise.all([cellsOf(engine, found), outcomesOf(engine)]) : [undefined, undefined];
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
    cells,
    outcomes,
    prices,
    scores,
    ...(reading?.classes === undefined ? {} : { named: true }),
    ...ofNumbers,
  };
}

/** What was really the case in each of the strata. */
async function cellsOf(engine: Questions, strata: readonly Row[]): Promise<TruthCell[]> {
  const names = [...new Set(strata.map(({ production }) => quote(String(production))))].join(', ');
  const cells = await engine.rows(fill(SQL.cells, { names, others: OTHERS, most: CLASSES }));
  return sortedCells(cells as unknown as TruthCell[]);
}

/** The commonest outcomes one by one. */
async function outcomesOf(engine: Questions): Promise<TruthOutcome[]> {
  const rows = await engine.rows(fill(SQL.outcomes, { most: MOST_OUTCOMES }));
  const kept = rows.map(
    ({ production, shadow, truth, rows: n }) => ({ production, shadow, truth, rows: n }) as TruthOutcome,
  );
  const rest = Number(rows[0]?.whole ?? 0) - kept.reduce((sum, one) => sum + one.rows, 0);
  const others = { production: OTHERS, shadow: OTHERS, truth: OTHERS };
  return commonestOutcomes(rest > 0 ? [...kept, { ...others, rows: rest }] : kept);
}

/** Brier scores, and their differences by the minute; undefined where any answer is no probabilities of all classes. */
async function classScores(
  engine: Questions,
): Promise<{ scores: LossStratum[]; minutes: Map<number, number> } | undefined> {
  const [counted] = await engine.rows(SQL.usable);
  const rows = Number(counted?.rows ?? 0);
  if (rows === 0 || Number(counted?.usable ?? 0) < rows) return undefined;
  const [bands, minutes] = await Promise.all([
    engine.rows(fill(SQL.scores, { squared: lossColumns('squared', 'p', 's') })),
    engine.rows(SQL.score_minutes),
  ]);
  return {
    scores: inOrder(CLASS_BANDS, bands.map(stratumOf)),
    minutes: new Map(minutes.map(({ at, loss }) => [Number(at), Number(loss)])),
  };
}

/** How far off numbers are, by how they lie to each other; undefined where there are none. */
async function losses(engine: Questions, tolerance: string): Promise<Pick<TruthSums, 'losses' | 'binary' | 'fit'>> {
  const sums = {
    error: lossColumns('error', 'abs(p)', 'abs(s)'),
    squared: lossColumns('squared', 'p * p', 's * s'),
  };
  const bands = await engine.rows(fill(SQL.bands, { tolerance, ...sums }));
  if (bands.length === 0) return { losses: undefined, binary: undefined, fit: undefined };
  const [[fit], [curve]] = await Promise.all([engine.rows(SQL.fit), engine.rows(SQL.curves)]);
  const value = (name: string) => (curve?.[name] === null ? undefined : Number(curve?.[name]));
  const [rows = 0, ones = 0] = [value('rows'), value('ones')];
  return {
    losses: inOrder(BANDS, bands.map(stratumOf)),
    binary: rows === 0 ? undefined : { rows, ones, production: value('production'), shadow: value('shadow') },
    fit: fit === undefined || Number(fit.rows) === 0 ? undefined : (fit as unknown as FitSums),
  };
}

/** The columns of `LossSums` of what both models lose. */
function lossColumns(name: string, p: string, s: string): string {
  const [own, more] = [`(${p})`, `((${s}) - (${p}))`];
  const sums = {
    production: own,
    productionSquared: `${own} * ${own}`,
    loss: more,
    lossSquared: `${more} * ${more}`,
    cross: `${more} * ${own}`,
  } satisfies Record<keyof LossSums, string>;
  return Object.entries(sums)
    .map(([sum, of]) => `coalesce(sum(${of}), 0) as "${name}_${sum}"`)
    .join(', ');
}

function stratumOf(row: Row): LossStratum {
  const value = (name: string) => Number(row[name] ?? 0);
  const sums = (name: string): LossSums => ({
    production: value(`${name}_production`),
    productionSquared: value(`${name}_productionSquared`),
    loss: value(`${name}_loss`),
    lossSquared: value(`${name}_lossSquared`),
    cross: value(`${name}_cross`),
  });
  return {
    band: row.band as LossStratum['band'],
    ...{ rows: value('rows'), apart: value('apart'), labelled: value('labelled') },
    ...(row.apartSquared === undefined
      ? {}
      : { apartSquared: value('apartSquared'), labelledApart: value('labelledApart') }),
    ...{ error: sums('error'), squared: sums('squared') },
  };
}

function inOrder(bands: readonly LossStratum['band'][], found: readonly LossStratum[]): LossStratum[] {
  return bands.flatMap((band) => found.find((one) => one.band === band) ?? []);
}
