import { labelTable, SHOWN } from '../answers/labels.ts';
import { mergeClasses, mergeMissing } from './classes.ts';
import { commonestCells, commonestOutcomes, commonestStrata, OTHERS } from '../answers/strata.ts';
import { MAX_VALUES } from '../answers/fields.ts';
import { MAX_NAMES } from '../answers/kinds/counter.ts';
import { addedValues } from '../answers/values.ts';
import { BANDS, CLASS_BANDS } from '../answers/bands.ts';
import type {
  AnswerSums,
  ComparatorSums,
  FlagSums,
  LabelAges,
  LabelSums,
  LossStratum,
  PairBlock,
  Predictions,
  ReferenceSums,
  ScoreSums,
  SideCounts,
  TruthSums,
} from '../predictions.ts';
import { mergeMoments, mergeNumbers } from './numbers.ts';
import { mergeRepeats } from './repeats.ts';
import { addColumns, slicesOf } from '../slicing.ts';
import { lacking } from './lacking.ts';

const TOP = 10;
const LOWEST = 3;
const EXAMPLES = 5;

/** Every member of a value, made of two windows: a member that is added must say how it is merged. */
type Merged<T> = { [K in keyof Required<T>]: T[K] };

/** What is missing of one window is that of the other. */
function both<T>(x: T | undefined, y: T | undefined, merge: (x: T, y: T) => T): T | undefined {
  return x === undefined || y === undefined ? (x ?? y) : merge(x, y);
}

/** The sums of two windows of the same models, read and compared alike: see `differences` in merge.ts. */
export function mergePredictions(a: Predictions, b: Predictions, sampling: number): Predictions {
  const production = mergeSides(a.production, b.production);
  const pairs = a.pairs + b.pairs;
  const expected = sampling * (production.records - production.withoutAnswer - production.unparsed);
  const repeats = a.repeats && b.repeats && mergeRepeats(a.repeats, b.repeats, { a: a.rows, b: b.rows });
  const shared = repeats && a.repeats && b.repeats ? a.repeats.inputs + b.repeats.inputs - repeats.inputs : undefined;
  // Without sums by input nobody knows whether both windows have the same ones.
  const different = repeats && a.repeats && b.repeats ? repeats.inputs / (a.repeats.inputs + b.repeats.inputs) : 0.5;
  const columns = both(a.columns, b.columns, (x, y) => addColumns(x, y, different));
  const lacks = lacking(a, b);
  const merged: Merged<Predictions> = {
    method: a.method ?? b.method,
    task: a.task,
    production,
    shadow: mergeSides(a.shadow, b.shadow),
    pairs,
    pairedInputs: both(a.pairedInputs, b.pairedInputs, added),
    retried: a.retried === undefined || b.retried === undefined ? undefined : a.retried + b.retried,
    coverage: expected > 0 ? Math.min(1, pairs / expected) : undefined,
    skewMs: a.skewMs === b.skewMs ? a.skewMs : undefined,
    rows: a.rows + b.rows,
    differentRows: a.differentRows + b.differentRows,
    blocks: mergeBlocks(blocksBeside(a, b), blocksBeside(b, a)),
    missing: a.missing && b.missing && mergeMissing(a.missing, b.missing),
    labels: both(a.labels, b.labels, (x, y) => mergeLabels(x, y, shared ?? Number.POSITIVE_INFINITY)),
    numbers: both(a.numbers, b.numbers, mergeNumbers),
    reference: both(a.reference, b.reference, mergeReferences),
    top: [...a.top, ...b.top].toSorted((x, y) => y.distance - x.distance || x.at - y.at).slice(0, TOP),
    truth: both(a.truth, b.truth, mergeTruth),
    columns,
    slices: lacks.includes('slices') ? undefined : slicesOf(columns),
    lacks: lacks.length === 0 ? undefined : lacks,
    fields: mergeFields(a.fields, b.fields),
    repeats,
    clusters: a.clusters && b.clusters && mergeRepeats(a.clusters, b.clusters, { a: a.rows, b: b.rows }),
    alike: undefined,
    answers: both(a.answers, b.answers, mergeAnswers),
    comparator: both(a.comparator, b.comparator, mergeComparators),
    alternatives: a.alternatives?.map((one, i) => mergePredictions(one, b.alternatives?.[i] ?? one, sampling)),
    merged: (a.merged ?? 1) + (b.merged ?? 1),
  };
  return merged;
}

