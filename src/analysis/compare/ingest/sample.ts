import type { Answer } from '../../answers/answer.ts';

const FIRST = 60;
const VALUES = 24;

/** The few answers that show what kind all of them are: each shows something that those before did not. */
export class AnswerSample {
  readonly answers: Answer[] = [];
  readonly #labels = new Set<string>();
  readonly #values = new Set<number>();
  #numbers = 0;
  #other = false;
  #single = false;
  #many = false;
  #broken = false;
  #beyond = false;

  /** `number` is NaN where there is none. */
  see(
    number: number,
    label: string | undefined,
    scores: readonly number[] | undefined,
    other: string | undefined,
  ): void {
    if (other !== undefined) {
      if (this.#other) return;
      this.#other = true;
      this.answers.push({ other });
    } else if (label !== undefined) this.#label(number, label, scores);
    else if (!Number.isNaN(number)) this.#number(number);
  }

  #label(number: number, label: string, scores: readonly number[] | undefined): void {
    const single = !Number.isNaN(number) && !this.#single;
    const many = (scores?.length ?? 0) > 2 && !this.#many;
    const unknown = this.#labels.size < 4 && !this.#labels.has(label);
    if (!single && !many && !unknown) return;
    this.#single ||= single;
    this.#many ||= many;
    this.#labels.add(label);
    this.answers.push({
      label,
      ...(Number.isNaN(number) ? {} : { number }),
      ...(scores === undefined ? {} : { scores }),
    });
  }

  #number(number: number): void {
    const broken = !this.#broken && !Number.isInteger(number);
    const beyond = !this.#beyond && (number < 0 || number > 1);
    const unknown = this.#values.size < VALUES && !this.#values.has(number);
    if (this.#numbers >= FIRST && !broken && !beyond && !unknown) return;
    this.#numbers += 1;
    this.#broken ||= broken;
    this.#beyond ||= beyond;
    this.#values.add(number);
    this.answers.push({ number });
  }
}
