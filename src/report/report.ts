import type { FailedObject } from '../analysis/batch/day.ts';
import type { LeftOutDay } from '../analysis/batch/days.ts';
import type { EarlierFailure } from '../analysis/judge/earlier.ts';
import type { FleetChange } from '../analysis/judge/fleets.ts';
import type { Summaries } from '../analysis/judge/summaries.ts';
import type { Observations } from '../analysis/observations.ts';
import type { Policy } from '../analysis/policy/policy.ts';
import type { Verdict } from '../analysis/judge/verdict.ts';
import type { CommandLine } from '../base/text.ts';

/** Everything a rendering may show; five renderings of this one value. */
export interface Report {
  schema: 'shadowctl-report/1' | 'shadowctl-batch-report/1';
  /** Milliseconds since the epoch. */
  created: number;
  observations: Observations;
  summaries: Summaries;
  policy: Policy;
  /** Where the policy came from: a file, or the defaults. */
  policyFrom: string;
  /** Undefined where there is no shadow: nothing to compare. */
  verdict: Verdict | undefined;
  /** Where one fleet was scaled without the other: some minutes are of another load. It informs, and decides nothing. */
  fleets?: FleetChange | undefined;
  /** Gates that failed on this shadow before, and of which this verdict says nothing: none is promoted without them. */
  earlier?: readonly EarlierFailure[] | undefined;
  /** Of a batch, whose days are in the observations. */
  batch?: BatchFacts | undefined;
}

/** How a batch came about. Days are written `2026-11-29`. */
export interface BatchFacts {
  name: string;
  /** IANA zone of its days. */
  zone: string;
  /** What stands on production's side. */
  against: 'model' | 'captures' | 'decisions';
  /** The days that count, oldest first, as in the observations. */
  days: readonly {
    day: string;
    /** Reruns replace a day: 1, 2, … */
    attempt: number;
    failedObjects: readonly FailedObject[];
    notes: readonly string[];
    /** US dollars, estimated. */
    cost: number | undefined;
  }[];
  /** Days that were run and do not count. */
  leftOut: readonly LeftOutDay[];
  /** Days whose pairs are gone: what was summed when they were run counts. */
  kept: readonly string[];
  /** What the policy demands and a batch cannot be asked: gates by their ids. */
  notAsked: readonly string[];
  /** The last day to which it goes on, and whether that has come. */
  until: string;
  over: boolean;
  /** US dollars, estimated; undefined where the cost of a day is not known. */
  cost: number | undefined;
}

export interface RenderOptions {
  /** Columns to draw for, where that matters. */
  columns: number;
  color: boolean;
  /** How a command that is shown is written; undefined: as it is. */
  command?: ((line: CommandLine) => string) | undefined;
  /** The flags with which the report was asked for: the next step has them too. Undefined: its endpoint alone. */
  asked?: CommandLine['options'] | undefined;
  /** The release whose shadow this is: it takes or leaves it. */
  release?: { id: string; endpoint: string } | undefined;
  /** On a terminal: all there is, instead of what decides and what stands out. */
  full?: boolean | undefined;
  /** On a terminal, while the next look is waited for: when that is, milliseconds since the epoch. Only the first lines are drawn. */
  nextLook?: number | undefined;
}

/** A renderer is a function from report to text. */
export type Renderer = (report: Report, options: RenderOptions) => string | Promise<string>;
