/** What an analysis is doing, for whoever shows it. Counts are of what is done so far; `of` is how many there are in all. */
export type Doing =
  | { step: 'looking-at-endpoint' }
  | { step: 'reading-metrics' }
  | { step: 'fetching-captures'; variant: string; files: number; of: number }
  /** `lines`: where a query tells how many it has found. */
  | { step: 'reading-log'; variant: string; lines?: number }
  /** `share` from 0 to 1: where there are many. */
  | { step: 'reading-captures'; share?: number }
  /** A few capture files, by which it is decided how all are read. */
  | { step: 'reading-sample' }
  /** Queries of Athena: `about` one that has ended, `of` as many as were expected. */
  | { step: 'asking-athena'; about: string; done: number; of: number }
  | { step: 'comparing' }
  | { step: 'pairing' }
  | { step: 'summing' }
  /** The user's own command has the pairs. */
  | { step: 'asking-comparator'; pairs: number };
