import type { DayFacts, Observations } from '../observations.ts';
import type { Predictions, SliceSums } from '../predictions.ts';
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
  return { ...merged, slices: mergeParts(found, merged), merged: found.length };
}

/** All rows of a day stand at its beginning, also where its folders are of hours. */
function atDay(predictions: Predictions, at: number): Predictions {
  const { blocks, ...rest } = predictions;
  return { ...rest, blocks: blocks.map((block) => ({ ...block, at })) };
}

/** What labels say of a part, on the days that have some. */
function mergeTruth(a: SliceSums['truth'], b: SliceSums['truth']): SliceSums['truth'] {
  if (a === undefined || b === undefined) return a ?? b;
  return { rows: a.rows + b.rows, loss: a.loss + b.loss, lossSquared: a.lossSquared + b.lossSquared };
}

/** A part of a column must be one of so many of the days: quarters of numbers are others every day. */
const OF_DAYS = 0.5;

/** Parts of the inputs that most days have under the same name. */
function mergeParts(days: readonly Predictions[], merged: Predictions): SliceSums[] | undefined {
  const sliced = days.flatMap(({ slices }) => (slices === undefined ? [] : [slices]));
  if (sliced.length === 0) return undefined;
  const found = new Map<string, SliceSums & { days: number }>();
  for (const slice of sliced.flat()) {
    const name = JSON.stringify([slice.column, slice.part]);
    const before = found.get(name);
    found.set(name, {
      ...slice,
      rows: slice.rows + (before?.rows ?? 0),
      hits: slice.hits + (before?.hits ?? 0),
      inputs: slice.inputs + (before?.inputs ?? 0),
      truth: mergeTruth(before?.truth, slice.truth),
      days: 1 + (before?.days ?? 0),
    });
  }
  // Inputs that come on several days are counted on each of them: as many less, in every part, as in all rows.
  const apart = days.reduce((sum, { repeats, rows }) => sum + (repeats?.inputs ?? rows), 0);
  const different = merged.repeats === undefined || apart === 0 ? 1 : merged.repeats.inputs / apart;
  return [...found.values()]
    .filter((one) => one.days >= OF_DAYS * sliced.length)
    .map(({ column, part, rows, hits, inputs, truth }) => ({
      column,
      part,
      rows,
      hits,
      inputs: Math.max(1, Math.floor(inputs * different)),
      ...(truth === undefined ? {} : { truth }),
    }));
}
