import type { SideOutcome } from '../../analysis/mirrored/record.ts';
import { quantile } from '../../analysis/statistics/distances.ts';
import { type ShotEnd } from './send.ts';
import { isWell } from '../../analysis/observe/mirror/table.ts';

/** Quantiles in milliseconds. */
export interface Quantiles {
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

/** What came of requests that were due. Each is in exactly one of `answered`, `failed`, `unsent` and `lost`. */
export interface SentCounts {
  due: number;
  /** Whole, with whatever status. */
  answered: number;
  /** By status: `200`. */
  statuses: Readonly<Record<string, number>>;
  /** Sent, and not answered whole, by how that ended. */
  failed: Readonly<Partial<Record<SideOutcome, number>>>;
  /** Not sent, because so many were under way. */
  unsent: number;
  /** Under way when the replay was stopped, or without credentials of the sender's own. */
  lost: number;
  /** Of answers below 300, from when the request was due. */
  latency: Quantiles | undefined;
  /** How much later than due requests were sent. */
  lag: Quantiles | undefined;
  /** Of recorded answers: those that the recording has well and the target failed, and the other way round. */
  newlyFailed: number;
  newlyAnswered: number;
}

export class Tally {
  readonly #statuses = new Map<string, number>();
  readonly #failed = new Map<SideOutcome, number>();
  readonly #latencies: number[] = [];
  readonly #lags: number[] = [];
  #due = 0;
  #answered = 0;
  #unsent = 0;
  #lost = 0;
  #newlyFailed = 0;
  #newlyAnswered = 0;
  #wrong = 0;

  add({ end, unsent, lag, answer }: ShotEnd): void {
    this.#due += 1;
    this.#lags.push(lag);
    const { outcome, status, ms } = end;
    const well = isWell(end);
    if (outcome === 'lost') {
      this.#lost += 1;
      return;
    }
    if (unsent) this.#unsent += 1;
    else if (outcome === 'answered') {
      this.#answered += 1;
      add(this.#statuses, String(status ?? 'none'));
      if (well && ms !== undefined) this.#latencies.push(ms);
    } else add(this.#failed, outcome);
    if (!well) this.#wrong += 1;
    // What was not sent was not asked.
    if (unsent || answer === undefined || answer.outcome === 'lost') return;
    const before = answer.outcome === 'answered' && (answer.status === undefined || answer.status < 300);
    if (before && !well) this.#newlyFailed += 1;
    if (!before && well) this.#newlyAnswered += 1;
  }

  get due(): number {
    return this.#due;
  }

  get answered(): number {
    return this.#answered;
  }

  /** Requests that were not answered well, those that were not sent included. */
  get wrong(): number {
    return this.#wrong;
  }

  /** Requests that count: all but those that were lost. */
  get counted(): number {
    return this.#due - this.#lost;
  }

  counts(): SentCounts {
    return {
      due: this.#due,
      answered: this.#answered,
      statuses: Object.fromEntries([...this.#statuses].toSorted()),
      failed: Object.fromEntries(this.#failed),
      unsent: this.#unsent,
      lost: this.#lost,
      latency: quantilesOf(this.#latencies),
      lag: quantilesOf(this.#lags),
      newlyFailed: this.#newlyFailed,
      newlyAnswered: this.#newlyAnswered,
    };
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function quantilesOf(values: readonly number[]): Quantiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const at = (p: number) => quantile(sorted, p);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
