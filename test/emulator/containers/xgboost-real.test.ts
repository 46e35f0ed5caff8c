import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIXTURES } from '../../support/world.ts';
import {
  differencesOfLoads,
  differencesOfModels,
  differencesOfPayloads,
  IMAGE_OF,
  readRecordings,
} from './real-xgboost.ts';

const recordings = readRecordings(join(FIXTURES, 'xgboost/real'));

describe.each(Object.entries(IMAGE_OF))('XGBoost %s itself and image %s', (release) => {
  const made = recordings.made.get(release);
  if (!made) throw new Error(`fixtures/xgboost/real has no ${release}`);
  // The one kind of tree that the emulator does not evaluate; it says so when it loads it.
  const { vector: _, ...models } = made.models;

  test('predict the same of every objective, and refuse the same numbers of columns', () => {
    expect(Object.keys(models).length).toBeGreaterThan(20);
    expect(differencesOfModels({ ...made, models })).toEqual([]);
  });

  test('load the same files of other releases', () => {
    expect(Object.keys(recordings.loads.get(release) ?? {}).length).toBeGreaterThan(50);
    expect(differencesOfLoads(recordings, release)).toEqual([]);
  });

  test('read the same payloads, and refuse the same ones in the same words', () => {
    expect(made.payloads.length).toBeGreaterThan(60);
    expect(differencesOfPayloads(made)).toEqual([]);
  });
});

test.each(['3.0.5', '3.2.0'])('XGBoost %s: trees with vectors as leaves are refused in our own words', (release) => {
  const made = recordings.made.get(release) as NonNullable<ReturnType<typeof recordings.made.get>>;
  const { vector } = made.models;
  expect(
    differencesOfModels({ ...made, models: { vector: vector as NonNullable<typeof vector> }, widths: {} }),
  ).toEqual([expect.stringContaining('the emulator does not evaluate trees with vector leaves')]);
});
