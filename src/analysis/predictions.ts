/** What kind of answers the models give; decides which comparison makes sense. */
export type Task = 'regression' | 'scores' | 'binary' | 'multiclass' | 'json';

/** How a record of production was found to belong to one of the shadow. */
export type PairingMethod = 'inferenceId' | 'eventId' | 'input';

/** Sums and small tables over all pairs: the only thing of the pairs that leaves the engine that holds them. */
export interface Predictions {
  /** Undefined where no record of one side met one of the other. */
  method: PairingMethod | undefined;
  task: Task;
  production: SideCounts;
  shadow: SideCounts;
  /** Requests of which both answers are there and readable. */
  pairs: number;
  /** Of these, pairs of an id that occurs several times on each side, told apart by input and order; missing in older observations. */
  retried?: number | undefined;
  /** Pairs of which both inputs were captured, and those of them whose inputs are not the same; missing in older observations. */
  pairedInputs?: { known: number; differing: number } | undefined;
  /** Pairs divided by the requests of production that the shadow should have seen. */
  coverage: number | undefined;
  /** Median of the shadow's time less production's, of the same request, in milliseconds. */
  skewMs?: number | undefined;
  /** Answers compared: a request may hold many rows. */
  rows: number;
  /** Pairs whose two answers hold different numbers of rows; left out. */
  differentRows: number;
  /** Per minute of production's request, oldest first. */
  blocks: readonly PairBlock[];
  /** Requests of which one answer is missing, per minute, oldest first; undefined where nothing was paired, and in observations of older versions. */
  missing?: readonly MissingMinute[] | undefined;
  labels: LabelSums | undefined;
  numbers: NumberSums | undefined;
  /** The shadow's numbers beside a distribution that is expected; missing where the policy names none. */
  reference?: ReferenceSums | undefined;
  /** The pairs that differ most, worst first, at most ten. */
  top: readonly DivergingPair[];
  truth: TruthSums | undefined;
  /** Agreement by slices of the inputs' columns; beyond some megabytes of captures of a sample of the rows. */
  slices?: readonly SliceSums[] | undefined;
  /** The same columns in finer parts, so that those of several windows can be added; missing in observations of older versions. */
  columns?: readonly ColumnSums[] | undefined;
  /** Free JSON field by field, those that differ most first; at most sixty. */
  fields?: readonly FieldSums[] | undefined;
  /** How often rows repeat an input; missing in observations saved by older versions. */
  repeats?: Repeats | undefined;
  /** The same of rows that hang together by the policy's `cluster`; missing where it names nothing. */
  clusters?: ClusterSums | undefined;
  /** Of the inputs' columns that may say which rows hang together, the one whose rows are most alike. */
  alike?: AlikeColumn | undefined;
  /** How answers were read, and how far apart those are that are compared whole; missing in observations of older versions. */
  answers?: AnswerSums | undefined;
  /** What the user's own comparator says of them; missing where none was run. */
  comparator?: ComparatorSums | undefined;
  /** The same records read in the other ways that they allow; empty or missing where there is only one. */
  alternatives?: readonly Predictions[] | undefined;
  /** Of how many windows these are the sums, where they were added: see `analysis/merge`. */
  merged?: number | undefined;
  /** Of windows that were added: what some of them do not say, so that it is not known of all. */
  lacks?: readonly Lacking[] | undefined;
}

/**
 * What an older version did not sum:
 *
 * - `slices`: columns of the inputs in parts that can be added (nor does a file that was written with --redact have them)
 * - `missing`: requests without an answer; `classes`: rows by class; `fields`: rows by value of a field; `repeats`: rows by input
 * - `truth`: labels by what the models answered
 */
export type Lacking = 'slices' | 'missing' | 'classes' | 'others' | 'fields' | 'repeats' | 'truth';

