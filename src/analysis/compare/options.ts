import type { CaptureSet } from '../answers/captures.ts';
import type { AnswersAsked, ChosenReading } from '../answers/choose.ts';
import type { Maturity } from '../answers/label-age.ts';
import type { Prices } from '../answers/prices.ts';
import type { CompareRules } from '../answers/compare-rules.ts';
import type { Reference } from '../answers/reference.ts';
import type { Truth } from '../answers/truth.ts';
import type { Doing } from '../doing.ts';
import type { Window } from '../observations.ts';
import type { Task } from '../predictions.ts';
import type { Comparator } from './comparator/compare.ts';
import type { LabelNext } from './label-next.ts';

/** How answers are read and compared, and with what means; one value for a whole report, whatever its source. */
export interface ComparisonOptions {
  /** Absolute difference of two numbers that still counts as equal; undefined: a part of the spread of production's (`usualTolerance`). */
  tolerance: number | undefined;
  /** What the user says about answers; without it, how they are read goes by their look. */
  answers?: AnswersAsked | undefined;
  /** How they are read: chosen by compareRecords; without it each record is read by itself. */
  reading?: ChosenReading | undefined;
  /** Undefined: as the answers of production show. */
  task?: Task | undefined;
  truth?: Truth | undefined;
  /** When two answers count as alike; undefined: as the default policy says. */
  rules?: CompareRules | undefined;
  /** What says which rows hang together: see clustersOf. */
  cluster?: string | undefined;
  /** A distribution that the shadow's numbers are expected to have. */
  reference?: Reference | undefined;
  /** How old a request must be for its label to count. */
  maturity?: Maturity | undefined;
  /** What mistakes cost against labels. */
  prices?: Prices | undefined;
  /** A command of the user's own that compares, beside all this. */
  comparator?: Comparator | undefined;
  /** Asks, beside all this, which rows should get a label next. */
  labelNext?: LabelNext | undefined;
  /** Memory bound of the whole process, like `1GB`; what does not fit goes to `spill`. */
  memory: string;
  /** Folder in which the columns of the records lie while they are compared. */
  spill: string;
  /** Threads that read files and compare; undefined: as many as there are processors. */
  threads?: number | undefined;
  /** Lines are read by their bytes where they are alike (ingest/fast), else by JSON.parse; undefined: as their number asks. */
  fastPath?: boolean | undefined;
  /** In memory, or by DuckDB (true, false); undefined: as the size of the records asks. */
  inMemory?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Is told what is being done. */
  progress?: ((doing: Doing) => void) | undefined;
}

/** The capture records of one variant: in files (`.jsonl`, `.jsonl.gz`), or already read, as from logs. */
export type RecordSource = { files: readonly string[] } | { captures: CaptureSet };

/** What is compared. */
export interface Records {
  production: RecordSource;
  shadow: RecordSource;
  /** Records outside of it are counted and left out. */
  window: Window;
  /** Share of production's requests that the shadow saw, 0 to 1. */
  sampling: number;
}
