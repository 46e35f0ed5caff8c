import type { Format } from '../../report/render.ts';
import type { ComparatorFlags } from '../flags/comparator.ts';
import type { WaiverFlags } from '../flags/waivers.ts';

/** The flags of `batch report` as they were given. */
export interface BatchReportOptions extends ComparatorFlags, WaiverFlags {
  batch: string;
  format: Format;
  full: boolean;
  redact: boolean;
  output?: string;
  /** `FILE[:COLUMN]`, local or S3. */
  labels?: string;
  policy?: string;
  expect?: string;
  answers?: string;
  prediction?: string;
  until?: 'pass';
  for: string;
  every: string;
  memory: string;
}
