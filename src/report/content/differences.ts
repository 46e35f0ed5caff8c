import type { DivergingPair, FieldSums, LabelSums, Predictions, Repeats } from '../../analysis/predictions.ts';
import { slicesByClass, slicesByColumn } from '../../analysis/statistics/slices.ts';
import { type SliceRanking, sliceRanking } from '../../analysis/statistics/slice-risk.ts';
import { designEffect } from '../../analysis/statistics/repeats.ts';
import { type LossOf, sliceLosses } from '../../analysis/judge/truth-slices.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import type { Section } from './section.ts';
import { count, counted, number, percent, points } from '../../base/units.ts';

/** So many parts of the inputs' columns are listed; those that stand out come first. */
const COLUMN_SLICES = 20;
/** An adjusted p below this stands out. */
const STANDS_OUT = 0.05;

const REMARK =
  'A slice with an adjusted p below 0.05 stands out; the false discovery rate is at most 5 % (Benjamini-Hochberg).';

/** Agreement by the class that production chose, the least likely by chance first. */
export function classSlices(sums: LabelSums, repeats: Repeats | undefined): Section | undefined {
  const slices = slicesByClass(sums, designEffect(repeats?.agreement)).toSorted((a, b) => a.p - b.p);
  if (slices.length === 0) return undefined;
  const rows = slices.map((slice) => [
    slice.name,
    count(slice.rows),
    percent(slice.agree / slice.rows),
    slice.interval.map(percent).join(' … '),
    chance(slice.adjusted),
  ]);
  return {
    title: 'Agreement by label',
    inner: true,
    sentences: [],
    tables: [
      {
        caption: 'Labels of production, and how often the shadow says the same',
        columns: [
          { title: "production's label", words: 40 },
          { title: 'rows', number: true },
          { title: 'equal', number: true },
          { title: 'can be', number: true },
          { title: 'adjusted p', number: true },
        ],
        rows,
      },
    ],
    remark: REMARK,
    notable: slices.filter((slice) => slice.adjusted < STANDS_OUT).length,
  };
}

/** Agreement by slices of the inputs' columns, the least likely by chance first. */
export function columnSlices(found: Predictions): Section | undefined {
  const all = slicesByColumn(found).toSorted((a, b) => a.p - b.p);
  if (all.length === 0) return undefined;
  const shown = all.slice(0, COLUMN_SLICES);
  const rows = shown.map((slice) => [
    slice.column,
    slice.part,
    count(slice.rows),
    count(slice.inputs),
    percent(slice.hits / slice.rows),
    chance(slice.adjusted),
  ]);
  return {
    title: 'Agreement by slices of the input',
    sentences: [],
    tables: [
      {
        caption: `${count(shown.length)} of ${counted(all.length, 'slices')} of columns`,
        columns: [
          { title: 'input', words: 40 },
          { title: 'where', words: 40 },
          { title: 'rows', number: true },
          { title: 'inputs', number: true },
          { title: 'equal', number: true },
          { title: 'adjusted p', number: true },
        ],
        rows,
      },
    ],
    remark: REMARK,
    notable: shown.filter((slice) => slice.adjusted < STANDS_OUT).length,
  };
}

const LOST: Readonly<Record<LossOf, string>> = {
  mistakes: 'Share of rows with a label on which each model is wrong',
  distances: 'Mean distance of each model from the label',
  prices: 'What a row with a label costs with each model',
};

/** What both models lose by labels, by slices of the inputs: those first in which the shadow is shown to lose most. */
export function truthSlices(found: Predictions, policy: Policy): Section | undefined {
  const losses = sliceLosses(found, policy);
  if (losses === undefined) return undefined;
  const { of, slices } = losses;
  const value = (one: number) => (of === 'mistakes' ? percent(one) : number(one, 3));
  const difference = (one: number) => (of === 'mistakes' ? points(one) : number(one, 3));
  const sorted = slices.toSorted((a, b) => b.interval[0] - a.interval[0]);
  const inOne = (column: string) => slices.reduce((sum, one) => sum + (one.slice.column === column ? one.rows : 0), 0);
  const sliced = Math.max(...slices.map(({ slice }) => inOne(slice.column)));
  const sampled = sliced < SAMPLED * (found.truth?.rows ?? 0);
  return {
    title: 'Truth by slices of the input',
    inner: true,
    sentences: [],
    tables: [
      {
        caption: LOST[of],
        columns: [
          { title: 'input', words: 40 },
          { title: 'where', words: 40 },
          { title: 'labels', number: true },
          { title: 'production', number: true },
          { title: 'shadow', number: true },
          { title: 'more', number: true },
          { title: 'can be', number: true },
        ],
        rows: sorted.map(({ slice, rows, production, shadow, loss, interval }) => [
          slice.column,
          slice.part,
          count(rows),
          value(production),
          value(shadow),
          difference(loss),
          interval.map(difference).join(' … '),
        ]),
      },
    ],
    remark: `What it can be holds for all ${count(slices.length)} slices together. Slices of fewer than 100 labels are left out.${sampled ? ` They hold ${count(sliced)} of ${count(found.truth?.rows ?? 0)} rows with a label: of the others no input was kept, or it is in no slice.` : ''}`,
    notable: sorted.filter(({ interval }) => interval[0] > 0).length,
  };
}

