import type { Classes } from '../../answers/classes.ts';
import type { PairingMethod } from '../../predictions.ts';
import { chosenMethod, keysMost, pairsMost } from '../pairing-method.ts';
import type { Tried } from '../pairing-method.ts';
import { MAX_RETRIED } from '../retries.ts';
import { chancesSql } from '../sql/chances.ts';
import { fill, quote, statements } from '../sql/statements.ts';
import type { Form } from './reading/forms.ts';
import pairsSql from './pairs.sql';
import type { WarehouseQuestions } from './questions.ts';
import { SIDES } from './staging.ts';
import type { SideName } from './staging.ts';
import type { WarehouseRecords } from './warehouse.ts';

export const PAIRS = statements(pairsSql, [
  'keyed',
  'twice',
  'told_apart',
  'matched_by_id',
  'requests',
  'near',
  'matched_by_input',
  'tried_by_id',
  'tried_by_input',
  'cells',
  'counts',
  'skew',
  'states',
  'examples',
  'unsure',
  'commonest',
  'unpaired_by_id',
  'unpaired_by_input',
  'unpaired_shadow',
  'minutes',
  'described',
  'asked',
]);

/** What pairs records; an empty input pairs none. */
const KEYS = {
  inferenceId: 'inference_id',
  eventId: 'event_id',
  // The hash of nothing.
  input: "nullif(input_id, 'd41d8cd98f00b204')",
} as const;

/** What stands for the names of a side's tables in statements. */
export function ofSide(side: SideName): Record<'side_lines' | 'side_rows' | 'side_keyed', string> {
  return { side_lines: `${side}_lines`, side_rows: `${side}_rows`, side_keyed: `${side}_keyed` };
}

/** What a way of pairing comes to. */
export interface Met {
  pairs: number;
  retried: number;
  /** Records of each side whose counterpart could be several. */
  ambiguous: Record<SideName, number>;
  keyed: Record<SideName, number>;
}

/** The lines that staging read, of both sides. */
export function defineLines(questions: WarehouseQuestions, { variants }: WarehouseRecords, table: string): void {
  for (const side of SIDES)
    void questions.define(`${side}_lines`, `select * from ${table} where variant = ${quote(variants[side])}`);
}

/** What is in the window: rows of answers, and records without one that can be read. @param read states of records with an answer */
export function defineRows(
  questions: WarehouseQuestions,
  { window }: WarehouseRecords,
  { read, unreadable }: { read: string; unreadable: string },
): void {
  for (const side of SIDES) {
    const within = `from ${side}_lines where moment >= ${window.from} and moment < ${window.to}`;
    void questions.define(`${side}_rows`, `select * ${within} and state in (${read})`);
    void questions.define(
      `${side}_answerless`,
      `select inference_id, event_id, input_id, record, moment, state = 'empty' as empty ${within} and place = 0 and state in ('empty', ${unreadable})`,
    );
  }
}

/** Says how records are paired; nothing is run. */
function definePairs(questions: WarehouseQuestions, method: PairingMethod): void {
  const key = KEYS[method];
  const each = (sql: string, name: string) => {
    for (const side of SIDES) void questions.define(`${side}_${name}`, fill(sql, { ...ofSide(side), key }));
  };
  each(PAIRS.keyed, 'keyed');
  for (const side of SIDES)
    void questions.define(`${side}_lost`, `select ${key} as key, record, moment, empty from ${side}_answerless`);
  if (method === 'input') {
    each(PAIRS.requests, 'requests');
    void questions.define('near', PAIRS.near);
    void questions.define('matched', PAIRS.matched_by_input);
  } else {
    each(PAIRS.twice, 'twice');
    void questions.define('told_apart', fill(PAIRS.told_apart, { most: MAX_RETRIED }));
    void questions.define('matched', PAIRS.matched_by_id);
  }
  void questions.define('unpaired', method === 'input' ? PAIRS.unpaired_by_input : PAIRS.unpaired_by_id);
  void questions.define('unpaired_shadow', PAIRS.unpaired_shadow);
}

/** Tries the ways of pairing, the surest first, and leaves the chosen one defined. */
export async function choosePairs(
  questions: WarehouseQuestions,
  answered: Record<SideName, number>,
): Promise<{ method: PairingMethod | undefined; tried: readonly Tried[]; met: Met }> {
  const tried: Tried[] = [];
  const found = new Map<PairingMethod, Met>();
  for (const method of ['inferenceId', 'eventId', 'input'] as const) {
    definePairs(questions, method);
    const met = await metBy(questions, method);
    found.set(method, met);
    tried.push({ method, pairs: met.pairs });
    const keyed = Math.min(...SIDES.map((side) => met.keyed[side] / Math.max(1, answered[side])));
    if (pairsMost(met.pairs, Math.min(answered.production, answered.shadow)) || keysMost(met.pairs, keyed)) break;
  }
  const method = chosenMethod(tried);
  definePairs(questions, method ?? 'input');
  return { method, tried, met: found.get(method ?? 'input') as Met };
}

