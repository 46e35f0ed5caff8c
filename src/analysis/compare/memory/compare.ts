import type { ClusterSums, DivergingPair, PairBlock, Predictions, SideCounts, Task } from '../../predictions.ts';
import { InputCounter } from './input-counter.ts';
import { answersOf } from '../../answers/read-answers.ts';
import type { ReadingPair } from '../../answers/choose.ts';
import type { Reading } from '../../answers/reading.ts';
import { countRows } from '../../answers/row-count.ts';
import { DEFAULT_RULES } from '../../answers/compare-rules.ts';
import type { WholeCounter } from '../../answers/kinds/counter.ts';
import type { Answer } from '../../answers/answer.ts';
import { payloadText } from '../../answers/captures.ts';
import type { Capture, CaptureSet, Payload } from '../../answers/captures.ts';
import { describePair } from '../../answers/describe.ts';
import { featuresOf } from '../../answers/features.ts';
import type { Features } from '../../answers/features.ts';
import { FieldCounter } from '../../answers/fields.ts';
import { LabelCounter } from './label-counter.ts';
import { LossCounter } from './loss-counter.ts';
import type { Numbered } from './loss-counter.ts';
import { NextRows } from './next-rows.ts';
import { NumberCounter } from './number-counter.ts';
import { pairUp } from './pair.ts';
import type { Pair, Pairing } from './pair.ts';
import { missingMinutes } from './missing.ts';
import { sideCounts } from './sides.ts';
import type { Side } from './sides.ts';
import { SliceCounter } from './slice-counter.ts';
import { slicesOf } from '../../slicing.ts';
import { firstOf, RowInputs } from './row-inputs.ts';
import { detectTask } from '../../answers/task.ts';
import { clustersOf } from '../../answers/cluster.ts';
import { ageRule } from '../../answers/label-age.ts';
import { AgeCounter } from './age-counter.ts';
import { TruthCounter } from './truth-counter.ts';
import { inputRows } from '../../answers/truth.ts';
import type { Truth } from '../../answers/truth.ts';
import { othersApart } from '../../answers/others.ts';
import { OTHERS } from '../../answers/strata.ts';
import { MINUTE } from '../../../base/units.ts';
import type { ComparisonOptions } from '../options.ts';
import { answerSums, othersWithin, readingsOf, UNCHOSEN, wholeCounter, withOthers } from '../readings.ts';

export { readRecords } from './read.ts';

/** How answers are read and compared, as for the engine of large reports. */
export type MemoryOptions = Pick<ComparisonOptions, 'tolerance'> &
  Partial<
    Pick<
      ComparisonOptions,
      'answers' | 'reading' | 'task' | 'truth' | 'rules' | 'cluster' | 'prices' | 'maturity' | 'reference' | 'labelNext'
    >
  > & {
    /** Share of production's requests that the shadow saw, 0 to 1. */
    sampling: number;
    /** Is given all pairs. */
    paired?: ((pairing: Pairing) => void) | undefined;
  };

const TOP = 10;
const INPUT_CHARACTERS = 400;

/**
 * Pairs the records of both variants in memory and sums what their answers have in common. For few records: loading
 * DuckDB takes longer than all of this. Written apart from the engine of ../duckdb, which must find the same; answers
 * are read and worded by the same functions.
 */
