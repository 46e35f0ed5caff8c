import type { InputSums, Repeats } from '../../observations.ts';
import { SUMS } from './asked.ts';
import { fill } from './connection.ts';
import type { Engine } from './connection.ts';

/** SQL that sums something over the rows of one input: their number, the values, and the squares of these. */
interface Value {
  rows: string;
  sum: string;
  squares: string;
}

const LABELLED = 'our_label is not null and their_label is not null';

/** Something that is so or not. */
function share(what: string, of: string): Value {
  const sum = `count(*) filter (${what})`;
  return { rows: `count(*) filter (${of})`, sum, squares: sum };
}

/** How often rows repeat an input, and what rows of one input have in common. */
export async function repeats(
  engine: Engine,
  rows: { labelled: number; bare: number; told: number },
  tolerance: string,
): Promise<Repeats> {
  const compared = await sums(engine, 'compared', {
    ...(rows.labelled > 0 && { agreement: share('our_label = their_label', LABELLED) }),
    ...(rows.bare > 0 && {
      beyond: share(`abs(d) > ${tolerance} and not (${LABELLED})`, `d is not null and not (${LABELLED})`),
    }),
  });
  const { inputs, known, agreement, beyond } = compared;
  const right =
    rows.told > 0
      ? await sums(engine, 'told', {
          onlyProduction: share('only_production', 'classes'),
          onlyShadow: share('only_shadow', 'classes'),
          loss: { rows: 'count(loss)', sum: 'coalesce(sum(loss), 0)', squares: 'coalesce(sum(loss * loss), 0)' },
        })
      : {};
  return {
    inputs: Number(inputs ?? 0),
    known: Number(known ?? 0),
    agreement: inputSums(agreement),
    beyond: inputSums(beyond),
    onlyProduction: inputSums(right.onlyProduction),
    onlyShadow: inputSums(right.onlyShadow),
    loss: inputSums(right.loss),
  };
}

/** All values in one pass: grouping by input is what costs. */
async function sums(engine: Engine, from: string, values: Record<string, Value>): Promise<Record<string, unknown>> {
  const each = Object.entries(values).map(
    ([name, { rows, sum, squares }]) =>
      `(${rows})::double as ${name}_n, (${sum})::double as ${name}_x, (${squares})::double as ${name}_q`,
  );
  const all = Object.keys(values).map(
    (name) =>
      `{inputs: count(*) filter (${name}_n > 0)::double, rows: sum(${name}_n), "rowsSquared": sum(${name}_n * ${name}_n), sum: sum(${name}_x), "sumSquared": sum(${name}_x * ${name}_x), "cross": sum(${name}_x * ${name}_n), "between": sum(${name}_x * ${name}_x / nullif(${name}_n, 0)), squares: sum(${name}_q)} as ${name}`,
  );
  const [row] = await engine.rows(
    fill(SUMS.repeats ?? '', { from, values: ['', ...each].join(', '), sums: ['', ...all].join(', ') }),
  );
  return row ?? {};
}

function inputSums(found: unknown): InputSums | undefined {
  const counted = found as InputSums | undefined;
  return counted === undefined || counted.inputs === 0 ? undefined : counted;
}