/** What answers were taken for, and how alike they are beyond equal or not. */
export interface AnswerSums {
  /** Name of the kind: `scored-label`; `any` where each record was read by itself. */
  kind: string;
  production: AnswerForm;
  shadow: AnswerForm;
  measures: readonly MeasureSums[];
  flags: readonly FlagSums[];
  /**
   * Rows by what stands in answers by name, such as labels of boxes; the first thousand names. Missing where this kind has none, and in observations of older versions.
   */
  names?: readonly FieldValue[] | undefined;
  /** What production's answers hold and the shadow's do not; missing in observations of older versions. */
  lost?: readonly LostMember[] | undefined;
  /** Labels that no answer can be held against; missing where there are none. */
  words?: WordLabels | undefined;
}

/** Labels that are words, such as true and false, where answers are read as numbers. */
export interface WordLabels {
  /** So many labels, of all that there are. */
  labels: number;
  of: number;
  /** Where production's answers hold such words: `$.churn`. */
  member: string | undefined;
}

/** A member of production's answers that the shadow's have not, or have as another type: number, text, list, object. */
export interface LostMember {
  path: string;
  production: string;
  shadow: string | undefined;
}

/** What a comparator of the user's own made of pairs. */
export interface ComparatorSums {
  command: string;
  /** SHA-256 of the command. */
  digest: string;
  /** Pairs that it was asked about, and all there were. */
  pairs: number;
  of: number;
  /** It was asked about one in 2^halvings. */
  halvings: number;
  /** By name; none where there was no pair to ask about. */
  scores: readonly ScoreSums[];
}

/** One of its numbers, from 0 (unlike) to 1 (alike), over pairs. */
export interface ScoreSums {
  name: string;
  rows: number;
  sum: number;
  least: number;
  most: number;
  /** Per minute of production's request, oldest first. */
  minutes: readonly { at: number; rows: number; sum: number }[];
  repeats: InputSums | undefined;
  /** The pairs that are least alike by it. */
  lowest: readonly { id: string; at: number; value: number }[];
}

/** How one side answers. */
export interface AnswerForm {
  /** Name of the shape, and where rows lie in it: `$.predictions[*].predicted_label`, or columns. */
  shape: string;
  from: string;
  /** An answer, in words. */
  example: string | undefined;
}

/** A measure of two answers, over rows: `cosine`, `similarity`. */
export interface MeasureSums {
  name: string;
  rows: number;
  sum: number;
  least: number;
  most: number;
}

/** Rows of which something is true, like that the answer refuses. */
export interface FlagSums {
  name: string;
  rows: number;
  production: number;
  shadow: number;
  /** Per minute of production's request, oldest first: rows, and those where it is true of one side alone. */
  minutes: readonly { at: number; rows: number; onlyProduction: number; onlyShadow: number }[];
}

/** Rows whose input lies in one part of one column: a quarter of its numbers, or one of its words. */
export interface SliceSums {
  column: string;
  part: string;
  rows: number;
  /** Rows whose two answers are equal, or nearer than the tolerance. */
  hits: number;
  /** Different inputs. */
  inputs: number;
  /** Values that are none of the commonest, all together. */
  others?: true | undefined;
  /** Of its rows with a label: what the shadow's answers lose by it more than production's; missing without labels. */
  truth?: SliceTruth | undefined;
}

/** A column of the inputs in cells, of which slices are made: see `slicing.ts`. */
export interface ColumnSums {
  column: string;
  cells: readonly ColumnCell[];
}

/** Rows whose input has one value in a column, or one of several. */
export interface ColumnCell extends Pick<SliceSums, 'rows' | 'hits' | 'inputs' | 'truth'> {
  /**
   * - `word`: the value `value`
   * - `range`: numbers above `least`, up to `most`; the first cell begins with the least of all
   * - `text`: what is no number, in a column of numbers
   * - `rest`: values that are none of the commonest
   */
  of: 'word' | 'range' | 'text' | 'rest';
  value?: string | undefined;
  least?: number | undefined;
  most?: number | undefined;
}

