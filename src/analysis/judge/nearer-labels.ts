import type { LossStratum, TruthSums } from '../predictions.ts';
import { number, percent } from '../../base/units.ts';
import { CHOSEN_SHARE } from './loss-sample.ts';
import { needsAdvice } from './needs.ts';
import type { Blocker } from './needs.ts';

/** As far apart as this is believed to be no chance, in standard errors, of each band at each look. */
const ERRORS = 4;
const FEW_ROWS = 20;

/**
 * Labels that are there where the two numbers lie near each other, and missing where they lie far apart: whoever chose them knew what the
 * shadow says, or labels are had for what is easy. Either way the rows with one lose less than the others do. That labels are
 * more frequent where numbers lie far apart, as of `--label-next`, makes the loss no smaller.
 *
 * @param copies how many times less rows count for their repeated inputs
 */
export function nearerLabels({ losses = [], age }: TruthSums, copies: number): Blocker | undefined {
  // Of labels that came by themselves, rows without one stand apart already.
  if (age?.timed === true) return undefined;
  const found = losses.map(nearerIn(copies)).find((one) => one !== undefined);
  return (
    found && {
      reason: `where the shadow's number is ${BAND_WORDS[found.band]} production's, the two lie ${number(found.labelled)} apart in the rows that have a label and ${number(found.others)} in the ${percent(found.share)} that have none: labels are missing where the models differ most`,
      missing: 0,
      needs: needsAdvice('labels of all rows, or of rows that are drawn at random or by --label-next'),
    }
  );
}

const BAND_WORDS: Record<LossStratum['band'], string> = {
  equal: 'about',
  above: 'above',
  below: 'below',
  agree: 'like',
  differ: 'unlike',
};

/** Mean distances of the two numbers in rows with a label and in the others, where those are greater; undefined where chance explains it. */
function nearerIn(copies: number) {
  return ({ band, rows, apart, apartSquared, labelled, labelledApart }: LossStratum) => {
    const missing = rows - labelled;
    if (apartSquared === undefined || labelledApart === undefined || labelled < FEW_ROWS || missing < FEW_ROWS)
      return undefined;
    const means = { labelled: labelledApart / labelled, others: (apart - labelledApart) / missing };
    const variance = Math.max(0, apartSquared / rows - (apart / rows) ** 2);
    const error = Math.sqrt(copies * variance * (1 / labelled + 1 / missing));
    const isNearer = means.labelled < CHOSEN_SHARE * means.others && means.others - means.labelled > ERRORS * error;
    return isNearer ? { band, ...means, share: missing / rows } : undefined;
  };
}