export function comparePredictions(production: CaptureSet, shadow: CaptureSet, options: MemoryOptions): Predictions {
  const reading = options.reading ?? likeliest(production, shadow, options);
  const sides = {
    production: answered(production, readingOnce(reading.production)),
    shadow: answered(shadow, readingOnce(reading.shadow)),
  };
  const answers = [...sides.production.answers.values()].flat();
  const task = options.task ?? detectTask(answers, reading.production.kind === 'number');
  const pairing = pairUp([...sides.production.answers.keys()], [...sides.shadow.answers.keys()]);
  options.paired?.(pairing);
  const youngest = pairing.pairs.reduce((last, { production: { at } }) => Math.max(last, at), Number.NEGATIVE_INFINITY);
  const ages = ageRule(options.truth, options.maturity, pairing.pairs.length === 0 ? undefined : youngest);
  const rows = new Rows(task, options, ages && new AgeCounter(ages));
  let differentRows = 0;
  const pairedInputs = { known: 0, differing: 0 };
  for (const pair of pairing.pairs) {
    const left = sides.production.answers.get(pair.production) ?? [];
    const right = sides.shadow.answers.get(pair.shadow) ?? [];
    if (left.length !== right.length) {
      differentRows += 1;
      continue;
    }
    rows.add(pair, left, right);
    const [ours, theirs] = [pair.production, pair.shadow].map(({ input }) => input && firstOf(input, left.length));
    if (ours === undefined || theirs === undefined) continue;
    pairedInputs.known += 1;
    if (ours !== theirs) pairedInputs.differing += 1;
  }
  // A production record without an answer would have been no pair with any shadow.
  const expected = options.sampling * sides.production.answers.size;
  return {
    method: pairing.method,
    task,
    production: counts(sides.production, pairing.ambiguous.production, pairing.unmatched.production, task),
    shadow: counts(sides.shadow, pairing.ambiguous.shadow, pairing.unmatched.shadow, task),
    pairs: pairing.pairs.length,
    retried: pairing.retried,
    pairedInputs,
    skewMs: pairing.skewMs,
    coverage: expected > 0 ? Math.min(1, pairing.pairs.length / expected) : undefined,
    differentRows,
    missing: missingMinutes(sides.production, sides.shadow, pairing),
    ...rows.sums(),
  };
}

/** How these records are read, where nobody has chosen. */
function likeliest(production: CaptureSet, shadow: CaptureSet, options: MemoryOptions): ReadingPair {
  const records = { production: { captures: production }, shadow: { captures: shadow }, sampling: options.sampling };
  const [first] = readingsOf(
    { ...records, window: { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY } },
    options,
  );
  return first ?? UNCHOSEN;
}

type ReadAnswers = (capture: Capture) => readonly Answer[] | undefined;

/** Longer answers are read each time, and no more of them are kept. */
const MAX_KEPT_CHARACTERS = 4_000;
const MAX_KEPT = 50_000;

/** Reads answers, each different one once: models say the same again and again. Of the request only its rows count. */
function readingOnce(reading: Reading): ReadAnswers {
  const known = new Map<string, Map<string, readonly Answer[] | undefined>>();
  const rowsOf = countingOnce();
  let kept = 0;
  return (capture) => {
    const { input, output } = capture;
    if (output === undefined || output.data.length > MAX_KEPT_CHARACTERS) return answersOf(capture, reading);
    const rows = input && rowsOf(input);
    const place = `${rows ?? ''} ${output.encoding} ${output.contentType ?? ''}`;
    let alike = known.get(place);
    if (alike === undefined) {
      alike = new Map();
      known.set(place, alike);
    }
    if (alike.has(output.data)) return alike.get(output.data);
    const answers = answersOf(capture, reading);
    if (kept < MAX_KEPT) alike.set(output.data, answers);
    kept += 1;
    return answers;
  };
}

/** Counts the rows of requests, of equal ones once. */
function countingOnce(): (input: Payload) => number | undefined {
  const known = new Map<string, { like: Payload; rows: number | undefined }>();
  return (input) => {
    if (input.data.length > MAX_KEPT_CHARACTERS) return countRows(input);
    const present = known.get(input.data);
    if (present?.like.encoding === input.encoding && present.like.contentType === input.contentType)
      return present.rows;
    const rows = countRows(input);
    if (known.size < MAX_KEPT) known.set(input.data, { like: input, rows });
    return rows;
  };
}

