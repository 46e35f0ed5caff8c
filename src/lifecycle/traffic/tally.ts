import type { Answer } from '../../analysis/answers/answer.ts';
import { answersOf } from '../../analysis/answers/read-answers.ts';

/** One kind of refusal. */
export interface ErrorCount {
  code: string;
  count: number;
  /** AWS's words for the first of them. */
  sample: string;
  /** The connection broke: no model has refused these. */
  unanswered?: true;
}

/** What came of a run of requests, times in milliseconds. */
export interface Summary {
  sent: number;
  answered: number;
  seconds: number;
  /** Requests a second; undefined where no time has passed. */
  throughput: number | undefined;
  errors: ErrorCount[];
  /** Of answered requests, measured here; undefined without an answer, or where time is simulated. */
  latency: { mean: number; p50: number; p90: number; p99: number; max: number } | undefined;
  /** Answers by the production variant that gave them. */
  variants: Record<string, number>;
  /** Share of the labelled answers that were right. */
  accuracy: { right: number; of: number } | undefined;
  /** Mean absolute error, where the labels are no whole numbers: then a model of numbers answers. */
  meanAbsoluteError: number | undefined;
  /** Labelled requests whose answer could not be understood. */
  unread: number;
}

/** Counts as requests end. */
export class Tally {
  sent = 0;
  #answered = 0;
  #errors = new Map<string, ErrorCount>();
  #latencies: number[] = [];
  #variants = new Map<string, number>();
  #right = 0;
  #labelled = 0;
  #absoluteError = 0;
  #fractional = false;
  #unread = 0;

  get failed(): number {
    return this.sent - this.#answered;
  }

  answer(
    reply: { body: string; contentType: string | undefined; variant: string | undefined },
    took: number,
    label: string | undefined,
  ): void {
    this.sent += 1;
    this.#answered += 1;
    this.#latencies.push(took);
    const variant = reply.variant ?? 'unknown';
    this.#variants.set(variant, (this.#variants.get(variant) ?? 0) + 1);
    if (label !== undefined) this.#compare(reply, label);
  }

  refusal(code: string, words: string, unanswered = false): void {
    this.sent += 1;
    const known = this.#errors.get(code);
    if (known === undefined)
      this.#errors.set(code, { code, count: 1, sample: words, ...(unanswered && { unanswered }) });
    else known.count += 1;
  }

  #compare(reply: { body: string; contentType: string | undefined }, label: string): void {
    const output = { data: reply.body, encoding: 'JSON' as const, contentType: reply.contentType };
    const [answer] = answersOf({ input: undefined, output }) ?? [];
    const truth = Number(label);
    if (answer === undefined) {
      this.#unread += 1;
      return;
    }
    this.#labelled += 1;
    if (isRight(answer, label)) this.#right += 1;
    if (!Number.isInteger(truth) && !Number.isNaN(truth)) this.#fractional = true;
    this.#absoluteError += Math.abs((answer.number ?? Number(answer.label)) - truth);
  }

  /** @param ms how long it all took */
  summary(ms: number, simulated: boolean): Summary {
    const ordered = this.#latencies.toSorted((a, b) => a - b);
    const quantile = (q: number) => ordered[Math.min(ordered.length - 1, Math.ceil(q * ordered.length) - 1)] ?? 0;
    const mean = ordered.reduce((sum, value) => sum + value, 0) / ordered.length;
    const measured = ordered.length > 0 && !simulated;
    return {
      sent: this.sent,
      answered: this.#answered,
      seconds: ms / 1000,
      throughput: ms > 0 ? (this.sent * 1000) / ms : undefined,
      errors: [...this.#errors.values()].toSorted((a, b) => b.count - a.count),
      latency: measured
        ? { mean, p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max: quantile(1) }
        : undefined,
      variants: Object.fromEntries(this.#variants),
      accuracy: this.#labelled > 0 && !this.#fractional ? { right: this.#right, of: this.#labelled } : undefined,
      meanAbsoluteError: this.#labelled > 0 && this.#fractional ? this.#absoluteError / this.#labelled : undefined,
      unread: this.#unread,
    };
  }
}

/** Labels compare as numbers where both are; a lone score counts as its nearest whole number, scores as the highest. */
function isRight(answer: Answer, label: string): boolean {
  const { scores } = answer;
  const best = scores === undefined ? undefined : scores.indexOf(Math.max(...scores));
  const said = answer.label ?? best ?? (answer.number === undefined ? undefined : Math.round(answer.number));
  if (said === undefined) return false;
  const truth = Number(label);
  return String(said) === label || (label.trim() !== '' && !Number.isNaN(truth) && Number(said) === truth);
}
