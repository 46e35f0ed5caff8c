import type { Waiver } from '../policy/policy.ts';

/** Does it hold? `inconclusive` never promotes. */
export type Outcome = 'pass' | 'fail' | 'inconclusive';

/** One question put to the evidence, and its answer. */
export interface Gate {
  /** For policy files and machines: `latency.p99`, `errors`, `labels.agreement`. */
  id: string;
  /** For people: what was asked. */
  title: string;
  outcome: Outcome;
  /**
   * `bound`: the truth behind what was seen is bounded, with confidence 1 − alpha, and the bound decides. `rule`: it
   * fails where a defect shows, which chance must not explain where chance plays a part; to hold proves nothing. Undefined: `bound`; `judge` fills it in.
   */
  test?: 'bound' | 'rule';
  /** False: shown, but the verdict does not depend on it. */
  gating: boolean;
  /** How estimate, interval and margin are to be read. */
  unit: 'ratio' | 'share' | 'number' | 'count';
  /** They are a difference of two shares: percentage points, since ten points are no tenth. */
  difference?: true;
  /** They are shares of requests that took longer than this, in milliseconds. */
  slowerThan?: number;
  estimate: number | undefined;
  /** What the truth can still be; each side holds with confidence 1 − alpha. */
  interval: readonly [number, number] | undefined;
  /**
   * The claim about this window alone: what its own mean can be, whatever its rows depend on, and what that would come to.
   * It is no outcome by itself: `outcome` is about how things go on. Undefined where it is not known.
   */
  inWindow?: { interval: readonly [number, number]; outcome: Outcome };
  /** Why there is no such claim, of a bound that has none: a sentence. */
  noWindow?: string;
  /** Of a batch, what is bounded day by day. */
  byDay?: ByDay;
  /** Who answers for it that the gate does not decide although it did not pass; then it is not gating. */
  waived?: Waiver;
  /** The bound that must hold. */
  margin: number | undefined;
  /** Where the value must lie: below the margin, above it, or near it. */
  relation: '<' | '>' | '=';
  /** How estimate and interval came about as evidence grew, oldest first; at most sixty steps. */
  history?: readonly { n: number; estimate: number; low: number; high: number }[];
  /** Requests, pairs or blocks behind it. */
  n: number;
  of: 'requests' | 'pairs' | 'rows' | 'blocks' | 'answers';
  /** One sentence with the numbers that decided. */
  reason: string;
  /** What is needed to decide, in words: goes on after "Needs". Undefined where the gate is decided, or does not decide. */
  needs: string | undefined;
  /** The numbers in `needs`; undefined where there are none, or where what helps cannot be counted. */
  missing: Missing | undefined;
}

export interface DayOfGate {
  /** `2026-11-29` */
  day: string;
  n: number;
  value: number;
  /** Its standard error if the rows of the day were independent; 0 where it is not known. */
  error: number;
  /** It stands out from the other days. */
  apart: boolean;
}

/** A value day by day, in the unit of its gate. */
export interface ByDay {
  /** Oldest first, days without rows left out. */
  days: readonly DayOfGate[];
  /** The mean with the same weight for every day, where the estimate weighs them by their rows. */
  equally: number;
  /** How it changes a day where that is more than chance. */
  trend: number | undefined;
}

/** How much more of what would decide a gate, at the present estimate. */
interface Missing {
  /** Minutes of traffic. */
  minutes?: number;
  /** It takes longer than `minutes`; how much longer is not known yet. */
  atLeast?: true;
  requests?: number;
  pairs?: number;
  /** Compared rows, or those with a label. */
  rows?: number;
  /** Labels of rows that have been compared already. */
  labels?: number;
  /** Distinct inputs. */
  inputs?: number;
}

/** A waiver, and what came of it here. */
export interface WaiverState extends Waiver {
  /**
   * `counts`: the gate did not pass, and does not decide. `unneeded`: it passed, or informs only. `unasked`: it was not asked
   * here. `expired`: the waiver counts no more, and the gate decides.
   */
  state: 'counts' | 'unneeded' | 'unasked' | 'expired';
  /** What the gate came to; undefined where it was not asked. */
  outcome: Outcome | undefined;
}

export interface Verdict {
  outcome: Outcome;
  /** The sentence to read if only one is read. */
  summary: string;
  gates: readonly Gate[];
  /** What the outcome would be by the claims about this window alone; it decides nothing unless the policy accepts it. */
  inWindow: Outcome;
  /** Every waiver, and what came of it. */
  waivers: readonly WaiverState[];
}

const SEVERITY: Record<Outcome, number> = { pass: 0, inconclusive: 1, fail: 2 };

/** The worst gate decides. */
export function worst(gates: readonly Gate[]): Outcome {
  return worstOf(gates.filter((gate) => gate.gating).map((gate) => gate.outcome));
}

/** The worst of outcomes: fail before inconclusive before pass; a pass where there are none. */
export function worstOf(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce<Outcome>((worse, one) => (SEVERITY[one] > SEVERITY[worse] ? one : worse), 'pass');
}

/** Where an interval lies against the margin that the value must stay below (or above). */
export function compare(interval: readonly [number, number] | undefined, margin: number, below = true): Outcome {
  if (interval === undefined) return 'inconclusive';
  const [low, high] = below ? interval : [-interval[1], -interval[0]];
  const limit = below ? margin : -margin;
  if (high < limit) return 'pass';
  return low > limit ? 'fail' : 'inconclusive';
}