/** Of one reference: see `otherReading` in merge.ts. */
function mergeReferences(a: ReferenceSums, b: ReferenceSums): ReferenceSums {
  const merged: Merged<ReferenceSums> = {
    digest: a.digest,
    of: a.of,
    rows: a.rows + b.rows,
    edges: a.edges.map((edge, i) => ({
      ...edge,
      counted: {
        below: edge.counted.below + (b.edges[i]?.counted.below ?? 0),
        upTo: edge.counted.upTo + (b.edges[i]?.counted.upTo ?? 0),
      },
    })),
    minutes: a.minutes && b.minutes && [...a.minutes, ...b.minutes],
  };
  return merged;
}

function mergeSides(a: SideCounts, b: SideCounts): SideCounts {
  const lost = new Map<string, number>();
  for (const { why, count } of [...(a.unreadableBy ?? []), ...(b.unreadableBy ?? [])])
    lost.set(why, (lost.get(why) ?? 0) + count);
  const answers = a.answers + b.answers;
  // Of two answers that are each the commonest of their window, one may be the commonest of both: its share is bounded.
  const [most] = [a, b]
    .flatMap(({ commonest, answers: n }) => (commonest === undefined ? [] : [{ ...commonest, n }]))
    .toSorted((x, y) => y.share * y.n - x.share * x.n);
  const same = a.commonest?.answer === b.commonest?.answer;
  const rows = (one: SideCounts) => (one.commonest?.share ?? 0) * one.answers;
  const share = most === undefined ? 0 : (same ? rows(a) + rows(b) : most.share * most.n) / Math.max(1, answers);
  const merged: Merged<SideCounts> = {
    files: a.files + b.files,
    records: a.records + b.records,
    unreadable: a.unreadable + b.unreadable,
    unreadableBy: [...lost].map(([why, count]) => ({ why, count })).toSorted((x, y) => y.count - x.count),
    outside: a.outside + b.outside,
    withoutAnswer: a.withoutAnswer + b.withoutAnswer,
    unparsed: a.unparsed + b.unparsed,
    ambiguous: a.ambiguous + b.ambiguous,
    unmatched: a.unmatched + b.unmatched,
    answers,
    distinct: Math.max(a.distinct, b.distinct),
    commonest: most === undefined ? undefined : { answer: most.answer, share },
    examples: [...a.examples, ...b.examples].slice(0, EXAMPLES),
  };
  return merged;
}

/** Every sum of a minute: this does not compile where one is missing. */
const BLOCK: Record<Exclude<keyof PairBlock, 'at'>, true> = {
  rows: true,
  agree: true,
  d: true,
  dd: true,
  abs: true,
  beyond: true,
  others: true,
  truth: true,
  onlyProduction: true,
  onlyShadow: true,
  loss: true,
  lossSquared: true,
  squaredLoss: true,
  cost: true,
  young: true,
};
const BLOCK_SUMS = Object.keys(BLOCK) as (keyof typeof BLOCK)[];

/** The minutes of a window. Where only the other learned how far other scores may lie apart, no row of this one is known to be near. */
function blocksBeside({ blocks, labels }: Predictions, other: Predictions): readonly PairBlock[] {
  if (labels?.others !== undefined || other.labels?.others === undefined) return blocks;
  return blocks.map((block) => {
    const known = { ...block };
    delete known.others;
    return known;
  });
}

function mergeBlocks(a: readonly PairBlock[], b: readonly PairBlock[]): PairBlock[] {
  const found = new Map<number, PairBlock>();
  for (const block of [...a, ...b]) {
    const present = found.get(block.at);
    if (present === undefined) found.set(block.at, block);
    else {
      const sums = BLOCK_SUMS.flatMap((name) =>
        present[name] === undefined || block[name] === undefined ? [] : [[name, present[name] + block[name]] as const],
      );
      found.set(block.at, { at: block.at, ...(Object.fromEntries(sums) as Omit<PairBlock, 'at'>) });
    }
  }
  return [...found.values()].toSorted((x, y) => x.at - y.at);
}

