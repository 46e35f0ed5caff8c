import type { DivergingPair, PairBlock, Predictions, SideCounts, Task } from '../../src/analysis/predictions.ts';
import { InputCounter } from './input-counter.ts';
import { answersOf } from '../../src/analysis/answers/read-answers.ts';
import type { Answer } from '../../src/analysis/answers/answer.ts';
import { payloadText } from '../../src/analysis/answers/captures.ts';
import type { CaptureSet } from '../../src/analysis/answers/captures.ts';
import { describe } from '../../src/analysis/answers/describe.ts';
import { featuresOf } from '../../src/analysis/answers/features.ts';
import { FieldCounter } from '../../src/analysis/answers/fields.ts';
import type { FieldRules } from '../../src/analysis/answers/fields.ts';
import { LabelCounter } from './label-counter.ts';
import { NumberCounter } from './number-counter.ts';
import { pairUp } from './pair.ts';
import type { Pair } from './pair.ts';
import type { Path } from '../../src/analysis/answers/path.ts';
import { sideCounts } from './sides.ts';
import type { Side } from './sides.ts';
import { SliceCounter } from './slice-counter.ts';
import { RowInputs } from './row-inputs.ts';
import { detectTask } from '../../src/analysis/answers/task.ts';
import { TruthCounter } from './truth-counter.ts';
import { inputRows } from '../../src/analysis/answers/truth.ts';
import type { Truth } from '../../src/analysis/answers/truth.ts';
import { MINUTE } from '../../src/base/units.ts';

export interface CompareOptions {
  /** Share of production's requests that the shadow saw. */
  sampling: number;
  /** Absolute difference of two numbers that still counts as equal; undefined: half a standard deviation of production's. */
  tolerance: number | undefined;
  path?: Path | undefined;
  task?: Task | undefined;
  truth?: Truth | undefined;
  /** For free JSON. */
  fields?: FieldRules | undefined;
}

const TOP = 10;
const INPUT_CHARACTERS = 400;

/**
 * Pairs the records of both variants in memory and sums what their answers have in common: slow, simple and written apart
 * from the engine of src, which must give the same.
 */
export function comparePredictions(production: CaptureSet, shadow: CaptureSet, options: CompareOptions): Predictions {
  const ours = answered(production, options);
  const theirs = answered(shadow, options);
  const task = options.task ?? detectTask([...ours.answers.values()].flat());
  const pairing = pairUp([...ours.answers.keys()], [...theirs.answers.keys()]);
  const rows = new Rows(task, options);
  let differentRows = 0;
  for (const pair of pairing.pairs) {
    const left = ours.answers.get(pair.production) ?? [];
    const right = theirs.answers.get(pair.shadow) ?? [];
    if (left.length === right.length) rows.add(pair, left, right);
    else differentRows += 1;
  }
  // A production record without an answer would have been no pair with any shadow.
  const expected = options.sampling * ours.answers.size;
  return {
    method: pairing.method,
    task,
    production: counts(ours, pairing.ambiguous.production, pairing.unmatched.production, task),
    shadow: counts(theirs, pairing.ambiguous.shadow, pairing.unmatched.shadow, task),
    pairs: pairing.pairs.length,
    skewMs: pairing.skewMs,
    coverage: expected > 0 ? Math.min(1, pairing.pairs.length / expected) : undefined,
    differentRows,
    ...rows.sums(),
  };
}