function answered(set: CaptureSet, read: ReadAnswers): Side {
  const side: Side = { set, answers: new Map(), withoutAnswer: 0, unparsed: 0, lost: [], examples: [...set.examples] };
  for (const capture of set.captures) {
    if (capture.output === undefined || capture.output.data === '') {
      side.withoutAnswer += 1;
      side.lost.push({ capture, empty: true });
      continue;
    }
    const answers = read(capture);
    if (answers !== undefined) side.answers.set(capture, answers);
    else {
      side.unparsed += 1;
      side.lost.push({ capture, empty: false });
      if (side.examples.length < 5) side.examples.push(payloadText(capture.output).slice(0, 120));
    }
  }
  return side;
}

function counts(side: Side, ambiguous: number, unmatched: number, task: Task): SideCounts {
  return sideCounts(side, ambiguous, unmatched, (answer) => labelOf(answer, task) ?? String(answer.number));
}

/** The label of an answer under this task; a bare number is one where the task says classes. */
function labelOf(answer: Answer, task: Task): string | undefined {
  if (task === 'json') return answer.other ?? answer.label ?? String(answer.number);
  if (answer.label !== undefined) return answer.label;
  return task === 'multiclass' && answer.number !== undefined ? String(answer.number) : undefined;
}

/** As Model Monitor does: by the caller's id, and where records have none by SageMaker's own. */
function knownOf(
  truth: Truth,
  { id, production }: Pair,
  row: number,
  inputRow: string | undefined,
): string | undefined {
  const { inferenceId, eventId } = production;
  const known = truth.of(inferenceId ?? '', row, inputRow);
  return known !== undefined || id === inferenceId || eventId === undefined ? known : truth.of(eventId, row, inputRow);
}

/** When the same label came. */
function cameAtOf(
  truth: Truth,
  { id, production }: Pair,
  row: number,
  inputRow: string | undefined,
): number | undefined {
  const { inferenceId, eventId } = production;
  const at = truth.cameAt?.(inferenceId ?? '', row, inputRow);
  return at !== undefined || id === inferenceId || eventId === undefined ? at : truth.cameAt?.(eventId, row, inputRow);
}

/** A row with numbers: its minute, its input and cluster, whether it has labels too, and what is known of it. */
interface NumberedRow {
  block: FullBlock;
  input: number;
  cluster: number;
  labelled: boolean;
  /** Too young to be compared with labels. */
  young: boolean;
  known?: Numbered | undefined;
}

/** Sums over rows as they come; keeps the ten worst. */
class Rows {
  readonly #task: Task;
  readonly #options: MemoryOptions;
  readonly #blocks = new Map<number, FullBlock>();
  readonly #labels = new LabelCounter();
  readonly #numbers: NumberCounter;
  readonly #truth: TruthCounter;
  readonly #next: NextRows | undefined;
  readonly #ages: AgeCounter | undefined;
  readonly #inputs = new RowInputs();
  /** What the other scores of a row may lie apart; and rows of which it is known, and that lie further. */
  readonly #within: number | undefined;
  readonly #others = { rows: 0, beyond: 0 };
  readonly #fields: FieldCounter;
  /** Of kinds that are compared by more than equal or not. */
  readonly #whole: WholeCounter | undefined;
  readonly #slices = new SliceCounter();
  readonly #agreement = new InputCounter();
  /** For each row with numbers, its minute and its input: the tolerance is known only when all have been seen. */
  readonly #numbered: NumberedRow[] = [];
  readonly #clusters = new Clusters();
  #top: (DivergingPair & { of: number })[] = [];
  /** Differing rows by input. */
  readonly #differing: number[] = [];
  #rows = 0;

  constructor(task: Task, options: MemoryOptions, ages: AgeCounter | undefined) {
    this.#task = task;
    this.#ages = ages;
    this.#options = options;
    const rules = options.rules ?? DEFAULT_RULES;
    this.#truth = new TruthCounter(task !== 'json', options.prices, options.reading?.classes);
    this.#numbers = new NumberCounter(options.tolerance, rules.relative);
    this.#fields = new FieldCounter(rules);
    this.#next = options.labelNext && new NextRows();
    this.#whole = wholeCounter(options.reading, rules);
    this.#within = othersWithin(options);
  }

