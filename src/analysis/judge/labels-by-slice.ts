import type { Predictions, SliceSums } from '../predictions.ts';
import { finestParts } from '../slicing.ts';
import { copiesOf } from '../statistics/repeats.ts';
import { count, counted, percent } from '../../base/units.ts';
import { needsAdvice } from './needs.ts';
import type { Blocker } from './needs.ts';
import { sliceText } from './slices-apart.ts';

/**
 * Labels of a slice are missing where they are so much rarer than in the other slices of its column, and not by chance: as four standard
 * errors are, of each of many slices at each look. Of numbers, --label-next asks sooner for rows that lie further apart, which may be those
 * of one slice; so it takes more there.
 */
const RARER = { classes: 0.5, numbers: 0.25 } as const;
const ERRORS = 4;

interface Lacking {
  slice: SliceSums;
  rows: number;
  labelled: number;
  /** The share of labelled rows elsewhere. */
  usual: number;
}

/**
 * Why labels cannot speak for all rows: those of one slice of the inputs are missing. What the models lose there nobody knows, and
 * bounds over the labelled rows leave it out. Of classes only rows that differ are looked at: where the models agree nothing is lost,
 * with or without a label.
 *
 * @returns undefined too of observations of older versions, which do not say which labelled rows differ
 */
export function labelsBySlice(predictions: Predictions): Blocker | undefined {
  const { labels, truth, repeats } = predictions;
  const slices = finestParts(predictions);
  if (slices === undefined || truth === undefined || truth.rows >= truth.of) return undefined;
  // Of labels that came by themselves, rows without one stand apart already.
  if (truth.age?.timed === true) return undefined;
  const copies = copiesOf(labels === undefined ? repeats?.beyond : repeats?.agreement);
  const found = slices.flatMap((slice): Lacking[] => {
    const column = slices.filter((one) => one.column === slice.column && one !== slice);
    // Slices hold rows, too, that are too young for labels.
    if (slice.rows + column.reduce((sum, one) => sum + one.rows, 0) > truth.of) return [];
    const bands = labels === undefined ? ([false, true] as const) : ([false] as const);
    return bands.flatMap((near): Lacking[] => {
      const own = inBand(slice, near);
      const others = column.map((one) => inBand(one, near));
      if (own === undefined || others.includes(undefined)) return [];
      const rows = others.reduce((sum, one) => sum + (one?.rows ?? 0), 0);
      const labelled = others.reduce((sum, one) => sum + (one?.labelled ?? 0), 0);
      if (rows === 0 || own.rows === 0) return [];
      const usual = labelled / rows;
      const common = (labelled + own.labelled) / (rows + own.rows);
      const error = Math.sqrt(copies * common * (1 - common) * (1 / rows + 1 / own.rows));
      const isRarer = own.labelled / own.rows < RARER[labels === undefined ? 'numbers' : 'classes'] * usual;
      return isRarer && usual - own.labelled / own.rows > ERRORS * error ? [{ slice, ...own, usual }] : [];
    });
  });
  const [first] = found.toSorted((a, b) => b.rows - b.labelled - (a.rows - a.labelled));
  if (first === undefined) return undefined;
  const { slice, rows, labelled, usual } = first;
  const what = labels === undefined ? 'rows' : 'rows on which the models differ';
  return {
    reason: `labels are missing by slice: of ${counted(rows, what)} with ${sliceText(slice)}, ${labelled === 0 ? 'none has' : `${count(labelled)} have`} a label, and elsewhere ${percent(usual)} have one, so that nobody knows what is lost there`,
    missing: 0,
    needs: needsAdvice(`labels of rows with ${sliceText(slice)}`),
  };
}

/** Rows of a slice whose answers are near (or are not), and those of them with a label. */
function inBand(slice: SliceSums, near: boolean): { rows: number; labelled: number } | undefined {
  const { truth } = slice;
  if (truth?.near === undefined) return undefined;
  return near
    ? { rows: slice.hits, labelled: truth.near }
    : { rows: slice.rows - slice.hits, labelled: truth.rows - truth.near };
}