function answered(set: CaptureSet, options: CompareOptions): Side {
  const side: Side = { set, answers: new Map(), withoutAnswer: 0, unparsed: 0, examples: [...set.examples] };
  for (const capture of set.captures) {
    if (capture.output === undefined || capture.output.data === '') {
      side.withoutAnswer += 1;
      continue;
    }
    const answers = answersOf(capture, { path: options.path, whole: options.task === 'json' });
    if (answers !== undefined) side.answers.set(capture, answers);
    else {
      side.unparsed += 1;
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

/** Sums over rows as they come; keeps the ten worst. */
class Rows {
  readonly #task: Task;
  readonly #options: CompareOptions;
  readonly #blocks = new Map<number, FullBlock>();
  readonly #labels = new LabelCounter();
  readonly #numbers: NumberCounter;
  readonly #truth = new TruthCounter();
  readonly #inputs = new RowInputs();
  readonly #fields: FieldCounter;
  readonly #slices = new SliceCounter();
  readonly #agreement = new InputCounter();
  /** For each row with numbers, its minute and its input: the tolerance is known only when all have been seen. */
  readonly #numbered: { block: FullBlock; input: number; labelled: boolean; slice: number }[] = [];
  #top: (DivergingPair & { of: number })[] = [];
  /** Differing rows by input. */
  readonly #differing: number[] = [];
  #rows = 0;

  constructor(task: Task, options: CompareOptions) {
    this.#task = task;
    this.#options = options;
    this.#numbers = new NumberCounter(options.tolerance);
    this.#fields = new FieldCounter(options.fields ?? { ignore: [], tolerance: {} });
  }

  add(pair: Pair, left: readonly Answer[], right: readonly Answer[]): void {
    const at = Math.floor(pair.production.at / MINUTE) * MINUTE;
    const block = this.#blocks.get(at) ?? emptyBlock(at);
    const inputs = this.#inputs.of(pair.production.input, left.length);
    const columns = featuresOf(pair.production.input, left.length);
    const truth = this.#options.truth;
    const features =
      truth?.by === 'input' && pair.production.input !== undefined ? inputRows(pair.production.input) : [];
    for (const [row, ours] of left.entries()) {
      const theirs = right[row] as Answer;
      this.#rows += 1;
      block.rows += 1;
      const input = inputs[row] as number;
      const slice = this.#slices.add(columns[row] ?? [], input);
      const labels = this.#labelsOf(ours, theirs);
      const numbers = numbersOf(ours, theirs);
      let distance = 0;
      if (labels[0] !== undefined && labels[1] !== undefined) {
        this.#labels.add(labels[0], labels[1]);
        this.#agreement.add(input, labels[0] === labels[1] ? 1 : 0);
        if (labels[0] === labels[1]) this.#slices.hit(slice);
        if (labels[0] === labels[1]) block.agree += 1;
        else distance = 1 + scoreDistance(ours, theirs);
      }
      if (numbers !== undefined) {
        const d = this.#numbers.add(numbers[0], numbers[1]);
        block.d += d;
        block.dd += d * d;
        block.abs += Math.abs(d);
        this.#numbered.push({ block, input, labelled: labels[0] !== undefined && labels[1] !== undefined, slice });
        if (labels[0] === undefined) distance = Math.abs(d);
      }
      if (truth !== undefined) {
        const known = truth.of(pair.id, row, features[row]);
        this.#truth.add(known, { ours, theirs, labels }, { block, input });
      }
      if (distance > 0) this.#keep(pair, row, [ours, theirs], distance, input);
    }
    this.#blocks.set(at, block);
  }

  /** Labels of both; free JSON that is equal under the rules has one label, and counts field by field. */
  #labelsOf(ours: Answer, theirs: Answer): readonly [string | undefined, string | undefined] {
    const labels = [labelOf(ours, this.#task), labelOf(theirs, this.#task)] as const;
    if (ours.other === undefined || theirs.other === undefined) return labels;
    const differing = this.#fields.add(JSON.parse(ours.other), JSON.parse(theirs.other));
    return differing === 0 ? [labels[0], labels[0]] : labels;
  }

  #keep(pair: Pair, row: number, [ours, theirs]: [Answer, Answer], distance: number, of: number): void {
    this.#differing[of] = (this.#differing[of] ?? 0) + 1;
    const present = this.#top.findIndex((one) => one.of === of);
    const least = this.#top[present] ?? (this.#top.length === TOP ? this.#top.at(-1) : undefined);
    if (least !== undefined && least.distance >= distance) return;
    if (present >= 0) this.#top.splice(present, 1);
    const input = pair.production.input ?? pair.shadow.input;
    this.#top.push({
      id: pair.id,
      at: pair.production.at,
      row,
      production: describe(ours),
      shadow: describe(theirs),
      distance,
      input: input === undefined ? undefined : payloadText(input).slice(0, INPUT_CHARACTERS),
      of,
    });
    this.#top.sort((a, b) => b.distance - a.distance || a.at - b.at || (a.id < b.id ? -1 : 1));
    this.#top = this.#top.slice(0, TOP);
  }

  sums(): Pick<
    Predictions,
    'rows' | 'blocks' | 'labels' | 'numbers' | 'top' | 'truth' | 'repeats' | 'fields' | 'slices'
  > {
    const numbers = this.#numbers.sums(this.#task === 'regression' || this.#task === 'scores' ? 'value' : 'score');
    const beyond = new InputCounter();
    for (const [i, { block, input, labelled, slice }] of this.#numbered.entries()) {
      const far = numbers !== undefined && this.#numbers.distance(i) > numbers.tolerance ? 1 : 0;
      block.beyond += far;
      if (labelled) continue;
      beyond.add(input, far);
      if (far === 0) this.#slices.hit(slice);
    }
    const agreement = this.#agreement.sums();
    return {
      rows: this.#rows,
      blocks: [...this.#blocks.values()].sort((a, b) => a.at - b.at),
      labels: this.#labels.sums(),
      numbers,
      top: this.#top.map(({ of, ...pair }) => ({ ...pair, times: this.#differing[of] ?? 1 })),
      truth: this.#options.truth === undefined ? undefined : this.#truth.sums(this.#rows, this.#options.truth.size),
      fields: this.#fields.sums(),
      slices: this.#slices.sums(),
      repeats: {
        inputs: this.#inputs.size,
        known: this.#inputs.known,
        agreement,
        beyond: beyond.sums(),
        ...this.#truth.repeats(),
      },
    };
  }
}

/** A block as this version makes it. */
type FullBlock = Required<PairBlock>;

function emptyBlock(at: number): FullBlock {
  const truth = { truth: 0, onlyProduction: 0, onlyShadow: 0, loss: 0, lossSquared: 0 };
  return { at, rows: 0, agree: 0, d: 0, dd: 0, abs: 0, beyond: 0, ...truth };
}

/** Two numbers that mean the same: the predictions, or what each model gives the class that production chose. */
function numbersOf(ours: Answer, theirs: Answer): readonly [number, number] | undefined {
  if (ours.number !== undefined && theirs.number !== undefined) return [ours.number, theirs.number];
  if (ours.scores === undefined || theirs.scores?.length !== ours.scores.length) return undefined;
  const best = Math.max(...ours.scores);
  const chosen = ours.scores.indexOf(best);
  return [best, theirs.scores[chosen] as number];
}

/** Half the sum of absolute differences of scores (total variation), or the difference of single scores. */
function scoreDistance(ours: Answer, theirs: Answer): number {
  if (ours.scores !== undefined && theirs.scores?.length === ours.scores.length) {
    return ours.scores.reduce((sum, score, i) => sum + Math.abs(score - (theirs.scores?.[i] ?? 0)) / 2, 0);
  }
  return ours.number !== undefined && theirs.number !== undefined ? Math.abs(ours.number - theirs.number) : 0;
}