/**
 * Sums over labelled rows of the shadow's loss less production's, and of its square. The loss of a row is its price where the policy
 * has costs, else of a label 1 where it is wrong, and of a number |number − truth|.
 */
export interface SliceTruth {
  rows: number;
  loss: number;
  lossSquared: number;
  /** Sum of production's own losses; missing in observations of older versions. */
  production?: number | undefined;
  /** Of these rows, those whose two answers are equal or near enough; missing likewise. */
  near?: number | undefined;
}

/** One path in JSON answers, lists' members together under `[*]`. Counts are rows. */
export interface FieldSums {
  path: string;
  /** Rows in which at least one side has it. */
  rows: number;
  differing: number;
  /** Only production has it; only the shadow has it; both have it, as values of another kind. */
  missing: number;
  extra: number;
  otherKind: number;
  /** Of these, rows whose two kinds are the other way round than in most of them; missing in observations of older versions. */
  otherKindBack?: number | undefined;
  /** Largest difference of two numbers. */
  largest: number;
  /** The policy leaves it out: shown, but equal without it. */
  ignored: boolean;
  /** Production's value is not one and the same in all rows, or is not there in all; missing in observations of older versions. */
  varies?: boolean | undefined;
  /** Where it has few values, rows by each of them; none of a list, or where there are more than a dozen. Missing in older observations. */
  values?: readonly FieldValue[] | undefined;
  example: { production: string; shadow: string } | undefined;
}

/** Rows in which production, and the shadow, have this value in a field, or this name in an answer; and in which both have it and answer alike. */
export interface FieldValue {
  value: string;
  production: number;
  shadow: number;
  both: number;
  /** Left out (--redact): `value` is a number in its place, another one in each window. */
  hidden?: true | undefined;
}

/**
 * Rows by their input. A deterministic model answers a repeated input as before, so that a thousand copies are no more
 * evidence than one: what rows of one input have in common says how much less they count.
 */
export interface Repeats {
  /** Different inputs among the rows compared; a row whose input was not captured counts as one of its own. */
  inputs: number;
  /** Rows whose input is known. */
  known: number;
  /** 1 where the labels are equal, over rows with labels. */
  agreement: InputSums | undefined;
  /** 1 where the numbers lie further apart than the tolerance, over rows without labels. */
  beyond: InputSums | undefined;
  /** 1 where only production (only the shadow) is right, over rows with truth. */
  onlyProduction: InputSums | undefined;
  onlyShadow: InputSums | undefined;
  /** Absolute error of the shadow less that of production, over rows with truth. */
  loss: InputSums | undefined;
  /** A random part of the inputs, by which it is known which of them another window has, too; missing in older observations. */
  sample?: InputSample | undefined;
}

/** The different inputs whose hash (64 bits) lies below a threshold, which goes by the number of rows. */
export interface InputSample {
  /** How inputs were hashed; missing: as the local engine does. Samples of other hashes say nothing about each other. */
  hash?: 'md5' | undefined;
  /** Decimal, as hashes are. */
  below: string;
  /** Rows of the input that comes most often, of all inputs. */
  largest: number;
  /** By hash, smallest first: how many rows the input has. */
  of: readonly (readonly [hash: string, rows: number])[];
}

/** Rows by what the policy's `cluster` says of their request: the user, the conversation. */
export interface ClusterSums extends Repeats {
  /** As the policy names it. `inputs` counts its values, `known` the rows of which it says something. */
  by: string;
}

/** A column whose rows of one value agree, or differ, together. */
export interface AlikeColumn {
  column: string;
  /** Different values. */
  values: number;
  /** How many times less its rows count, if those of one value hang together. */
  factor: number;
}

