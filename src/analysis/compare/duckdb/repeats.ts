import type { InputSample, InputSums, Repeats } from '../../predictions.ts';
import { sampledBelow } from '../input-sample.ts';
import type { Engine } from './connection.ts';
import repeatsSql from './repeats.sql';
import { fill, statements } from './statements.ts';

const SQL = statements(repeatsSql, ['input_sums', 'answers', 'sample', 'truth']);

/**
 * How often rows repeat an input, and what rows of one input have in common.
 *
 * @param by the same of rows that hang together by the policy's `cluster`
 * @param withTruth whether there are rows of which the truth is known
 * @param rows that were compared
 */
export async function repeats(
  engine: Engine,
  by: 'input' | 'cluster',
  tolerance: string,
  withTruth: boolean,
  rows: number,
): Promise<Repeats> {
  await engine.run(SQL.input_sums);
  const [answers] = await engine.rows(fill(SQL.answers, { tolerance, by }));
  const [truth] = withTruth ? await engine.rows(fill(SQL.truth, { by })) : [];
  return {
    inputs: Number(answers?.inputs ?? 0),
    known: Number(answers?.known ?? 0),
    agreement: present(answers?.agreement),
    beyond: present(answers?.beyond),
    onlyProduction: present(truth?.onlyProduction),
    onlyShadow: present(truth?.onlyShadow),
    loss: present(truth?.loss),
    ...(by === 'input' ? { sample: await inputSample(engine, rows, Number(answers?.largest ?? 0)) } : {}),
  };
}

/** The inputs that stand for all: see InputSample. @param rows that were compared @param largest rows of one input */
async function inputSample(engine: Engine, rows: number, largest: number): Promise<InputSample> {
  const below = sampledBelow(rows);
  const found = await engine.rows(fill(SQL.sample, { below: String(below) }));
  return {
    below: String(below),
    largest,
    of: found.map((row) => [String(row.hash), Number(row.rows)] as const),
  };
}

/** Undefined where no row had such a value. */
function present(value: unknown): InputSums | undefined {
  const sums = value as InputSums | undefined;
  return sums === undefined || sums.inputs === 0 ? undefined : sums;
}
