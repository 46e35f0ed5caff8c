import type { SideCounts } from '../../predictions.ts';
import type { Answer } from '../../answers/answer.ts';
import type { Capture, CaptureSet } from '../../answers/captures.ts';

/** The records of one variant with their answers read. */
export interface Side {
  set: CaptureSet;
  answers: Map<Capture, readonly Answer[]>;
  withoutAnswer: number;
  unparsed: number;
  /** Records without an answer, and those with one that cannot be read. */
  lost: { capture: Capture; empty: boolean }[];
  examples: string[];
}

/** Where every record of a variant went, and how its answers are spread: a model that always says the same stands out. */
export function sideCounts(
  side: Side,
  ambiguous: number,
  unmatched: number,
  text: (answer: Answer) => string,
): SideCounts {
  const seen = new Map<string, number>();
  let answers = 0;
  for (const list of side.answers.values()) {
    for (const answer of list) {
      answers += 1;
      const key = text(answer);
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }
  let commonest: [string, number] | undefined;
  for (const entry of seen) if (commonest === undefined || entry[1] > commonest[1]) commonest = entry;
  return {
    files: side.set.files,
    records: side.set.captures.length,
    unreadable: side.set.unreadable,
    unreadableBy: side.set.unreadableBy ?? [],
    outside: side.set.outside,
    withoutAnswer: side.withoutAnswer,
    unparsed: side.unparsed,
    ambiguous,
    unmatched,
    answers,
    distinct: seen.size,
    commonest:
      commonest === undefined ? undefined : { answer: commonest[0].slice(0, 80), share: commonest[1] / answers },
    examples: side.examples,
  };
}