async function metBy(questions: WarehouseQuestions, method: PairingMethod): Promise<Met> {
  const sql = method === 'input' ? PAIRS.tried_by_input : PAIRS.tried_by_id;
  const [row] = await questions.rows(sql, 'counts pairs');
  const value = (name: string) => Number(row?.[name] ?? 0);
  const retried = value('retried');
  return {
    pairs: value('pairs'),
    retried,
    ambiguous: { production: value('production_twice') - retried, shadow: value('shadow_twice') - retried },
    keyed: { production: value('production_keyed'), shadow: value('shadow_keyed') },
  };
}

/** The labels of cells: of the caller's id, and where there is none SageMaker's own, as Model Monitor has it. */
function toldBy(labels: string, byEventId: boolean): Record<'told' | 'labels', string> {
  const columns = ['label', 'name', 'number', 'class', 'at'] as const;
  const join = (as: string, id: string) =>
    `\n  left join ${labels} as ${as} on ${as}.key = numbered.${id} and ${as}.place = cast(numbered.place as double)`;
  const told = columns.map((column) =>
    byEventId
      ? `case when own_told.label is null then other_told.${column} else own_told.${column} end as told_${column}`
      : `own_told.${column} as told_${column}`,
  );
  return {
    told: told.join(', '),
    labels: join('own_told', 'inference_id') + (byEventId ? join('other_told', 'event_id') : ''),
  };
}

const NOTHING_TOLD = {
  told: ['label', 'name']
    .map((column) => `cast(null as varchar) as told_${column}`)
    .concat(['number', 'class', 'at'].map((column) => `cast(null as double) as told_${column}`))
    .join(', '),
  labels: '',
};

const sumOf = (scores: string) => `reduce(${scores}, 0e0, (total, x) -> total + x, total -> total)`;
const squaresOf = (scores: string) => `reduce(${scores}, 0e0, (total, x) -> total + x * x, total -> total)`;

/**
 * The SELECT of the cells of the pairs that are defined.
 *
 * @param labels the table of labels; undefined without any
 */
export function cellsSelect(
  questions: WarehouseQuestions,
  forms: Record<SideName, readonly Form[]>,
  {
    labels,
    method,
    classes,
  }: { labels: string | undefined; method: PairingMethod | undefined; classes: Classes | undefined },
): string {
  const widths = [
    ...new Set(
      SIDES.flatMap((side) => forms[side].flatMap(({ rows }) => rows.flatMap(({ scores }) => scores?.length ?? []))),
    ),
  ];
  const byWidth = (of: (places: readonly number[]) => string) =>
    widths.length === 0
      ? 'cast(null as double)'
      : `case cardinality(ours_scores) ${widths.map((width) => `when ${width} then ${of(Array.from({ length: width }, (_, i) => i + 1))}`).join(' ')} end`;
  return questions.whole(
    fill(PAIRS.cells, {
      ...(labels === undefined ? NOTHING_TOLD : toldBy(labels, method !== 'inferenceId')),
      with_labels: labels !== undefined,
      ...chancesSql(labels === undefined ? undefined : classes, {
        production: 'production_number',
        shadow: 'shadow_number',
      }),
      ...{ ours_sum: sumOf('ours_scores'), theirs_sum: sumOf('theirs_scores') },
      ...{ ours_squares: squaresOf('ours_scores'), theirs_squares: squaresOf('theirs_scores') },
      furthest: byWidth(
        (places) => `greatest(${places.map((i) => `abs(ours_scores[${i}] - theirs_scores[${i}])`).join(', ')})`,
      ),
      largest: byWidth((places) => `greatest(${places.map((i) => `ours_scores[${i}]`).join(', ')})`),
      beside: byWidth(
        (places) =>
          `case largest ${places.map((i) => `when ours_scores[${i}] then theirs_scores[${i}]`).join(' ')} end`,
      ),
      // Half the sum of absolute differences of scores (total variation).
      distance: byWidth(
        (places) => `(${places.map((i) => `abs(ours_scores[${i}] - theirs_scores[${i}])`).join(' + ')}) / 2`,
      ),
    }),
  );
}
