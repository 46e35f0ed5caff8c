import type { LostLines } from '../predictions.ts';

const EXAMPLES = 5;

/** Where the records of one variant went. */
export interface ScanCounts {
  records: number;
  unreadable: number;
  /** The same by reason. */
  unreadableBy: readonly LostLines[];
  outside: number;
  withoutAnswer: number;
  unparsed: number;
  /** Records with answers, and the rows of those. */
  answered: number;
  answers: number;
  /** Rows with a score for each class. */
  scored: number;
  examples: string[];
}

/** Counts records, and keeps examples of those that are lost. */
export class Tally implements ScanCounts {
  records = 0;
  unreadable = 0;
  outside = 0;
  withoutAnswer = 0;
  unparsed = 0;
  answered = 0;
  answers = 0;
  scored = 0;
  readonly examples: string[] = [];
  /** A plain field: threads hand it over. */
  readonly unreadableBy: LostLines[] = [];

  /** Counts a line that could not be read at all. */
  lost(why: string, where: string): void {
    this.unreadable += 1;
    const known = this.unreadableBy.some((one) => one.why === why);
    addLost(this.unreadableBy, [{ why, count: 1 }]);
    const words = `${why}: ${where.slice(0, 100)}`;
    if (known) return this.example(words);
    // Whatever else there is, every reason is named once.
    this.examples.unshift(words);
    this.examples.splice(EXAMPLES);
  }

  /** What was lost before: counted elsewhere, with its reasons where they are known. */
  lostBefore(unreadable: number, by: readonly LostLines[] = []): void {
    this.unreadable += unreadable;
    addLost(this.unreadableBy, by);
  }

  example(words: string): void {
    if (this.examples.length < EXAMPLES) this.examples.push(words);
  }
}

/** The counts of several threads together. */
export function total(counts: readonly ScanCounts[]): ScanCounts {
  const unreadableBy: LostLines[] = [];
  for (const one of counts) addLost(unreadableBy, one.unreadableBy);
  const sum = (name: Exclude<keyof ScanCounts, 'examples' | 'unreadableBy'>) =>
    counts.reduce((all, one) => all + one[name], 0);
  return {
    records: sum('records'),
    unreadable: sum('unreadable'),
    unreadableBy,
    outside: sum('outside'),
    withoutAnswer: sum('withoutAnswer'),
    unparsed: sum('unparsed'),
    answered: sum('answered'),
    answers: sum('answers'),
    scored: sum('scored'),
    examples: mixed(counts.map((one) => one.examples)),
  };
}

/** Adds counts by reason to others; the commonest comes first. */
export function addLost(all: LostLines[], more: readonly LostLines[]): void {
  for (const { why, count } of more) {
    const known = all.find((one) => one.why === why);
    if (known === undefined) all.push({ why, count });
    else known.count += count;
  }
  all.sort((a, b) => b.count - a.count || (a.why < b.why ? -1 : 1));
}

/** Five examples, the first of each thread first: it is the first of its kind. */
function mixed(lists: readonly (readonly string[])[]): string[] {
  return Array.from({ length: EXAMPLES }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1)))
    .flat()
    .slice(0, EXAMPLES);
}
