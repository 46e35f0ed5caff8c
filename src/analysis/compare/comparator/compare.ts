import { createHash } from 'node:crypto';
import { clustersOf } from '../../answers/cluster.ts';
import { stronger } from '../../statistics/repeats.ts';
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
  /** What it gave before, by the digest of what it was given: a later look asks about new pairs only. */
  known: Map<string, Scores>;
}

/** Pairs of each name that are shown, those that are least alike. */
const LOWEST = 3;

/**
 * Asks the command about the pairs that were drawn, once for all of them that it has not been asked about before.
 *
 * @param options.cluster what rows hang together by
 * @throws Problem (cannot-run) where it does not give every pair its numbers
 */
export async function compareBy(
  comparator: Comparator,
  { pairs, of, halvings }: Sample,
  { cluster, signal }: { cluster?: string | undefined; signal?: AbortSignal | undefined } = {},
): Promise<ComparatorSums> {
  const digests = pairs.map((pair) => createHash('sha256').update(encodePair(0, pair)).digest('base64'));
  const fresh = pairs.flatMap((pair, i) => {
    const key = digests[i] as string;
    return comparator.known.has(key) ? [] : [{ pair, key }];
  });
  const asked = new Map(fresh.map(({ pair, key }) => [key, pair]));
  const given = await ask(comparator, [...asked.values()], signal);
  for (const [i, key] of [...asked.keys()].entries()) comparator.known.set(key, given[i] as Scores);
  const scores = digests.map((key) => comparator.known.get(key) as Scores);
  const names = namesOf(scores[0]);
  return {
    command: comparator.command,
    digest: commandDigest(comparator.command),
    pairs: pairs.length,
    of,
    halvings,
    scores: names.map((name) => sumsOf(name, pairs, scores, cluster)),
  };
}

/** What the command gives each of these; where there are none, it is not started. */
async function ask(
  { known, ...command }: Comparator,
  pairs: readonly SampledPair[],
  signal: AbortSignal | undefined,
): Promise<Scores[]> {
  const given: Scores[] = [];
  const [before] = known.values();
  let names = before === undefined ? undefined : namesOf(before);
  const take = (line: string) => {
    const scores = parseScores(line, names);
    if (typeof scores === 'string') return scores;
    names ??= namesOf(scores);
    given.push(scores);
    return undefined;
  };
  const input = pairs.map((pair, id) => encodePair(id, pair));
  if (input.length > 0) await runComparator(command, input, take, signal);
  return given;
}

function namesOf(scores: Scores | undefined): string[] {
  return Object.keys(scores ?? {}).toSorted();
}

/** Rows are summed by input or by cluster: by what makes them count less. */
function sumsOf(
  name: string,
  pairs: readonly SampledPair[],
  given: readonly Scores[],
  cluster: string | undefined,
): ScoreSums {
  const values = pairs.map((pair, i) => ({ pair, value: given[i]?.[name] ?? 0 }));
  const inputs = new RowInputs();
  const repeats = new InputCounter();
  const clusters = new InputCounter();
  const numbers = new Map<string, number>();
  const minutes = new Map<number, { at: number; rows: number; sum: number }>();
  for (const { pair, value } of values) {
    repeats.add(inputs.of(pair.production.input, 1)[0] as number, value);
    if (cluster !== undefined) {
      const of = clustersOf(pair.production.input, 1, cluster)[0] ?? `alone ${numbers.size}`;
      if (!numbers.has(of)) numbers.set(of, numbers.size);
      clusters.add(numbers.get(of) as number, value);
    }
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
    repeats: stronger(repeats.sums(), clusters.sums()),
    lowest: ascending
      .filter(({ value }) => value < 1)
      .slice(0, LOWEST)
      .map(({ pair, value }) => ({ id: pair.id, at: pair.at, value })),
  };
}