function mergeLabels(a: LabelSums, b: LabelSums, shared: number): LabelSums {
  const cells = [a, b].flatMap(({ confusion: { labels, counts } }) =>
    counts.flatMap((row, i) =>
      row.map((count, j) => ({ production: labels[i] ?? OTHERS, shadow: labels[j] ?? OTHERS, count })),
    ),
  );
  const weight = new Map<string, number>();
  for (const { production, shadow, count } of cells)
    for (const name of [production, shadow]) weight.set(name, (weight.get(name) ?? 0) + count);
  const named = [...weight.keys()].filter((name) => name !== OTHERS);
  const rest = a.confusion.labels.includes(OTHERS) || b.confusion.labels.includes(OTHERS);
  const rows = a.rows + b.rows;
  const total = (side: 'production' | 'shadow', name: string) =>
    cells.reduce((sum, cell) => sum + (cell[side] === name ? cell.count : 0), 0);
  const table = labelTable({
    rows,
    agree: a.agree + b.agree,
    classes: rest ? Math.max(a.classes, b.classes, named.length + 1) : named.length,
    commonest: named.toSorted((x, y) => (weight.get(y) ?? 0) - (weight.get(x) ?? 0)).slice(0, SHOWN),
    chance: named.reduce((sum, name) => sum + (total('production', name) / rows) * (total('shadow', name) / rows), 0),
    cells,
    byClass: a.byClass && b.byClass && mergeClasses(a.byClass, b.byClass, shared),
  });
  if (table === undefined) return a;
  // Each window learned its own tolerance; the larger is told.
  const others =
    a.others && b.others
      ? { beyond: a.others.beyond + b.others.beyond, tolerance: Math.max(a.others.tolerance, b.others.tolerance) }
      : (a.others ?? b.others);
  // Which of the rare labels are the same in both windows is not known.
  return { ...table, ...(rest ? { kappa: undefined } : {}), ...(others === undefined ? {} : { others }) };
}

function mergeTruth(a: TruthSums, b: TruthSums): TruthSums {
  const labelled = (one: TruthSums) => (one.numbers === undefined ? 0 : one.rows);
  const moments = (one: TruthSums) => ({
    n: labelled(one),
    mean: one.numbers?.loss ?? 0,
    deviation: one.numbers?.lossDeviation ?? 0,
  });
  const n = labelled(a) + labelled(b);
  const weighted = (of: (one: NonNullable<TruthSums['numbers']>) => number) =>
    [a, b].reduce((sum, one) => sum + (one.numbers === undefined ? 0 : labelled(one) * of(one.numbers)), 0) / n;
  const loss = n === 0 ? undefined : mergeMoments(moments(a), moments(b));
  const count = (name: keyof NonNullable<TruthSums['labels']>) => (a.labels?.[name] ?? 0) + (b.labels?.[name] ?? 0);
  const strata = a.strata && b.strata && commonestStrata([...a.strata, ...b.strata]);
  const merged: Merged<TruthSums> = {
    rows: a.rows + b.rows,
    of: a.of + b.of,
    labels:
      a.labels === undefined && b.labels === undefined
        ? undefined
        : {
            production: count('production'),
            shadow: count('shadow'),
            onlyProduction: count('onlyProduction'),
            onlyShadow: count('onlyShadow'),
          },
    numbers: loss && {
      maeProduction: weighted((one) => one.maeProduction),
      maeShadow: weighted((one) => one.maeShadow),
      loss: loss.mean,
      lossDeviation: loss.deviation,
    },
    // A label that belongs to no pair of one window may belong to one of the other.
    unknown: Math.min(a.unknown, b.unknown),
    strata,
    cells: a.cells && b.cells && strata && commonestCells([...a.cells, ...b.cells], strata),
    age: both(a.age, b.age, mergeAges),
    outcomes: a.outcomes && b.outcomes && commonestOutcomes([...a.outcomes, ...b.outcomes]),
    // Costs at different prices are no sum.
    prices: JSON.stringify(a.prices) === JSON.stringify(b.prices) ? a.prices : undefined,
    losses: a.losses && b.losses && mergeLosses(a.losses, b.losses, BANDS),
    scores: a.scores && b.scores && mergeLosses(a.scores, b.scores, CLASS_BANDS),
    named: a.named && b.named,
    // Ranks over both windows are not known.
    binary: both(a.binary, b.binary, (x, y) => ({
      rows: x.rows + y.rows,
      ones: x.ones + y.ones,
      production: undefined,
      shadow: undefined,
    })),
    // Labels of which an older version did not count this are not left out of it in silence.
    fit: [a, b].some(({ numbers, fit }) => numbers !== undefined && fit === undefined)
      ? undefined
      : both(a.fit, b.fit, added),
  };
  return merged;
}

/** Adds sums of which every member is a number. */
function added<Sums extends Record<keyof Sums, number>>(x: Sums, y: Sums): Sums {
  const names = Object.keys(x) as (keyof Sums)[];
  return Object.fromEntries(names.map((name) => [name, x[name] + y[name]])) as Sums;
}

/** Of labels that were compared at one age: see `otherReading` in merge.ts. */
function mergeAges(a: LabelAges, b: LabelAges): LabelAges {
  const merged: Merged<LabelAges> = {
    age: a.age,
    demanded: a.demanded,
    timed: a.timed,
    young: a.young + b.young,
    youngLabels: a.youngLabels + b.youngLabels,
    late: a.late + b.late,
    within: a.within.map((one, i) => ({ ...one, labels: one.labels + (b.within[i]?.labels ?? 0) })),
  };
  return merged;
}