/** Sums over inputs c of n (rows of the input) and x (sum of a value over them): what a design effect is made of. */
export interface InputSums {
  inputs: number;
  /** Σ n, Σ n². */
  rows: number;
  rowsSquared: number;
  /** Σ x, Σ x², Σ x n, Σ x² / n. */
  sum: number;
  sumSquared: number;
  cross: number;
  between: number;
  /** Σ of the squared value over all rows. */
  squares: number;
  /** What the rows were summed by, where it is not their input: see `judge/clusters.ts`. */
  by?: string;
}

/** Lines that could not be read, for one reason. */
export interface LostLines {
  why: string;
  count: number;
}

/** What became of the capture records of one variant; everything that is not paired is counted under a reason. */
export interface SideCounts {
  files: number;
  records: number;
  /** Lines that are no capture record: torn, half-written, something else. */
  unreadable: number;
  /** Why they are none, the commonest reason first. Saved by an older version, or from logs: undefined. */
  unreadableBy?: readonly LostLines[] | undefined;
  /** Records outside of the window, left out. */
  outside: number;
  /** Records without an answer (input-only captures, failed calls). */
  withoutAnswer: number;
  /** Answers that could not be understood as predictions. */
  unparsed: number;
  /** Records whose id or input occurs more than once and that are in no pair: nobody can say which belongs to which. */
  ambiguous: number;
  /** Records with a readable answer whose other half is missing. */
  unmatched: number;
  /** Single answers (rows) read. */
  answers: number;
  /** How many different answers (labels, or numbers) occur; counting stops at 10 000. */
  distinct: number;
  /** The answer that occurs most, and its share of all. */
  commonest: { answer: string; share: number } | undefined;
  /** A few of the unreadable or not understood, shortened, for the reader. */
  examples: readonly string[];
}

export interface PairBlock {
  /** Start of the minute, milliseconds since the epoch. */
  at: number;
  rows: number;
  /** Rows with equal labels. */
  agree: number;
  /** Sums of d = shadow − production, d² and |d| over rows with numbers. */
  d: number;
  dd: number;
  abs: number;
  /** Rows whose numbers lie further apart than the tolerance. */
  beyond?: number;
  /** Rows with equal labels whose other scores lie further apart than `labels.others` allows; missing in older observations. */
  others?: number;
  /** Rows with a known truth, and of them those that only one of the two has right; sums of the difference of losses and its square. */
  truth?: number;
  onlyProduction?: number;
  onlyShadow?: number;
  loss?: number;
  lossSquared?: number;
  /** The same difference of squared losses. */
  squaredLoss?: number;
  /** Of these rows, those that are too young for labels; all of a minute, or missing. */
  young?: number;
  /** Sum of the shadow's costs less production's, at the prices of `truth.prices`. */
  cost?: number;
}

/** Requests of one minute by what is there of either side's answer. An answer is there if it can be read. */
export interface MissingMinute {
  /** Start of the minute of production's record, milliseconds since the epoch. */
  at: number;
  /** Requests that production answered, under an id (or input) that is known. */
  answered: number;
  /** Of them, those that the shadow's record has no answer to, or one that cannot be read; and those without a record of the shadow. */
  empty: number;
  unreadable: number;
  absent: number;
  /** Rows of production's answers to those that are empty or unreadable, and to those that are absent. */
  rows: number;
  absentRows: number;
  /** Requests that only the shadow answered; and those of two records without an answer. */
  onlyShadow: number;
  neither: number;
}

export interface LabelSums {
  rows: number;
  agree: number;
  /** Counts by production's and the shadow's label. Rare labels beyond the commonest twelve are under `…`. */
  confusion: { labels: readonly string[]; counts: readonly (readonly number[])[] };
  /** Different labels in all. */
  classes: number;
  /** Cohen's kappa: agreement beyond what chance gives. Undefined where only one label occurs. */
  kappa: number | undefined;
  /**
   * Class by class, the commonest two thousand: every class that either side gives in more than 0.1 % of rows is among them.
   * Missing where labels are no classes (free JSON), and in observations saved by older versions.
   */
  byClass?: readonly ClassSums[] | undefined;
  /**
   * Rows with equal labels whose scores of the other classes lie further apart together than `tolerance`, as each window learned it
   * from production's; missing where answers have no other scores, and in observations saved by older versions.
   */
  others?: { beyond: number; tolerance: number } | undefined;
}

