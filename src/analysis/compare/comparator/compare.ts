import { MINUTE } from '../../../base/units.ts';
import { commandDigest } from '../../answers/comparator.ts';
import type { ComparatorSums, ScoreSums } from '../../predictions.ts';
import { InputCounter } from '../memory/input-counter.ts';
import { RowInputs } from '../memory/row-inputs.ts';
import { runComparator } from './process.ts';
import type { ComparatorCommand } from './process.ts';
import { encodePair, parseScores } from './protocol.ts';
import type { Scores } from './protocol.ts';
import type { Sample, SampledPair } from './sample.ts';

/** A command that compares, and how many pairs it is given at most. */
export interface Comparator extends ComparatorCommand {
  sample: number;
}

/** Pairs of each name that are shown, those that are least alike. */
const LOWEST = 3;

/**
 * Asks the command about the pairs that were drawn, once for all of them. Without pairs it is not started.
 *
 * @throws Problem (cannot-run) where it does not give every pair its numbers
 */
export async function compareBy(
  comparator: Comparator,
  { pairs, of, halvings }: Sample,
  signal?: AbortSignal,
): Promise<ComparatorSums> {
  const given: Scores[] = [];
  let names: string[] | undefined;
  if (pairs.length > 0)
    await runComparator(
      comparator,
      pairs.map((pair, id) => encodePair(id, pair)),
      (line) => {
        const scores = parseScores(line, names);
        if (typeof scores === 'string') return scores;
        names ??= Object.keys(scores).toSorted();
        given.push(scores);
        return undefined;
      },
      signal,
    );
  return {
    command: comparator.command,
    digest: commandDigest(comparator.command),
    pairs: pairs.length,
    of,
    halvings,
    scores: (names ?? []).map((name) => sumsOf(name, pairs, given)),
  };
}

function sumsOf(name: string, pairs: readonly SampledPair[], given: readonly Scores[]): ScoreSums {
  const values = pairs.map((pair, i) => ({ pair, value: given[i]?.[name] ?? 0 }));
  const inputs = new RowInputs();
  const repeats = new InputCounter();
  const minutes = new Map<number, { at: number; rows: number; sum: number }>();
  for (const { pair, value } of values) {
    repeats.add(inputs.of(pair.production.input, 1)[0] as number, value);
    const at = Math.floor(pair.at / MINUTE) * MINUTE;
    const minute = minutes.get(at) ?? { at, rows: 0, sum: 0 };
    minute.rows += 1;
    minute.sum += value;
    minutes.set(at, minute);
  }
  const ascending = values.toSorted((a, b) => a.value - b.value || (a.pair.id < b.pair.id ? -1 : 1));
  return {
    name,
    rows: values.length,
    sum: values.reduce((sum, { value }) => sum + value, 0),
    least: ascending[0]?.value ?? 0,
    most: ascending.at(-1)?.value ?? 0,
    minutes: [...minutes.values()].toSorted((a, b) => a.at - b.at),
    repeats: repeats.sums(),
    lowest: ascending
      .filter(({ value }) => value < 1)
      .slice(0, LOWEST)
      .map(({ pair, value }) => ({ id: pair.id, at: pair.at, value })),
  };
}
