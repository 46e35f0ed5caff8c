import type { CandidateFlags } from '../flags/candidate.ts';
import type { PricedOptions } from '../flags/price.ts';

/** The flags of `batch run` as they were given. */
export interface BatchRunOptions extends PricedOptions {
  batch: string;
  input: string;
  output: string;
  day: string;
  /** So many days before are looked at, too. */
  catchUp?: number;
  zone: string;
  captures: boolean;
  candidate: CandidateFlags;
  /** `captures`, `model:NAME` or `FILE[:COLUMN]` */
  against: string;
  id?: string;
  withoutId: boolean;
  labels?: string;
  policy?: string;
  prediction?: string;
  answers?: string;
  memory: string;
  header?: boolean;
  contentType?: string;
  accept?: string;
  inputFilter?: string;
  instances: number;
  instanceType: string;
  maxPayload?: number;
  maxConcurrent?: number;
  maxCost?: number;
  findBadRows: boolean;
  rerun: boolean;
}

/** What `batch schedule` takes: a batch of every day, and when it runs. */
export interface BatchScheduleOptions extends BatchRunOptions {
  /** `HH:MM`, on the clocks of the zone. */
  at: string;
}

export interface BatchStatusOptions {
  batch: string;
  format: 'text' | 'json';
}
