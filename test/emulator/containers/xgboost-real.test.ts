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

  test('predict the same of every objective, and refuse the same numbers of columns', () => {
    expect(Object.keys(made.models).length).toBeGreaterThan(20);
    expect(differencesOfModels(made)).toEqual([]);
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
