import { afterEach, expect, test } from 'vitest';
import { ARTIFACT, ENDPOINT, openStage, type Stage } from '../../support/stage.ts';

let stage: Stage;
afterEach(() => stage.close());

const ON = [
  'canary',
  '--endpoint',
  ENDPOINT,
  '--adopt',
  '--yes',
  '--artifact',
  ARTIFACT,
  '--model-name',
  'm2',
  '--config-name',
  'v2',
  '--format',
  'json',
];

test.each<[string, number, string[], string[]]>([
  [
    'linear',
    4,
    ['--strategy', 'linear', '--step-size', '25%', '--bake', '4m', '--final-bake', '4m'],
    ['baking with 25 %', 'baking with 50 %', 'baking with 75 %', 'baking with all traffic'],
  ],
  ['rolling', 4, ['--strategy', 'rolling', '--batch-size', '2', '--bake', '4m'], []],
  ['all at once', 1, ['--strategy', 'all-at-once', '--bake', '4m'], ['baking with all traffic']],
])('%s: a good model goes all the way, a bad one is rolled back', async (_, instances, words, stages) => {
  stage = await openStage({ instances });
  const { result } = await stage.traffic(async () => {
    const bad = await stage.shadowctl([...ON, '--algorithm', 'xgboost:1.2-1', '--allow-mismatch', ...words]);
    const good = await stage.shadowctl([
      ...ON,
      '--model-name',
      'm3',
      '--config-name',
      'v3',
      '--algorithm',
      'linear-learner',
      ...words,
    ]);
    return { bad, good };
  }, 1);
  expect(JSON.parse(result.bad.out)).toMatchObject({ ending: 'rolled-back-by-alarm', runningConfig: 'v1' });
  expect(JSON.parse(result.good.out)).toMatchObject({ ending: 'updated', runningConfig: 'v3' });
  for (const stage of stages) expect(result.good.err).toContain(stage);
});
