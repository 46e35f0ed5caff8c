import type { NoiseFloor } from '../base/noise-floor.ts';
import type { Predictions } from './predictions.ts';

/**
 * What was seen of an endpoint in a window of time, before anybody thinks about it. Plain data: it can be saved with
 * `report --save` and read back with `report --files`, so that every fixture is one.
 */
export interface Observations {
  schema: 'shadowctl-observations/1';
  endpoint: string;
  region: string | undefined;
  /** Milliseconds since the epoch, whole minutes; `to` is exclusive. */
  window: Window;
  production: VariantFacts;
  /** Undefined where the endpoint had no shadow: then there is nothing to compare. */
  shadow: VariantFacts | undefined;
  /** What is live, where it is no model: what a file says was decided, which stands for production, or nothing. */
  live?: 'decisions' | 'nothing' | undefined;
  /** Where the answers are what callers logged (`record`): nothing here can move their requests. */
  loggedBy?: 'callers' | undefined;
  /** Recorded requests that were sent again (`replay`): production is what was recorded, and nothing here is live. */
  replayed?: ReplayFacts | undefined;
  /**
   * Of a mirror, where these sides are no candidate beside what is live: `earlier`, other servers have their roles by now;
   * `way-back`, the shadow answered before the live side was promoted.
   */
  sides?: 'earlier' | 'way-back' | undefined;
  /** Share of production's requests that the shadow was to see, 0 to 1. */
  sampling: number | undefined;
  /** Since when the endpoint has run what it runs now; undefined where nobody was asked (captures from files). */
  since?: number | undefined;
  metrics: Metrics;
  /** Undefined where nothing was captured, or nobody asked. */
  predictions: Predictions | undefined;
  /** Of files, which name no models: where the shadow's captures pause while production's go on, and what follows. */
  gap?: (Window & { requests: number; after: Predictions }) | undefined;
  /** How much production's model differs from itself, where that was measured. */
  noise?: NoiseFloor | undefined;
  /** Of chats behind a mirror: when their text came, and the tokens that their servers counted. No gate rests on them. */
  streams?: { production: StreamSums | undefined; shadow: StreamSums | undefined } | undefined;
  /** The endpoint is being changed while this is looked at: the evidence ended when that began. */
  underWay?: UnderWay | undefined;
  /** What of the window asked for is in no number, and why. */
  leftOut?: readonly LeftOut[] | undefined;
  /** Of a batch: the days that this is the sum of, oldest first. Rows are judged by them, not by minutes. */
  days?: readonly DayFacts[] | undefined;
  /** Of a batch whose labels have not come for all days: the same sums of those for which they have. Else missing. */
  labelled?: Predictions | undefined;
  /** What read and compared the captures, where that was not this machine. */
  engine?: ReadElsewhere | undefined;
  /** Whatever the reader must know about how this came about, in sentences: warm-up dropped, files unreadable. */
  notes: readonly string[];
}

/** Captures that Amazon Athena read where they lie. */
export interface ReadElsewhere {
  name: 'athena';
  workgroup: string;
  database: string;
  queries: number;
  /** Bytes that its queries scanned, and those that are billed: each as 10 MB at least. */
  scanned: number;
  billed: number;
  /** US dollars at the price that was set; and what was expected before the first query. */
  dollars: number;
  expected: { queries: number; bytes: number; dollars: number };
  /** Folders of captures, one a variant and hour: that were read now, and whose records an earlier look had kept. */
  hours: { read: number; kept: number };
  /** Where answers were compared of a sample of the requests: how many, of how many, and why, in a sentence. */
  sampled?: { requests: number; of: number; why: string } | undefined;
}

/** How a recording was sent again, and what it says of its answers. */
interface ReplayFacts {
  /** `1x`, `50/s`, `max`. */
  speed: string;
  /** How long they took, all of them: else no latency is compared. */
  latencies: boolean;
  /** With which status they came: else each is taken for a success. */
  statuses: boolean;
}

/** A day of a batch. */
export interface DayFacts {
  /** `2026-11-29`, in the batch's time zone. */
  day: string;
  /** Milliseconds since the epoch: the first minute, at which the day's rows stand, and the end (exclusive). */
  from: number;
  to: number;
  /** What became of the rows that were delivered: each is counted in one of the others. */
  rows: {
    delivered: number;
    judged: number;
    withoutCounterpart: number;
    unreadable: number;
    inFailedObject: number;
    late: number;
  };
}

