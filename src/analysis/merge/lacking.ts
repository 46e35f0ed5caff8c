import type { Lacking, Predictions, TruthSums } from '../predictions.ts';

/** Of so many rows the sample shows how far apart scores lie. */
const MANY = 100;

/**
 * What one of two windows does not say, though the other does or its gates are asked by it, as an older version saved it, or one that
 * left out what was sent (--redact). What cannot be added must not be passed over: see `judge/lacking.ts`.
 */
export function lacking(a: Predictions, b: Predictions): Lacking[] {
  const windows = [a, b].filter(({ rows }) => rows > 0);
  const some = (has: (one: Predictions) => unknown) => windows.some((one) => has(one) !== undefined);
  const one = (has: (one: Predictions) => unknown) => some(has) && windows.some((other) => has(other) === undefined);
  const found: Lacking[] = [
    ...(windows.some(({ slices, columns }) => slices !== undefined && columns === undefined)
      ? (['slices'] as const)
      : []),
    ...(one(({ missing }) => missing) ? (['missing'] as const) : []),
    ...(one(({ labels }) => labels?.byClass) ? (['classes'] as const) : []),
    // Of a few answers nobody learns how far apart their scores lie.
    ...(one(({ labels, rows }) => (rows < MANY ? {} : labels?.others)) && some(({ labels }) => labels?.others)
      ? (['others'] as const)
      : []),
    ...(one(({ fields, answers }) => fields?.[0]?.values ?? answers?.names) || windows.some(hidesValues)
      ? (['fields'] as const)
      : []),
    ...(one(({ repeats }) => repeats) ? (['repeats'] as const) : []),
    ...(lacksTruth(a.truth, b.truth) ? (['truth'] as const) : []),
  ];
  return [...new Set([...(a.lacks ?? []), ...(b.lacks ?? []), ...found])];
}

function hidesValues({ fields = [], answers }: Predictions): boolean {
  return [answers?.names, ...fields.map(({ values }) => values)].some((values) => values?.some((one) => one.hidden));
}

/** Sums of labels that only one of two windows has, though both have labels; or that are needed of both. */
function lacksTruth(a: TruthSums | undefined, b: TruthSums | undefined): boolean {
  if (a === undefined || b === undefined || a.rows === 0 || b.rows === 0) return false;
  // Ranks over both are not known, and without these sums nothing else tells whether the labels are those of the rows.
  if (a.binary !== undefined && b.binary !== undefined && a.fit === undefined && b.fit === undefined) return true;
  return (['strata', 'cells', 'outcomes', 'losses', 'fit'] as const).some(
    (name) => (a[name] === undefined) !== (b[name] === undefined),
  );
}
