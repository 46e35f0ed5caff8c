import type { Predictions } from '../predictions.ts';
import type { RowAccount } from './day.ts';

/** What became of the rows of one object, as far as that is known without comparing answers. */
export interface ObjectRows {
  /**
   * - `compared`: each side that is asked answered every row
   * - `failed`: a transform job has no output of it
   * - `uneven`: an output has more or fewer answers than the object has rows, so that nobody can say which belongs to which
   * - `late`: it came after the day was run
   */
  fate: 'compared' | 'failed' | 'uneven' | 'late';
  /** All rows in it. */
  rows: number;
  /** Of these, those that could not be read, and were asked of no model. */
  unreadable: number;
}

/** What the comparison found of the rows that were handed to it; see `Predictions`. */
type Compared = Pick<Predictions, 'pairs' | 'differentRows'> & {
  shadow: Pick<Predictions['shadow'], 'ambiguous' | 'unmatched'>;
};

/**
 * Puts every row in one place. Rows that were compared are judged. Of those that were handed to the comparison and are in no
 * pair, those without a second record, or whose id repeats, are without a counterpart; of the others an answer could not be read.
 * Pure.
 */
export function accountRows(objects: readonly ObjectRows[], compared: Compared | undefined): RowAccount {
  const account = { delivered: 0, judged: 0, withoutCounterpart: 0, unreadable: 0, inFailedObject: 0, late: 0 };
  let handed = 0;
  for (const { fate, rows, unreadable } of objects) {
    account.delivered += rows;
    if (fate === 'late') account.late += rows;
    else if (fate === 'failed') account.inFailedObject += rows;
    else if (fate === 'uneven') account.withoutCounterpart += rows;
    else {
      account.unreadable += unreadable;
      handed += rows - unreadable;
    }
  }
  const judged = Math.min(handed, Math.max(0, (compared?.pairs ?? 0) - (compared?.differentRows ?? 0)));
  const unpaired = (compared?.shadow.ambiguous ?? 0) + (compared?.shadow.unmatched ?? handed);
  const without = Math.min(handed - judged, unpaired);
  account.judged += judged;
  account.withoutCounterpart += without;
  account.unreadable += handed - judged - without;
  return account;
}