/** Rows of one class. */
export interface ClassSums {
  label: string;
  /** Rows that production, the shadow, and both give this class. */
  production: number;
  shadow: number;
  both: number;
  /** Rows that only production (only the shadow) gives it, by how many inputs and minutes they come from. */
  onlyProduction: { inputs: number; minutes: number };
  onlyShadow: { inputs: number; minutes: number };
}

/** Sums over d = shadow − production, per row. */
export interface NumberSums {
  rows: number;
  /** What the numbers are: the prediction itself, or a score beside a label. */
  of: 'value' | 'score';
  production: Spread;
  shadow: Spread;
  bias: number;
  /** Standard deviation of d. */
  deviation: number;
  mae: number;
  rmse: number;
  /** Pearson's correlation; undefined where one side is constant. */
  correlation: number | undefined;
  /** Rows with |d| above the policy's tolerance. */
  beyond: number;
  tolerance: number;
  /** Share of production's number by which the two may differ in addition to it. */
  relative?: number | undefined;
  /** Kolmogorov-Smirnov and Wasserstein-1 distance, population stability index and Jensen-Shannon divergence (bits) of the two distributions. */
  distances: { ks: number; wasserstein: number; psi: number; jensenShannon: number };
  /** Counts per equal-width bin between `low` and `high`. */
  histogram: { low: number; high: number; production: readonly number[]; shadow: readonly number[] };
  /** A sample of points [production, shadow] for a picture, at most 2 000. */
  scatter: readonly (readonly [number, number])[];
}

/** The shadow's numbers at the quantiles of a reference. */
export interface ReferenceSums {
  /** SHA-256 of the reference's numbers, and how many there are. */
  digest: string;
  of: number;
  /** Numbers of the shadow. */
  rows: number;
  /** Values of the reference, least first: shares of its numbers that are less, and no greater; and how many of the shadow's are. */
  edges: readonly { at: number; below: number; upTo: number; counted: { below: number; upTo: number } }[];
  /** Minute by minute, oldest first: how many numbers, and how many are no greater than each of the reference's quartiles; missing in older observations. */
  minutes?: readonly { at: number; rows: number; upTo: readonly number[] }[] | undefined;
}

export interface Spread {
  mean: number;
  deviation: number;
  min: number;
  p10: number;
  p50: number;
  p90: number;
  max: number;
}

export interface DivergingPair {
  /** The id the two records share. */
  id: string;
  at: number;
  row: number;
  production: string;
  shadow: string;
  /** How far apart: |d| for numbers; for labels 1, plus the distance of the scores where there are some. */
  distance: number;
  /** The request, shortened. */
  input: string | undefined;
  /** Differing rows with this same input; the worst of them stands here. */
  times?: number;
}

