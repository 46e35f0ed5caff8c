import type { Predictions } from '../../predictions.ts';
import { passedOverNote } from '../pairing-method.ts';
import { skewNote } from '../../answers/skew.ts';
import type { Tried } from '../pairing-method.ts';
import { readingsOf } from '../readings.ts';
import { labelFiles, labelsTable } from './labels.ts';
import { sampleInWarehouse } from './sample.ts';
import { sumInWarehouse } from './sums.ts';
import { notBySql, planInWarehouse } from './plan.ts';
import { askedShareOf, readStaging } from './staging.ts';
import type { CompareInWarehouse } from './warehouse.ts';

/** See `CompareInWarehouse`. */
export const compareInWarehouse: CompareInWarehouse = async (warehouse, records, options, limits) => {
  // Says what cannot be had before anything is run.
  planInWarehouse(records, options, limits);
  const sampleOf = (why: string) => sampleInWarehouse(warehouse, records, { options, limits, why });
  const askedShare = limits.askedShare ?? askedShareOf(records);
  const readings = readingsOf(records.sample, options).map((reading) => ({
    reading,
    ...readStaging(records, reading, askedShare),
  }));
  // One sample serves all readings: the local engine tries them by itself.
  const unread = notBySql(options) ?? readings.map((one) => one.unread).find((one) => one !== undefined);
  if (unread !== undefined) return sampleOf(unread);
  let file = 0;
  if (options.truth !== undefined)
    for (const body of labelFiles(options.truth)) {
      await warehouse.put({ path: `${labelsTable(records.prefix).template}${file}.parquet`, body });
      file += 1;
    }
  const found: { predictions: Predictions; tried: readonly Tried[] }[] = [];
  // A relative tolerance alone leaves no room for more.
  const tolerance = options.tolerance ?? (options.rules?.relative === undefined ? undefined : 0);
  for (const { reading, staging } of readings) {
    const sums = await sumInWarehouse(warehouse, records, staging, { ...options, reading, tolerance, askedShare });
    if (typeof sums === 'string') return sampleOf(sums);
    found.push(sums);
  }
  const [first, ...others] = found;
  if (first === undefined) throw new Error('there is no way to read answers');
  const predictions = {
    ...first.predictions,
    ...(others.length === 0 ? {} : { alternatives: others.map((other) => other.predictions) }),
  };
  const notes = [passedOverNote(first.tried), slicesNote(askedShare), skewNote(predictions)].filter(
    (note) => note !== undefined,
  );
  return { predictions, notes };
};

function slicesNote(share: number): string | undefined {
  return share >= 1
    ? undefined
    : `Slices of the inputs come from one in ${Math.round(1 / share)} of production's requests, chosen at random, because there are many.`;
}