/** Sliced rows are fewer than that of all with a label: the inputs of the others were not kept. */
const SAMPLED = 0.9;

/** So many columns are ranked in words; the others are in the JSON. */
const RANKED_COLUMNS = 3;

/** Rows of the first table that a short report has. */
const RISKIEST = [0, 1, 2];

const BASES = {
  cost: { title: 'cost a row', words: "what the shadow's answers cost more than production's, by labels and costs:" },
  loss: { title: 'loss a row', words: 'what the shadow loses more than production, by labels' },
  disagreement: { title: 'differ', words: 'rows whose answers differ: without labels, nothing says which is right' },
} as const;

/** Parts of the inputs by what would go wrong there, and in which order they can go to the candidate. */
export function riskSection(found: Predictions): Section | undefined {
  const all = sliceRanking(found);
  if (all.length === 0) return undefined;
  const title = 'Slices by risk';
  const differing = all.filter(({ differs }) => differs).slice(0, RANKED_COLUMNS);
  if (differing.length === 0)
    return {
      title,
      sentences: [],
      tables: [],
      remark: `${all.length === 1 ? `The slices of ${all[0]?.column}` : `Of ${counted(all.length, 'columns')} of the inputs, the slices of each`} differ no more than by chance: that proves no order.`,
    };
  return {
    title,
    sentences: differing.map(orderText),
    tables: differing.map((ranking, i) => ({ ...riskTable(ranking), ...(i === 0 && { inShort: RISKIEST }) })),
    remark:
      'Risk is the rows of a slice times its rate: what was seen, drawn towards all slices of the column as far as they differ no more than by chance, so that few rows make no slice look risky, or safe.',
  };
}

function orderText({ column, order, parts }: SliceRanking): string {
  const out = new Set(parts.filter(({ standsOut }) => standsOut).map(({ part }) => part));
  return `By ${column}, those with the least risk first: ${order.map((part) => (out.has(part) ? `${part} (stands out)` : part)).join(', ')}.`;
}

function riskTable({ column, basis, parts }: SliceRanking): Section['tables'][number] {
  const { title, words } = BASES[basis];
  const rate = (value: number | undefined) => (basis === 'disagreement' ? percent(value) : number(value, 2));
  return {
    caption: `${column}, the riskiest first: ${words}`,
    columns: [
      { title: 'where', words: 40 },
      { title: 'rows', number: true },
      { title: `${title}, seen`, number: true },
      { title: 'rate', number: true },
      { title: 'risk', number: true },
    ],
    rows: parts.map(({ part, rows, seen, rate: own, risk }) => [
      part,
      count(rows),
      rate(seen),
      rate(own),
      `about ${number(risk, 2)}`,
    ]),
  };
}

function chance(p: number): string {
  return p < 1e-4 ? '< 0.0001' : number(p);
}

/** A field that differs in so many of its rows says nothing about the model: it is an id, a time, a trace. */
const EVERYWHERE = 0.99;

/**
 * Fields that differ in nearly every answer that has them, and what a policy says of each kind: numbers may be what the model
 * predicts, and are compared as numbers where a path leads to them; texts are more likely ids and times, and are left out.
 */
