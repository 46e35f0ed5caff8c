import type { DayFacts, Observations } from '../observations.ts';
import type { Predictions } from '../predictions.ts';
import { mergePredictions } from './predictions.ts';

/** A day of a batch, and what was seen of it. */
export interface SeenDay extends DayFacts {
  observations: Observations;
}

/** Days whose labels have come for less than this share of what most days have are still waiting for them. */
const HAVE_COME = 0.5;

/**
 * A batch as the sum of its days, oldest first: read and compared alike, of the same models. Where labels have not come for all
 * days, `labelled` is the sum of those for which they have: what labels say of some days, they do not say of others. Pure.
 *
 * @throws Error where there is no day
 */
export function mergeDays(days: readonly SeenDay[]): Observations {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) throw new Error('there is no day to judge');
  const ripe = withLabels(days);
  return {
    ...last.observations,
    // Every name is to be there, also of what was kept as JSON.
    region: last.observations.region,
    sampling: last.observations.sampling,
    window: { from: first.from, to: last.to },
    predictions: sumOf(days),
    labelled: ripe.length === 0 || ripe.length === days.length ? undefined : sumOf(ripe),
    days: days.map(({ day, from, to, rows }) => ({ day, from, to, rows })),
    notes: [...new Set(days.flatMap(({ observations }) => observations.notes))],
  };
}

function withLabels(days: readonly SeenDay[]): SeenDay[] {
  const shares = days.map(({ observations: { predictions } }) => {
    const { rows = 0, of = 0 } = predictions?.truth ?? {};
    return of === 0 ? 0 : rows / of;
  });
  const most = Math.max(0, ...shares);
  return days.filter((_, i) => (shares[i] ?? 0) > 0 && (shares[i] ?? 0) >= HAVE_COME * most);
}

function sumOf(days: readonly SeenDay[]): Predictions | undefined {
  const found = days.flatMap(({ from, observations: { predictions } }) =>
    predictions === undefined || predictions.pairs === 0 ? [] : [atDay(predictions, from)],
  );
  const [first, ...others] = found;
  if (first === undefined) return days.at(-1)?.observations.predictions;
  const merged = others.reduce((sum, next) => mergePredictions(sum, next, 1), first);
  return { ...merged, merged: found.length };
}

/** All rows of a day stand at its beginning, also where its folders are of hours. */
function atDay(predictions: Predictions, at: number): Predictions {
  const { blocks, ...rest } = predictions;
  return { ...rest, blocks: blocks.map((block) => ({ ...block, at })) };
}
