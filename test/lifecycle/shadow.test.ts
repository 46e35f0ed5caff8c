import { afterEach, expect, test } from 'vitest';
import { describeEndpoint, describeModel } from '../../src/aws/sagemaker.ts';
import { attachShadow } from '../../src/lifecycle/shadow/attach.ts';
import type { ShadowOptions } from '../../src/lifecycle/shadow/options.ts';
import { detachShadow } from '../../src/lifecycle/shadow/detach.ts';
import { ENDPOINT, openStage, type Stage } from '../support/stage.ts';
import { scriptSession } from './script.ts';

let stage: Stage;
afterEach(() => stage.close());

function options(algorithm: string): ShadowOptions {
  return {
    endpoint: ENDPOINT,
    candidate: {
      artifact: 's3://models/009.tar.gz',
      algorithm,
      image: undefined,
      allowMismatch: false,
      modelName: 'm2',
      configName: 's2',
      role: undefined,
      environment: {},
      tags: {},
    },
    sample: 1,
    variantName: 'shadow',
    instanceType: undefined,
    instances: undefined,
    capture: true,
    autoscale: undefined,
    captureTo: undefined,
    calibrate: undefined,
    adopt: true,
    plan: false,
    lasts: undefined,
    maxCost: undefined,
    wait: true,
  };
}

test('an artifact in S3 is looked into: one that its image cannot read is refused before anything is changed', async () => {
  stage = await openStage();
  await expect(attachShadow(scriptSession(stage), options('xgboost:1.2-1'))).rejects.toMatchObject({
    message: expect.stringContaining('s3://models/009.tar.gz was written by linear-learner'),
  });
  expect(await describeModel(stage.aws, 'm2')).toBeUndefined();
  expect(await describeEndpoint(stage.aws, ENDPOINT)).toMatchObject({ EndpointConfigName: 'v1' });
});

test('from a script: planned without a change, attached, detached', async () => {
  stage = await openStage();
  const session = scriptSession(stage);
  const planned = await attachShadow(session, { ...options('linear-learner'), plan: true });
  expect(planned).toMatchObject({ kind: 'planned', plan: { from: 'v1', config: 's2', adopt: true } });
  expect(await describeModel(stage.aws, 'm2')).toBeUndefined();
  const attached = await attachShadow(session, options('linear-learner'));
  expect(attached).toMatchObject({ kind: 'done', settled: { kind: 'running' } });
  expect(session.events.flatMap((event) => (event.kind === 'step-applied' ? [event.step.kind] : []))).toEqual(
    expect.arrayContaining(['model', 'endpoint-config', 'endpoint']),
  );
  const detached = await detachShadow(session, { endpoint: ENDPOINT, configName: undefined, plan: false, wait: true });
  expect(detached).toMatchObject({ kind: 'done', plan: { config: 'v1' }, settled: { kind: 'running' } });
});