function mergeLosses(
  a: readonly LossStratum[],
  b: readonly LossStratum[],
  bands: readonly LossStratum['band'][],
): LossStratum[] {
  return bands.flatMap((band) => {
    const [one, other] = [a, b].map((list) => list.find((stratum) => stratum.band === band));
    if (one === undefined || other === undefined) return one ?? other ?? [];
    const merged: Merged<LossStratum> = {
      band,
      rows: one.rows + other.rows,
      apart: one.apart + other.apart,
      labelled: one.labelled + other.labelled,
      apartSquared: bothKnown(one.apartSquared, other.apartSquared),
      labelledApart: bothKnown(one.labelledApart, other.labelledApart),
      error: added(one.error, other.error),
      squared: added(one.squared, other.squared),
    };
    return merged;
  });
}

function bothKnown(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

function mergeFields(a: Predictions['fields'], b: Predictions['fields']): Predictions['fields'] {
  if (a === undefined || b === undefined) return a ?? b;
  const only = b.filter(({ path }) => a.every((field) => field.path !== path));
  return [...a, ...only].map((field) => {
    const other = b.find(({ path }) => path === field.path);
    if (other === undefined || other === field) return field;
    return {
      ...field,
      rows: field.rows + other.rows,
      differing: field.differing + other.differing,
      missing: field.missing + other.missing,
      extra: field.extra + other.extra,
      otherKind: field.otherKind + other.otherKind,
      otherKindBack: (field.otherKindBack ?? 0) + (other.otherKindBack ?? 0),
      largest: Math.max(field.largest, other.largest),
      // Whether two windows have the same one value nobody knows: it counts as one, which proves nothing.
      varies: field.varies !== false || other.varies !== false,
      // Of a field that has too many values in one window, what the other one counted stands.
      values: field.values && other.values && addedValues(field.values, other.values, MAX_VALUES),
    };
  });
}

function mergeAnswers(a: AnswerSums, b: AnswerSums): AnswerSums {
  const also = (b.lost ?? []).filter(({ path }) => (a.lost ?? []).every((one) => one.path !== path));
  return {
    ...a,
    // What one window shows to be lost is lost.
    lost: a.lost === undefined && b.lost === undefined ? undefined : [...(a.lost ?? []), ...also],
    measures: named(a.measures, b.measures, (one, other) => {
      return {
        name: one.name,
        rows: one.rows + other.rows,
        sum: one.sum + other.sum,
        least: Math.min(one.least, other.least),
        most: Math.max(one.most, other.most),
      };
    }),
    flags: named(a.flags, b.flags, mergeFlags),
    ...(a.names && b.names ? { names: addedValues(a.names, b.names, MAX_NAMES) } : {}),
  };
}

/** Those of two windows by their names: what only one of them has is that of both. */
function named<One extends { name: string }>(
  a: readonly One[],
  b: readonly One[],
  merge: (one: One, other: One) => One,
): One[] {
  const only = b.filter(({ name }) => a.every((one) => one.name !== name));
  return [...a, ...only].map((one) => {
    const other = b.find(({ name }) => name === one.name);
    return other === undefined || other === one ? one : merge(one, other);
  });
}

function mergeFlags(a: FlagSums, b: FlagSums): FlagSums {
  const merged: Merged<FlagSums> = {
    name: a.name,
    rows: a.rows + b.rows,
    production: a.production + b.production,
    shadow: a.shadow + b.shadow,
    minutes: [...a.minutes, ...b.minutes].toSorted((x, y) => x.at - y.at),
  };
  return merged;
}

function mergeComparators(a: ComparatorSums, b: ComparatorSums): ComparatorSums {
  const score = (one: ScoreSums, other: ScoreSums): ScoreSums => {
    const none = {
      known: 0,
      agreement: undefined,
      beyond: undefined,
      onlyProduction: undefined,
      onlyShadow: undefined,
    };
    const repeats = ({ rows, repeats }: ScoreSums) => ({
      ...none,
      known: rows,
      inputs: repeats?.inputs ?? rows,
      loss: repeats,
    });
    return {
      name: one.name,
      rows: one.rows + other.rows,
      sum: one.sum + other.sum,
      least: Math.min(one.least, other.least),
      most: Math.max(one.most, other.most),
      minutes: [...one.minutes, ...other.minutes].toSorted((x, y) => x.at - y.at),
      repeats: mergeRepeats(repeats(one), repeats(other), { a: one.rows, b: other.rows }).loss,
      lowest: [...one.lowest, ...other.lowest].toSorted((x, y) => x.value - y.value).slice(0, LOWEST),
    };
  };
  return {
    ...a,
    pairs: a.pairs + b.pairs,
    of: a.of + b.of,
    scores: named(a.scores, b.scores, score),
  };
}
