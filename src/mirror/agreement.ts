import type { Answer } from '../analysis/answers/answer.ts';
import { answersOf } from '../analysis/answers/read-answers.ts';
import type { KeptBody } from '../analysis/mirrored/record.ts';
import type { PairAgreement, SideMetrics } from './metrics.ts';

/** Pairs that are begun in a second at the most, and that are open at the same time: a pair takes up to a millisecond, and room. */
const MAX_A_SECOND = 25;
const MAX_OPEN = 100;
/** Characters of a request, and of an answer. */
const MAX_BODY = 64 * 1024;
/** Numbers that are no further apart than this share of the larger one are equal. */
const NEAR = 1e-6;

/** The two answers of a request, as far as they are here. */
export interface LookedAt {
  /** @param answer undefined where the live side gave none that is compared */
  live(input: KeptBody | undefined, answer: KeptBody | undefined): void;
  /** @param answer undefined where it gave none that is compared; `unreadable` where that could not be unpacked */
  shadow(metrics: SideMetrics, answer: KeptBody | 'unreadable' | undefined): void;
}

/** Compares the answers of some pairs as they come, for a graph: the report compares all. */
export class AgreementWatch {
  readonly #now: () => number;
  #second = Number.NEGATIVE_INFINITY;
  #begun = 0;
  #open = 0;

  /** @param now milliseconds since some beginning */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param shadows that a copy is due to @returns undefined where enough others are looked at */
  begin(shadows: number): LookedAt | undefined {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#begun = 0;
    }
    if (this.#begun >= MAX_A_SECOND || this.#open >= MAX_OPEN) return undefined;
    this.#begun += 1;
    this.#open += 1;
    let left = 1 + shadows;
    let live: { input: KeptBody | undefined; answer: KeptBody } | undefined;
    let early: [SideMetrics, KeptBody | 'unreadable'][] = [];
    const compare = (metrics: SideMetrics, answer: KeptBody | 'unreadable') => {
      if (live === undefined) return;
      metrics.countAgreement(answer === 'unreadable' ? answer : comparePair(live.input, live.answer, answer));
    };
    const settle = () => {
      left -= 1;
      if (left === 0) this.#open -= 1;
    };
    let known = false;
    return {
      live(input, answer) {
        known = true;
        if (answer !== undefined && isSmall(answer) && (input === undefined || isSmall(input)))
          live = { input, answer };
        for (const [metrics, one] of early) compare(metrics, one);
        early = [];
        settle();
      },
      shadow(metrics, answer) {
        if (answer !== undefined && (answer === 'unreadable' || isSmall(answer))) {
          if (known) compare(metrics, answer);
          else early.push([metrics, answer]);
        }
        settle();
      },
    };
  }
}

function isSmall({ data }: KeptBody): boolean {
  return data.length <= MAX_BODY;
}

/**
 * `agreeing`: of every row the label is the same, or, where there are no labels, the whole answer, numbers within one millionth.
 * `unreadable`: the table of answers does not read one of the two.
 */
function comparePair(input: KeptBody | undefined, live: KeptBody, shadow: KeptBody): PairAgreement {
  const [a, b] = [answersOf({ input, output: live }), answersOf({ input, output: shadow })];
  if (a === undefined || b === undefined) return 'unreadable';
  return a.length === b.length && a.every((one, i) => isSame(one, b[i] as Answer)) ? 'agreeing' : 'differing';
}

function isSame(a: Answer, b: Answer): boolean {
  if (a.label !== undefined || b.label !== undefined) return a.label === b.label;
  if (a.scores?.length !== b.scores?.length || a.other !== b.other) return false;
  const numbers = (one: Answer) => [...(one.scores ?? []), ...(one.number === undefined ? [] : [one.number])];
  const [left, right] = [numbers(a), numbers(b)];
  return left.length === right.length && left.every((x, i) => isNear(x, right[i] as number));
}

function isNear(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= NEAR * Math.max(Math.abs(a), Math.abs(b));
}
