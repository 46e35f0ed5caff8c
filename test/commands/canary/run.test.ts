import { afterEach, expect, test } from 'vitest';
import { ARTIFACT, openStage, type Stage } from './stage.ts';

let stage: Stage;
afterEach(() => stage.close());

const CANARY = [
  'canary',
  '--endpoint',
  'weather',
  '--artifact',
  ARTIFACT,
  '--algorithm',
  'linear-learner',
  '--model-name',
  'm2',
  '--config-name',
  'v2',
  '--adopt',
  '--yes',
];

test('updated', async () => {
  stage = await openStage();
  const { result } = await stage.traffic(async () => {
    await stage.clock.sleep(8 * 60_000);
    return stage.shadowctl(CANARY);
  });
  console.log(result.err, result.out);
  expect(result.code).toBe(0);
});

test('rolled back', async () => {
  stage = await openStage();
  const { result } = await stage.traffic(async () => {
    await stage.clock.sleep(8 * 60_000);
    return stage.shadowctl([
      ...CANARY.map((word) => (word === 'linear-learner' ? 'xgboost:1.2-1' : word)),
      '--allow-mismatch',
    ]);
  });
  console.log(result.err, result.out);
});
