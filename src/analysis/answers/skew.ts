import type { Predictions } from '../predictions.ts';
import { duration } from '../../base/units.ts';

/** Times of records are whole seconds. */
const USUAL_MS = 2_000;

/** What a reader must know where the records of both sides tell different times; undefined where they do not. */
export function skewNote({ skewMs, method }: Pick<Predictions, 'skewMs' | 'method'>): string | undefined {
  if (skewMs === undefined || Math.abs(skewMs) <= USUAL_MS) return undefined;
  const apart = `${duration(Math.abs(skewMs))} ${skewMs > 0 ? 'later' : 'earlier'}`;
  if (method === 'inferenceId' || method === 'eventId')
    return `The shadow's records are dated ${apart} than production's of the same requests. Pairs are by id, so that only requests at the ends of the window are lost.`;
  return `Inputs that occur once on each side are dated ${apart} by the shadow. If the clocks differ, equal inputs cannot be paired, because pairing needs a difference of 5 s or less: send an InferenceId with each request.`;
}
