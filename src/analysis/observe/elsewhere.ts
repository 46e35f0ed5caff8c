import type { Compared } from '../compare/compare.ts';
import type { ComparisonOptions, Records } from '../compare/options.ts';
import type { ReadElsewhere, Window } from '../observations.ts';
import type { CapturesFolder } from './captures.ts';

/** Captures of both variants as they lie in S3, before any of them is read. */
export interface CapturesThere {
  endpoint: string;
  /** Folder of all variants' captures, an `s3://` URI that ends with a slash. */
  root: string;
  variants: { production: string; shadow: string };
  window: Window;
  /** Share of production's requests that the shadow saw, 0 to 1. */
  sampling: number;
  /** Production's requests in the window, as CloudWatch counts them; undefined where it does not tell. */
  requests: number | undefined;
  /** Of both variants; hours without captures are among them. */
  folders: readonly CapturesFolder[];
  /** Bytes of capture files that a comparison on this machine would download. */
  toFetch: number;
  comparison: ComparisonOptions;
  /**
   * Downloads a few files of each side: those by which it is decided how answers are read, and the newest, which tell up to when
   * both sides have arrived.
   */
  sample(): Promise<{ records: Records; window: Window; notes: string[] }>;
}

/** What was compared where it lies. */
export interface ComparedElsewhere extends Compared {
  engine: ReadElsewhere;
}

/**
 * Compares captures where they lie; or says nothing, or something about itself, and leaves it to this machine.
 * @throws Problem where it cannot be done
 */
export type CompareElsewhere = (there: CapturesThere) => Promise<ComparedElsewhere | { kind: 'here'; notes: string[] }>;
