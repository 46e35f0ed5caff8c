/** A measure of both models: what it is, and what each has, in words. */
export interface SideBySide {
  measure: string;
  production: string;
  candidate: string;
}

/** The verdict as people are told it. */
export interface ToldVerdict {
  outcome: string;
  summary: string;
  reasons: readonly string[];
}

/** Something about a release that people are told. Times are milliseconds since the epoch. */
export type ReleaseNote = {
  endpoint: string;
  release: string;
  source: string;
  /** `batch`: days of recorded inputs are its evidence; absent: a shadow. */
  evidence?: 'batch';
} & (
  | { about: 'begun'; sampling: readonly number[]; timeBox: number; cost: string | undefined }
  | {
      about: 'asked' | 'reminder';
      /** Of the question, from 1. */
      ask: number;
      verdict: ToldVerdict;
      /** `inconclusive`: the time box is over, and nothing is proven. */
      asks: 'pass' | 'inconclusive';
      sides: readonly SideBySide[];
      until: number;
      unanswered: 'keep' | 'wait';
      /** A page with both choices; undefined: there is none. */
      link: string | undefined;
      /** Only these may approve; empty: whoever gets this. */
      approvers: readonly string[];
      /** Whether the page takes answers, or only shows. */
      pageAnswers: boolean;
      /** Its status in the Model Registry, where an approval there answers; undefined: it does not. */
      registry: string | undefined;
    }
  | { about: 'turned'; ask: number; verdict: ToldVerdict }
  /** `elsewhere`: another place has what this one lacks, the time that a look takes. */
  | { about: 'trouble'; what: string; elsewhere: boolean }
  | { about: 'settling'; config: string; until: number }
  | { about: 'alarm'; alarms: readonly string[]; wayBack: string | undefined }
  | { about: 'passed-over'; why: string }
  | { about: 'ended'; outcome: string; reason: string; wayBack: string | undefined }
);
