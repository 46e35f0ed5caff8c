import type { LabelAges } from '../../predictions.ts';
import { DELAYS } from '../../answers/label-age.ts';
import type { AgeRule } from '../../answers/label-age.ts';
import { MINUTE } from '../../../base/units.ts';

/** Counts the labels that are left out for their age. */
export class AgeCounter {
  readonly #rule: AgeRule;
  readonly #within = DELAYS.map((minutes) => ({ minutes, labels: 0 }));
  #young = 0;
  #youngLabels = 0;
  #late = 0;

  constructor(rule: AgeRule) {
    this.#rule = rule;
  }

  /** Is a request of this time too young to be compared with labels? */
  isYoung(at: number): boolean {
    return this.#rule.before !== undefined && at >= this.#rule.before;
  }

  /** A row that is too young. */
  skip(): void {
    this.#young += 1;
  }

  /** @returns the label of a request, or undefined where it came too late */
  counted(label: string, at: number, cameAt: number | undefined, young: boolean): string | undefined {
    if (cameAt !== undefined)
      for (const step of this.#within) if (cameAt - at <= step.minutes * MINUTE) step.labels += 1;
    if (young) {
      this.#youngLabels += 1;
      return undefined;
    }
    if (!this.#rule.timed || (cameAt !== undefined && cameAt - at <= this.#rule.age)) return label;
    this.#late += 1;
    return undefined;
  }

  sums(): LabelAges {
    const { age, demanded, timed } = this.#rule;
    const left = { young: this.#young, youngLabels: this.#youngLabels, late: this.#late };
    return { age, demanded, timed, ...left, within: timed ? this.#within : [] };
  }
}
