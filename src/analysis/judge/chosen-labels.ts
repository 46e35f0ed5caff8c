import type { Predictions, TruthOutcome, TruthStratum } from '../predictions.ts';
import { OTHERS } from '../answers/strata.ts';
import { CHOSEN_SHARE, total } from './loss-sample.ts';
import type { MarkedStratum } from './loss-sample.ts';
import type { Observations } from '../observations.ts';
import { ripe } from './truth-gate.ts';
import { copiesOf } from '../statistics/repeats.ts';

/** Shares of labelled rows differ by more than chance; there is one comparison for each pair of classes, at each look. */
const CHOSEN_ERRORS = 4;

/** What is held against labels: all that was compared, or the days of a batch whose labels have come. */
export function labelledOf({ labelled, predictions }: Observations): Predictions | undefined {
  const found = labelled ?? predictions;
  return found && usable(found);
}

/**
 * The sums as they may be judged: without minutes that are too young for labels, and with the classes marked in which labels
 * depend on what the shadow answered.
 */
function usable(predictions: Predictions): Predictions {
  const { truth, labels, repeats } = predictions;
  const ready = ripe(predictions);
  // What came by itself is not taken for drawn by lot, as it is.
  if (truth?.age?.timed === true || truth?.strata === undefined || labels === undefined) return ready;
  const { outcomes } = truth;
  if (outcomes === undefined) return ready;
  const copies = copiesOf(repeats?.agreement);
  const strata = truth.strata.map((one): MarkedStratum => {
    const short = one.differ ? lackingBy(one, labels.confusion, outcomes, copies) : 0;
    return short === 0 ? one : { ...one, chosen: short };
  });
  return { ...ready, truth: { ...truth, strata } };
}

/**
 * How many labels a class of production lacks where the models differ, because rows to which the shadow gives some classes have
 * one less often than others; 0 where chance explains it. Nobody acts on what a shadow answers, so that labels which
 * came by themselves cannot depend on it, unless by what is really the case.
 */
function lackingBy(
  { production, rows, labelled }: TruthStratum,
  { labels, counts }: NonNullable<Predictions['labels']>['confusion'],
  outcomes: readonly TruthOutcome[],
  copies: number,
): number {
  const own = counts[labels.indexOf(production)];
  if (own === undefined || production === OTHERS || labelled === 0 || labelled >= rows) return 0;
  const cells = labels.flatMap((shadow, i) => {
    const all = own[i] ?? 0;
    if (shadow === production || shadow === OTHERS || all === 0) return [];
    const known = outcomes.filter((one) => one.production === production && one.shadow === shadow);
    return [{ rows: all, labelled: total(known, (one) => one.rows) }];
  });
  return total(cells, (cell) => {
    const others = { rows: rows - cell.rows, labelled: labelled - cell.labelled };
    if (others.rows <= 0) return 0;
    const usual = others.labelled / others.rows;
    const short = CHOSEN_SHARE * usual * cell.rows - cell.labelled;
    // Two shares of labelled rows, by the normal approximation with their common share; copies of an input count once.
    const common = labelled / rows;
    const error = Math.sqrt(copies * common * (1 - common) * (1 / cell.rows + 1 / others.rows));
    return short > 0 && usual - cell.labelled / cell.rows > CHOSEN_ERRORS * error ? Math.ceil(short) : 0;
  });
}