function everywhereTexts(fields: readonly FieldSums[]): string[] {
  const numbers = fields.filter(({ largest }) => largest > 0);
  const others = fields.filter(({ largest }) => largest === 0);
  const [first] = numbers;
  return [
    ...(first === undefined
      ? []
      : [
          `${differText(numbers)}, by up to ${number(first.largest)}. If ${first.path} is what the model predicts, compare that alone, as a number: --prediction '${first.path}' (answers: { path: ${first.path} } in the policy). Leave out only what it does not predict, like an id or a time: answers: { ignore: [${numbers.map(bare).join(', ')}] }`,
        ]),
    ...(others.length === 0
      ? []
      : [
          `${differText(others)}. If ${others.length === 1 ? 'it is an id, a time or a version' : 'they are ids, times or versions'}, leave ${others.length === 1 ? 'it' : 'them'} out by the policy: answers: { ignore: [${others.map(bare).join(', ')}] }`,
        ]),
  ];
}

function differText(fields: readonly FieldSums[]): string {
  const [one] = fields;
  const paths = fields.map(({ path }) => path).join(', ');
  return fields.length === 1 && one !== undefined
    ? `${paths} differs in nearly every answer that has it`
    : `${paths} differ in nearly every answer that has them`;
}

/** As a policy writes a path. */
function bare({ path }: FieldSums): string {
  return path.replaceAll('[*]', '');
}

/** What the policy leaves out, as far as it would have differed. */
function ignoredText(fields: readonly FieldSums[]): string[] {
  const left = fields.filter(({ ignored, differing }) => ignored && differing > 0);
  if (left.length === 0) return [];
  const each = left.map((field) => `${field.path} (differs in ${percent(field.differing / field.rows)})`);
  return [`The policy leaves out ${each.join(', ')}.`];
}

/** Free JSON, field by field. */
export function fieldsSection(all: readonly FieldSums[]): Section | undefined {
  if (all.length === 0) return undefined;
  const differing = all.filter((field) => field.differing > 0);
  const equal = all.length - differing.length;
  const title = 'Fields of the answers';
  if (differing.length === 0) return { title, sentences: [`All ${count(equal)} fields are equal.`], tables: [] };
  const share = (n: number, of: number) => (n === 0 ? '–' : percent(n / of));
  const rows = differing.map((field) => [
    field.path + (field.ignored ? ' (ignored)' : ''),
    count(field.rows),
    percent(field.differing / field.rows),
    share(field.missing, field.rows),
    share(field.extra, field.rows),
    share(field.otherKind, field.rows),
    field.largest === 0 ? '–' : number(field.largest),
    field.example?.production ?? '–',
    field.example?.shadow ?? '–',
  ]);
  const everywhere = differing.filter((field) => !field.ignored && field.differing >= EVERYWHERE * field.rows);
  return {
    title,
    sentences: [...everywhereTexts(everywhere), ...ignoredText(differing)],
    tables: [
      {
        caption: `Those that differ, in shares of the rows that have the field${equal === 0 ? '' : `; ${count(equal)} more equal`}`,
        columns: [
          { title: 'field', words: 60 },
          { title: 'rows', number: true },
          { title: 'differs', number: true },
          { title: 'only production', number: true, wide: true },
          { title: 'only shadow', number: true, wide: true },
          { title: 'other kind', number: true },
          { title: 'largest', number: true },
          { title: 'e.g. production', words: 40 },
          { title: 'e.g. shadow', words: 40 },
        ],
        rows,
      },
    ],
    remark: 'Shares are of the rows that have the field.',
  };
}

/** The pairs whose answers lie furthest apart. */
export function topSection(pairs: readonly DivergingPair[]): Section | undefined {
  if (pairs.length === 0) return undefined;
  return {
    title: 'Most diverging pairs',
    sentences: [],
    tables: [
      {
        caption: 'The worst first; each input is listed once, with how often it came and differed',
        columns: [
          { title: 'id', words: 64 },
          { title: 'production', words: 40 },
          { title: 'shadow', words: 40 },
          { title: 'times', number: true },
          { title: 'input', words: 80 },
        ],
        rows: pairs.map((pair) => [
          pair.id + (pair.row > 0 ? ` #${pair.row}` : ''),
          answerText(pair.production),
          answerText(pair.shadow),
          `×${count(pair.times ?? 1)}`,
          pair.input ?? '–',
        ]),
        inShort: [0, 1, 2],
      },
    ],
  };
}

/** A number without the digits that nobody reads. */
function answerText(answer: string): string {
  const value = Number(answer);
  return answer.trim() === '' || Number.isNaN(value) ? answer : number(value, 6);
}