  add(pair: Pair, left: readonly Answer[], right: readonly Answer[]): void {
    const at = Math.floor(pair.production.at / MINUTE) * MINUTE;
    const block = this.#blocks.get(at) ?? emptyBlock(at);
    const young = this.#ages?.isYoung(at) === true;
    const inputs = this.#inputs.of(pair.production.input, left.length);
    const clusters = this.#clusters.of(pair.production.input, left.length, this.#options.cluster);
    let columns: Features[] | undefined;
    const truth = this.#options.truth;
    const features =
      truth?.by === 'input' && pair.production.input !== undefined ? inputRows(pair.production.input) : [];
    for (const [row, production] of left.entries()) {
      const shadow = right[row] as Answer;
      this.#rows += 1;
      block.rows += 1;
      const input = inputs[row] as number;
      const cluster = clusters[row] as number;
      this.#slices.add(input, () => (columns ??= featuresOf(pair.production.input, left.length))[row] ?? []);
      const labels = this.#labelsOf(production, shadow, at);
      const numbers = numbersOf(production, shadow);
      let numbered: NumberedRow | undefined;
      let distance = 0;
      if (labels[0] !== undefined && labels[1] !== undefined) {
        this.#labels.add(labels[0], labels[1], at, input);
        this.#agreement.add(input, labels[0] === labels[1] ? 1 : 0);
        this.#clusters.agreement.add(cluster, labels[0] === labels[1] ? 1 : 0);
        if (labels[0] === labels[1]) {
          this.#slices.hit(input);
          block.agree += 1;
          this.#beside(block, production, shadow);
        } else distance = 1 + scoreDistance(production, shadow);
      }
      if (numbers !== undefined) {
        const d = this.#numbers.add(numbers[0], numbers[1]);
        block.d += d;
        block.dd += d * d;
        block.abs += Math.abs(d);
        numbered = { block, input, cluster, young, labelled: labels[0] !== undefined && labels[1] !== undefined };
        this.#numbered.push(numbered);
        if (labels[0] === undefined) distance = Math.abs(d);
      }
      const known = truth && knownOf(truth, pair, row, features[row]);
      if (this.#next !== undefined) {
        const stratum = this.#stratumOf(labels, numbers !== undefined);
        const answers = { production, shadow };
        const weight = typeof stratum === 'number' && numbers !== undefined ? Math.abs(numbers[1] - numbers[0]) : 1;
        if (stratum !== undefined)
          this.#next.add({ pair, row, rows: left.length, answers, stratum, weight, labelled: known !== undefined });
      }
      const counts =
        this.#ages === undefined || known === undefined
          ? known
          : this.#ages.counted(known, pair.production.at, truth && cameAtOf(truth, pair, row, features[row]), young);
      if (young) this.#ages?.skip();
      else if (truth !== undefined) {
        const told = this.#truth.add(counts, { production, shadow, labels }, { block, input, cluster }, (loss, own) =>
          this.#slices.lose(input, loss, own),
        );
        if (counts !== undefined && labels[0] !== undefined && labels[0] === labels[1]) this.#slices.near(input);
        if (numbered !== undefined) numbered.known = told;
      }
      if (distance > 0) this.#keep(pair, row, [production, shadow], distance, input);
    }
    this.#blocks.set(at, block);
  }

  /** Scores of the classes that neither model chose. */
  #beside(block: FullBlock, production: Answer, shadow: Answer): void {
    const apart = this.#within === undefined ? undefined : othersApart(production, shadow);
    if (apart === undefined || this.#within === undefined) return;
    this.#others.rows += 1;
    if (apart <= this.#within) return;
    this.#others.beyond += 1;
    block.others += 1;
  }

  /** Production's class, and whether the labels differ; of numbers without labels their place among all. */
  #stratumOf([production, shadow]: readonly [string | undefined, string | undefined], numbers: boolean) {
    if (production === undefined || shadow === undefined) return numbers ? this.#numbered.length - 1 : undefined;
    if (this.#task === 'json') return production === shadow ? undefined : `differ ${OTHERS}`;
    return `${production === shadow ? 'agree' : 'differ'} ${production}`;
  }

  /** Labels of both; free JSON that is equal under the rules has one label, and counts field by field. */
  #labelsOf(production: Answer, shadow: Answer, at: number): readonly [string | undefined, string | undefined] {
    const labels = [labelOf(production, this.#task), labelOf(shadow, this.#task)] as const;
    if (production.other === undefined || shadow.other === undefined) return labels;
    const [left, right]: unknown[] = [JSON.parse(production.other), JSON.parse(shadow.other)];
    const alike = this.#whole?.add(left, right, at) ?? this.#fields.add(left, right) === 0;
    return alike ? [labels[0], labels[0]] : labels;
  }

  #keep(pair: Pair, row: number, [production, shadow]: [Answer, Answer], distance: number, of: number): void {
    this.#differing[of] = (this.#differing[of] ?? 0) + 1;
    const present = this.#top.findIndex((one) => one.of === of);
    const least = this.#top[present] ?? (this.#top.length === TOP ? this.#top.at(-1) : undefined);
    // Of equal ones the earliest, whatever the order in which they come.
    const found = { distance, at: pair.production.at, id: pair.id };
    if (least !== undefined && byDistance(found, least) >= 0) return;
    if (present >= 0) this.#top.splice(present, 1);
    const input = pair.production.input ?? pair.shadow.input;
    this.#top.push({
      id: pair.id,
      at: pair.production.at,
      row,
      ...describePair(production, shadow),
      distance,
      input: input === undefined ? undefined : payloadText(input).slice(0, INPUT_CHARACTERS),
      of,
    });
    this.#top.sort(byDistance);
    this.#top = this.#top.slice(0, TOP);
  }

  sums(): Pick<
    Predictions,
    | 'rows'
    | 'blocks'
    | 'labels'
    | 'numbers'
    | 'reference'
    | 'top'
    | 'truth'
    | 'repeats'
    | 'clusters'
    | 'alike'
    | 'fields'
    | 'slices'
    | 'columns'
    | 'answers'
  > {
    const numbers = this.#numbers.sums(this.#task === 'regression' || this.#task === 'scores' ? 'value' : 'score');
    const beyond = new InputCounter();
    const bandOf = (i: number) => {
      if (numbers === undefined || !this.#numbers.isBeyond(i, numbers.tolerance)) return 'equal';
      return this.#numbers.difference(i) > 0 ? 'above' : 'below';
    };
    const losses = new LossCounter();
    for (const [i, { block, input, cluster, labelled, young, known }] of this.#numbered.entries()) {
      const far = numbers !== undefined && this.#numbers.isBeyond(i, numbers.tolerance) ? 1 : 0;
      block.beyond += far;
      if (labelled) continue;
      beyond.add(input, far);
      this.#clusters.beyond.add(cluster, far);
      if (!young) losses.add(bandOf(i), this.#numbers.difference(i), known);
      if (far === 0) this.#slices.hit(input);
      if (far === 0 && known !== undefined) this.#slices.near(input);
    }
    const agreement = this.#agreement.sums();
    this.#truth.settle();
    const { labelNext } = this.#options;
    if (labelNext !== undefined) labelNext.take(this.#next?.first(labelNext.most, bandOf) ?? []);
    const columns = this.#slices.columns();
    return {
      rows: this.#rows,
      blocks: [...this.#blocks.values()]
        .sort((a, b) => a.at - b.at)
        .map((block) => (this.#ages?.isYoung(block.at) === true ? { ...block, young: block.rows } : block)),
      labels: withOthers(this.#labels.sums(this.#task !== 'json'), this.#others, this.#within),
      numbers,
      ...(this.#options.reference === undefined
        ? {}
        : {
            reference: this.#numbers.beside(
              this.#options.reference,
              this.#numbered.map(({ block }) => block.at),
            ),
          }),
      top: this.#top.map(({ of, ...pair }) => ({ ...pair, times: this.#differing[of] ?? 1 })),
      truth:
        this.#options.truth === undefined
          ? undefined
          : this.#truth.sums(this.#rows, this.#options.truth.size, losses, this.#ages?.sums()),
      fields: this.#fields.sums(),
      answers: answerSums(this.#options.reading, this.#whole),
      columns,
      slices: slicesOf(columns),
      alike: this.#slices.alike(),
      clusters: this.#clusters.sums(this.#options.cluster, this.#truth.clusters()),
      repeats: {
        inputs: this.#inputs.size,
        known: this.#inputs.known,
        agreement,
        beyond: beyond.sums(),
        ...this.#truth.repeats(),
        sample: this.#inputs.sample(Math.max(this.#agreement.largest, beyond.largest)),
      },
    };
  }
}

/** The furthest apart first, then the earliest. */
function byDistance(
  a: Pick<DivergingPair, 'distance' | 'at' | 'id'>,
  b: Pick<DivergingPair, 'distance' | 'at' | 'id'>,
): number {
  return b.distance - a.distance || a.at - b.at || (a.id === b.id ? 0 : a.id < b.id ? -1 : 1);
}

/** Numbers the values of what the policy's `cluster` names, and sums over their rows. A row without one is alone. */
class Clusters {
  readonly agreement = new InputCounter();
  readonly beyond = new InputCounter();
  readonly #numbers = new Map<string, number>();
  #size = 0;
  #known = 0;

  of(payload: Payload | undefined, rows: number, cluster: string | undefined): number[] {
    if (cluster === undefined) return Array.from({ length: rows }, () => 0);
    return clustersOf(payload, rows, cluster).map((value) => {
      if (value === undefined) return this.#size++;
      this.#known += 1;
      const number = this.#numbers.get(value) ?? this.#size++;
      this.#numbers.set(value, number);
      return number;
    });
  }

  sums(by: string | undefined, truth: ReturnType<TruthCounter['clusters']>): ClusterSums | undefined {
    if (by === undefined) return undefined;
    const agreement = this.agreement.sums();
    return { by, inputs: this.#size, known: this.#known, agreement, beyond: this.beyond.sums(), ...truth };
  }
}

/** A block as this version makes it. */
type FullBlock = Required<Omit<PairBlock, 'young'>>;

function emptyBlock(at: number): FullBlock {
  const truth = { truth: 0, onlyProduction: 0, onlyShadow: 0, loss: 0, lossSquared: 0, squaredLoss: 0, cost: 0 };
  return { at, rows: 0, agree: 0, d: 0, dd: 0, abs: 0, beyond: 0, others: 0, ...truth };
}

/** Two numbers that mean the same: the predictions, or what each model gives the class that production chose. */
function numbersOf(production: Answer, shadow: Answer): readonly [number, number] | undefined {
  if (production.number !== undefined && shadow.number !== undefined) return [production.number, shadow.number];
  if (production.scores === undefined || shadow.scores?.length !== production.scores.length) return undefined;
  const best = Math.max(...production.scores);
  const chosen = production.scores.indexOf(best);
  return [best, shadow.scores[chosen] as number];
}

/** Half the sum of absolute differences of scores (total variation), or the difference of single scores. */
function scoreDistance(production: Answer, shadow: Answer): number {
  if (production.scores !== undefined && shadow.scores?.length === production.scores.length) {
    return production.scores.reduce((sum, score, i) => sum + Math.abs(score - (shadow.scores?.[i] ?? 0)) / 2, 0);
  }
  return production.number !== undefined && shadow.number !== undefined
    ? Math.abs(production.number - shadow.number)
    : 0;
}
