import { lossBounds, lossSample } from '../../src/analysis/judge/loss-sample.ts';
import { compare } from '../../src/analysis/judge/verdict.ts';
import type { Outcome } from '../../src/analysis/judge/verdict.ts';
import type { Random } from '../support/random.ts';
import { type Ended, policy } from './calibrate-frame.ts';

/** Rows of a window whose differing rows are labelled one after the other. */
const ROWS = 20_000;

/**
 * Labels of differing rows, in the order of `report --label-next`, until the gate on accuracy decides; looked at after every
 * `step` labels.
 *
 * @param shares of all rows: only production is right, only the shadow is, neither is
 * @param step labels between looks
 */
export function labelsUntil(
  random: Random,
  [onlyProduction, onlyShadow, neither]: readonly [number, number, number],
  step = 1,
): { outcome: Outcome; labels: number } {
  const rows = Array.from({ length: ROWS }, () => {
    const draw = random.next();
    const what =
      draw < onlyProduction
        ? 1
        : draw < onlyProduction + onlyShadow
          ? -1
          : draw < onlyProduction + onlyShadow + neither
            ? 0
            : undefined;
    // Two classes of production's, one twice as frequent as the other.
    return { what, production: random.next() < 2 / 3 ? 'a' : 'b', lot: random.next() };
  });
  const differing = rows.flatMap(({ what, production, lot }) =>
    what === undefined ? [] : [{ what, production, lot }],
  );
  const strata = ['a', 'b'].map((name) => {
    const members = differing.filter(({ production }) => production === name).toSorted((a, b) => a.lot - b.lot);
    return {
      members: members.map(({ what }, i) => ({ what, name, turn: (i + 0.5) / members.length })),
      sum: { production: name, differ: true, rows: members.length, labelled: 0, onlyProduction: 0, onlyShadow: 0 },
    };
  });
  const agree = {
    production: 'a',
    differ: false,
    rows: ROWS - differing.length,
    labelled: 0,
    onlyProduction: 0,
    onlyShadow: 0,
  };
  let labels = 0;
  for (const { what, name } of strata.flatMap(({ members }) => members).toSorted((a, b) => a.turn - b.turn)) {
    labels += 1;
    const sum = strata.find(({ sum: one }) => one.production === name)?.sum;
    if (sum === undefined) continue;
    sum.labelled += 1;
    if (what === 1) sum.onlyProduction += 1;
    if (what === -1) sum.onlyShadow += 1;
    if (labels % step !== 0) continue;
    const interval = lossBounds(lossSample([agree, ...strata.map((one) => one.sum)]), 1, 1, policy);
    const outcome = compare(interval, policy.truth);
    if (outcome !== 'inconclusive') return { outcome, labels };
  }
  return { outcome: 'inconclusive', labels };
}

/** The same, looked at after every label; what ended it is counted in labels. */
export function labelled(random: Random, shares: readonly [number, number, number]): Ended {
  const { outcome, labels } = labelsUntil(random, shares);
  return { outcome, minutes: labels };
}