/** Both models against what was really the case. */
export interface TruthSums {
  /** Rows of pairs with a known truth, and all rows that could have one. */
  rows: number;
  of: number;
  /** For labels: how often each is right, and how often only one of them is. */
  labels: { production: number; shadow: number; onlyProduction: number; onlyShadow: number } | undefined;
  /** For numbers: absolute error of each, and the difference of losses (shadow − production) per row. */
  numbers: { maeProduction: number; maeShadow: number; loss: number; lossDeviation: number } | undefined;
  /** Labels that belong to no pair. */
  unknown: number;
  /** How old labels are; missing where nothing is known of it. */
  age?: LabelAges | undefined;
  /** Of labels: all compared rows by what the models answered, with or without a label; missing in observations of older versions. */
  strata?: readonly TruthStratum[] | undefined;
  /** Of labels: the rows with one, by stratum and by what was really the case; missing in observations of older versions. */
  cells?: readonly TruthCell[] | undefined;
  /** Of labels: the rows with one by both answers and by what was really the case; missing in observations of older versions. */
  outcomes?: readonly TruthOutcome[] | undefined;
  /** At what prices the blocks' costs were summed; missing where the policy had none. */
  prices?: Readonly<Record<string, number>> | undefined;
  /** Of numbers: all compared rows by how the two numbers lie to each other; missing in observations of older versions. */
  losses?: readonly LossStratum[] | undefined;
  /**
   * Of answers that are probabilities of all classes: all compared rows by whether the models give the same class, with what their
   * Brier scores differ by at the most (half of it: `apart`) and those of the rows with a label. Missing where any answer is none.
   */
  scores?: readonly LossStratum[] | undefined;
  /** Which score belongs to which class is known by name; missing: a class is its place. */
  named?: true | undefined;
  /** Rows whose label is 0 or 1, and 1; and each model's area under the curve over them, undefined where all are alike. */
  binary?: { rows: number; ones: number; production: number | undefined; shadow: number | undefined } | undefined;
  /** How numbers and labels lie to each other; missing in observations of older versions. */
  fit?: FitSums | undefined;
}

/** Sums over rows with a label of the label, of each model's number, of their squares, and of each number times the label. */
export interface FitSums {
  rows: number;
  truth: number;
  truthSquared: number;
  production: number;
  productionSquared: number;
  productionTruth: number;
  shadow: number;
  shadowSquared: number;
  shadowTruth: number;
}

/** Labels are compared at one age, so that a late one is not there for old requests alone. Durations are milliseconds. */
export interface LabelAges {
  /** How old the requests are at least that are compared with labels; what came of them later is left out. */
  age: number;
  /** The policy says so; else it is the age of the youngest request. */
  demanded: boolean;
  /** Labels say when they came. */
  timed: boolean;
  /** Rows that are younger, and those of them with a label. */
  young: number;
  youngLabels: number;
  /** Labels of the others that came later than at this age, or do not say when. */
  late: number;
  /** How many of all labels came so many minutes after their request, or sooner. */
  within: readonly { minutes: number; labels: number }[];
}

/** Rows of a stratum with one label. */
export interface TruthCell {
  /** As the stratum has them. */
  production: string;
  differ: boolean;
  /** The label, where it is among the commonest twelve; else `…`. */
  truth: string;
  rows: number;
  /** Of these production, and the shadow, are right. */
  right: number;
  shadowRight: number;
}

/** Rows with a label in which both models, and the label, said the same. Beyond the commonest all three names are `…`. */
export interface TruthOutcome {
  production: string;
  shadow: string;
  /** As `className` writes it. */
  truth: string;
  rows: number;
}

/** Rows in which the shadow's number equals production's within the tolerance, or lies above or below it; or in which the classes agree or differ. */
export interface LossStratum {
  band: 'equal' | 'above' | 'below' | 'agree' | 'differ';
  /** All compared rows, with the sum of |d| over them; and those with a label. */
  rows: number;
  apart: number;
  labelled: number;
  /** Of numbers: the sum of d² over all compared rows, and of |d| over those with a label; missing in observations of older versions. */
  apartSquared?: number | undefined;
  labelledApart?: number | undefined;
  /** Of |number − truth|, and of its square. */
  error: LossSums;
  squared: LossSums;
}

/** Sums over rows with a label of production's loss, its square, the shadow's loss less production's, its square, and the product of the two. */
export interface LossSums {
  production: number;
  productionSquared: number;
  loss: number;
  lossSquared: number;
  cross: number;
}

/** Rows to which production gave one class, and on which the shadow agrees or differs. */
export interface TruthStratum {
  /** The class; `…` for all but the commonest, and for answers that have no classes. */
  production: string;
  differ: boolean;
  /** All compared rows, and those with a label. */
  rows: number;
  labelled: number;
  /** Of those with a label: only production (only the shadow) is right. */
  onlyProduction: number;
  onlyShadow: number;
}
