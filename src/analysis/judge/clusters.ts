import type { InputSums, Predictions, Repeats } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { stronger } from '../statistics/repeats.ts';
import { count, counted, percent } from '../../base/units.ts';
import { needsAdvice } from './needs.ts';
import type { Blocker } from './needs.ts';

const VALUES = ['agreement', 'beyond', 'onlyProduction', 'onlyShadow', 'loss'] as const;

/**
 * The sums with rows that hang together as the policy's `cluster` says: of each value, those by input or by cluster,
 * whichever makes rows count less. So every gate that asks how much rows count less asks about both.
 */
export function clustered(predictions: Predictions, { cluster }: Pick<Policy, 'cluster'>): Predictions {
  const { repeats, clusters } = predictions;
  if (cluster === undefined || repeats === undefined || clusters?.by !== cluster) return predictions;
  const sums = Object.fromEntries(VALUES.map((name) => [name, strongerOf(repeats[name], clusters[name], cluster)]));
  return { ...predictions, repeats: { ...repeats, ...(sums as Pick<Repeats, (typeof VALUES)[number]>) } };
}

function strongerOf(inputs: InputSums | undefined, clusters: InputSums | undefined, by: string): InputSums | undefined {
  const found = stronger(inputs, clusters);
  return found === undefined || found === inputs ? inputs : { ...found, by };
}

/** Of fewer equally large ones nobody knows how much they differ, however many rows they have (docs/judging.md). */
const FEWEST_CLUSTERS = 30;

/** Why rows that hang together keep predictions from deciding; undefined where they do not. */
export function clusterBlocker(predictions: Predictions, { cluster, unparsed }: Policy): Blocker | undefined {
  if (cluster === undefined || predictions.rows === 0) return undefined;
  const { clusters, rows } = predictions;
  if (clusters?.by !== cluster)
    return {
      reason: `the policy says that rows of one "${cluster}" hang together, and these sums were made without it`,
      missing: 0,
      needs: needsAdvice(`a report of the captures themselves with cluster: ${cluster}`),
    };
  if (rows - clusters.known > unparsed * rows)
    return {
      reason: `the policy says that rows of one "${cluster}" hang together, and ${percent(1 - clusters.known / rows)} of ${counted(rows, 'rows')} have none`,
      missing: 0,
      needs: needsAdvice('a column of the inputs, or a path into the request, that all of them have (cluster)'),
    };
  const sums = clusters.agreement ?? clusters.beyond;
  const equal = sums === undefined ? clusters.inputs : sums.rows ** 2 / sums.rowsSquared;
  if (equal >= FEWEST_CLUSTERS) return undefined;
  return {
    reason: `rows of one "${cluster}" hang together, and there are only ${count(clusters.inputs)}, worth ${count(Math.floor(equal))} equally large ones: ${FEWEST_CLUSTERS} are needed`,
    missing: 0,
    needs: needsAdvice(`traffic with more different values of "${cluster}"`),
  };
}
