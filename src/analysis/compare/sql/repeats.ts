import type { InputSample, InputSums, Repeats } from '../../predictions.ts';
import { sampledBelow } from '../input-sample.ts';
import type { Questions, Row } from './questions.ts';
import repeatsSql from './repeats.sql';
import { fill, statements } from './statements.ts';

const SQL = statements(repeatsSql, ['answers', 'sample', 'truth']);

/**
 * How often rows repeat an input, and what rows of one input have in common.
 *
 * @param by the same of rows that hang together by the policy's `cluster`
 * @param withTruth whether there are rows of which the truth is known
 * @param rows that were compared
 */
export async function repeats(
  engine: Questions,
  by: 'input' | 'cluster',
  tolerance: string,
  withTruth: boolean,
  rows: number,
): Promise<Repeats> {
  const [answers] = await engine.rows(fill(SQL.answers, { tolerance, by, ...ANSWERS }));
  const [truth] = withTruth ? await engine.rows(fill(SQL.truth, { by, ...TRUTH })) : [];
  return {
    inputs: Number(answers?.inputs ?? 0),
    known: Number(answers?.known ?? 0),
    agreement: sumsIn(answers, 'agreement'),
    beyond: sumsIn(answers, 'beyond'),
    onlyProduction: sumsIn(truth, 'only_production'),
    onlyShadow: sumsIn(truth, 'only_shadow'),
    loss: sumsIn(truth, 'loss'),
    ...(by === 'input' ? { sample: await inputSample(engine, rows, Number(answers?.largest ?? 0)) } : {}),
  };
}

/** The inputs that stand for all: see InputSample. @param rows that were compared @param largest rows of one input */
async function inputSample(engine: Questions, rows: number, largest: number): Promise<InputSample> {
  const below = sampledBelow(rows);
  const found = await engine.rows(fill(SQL.sample, { below: engine.dialect.inputBelow(below) }));
  const { hash } = engine.dialect;
  return {
    ...(hash === undefined ? {} : { hash }),
    below: String(below),
    largest,
    of: found.map((row) => [engine.dialect.inputHash(row.hash), Number(row.rows)] as const),
  };
}

/** The columns of InputSums over rows a input with `n` rows with a value, their sum `x` and that of their squares. */
function inputSums(name: string, n: string, x: string, squares: string): string {
  const sums = {
    inputs: `count(*) filter (where ${n} > 0)`,
    rows: `sum(${n})`,
    rowsSquared: `sum(${n} * ${n})`,
    sum: `sum(${x})`,
    sumSquared: `sum(${x} * ${x})`,
    cross: `sum(${x} * ${n})`,
    between: `sum(cast(${x} * ${x} as double) / nullif(${n}, 0))`,
    squares: `sum(${squares})`,
  } satisfies Record<(typeof SUMMED)[number], string>;
  return SUMMED.map((one) => `cast(${sums[one]} as double) as "${name}_${one}"`).join(', ');
}

const SUMMED = ['inputs', 'rows', 'rowsSquared', 'sum', 'sumSquared', 'cross', 'between', 'squares'] as const;
const ANSWERS = {
  agreement: inputSums('agreement', 'agreement_n', 'agreement_x', 'agreement_x'),
  beyond: inputSums('beyond', 'tolerance_n', 'tolerance_x', 'tolerance_x'),
};
const TRUTH = {
  only_production: inputSums('only_production', 'production_n', 'production_x', 'production_x'),
  only_shadow: inputSums('only_shadow', 'shadow_n', 'shadow_x', 'shadow_x'),
  loss: inputSums('loss', 'loss_n', 'loss_x', 'loss_squares'),
};

/** Undefined where no row had such a value. */
function sumsIn(row: Row | undefined, name: string): InputSums | undefined {
  const sums = Object.fromEntries(SUMMED.map((one) => [one, Number(row?.[`${name}_${one}`] ?? 0)]));
  return sums.inputs === 0 ? undefined : (sums as Record<(typeof SUMMED)[number], number>);
}
