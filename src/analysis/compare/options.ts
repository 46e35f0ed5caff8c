import type { CaptureSet } from '../answers/captures.ts';
import type { FieldRules } from '../answers/fields.ts';
import type { Path } from '../answers/path.ts';
import type { Truth } from '../answers/truth.ts';
import type { Doing } from '../doing.ts';
import type { Window } from '../observations.ts';
import type { Task } from '../predictions.ts';

/** How answers are read and compared, and with what means; one value for a whole report, whatever its source. */
export interface ComparisonOptions {
  /** Absolute difference of two numbers that still counts as equal; undefined: half a standard deviation of production's. */
  tolerance: number | undefined;
  /** Path into JSON answers, parsed. */
  path: Path | undefined;
  /** Undefined: as the answers of production show. */
  task: Task | undefined;
  truth: Truth | undefined;
  /** What the policy says about fields of free JSON. */
  fields: FieldRules | undefined;
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