/** Of the chats of one side. Milliseconds from the last byte of the request; medians. */
export interface StreamSums {
  answers: number;
  /** Streams of which it is known when their pieces came. */
  timed: number;
  /** Until the first piece of text. */
  firstMs: number | undefined;
  /** From one piece to the next. */
  apartMs: number | undefined;
  /** Answers that tell how many tokens they have. */
  counted: number;
  completionTokens: number | undefined;
  /** Of all together. */
  allCompletionTokens: number;
  promptTokens: number;
}

export type { NoiseFloor };

export interface Window {
  from: number;
  to: number;
}

/** A change of the endpoint that has not ended. */
export interface UnderWay {
  /** `update`, or the command that began it, where the journal knows that: `promote`, `canary`, `rollout`. */
  what: string;
  /** The config it leads to, or the model of a rollout. */
  to: string;
  /** Milliseconds since the epoch. */
  since: number | undefined;
}

/** A part of the window asked for that was not looked at. Milliseconds since the epoch. */
export interface LeftOut extends Window {
  /**
   * - `other-models`: the endpoint ran the models named here (no shadow: none)
   * - `unknown-models`: it was being changed, or ran something that nobody can name
   * - `not-kept`: CloudWatch no longer has its minutes
   * - `half-there`: the last minutes, of which only one side can be read yet
   */
  why: 'other-models' | 'unknown-models' | 'not-kept' | 'half-there';
  production?: string | undefined;
  shadow?: string | undefined;
}

/** What runs behind a variant's name. */
export interface VariantFacts {
  name: string;
  endpointConfig?: string | undefined;
  model?: string | undefined;
  image?: string | undefined;
  artifact?: string | undefined;
  instanceType?: string | undefined;
  instances?: number | undefined;
}

/** Per-minute values of one variant. Latencies are milliseconds, cpu and memory percent of one instance. */
export const METRICS = [
  'invocations',
  'errors4xx',
  'errors5xx',
  'modelErrors',
  'latencyMean',
  'latencyP50',
  'latencyP90',
  'latencyP99',
  'overheadMean',
  'overheadP50',
  'overheadP90',
  'overheadP99',
  'cpu',
  'memory',
] as const;
export type MetricName = (typeof METRICS)[number];

/** One value a minute, null where CloudWatch has no datapoint: no request in that minute, or nothing published yet. */
export type MetricTable = Readonly<Record<MetricName, readonly (number | null)[]>>;

export interface Metrics {
  /** Start of each minute, milliseconds since the epoch. */
  times: readonly number[];
  production: MetricTable;
  shadow: MetricTable | undefined;
  /** These credentials may not read them: the tables are empty, and say nothing. */
  unread?: true | undefined;
  /** Production in the time before the shadow came up, to see what shadowing costs it. */
  before?: { times: readonly number[]; production: MetricTable } | undefined;
  /** Instances that answered, by minute; undefined where CloudWatch says nothing of them. */
  instances?: { production: readonly (number | null)[]; shadow: readonly (number | null)[] } | undefined;
  /** Of the quantiles for which CloudWatch was asked, and answered. */
  exceedances?: Partial<Readonly<Record<'p50' | 'p90' | 'p99', Exceedance>>> | undefined;
  /** Where every request is known on both sides, as the records of a mirror have it: how the pairs went. */
  paired?: PairedMetrics | undefined;
  /** Of the quantiles that the policy limits, likewise. */
  beyondLimits?: Partial<Readonly<Record<'p50' | 'p90' | 'p99', BeyondLimit>>> | undefined;
}

/** Requests of both sides at the same time, minute by minute. */
export interface PairCounts {
  /** Pairs, and those of which something is true on both sides, on production's alone, and on the shadow's alone. */
  n: readonly number[];
  both: readonly number[];
  production: readonly number[];
  shadow: readonly number[];
}

/** What is known of pairs of one request each. */
export interface PairedMetrics {
  /** Requests that failed. */
  failed: PairCounts;
  /** Of the requests that have a latency on both sides: how many, and what they took together, in milliseconds. */
  latency: { n: readonly number[]; production: readonly number[]; shadow: readonly number[] };
}

/** The share of the shadow's requests that took longer than a limit, minute by minute; null where nothing is known. */
export interface BeyondLimit {
  /** In milliseconds. */
  limit: number;
  shadow: readonly (number | null)[];
}

/** Shares of requests that took longer than a threshold, minute by minute; null where nothing is known. */
export interface Exceedance {
  /** Production's quantile when the window began, in milliseconds. */
  threshold: number;
  /** The shadow's requests are held against the threshold and this share more. */
  margin: number;
  production: readonly (number | null)[];
  shadow: readonly (number | null)[];
  /** Counted request by request, where both sides of each are known. */
  pairs?: PairCounts | undefined;
}
