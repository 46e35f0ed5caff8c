/**
 * The sums that SQL in a warehouse does not fill, by where they stand in `Predictions`, and why: a part of a sentence after
 * "because". Whoever adds a sum to one engine fills it in the other, or names it here (test/analysis/compare/warehouse).
 */
export const CANNOT = {
  clusters: 'what the policy says rows hang together by is read out of each request',
  comparator: 'a command of your own compares them',
  fields: 'answers of this kind are compared by a program, not by SQL',
  'answers.measures[]': 'answers of this kind are compared by a program, not by SQL',
  'answers.flags[]': 'answers of this kind are compared by a program, not by SQL',
  'answers.names[]': 'answers of this kind are compared by a program, not by SQL',
} as const;

/** What is asked of a comparison that only this machine can do. */
interface Asked {
  truth?: { by: 'id' | 'input' } | undefined;
  labelNext?: object | undefined;
}

/** Why only this machine can compare what is asked for, a sentence without its point; undefined where a warehouse can. */
export function onlyHere({ truth, labelNext }: Asked): string | undefined {
  if (truth?.by === 'input')
    return 'labels without ids belong to rows by their features, which are read as JavaScript reads them';
  return labelNext === undefined
    ? undefined
    : 'which rows should be labelled next is found where captures are downloaded';
}
