/**
 * The sums that SQL in a warehouse does not fill, by where they stand in `Predictions`, and why: a part of a sentence after
 * "because". Whoever adds a sum to one engine fills it in the other, or names it here (test/analysis/compare/warehouse).
 */
export const CANNOT = {
  truth: 'labels cannot be compared where the captures lie yet',
  clusters: 'what the policy says rows hang together by is read out of each request',
  comparator: 'a command of your own compares them',
  fields: 'answers of this kind are compared by a program, not by SQL',
  'answers.measures[]': 'answers of this kind are compared by a program, not by SQL',
  'answers.flags[]': 'answers of this kind are compared by a program, not by SQL',
  'blocks[].young': 'labels cannot be compared where the captures lie yet',
  'slices[].truth': 'labels cannot be compared where the captures lie yet',
  'columns[].cells[].truth': 'labels cannot be compared where the captures lie yet',
  'repeats.onlyProduction': 'labels cannot be compared where the captures lie yet',
  'repeats.onlyShadow': 'labels cannot be compared where the captures lie yet',
  'repeats.loss': 'labels cannot be compared where the captures lie yet',
} as const;
