import { scatterOf } from './evidence.ts';
import type { NoiseFloor, Observations } from '../observations.ts';

/**
 * How much two copies of one model differ; undefined where they answered no request together.
 *
 * @param prediction the path under which predictions were looked for
 */
export function noiseFloor(
  { production, window, predictions }: Observations,
  prediction?: string,
): NoiseFloor | undefined {
  if (predictions === undefined || predictions.rows === 0 || production.model === undefined) return undefined;
  const { labels, numbers, blocks, repeats, pairs } = predictions;
  const agreement = blocks.map((block) => ({ successes: block.agree, n: block.rows }));
  const beyond = blocks.map((block) => ({ successes: block.beyond ?? 0, n: block.rows }));
  return {
    model: production.model,
    window,
    pairs,
    prediction,
    labels:
      labels === undefined
        ? undefined
        : {
            differing: labels.rows - labels.agree,
            n: labels.rows,
            factor: scatterOf(agreement, repeats?.agreement).factor,
          },
    numbers:
      numbers === undefined
        ? undefined
        : {
            beyond: numbers.beyond,
            n: numbers.rows,
            factor: scatterOf(beyond, repeats?.beyond).factor,
            tolerance: numbers.tolerance,
            mae: numbers.mae,
          },
  };
}
