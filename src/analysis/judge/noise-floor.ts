import type { ScoreSums } from '../predictions.ts';
import { clustered } from './clusters.ts';
import { clusteringOf } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import type { NoiseFloor, Observations } from '../observations.ts';

/**
 * How much two copies of one model differ; undefined where they answered no request together.
 *
 * @param prediction the path under which predictions were looked for
 */
export function noiseFloor(
  { production, window, predictions: found, sampling }: Observations,
  prediction?: string,
): NoiseFloor | undefined {
  const predictions = found && clustered(found, { cluster: found.clusters?.by });
  if (predictions === undefined || predictions.rows === 0 || production.model === undefined) return undefined;
  const { labels, numbers, blocks, repeats, pairs, comparator } = predictions;
  const agreement = blocks.map((block) => ({ successes: block.agree, n: block.rows }));
  const others = blocks.map((block) => ({ successes: block.others ?? 0, n: block.rows }));
  const beyond = blocks.map((block) => ({ successes: block.beyond ?? 0, n: block.rows }));
  return {
    model: production.model,
    window,
    pairs,
    sampling,
    prediction,
    labels:
      labels === undefined
        ? undefined
        : {
            differing: labels.rows - labels.agree,
            n: labels.rows,
            factor: clusteringOf(agreement, repeats?.agreement, BY_MINUTES).factor,
          },
    ...(labels?.others === undefined
      ? {}
      : {
          others: {
            differing: labels.others.beyond,
            n: labels.rows,
            factor: clusteringOf(others, repeats?.agreement, BY_MINUTES).factor,
            tolerance: labels.others.tolerance,
          },
        }),
    numbers:
      numbers === undefined
        ? undefined
        : {
            beyond: numbers.beyond,
            n: numbers.rows,
            factor: clusteringOf(beyond, repeats?.beyond, BY_MINUTES).factor,
            tolerance: numbers.tolerance,
            mae: numbers.mae,
          },
    ...(comparator === undefined || comparator.scores.length === 0
      ? {}
      : { scores: { digest: comparator.digest, of: comparator.scores.map(missingOf) } }),
  };
}

function missingOf(score: ScoreSums) {
  const { name, rows: n, sum } = score;
  const minutes = score.minutes.map((minute) => ({ successes: minute.sum, n: minute.rows }));
  return { name, missing: n - sum, n, factor: clusteringOf(minutes, score.repeats, BY_MINUTES).factor };
}

/** Noise is measured on an endpoint. */
const BY_MINUTES = { alpha: 0.05 };

/** What the same comparator missed between production and itself. */
export function scoreNoise(evidence: Evidence, digest: string, name: string): NoiseSample | undefined {
  const measured = noiseOf(evidence)?.scores;
  const found = measured?.digest === digest ? measured.of.find((one) => one.name === name) : undefined;
  return found && { differing: found.missing, n: found.n, factor: found.factor };
}

/** Rows of production against itself that differed, of n; n counts for `factor` times less. */
export interface NoiseSample {
  differing: number;
  n: number;
  factor: number;
}

/**
 * What is a share of differing answers has a floor: two copies of a model that rolls dice differ, and that is no fault
 * of the candidate. The other questions have none. What a model loses against the truth is an expectation, the dice
 * included: a candidate that loses more loses more. And two copies of one model have one distribution, so that their
 * distance is 0; what is measured between them is sampling noise, and the distance's own band holds it.
 */
function noiseOf({ observations }: Evidence): NoiseFloor | undefined {
  const { noise, production, sampling } = observations;
  // Only where it is that of the model in production now, at the same share of the requests.
  if (noise === undefined || noise.model !== production.model) return undefined;
  return noise.sampling === undefined || noise.sampling === sampling ? noise : undefined;
}

/** How many labels production gave otherwise to the same input; undefined where it was not measured. */
export function labelNoise(evidence: Evidence): NoiseSample | undefined {
  return noiseOf(evidence)?.labels;
}

/** How many scores of classes that were not chosen production gave otherwise to the same input; undefined where it was not measured, or at a smaller tolerance. */
export function othersNoise(evidence: Evidence, tolerance: number): NoiseSample | undefined {
  const measured = noiseOf(evidence)?.others;
  return measured === undefined || isSmaller(measured.tolerance, tolerance) ? undefined : measured;
}

/** Measured under a smaller tolerance, more would count as noise than is. */
function isSmaller(measured: number, tolerance: number): boolean {
  return measured < tolerance * (1 - 1e-9);
}

/** How many numbers production gave otherwise to the same input; undefined where it was not measured, or at a smaller tolerance. */
export function numberNoise(evidence: Evidence, tolerance: number): NoiseSample | undefined {
  const measured = noiseOf(evidence)?.numbers;
  if (measured === undefined || isSmaller(measured.tolerance, tolerance)) return undefined;
  return { differing: measured.beyond, n: measured.n, factor: measured.factor };
}

/** How far apart production's numbers lie from its own, on average; 0 where nobody measured it. */
export function noiseApart(evidence: Evidence): number {
  return noiseOf(evidence)?.numbers?.mae ?? 0;
}
