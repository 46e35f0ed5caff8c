import type { LossStratum, PairBlock, Predictions, TruthCell, TruthStratum, TruthSums } from '../../predictions.ts';
import { isUsable } from '../../answers/answer.ts';
import { BANDS } from '../../answers/bands.ts';
import { CLASSES, OTHERS, sortedCells, sortedStrata } from '../../answers/strata.ts';
import type { Truth } from '../../answers/truth.ts';
import { hashText } from '../ingest/fast/hash.ts';
import type { Engine } from './connection.ts';
import { fill, quote } from './statements.ts';
import { SUMS } from './sums.ts';

const CREATE =
  'create or replace table truth_text (key ubigint, place uinteger, label varchar, number double, exact boolean)';
const KEEP =
  'create or replace table truth as select key, place, arg_max(label, exact) as label, arg_max(number, exact) as number from truth_text group by key, place';

/**
 * Puts the labels into a table `truth` (key, place, label, number); without any it is empty. A key like `id#2` is row 2 of
 * request `id`, unless a request is really called that.
 */
export async function loadTruth(engine: Engine, truth: Truth | undefined): Promise<void> {
  await engine.run(CREATE);
  if (truth === undefined) return engine.run(KEEP);
  const appender = await engine.connection.createAppender('truth_text');
  const add = (key: string, place: number, label: string, exact: boolean) => {
    appender.appendUBigInt(hashText(key));
    appender.appendUInteger(place);
    appender.appendVarchar(label);
    const number = label === '' ? Number.NaN : Number(label);
    if (isUsable(number)) appender.appendDouble(number);
    else appender.appendNull();
    appender.appendBoolean(exact);
    appender.endRow();
  };
  for (const [key, label] of truth.entries()) {
    add(key, 0, label, false);
    const row = truth.by === 'id' ? /^(.*)#(\d{1,9})$/s.exec(key) : null;
    if (row !== null) add(row[1] ?? '', Number(row[2]), label, true);
  }
  appender.closeSync();
  await engine.run(KEEP);
}

/** What a block says of the truth. */
export type JudgedBlock = Required<
  Pick<PairBlock, 'truth' | 'onlyProduction' | 'onlyShadow' | 'loss' | 'lossSquared' | 'squaredLoss'>
>;
export const UNJUDGED: JudgedBlock = {
  truth: 0,
  onlyProduction: 0,
  onlyShadow: 0,
  loss: 0,
  lossSquared: 0,
  squaredLoss: 0,
};

/** What the truth says minute by minute. */
export async function judgedBlocks(engine: Engine): Promise<Map<number, JudgedBlock>> {
  const rows = await engine.rows(SUMS.truth_blocks);
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
  { of, classes, tolerance }: { of: number; classes: boolean; tolerance: string },
): Promise<Predictions['truth']> {
  const [row] = await engine.rows(SUMS.truth);
  const strata = (await engine.rows(
    fill(SUMS.truth_strata, { classes, most: CLASSES, others: OTHERS }),
  )) as unknown as TruthStratum[];
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
    strata: strata.length === 0 ? undefined : sortedStrata(strata),
    cells: classes && labelled ? await cellsOf(engine, strata) : undefined,
    ...(await losses(engine, tolerance)),
  };
}

/** What was really the case in each of the strata. */
async function cellsOf(engine: Engine, strata: readonly TruthStratum[]): Promise<TruthCell[]> {
  await engine.run(SUMS.class_name);
  const names = [...new Set(strata.map(({ production }) => quote(production)))].join(', ');
  const cells = await engine.rows(fill(SUMS.truth_cells, { names, others: OTHERS, most: CLASSES }));
  return sortedCells(cells as unknown as TruthCell[]);
}

/** How far off numbers are, by how they lie to each other; undefined where there are none. */
async function losses(engine: Engine, tolerance: string): Promise<Pick<TruthSums, 'losses' | 'binary'>> {
  await engine.run(SUMS.truth_losses);
  const bands = (await engine.rows(fill(SUMS.truth_bands, { tolerance }))) as unknown as LossStratum[];
  if (bands.length === 0) return { losses: undefined, binary: undefined };
  const [curve] = await engine.rows(SUMS.truth_curves);
  const value = (name: string) => (curve?.[name] === null ? undefined : Number(curve?.[name]));
  const [rows = 0, ones = 0] = [value('rows'), value('ones')];
  return {
    losses: BANDS.flatMap((band) => bands.find((one) => one.band === band) ?? []),
    binary: rows === 0 ? undefined : { rows, ones, production: value('production'), shadow: value('shadow') },
  };
}
