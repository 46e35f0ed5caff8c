import type { Format } from '../../report/render.ts';
import type { ComparatorFlags } from '../flags/comparator.ts';
import type { WaiverFlags } from '../flags/waivers.ts';

/** The flags of `report` as they were given. */
export interface ReportOptions extends ComparatorFlags, WaiverFlags {
  /** Undefined only where `files` is given. */
  endpoint: string | undefined;
  /** Length of the window, where `from` does not say; without both, since the present shadow is in service. */
  last: string | undefined;
  from: string | undefined;
  to: string | undefined;
  format: Format;
  /** `FILE[:COLUMN]`, local or S3. */
  labels: string | undefined;
  /** How many rows to write whose labels decide most, where to, and whether with the models' answers. */
  labelNext: string | undefined;
  labelFile: string;
  withAnswers: boolean;
  /** Path into answers. */
  prediction: string | undefined;
  /** Kind of answers. */
  answers: string | undefined;
  /** Where predictions are taken from: data capture, or what the containers print. */
  source: 'captures' | 'logs';
  /** What reads captures; undefined: as shadowctl.yaml says. */
  engine?: 'local' | 'athena' | undefined;
  /** Filter pattern of CloudWatch Logs. */
  logPattern: string | undefined;
  /** Query of CloudWatch Logs Insights, in place of the pattern. */
  logsQuery: string | undefined;
  /** Path to the id in a log line, or the query's column. */
  id: string | undefined;
  task: string | undefined;
  /** A YAML file with the policy. */
  policy: string | undefined;
  /** What the new model is expected to be, in the words of the policy. */
  expect: string | undefined;
  output: string | undefined;
  /** On a terminal: all there is, not the short form. */
  full: boolean;
  predictions: boolean;
  /** Saved observations, or a folder of captures, instead of AWS. */
  files: string | undefined;
  /** A mirror, by the folder of its records: the same as `files`, and what comes next is said of it. */
  mirror?: string | undefined;
  /** Further saved observations, whose sums are added to those of `files` (or of `from`, where that is a path). */
  also?: readonly string[] | undefined;
  /** How the lines of logs under `files` are written. */
  line: string | undefined;
  /** `PRODUCTION,SHADOW`: folders under `files`. */
  variants: string | undefined;
  /** `none`, or `FILE[:COLUMN]` with what was decided: in place of production's captures. */
  live: string | undefined;
  /** Where to keep the observations. */
  save: string | undefined;
  /** Leaves out what was sent, who sent it, and free answers: see redact.ts. */
  redact: boolean;
  /** Look again and again until the first decision: `show` every report, or only the last. */
  watch: 'show' | 'quiet' | undefined;
  /** Time between two looks. */
  every: string;
  /** Give up waiting for a decision after this time. */
  timeout: string;
  /** Memory bound for many captures. */
  memory: string;
}
