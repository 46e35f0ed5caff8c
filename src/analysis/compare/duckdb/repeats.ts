import type { InputSums, Repeats } from '../../observations.ts';
import { fill, statements } from './connection.ts';
import type { Engine, Row } from './connection.ts';
import repeatsSql from './repeats.sql';

const SQL = statements(repeatsSql);

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

type Sums = Record<string, InputSums>;

/** How often rows repeat an input, and what rows of one input have in common. */
export async function repeats(
  engine: Engine,
  rows: { labelled: number; bare: number; told: number },
  tolerance: string,
): Promise<Repeats> {
  const { inputs, known, sums } = await byInput(engine, 'compared', {
    ...(rows.labelled > 0 && { agreement: share('our_label = their_label', LABELLED) }),
    ...(rows.bare > 0 && {
      beyond: share(`abs(d) > ${tolerance} and not (${LABELLED})`, `d is not null and not (${LABELLED})`),
    }),
  });
  const told: Sums =
    rows.told > 0
      ? (
          await byInput(engine, 'told', {
            onlyProduction: share('only_production', 'classes'),
            onlyShadow: share('only_shadow', 'classes'),
            loss: { rows: 'count(loss)', sum: 'coalesce(sum(loss), 0)', squares: 'coalesce(sum(loss * loss), 0)' },
          })
        ).sums
      : {};
  return {
    inputs,
    known,
    agreement: present(sums.agreement),
    beyond: present(sums.beyond),
    onlyProduction: present(told.onlyProduction),
    onlyShadow: present(told.onlyShadow),
    loss: present(told.loss),
  };
}

/** All values at once: grouping by input is what costs, and rows alone with their input need none. */
async function byInput(
  engine: Engine,
  from: string,
  values: Record<string, Value>,
): Promise<{ inputs: number; known: number; sums: Sums }> {
  const names = Object.keys(values);
  const each = Object.entries(values).map(
    ([name, { rows, sum, squares }]) =>
      `(${rows})::double as ${name}_n, (${sum})::double as ${name}_x, (${squares})::double as ${name}_q`,
  );
  const asked = { from, values: ['', ...each].join(', '), sums: ['', ...names.map(sumsOf)].join(', ') };
  const ask = async (name: string, more = {}) =>
    (await engine.rows(fill(SQL[name] ?? '', { ...asked, ...more })))[0] ?? {};
  await engine.run(fill(SQL.again ?? '', { from }));
  const any = Number((await ask('any')).n) > 0;
  const single = await ask('single', { alone: any ? 'where input not in (from again)' : '' });
  const repeated: Row = any ? await ask('repeated') : {};
  return {
    inputs: Number(single.inputs) + Number(repeated.inputs ?? 0),
    known: Number(single.known) + Number(repeated.known ?? 0),
    sums: Object.fromEntries(
      names.map((name) => [name, together(single, repeated[name] as InputSums | undefined, name)]),
    ),
  };
}

function sumsOf(name: string): string {
  const [n, x, q] = [`${name}_n`, `${name}_x`, `${name}_q`];
  return `{inputs: count(*) filter (${n} > 0)::double, rows: sum(${n}), "rowsSquared": sum(${n} * ${n}), sum: sum(${x}), "sumSquared": sum(${x} * ${x}), "cross": sum(${x} * ${n}), "between": sum(${x} * ${x} / nullif(${n}, 0)), squares: sum(${q})} as ${name}`;
}

/** Of a row alone with its input, n is one: n² and x n, x² and x² / n are what n, x and the squares are. */
function together(single: Row, repeated: InputSums | undefined, name: string): InputSums {
  const [n, x, q] = [`${name}_n`, `${name}_x`, `${name}_q`].map((column) => Number(single[column])) as [
    number,
    number,
    number,
  ];
  const add = (key: keyof InputSums, alone: number) => (repeated?.[key] ?? 0) + alone;
  return {
    inputs: add('inputs', n),
    rows: add('rows', n),
    rowsSquared: add('rowsSquared', n),
    sum: add('sum', x),
    sumSquared: add('sumSquared', q),
    cross: add('cross', x),
    between: add('between', q),
    squares: add('squares', q),
  };
}

function present(sums: InputSums | undefined): InputSums | undefined {
  return sums === undefined || sums.inputs === 0 ? undefined : sums;
}
