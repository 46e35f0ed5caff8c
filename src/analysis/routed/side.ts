import { createHash } from 'node:crypto';
import type { Answer } from '../answers/answer.ts';
import type { Payload } from '../answers/captures.ts';
import { className } from '../answers/strata.ts';

/** What one minute of a side says. `right` and `loss` are of the rows with a label: of classes, of numbers. */
export interface SideMinute {
  rows: number;
  labels: Map<string, number>;
  labelled: number;
  right: number;
  /** Numbers of rows that have no class. */
  values: number[];
  /** Rows with a label and a number: their |number − label|, summed. */
  numbered: number;
  loss: number;
}

/** What one variant answered to the requests of one slice, in sums. Rows are of no pair: the other variant saw other requests. */
export class RoutedSide {
  /** Captured requests, and those of them whose answer is missing or cannot be read. */
  requests = 0;
  unread = 0;
  rows = 0;
  /** Rows by class; those of free answers stand for themselves in `free`. */
  readonly labels = new Map<string, number>();
  free = 0;
  /** Rows that are numbers. */
  numbers = 0;
  /** Rows old enough for a label, those of them that have one, and of numbers the sum of the squared loss. */
  ripe = 0;
  labelled = 0;
  lossSquared = 0;
  readonly #minutes = new Map<number, SideMinute>();
  readonly #inputs = new Map<string, number>();
  #counted = 0;

  /** Minutes with rows, oldest first. */
  get minutes(): readonly (SideMinute & { at: number })[] {
    return [...this.#minutes].map(([at, sums]) => ({ at, ...sums })).toSorted((a, b) => a.at - b.at);
  }

  /** All numbers, sorted. */
  sorted(): Float64Array {
    return Float64Array.from([...this.#minutes.values()].flatMap(({ values }) => values)).sort();
  }

  /** Different inputs, counted up to a hundred thousand. */
  get inputs(): number {
    return this.#inputs.size;
  }

  /** Rows that say as much as one, since they repeat an input: Σn² / Σn over inputs (Kish 1965). */
  get copies(): number {
    let squares = 0;
    for (const n of this.#inputs.values()) squares += n * n;
    return this.#counted === 0 ? 1 : squares / this.#counted;
  }

  /** A captured request. @param answers undefined where it has none, or none that can be read */
  request(input: Payload | undefined, answers: readonly unknown[] | undefined): void {
    this.requests += 1;
    if (answers === undefined) {
      this.unread += 1;
      return;
    }
    const text = input?.data ?? '';
    const lines = answers.length > 1 ? text.trim().split('\n') : [text];
    for (const [row] of answers.entries()) this.#input(lines.length === answers.length ? lines[row] : `${row} ${text}`);
  }

  /**
   * A row of it.
   *
   * @param minute its start, milliseconds since the epoch
   * @param truth undefined where there is no label, null where it is too early for one
   */
  row(minute: number, { label, number, other }: Answer, truth: string | null | undefined): void {
    const block: SideMinute = this.#minutes.get(minute) ?? {
      rows: 0,
      labels: new Map(),
      values: [],
      labelled: 0,
      right: 0,
      numbered: 0,
      loss: 0,
    };
    this.#minutes.set(minute, block);
    this.rows += 1;
    block.rows += 1;
    const named = label === undefined ? undefined : className(label);
    if (named !== undefined) {
      this.labels.set(named, (this.labels.get(named) ?? 0) + 1);
      block.labels.set(named, (block.labels.get(named) ?? 0) + 1);
    } else if (other !== undefined) this.free += 1;
    else if (number !== undefined) {
      this.numbers += 1;
      block.values.push(number);
    }
    if (truth === null) return;
    this.ripe += 1;
    if (truth === undefined) return;
    const value = Number(truth);
    if (named !== undefined) {
      this.labelled += 1;
      block.labelled += 1;
      if (named === className(truth)) block.right += 1;
    } else if (other === undefined && number !== undefined && truth.trim() !== '' && Number.isFinite(value)) {
      const loss = Math.abs(number - value);
      this.labelled += 1;
      this.lossSquared += loss * loss;
      block.numbered += 1;
      block.loss += loss;
    }
  }

  #input(text = ''): void {
    const key = text.length <= LONGEST ? text : createHash('sha256').update(text).digest('base64');
    const n = this.#inputs.get(key);
    if (n === undefined && this.#inputs.size >= MAX_INPUTS) return;
    this.#inputs.set(key, (n ?? 0) + 1);
    this.#counted += 1;
  }
}

/** Longer inputs are kept as a hash. */
const LONGEST = 200;
const MAX_INPUTS = 100_000;
