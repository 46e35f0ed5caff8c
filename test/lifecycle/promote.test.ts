import { CreateEndpointConfigCommand, CreateModelCommand, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, describe, expect, test } from 'vitest';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../../src/aws/sagemaker.ts';
import { planPromotion, promote, type PromoteOptions } from '../../src/lifecycle/promote.ts';
import type { Session } from '../../src/lifecycle/session.ts';
import type { Live } from '../../src/resources/live.ts';
import { ARTIFACT, ENDPOINT, openStage, type Said, type Stage } from '../support/stage.ts';
import { scriptSession } from './script.ts';

let stage: Stage;
afterEach(() => stage.close());

const MINUTE = 60_000;
const POLICY = { inform: ['latency', 'labels', 'numbers'], minimumBlocks: 2, blockMinutes: 2, errors: 0.1 };

const OPTIONS: PromoteOptions = {
  endpoint: ENDPOINT,
  judging: { from: undefined, labels: undefined, policy: readPolicy(POLICY, 'a test'), policyFrom: 'a test' },
  guard: {
    strategy: {
      strategy: 'canary',
      size: undefined,
      rollbackSize: undefined,
      bakeSeconds: undefined,
      finalBakeSeconds: undefined,
      maxSeconds: undefined,
    },
    limits: { max5xxRate: undefined, max4xxRate: undefined, maxLatency: undefined, maxLatencyIncrease: undefined },
    baselineMinutes: 60,
    alarms: [],
    unguarded: false,
    notify: [],
    metrics: false,
  },
  configName: 'v2',
  force: false,
  traffic: undefined,
  plan: false,
};

function attach(names: { model: string; config: string }, algorithm: readonly string[]): Promise<Said> {
  const { model, config } = names;
  return stage.shadowctl([
    'shadow',
    '--endpoint',
    ENDPOINT,
    '--adopt',
    '--yes',
    '--artifact',
    ARTIFACT,
    ...algorithm,
    '--model-name',
    model,
    '--config-name',
    config,
  ]); // prettier-ignore
}

const GOOD = ['--algorithm', 'linear-learner'];
const MISMATCHED = ['--algorithm', 'xgboost:1.2-1', '--allow-mismatch'];

async function settled(): Promise<void> {
  while ((await describeEndpoint(stage.aws, ENDPOINT))?.EndpointStatus !== 'InService') await stage.clock.sleep(15_000);
}

/** Somebody else puts another shadow on the endpoint. */
async function otherShadow(): Promise<void> {
  const sagemaker = await stage.aws.sagemaker();
  const [model, config] = [await describeModel(stage.aws, 'm2'), await describeEndpointConfig(stage.aws, 's2')];
  await sagemaker.send(
    new CreateModelCommand({
      ModelName: 'm3',
      ExecutionRoleArn: model?.ExecutionRoleArn,
      PrimaryContainer: model?.PrimaryContainer,
    }),
  );
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 's3',
      ProductionVariants: config?.ProductionVariants,
      ShadowProductionVariants: config?.ShadowProductionVariants?.map((one) => ({ ...one, ModelName: 'm3' })),
      DataCaptureConfig: config?.DataCaptureConfig,
    }),
  );
  await sagemaker.send(new UpdateEndpointCommand({ EndpointName: ENDPOINT, EndpointConfigName: 's3' }));
  await settled();
}

describe('promote', () => {
  test('another update between verdict and promotion: what would be promoted was not judged', async () => {
    stage = await openStage();
    let judged = false;
    let disturbed = false;
    const plainSession = scriptSession(stage);
    const session: Session = {
      ...plainSession,
      emit: (event) => void (judged ||= event.kind === 'shadow-judged'),
      async journal(endpoint) {
        if (judged && !disturbed) {
          disturbed = true;
          await otherShadow();
        }
        return plainSession.journal(endpoint);
      },
    };
    const { result } = await stage.traffic(async () => {
      expect(await attach({ model: 'm2', config: 's2' }, GOOD)).toMatchObject({ code: 0 });
      await stage.clock.sleep(20 * MINUTE);
      return promote(session, OPTIONS).then(
        () => undefined,
        (error: unknown) => error,
      );
    }, 1);
    expect(disturbed).toBe(true);
    expect(result).toMatchObject({ kind: 'cannot-run', message: expect.stringContaining('it ran s2, now s3') });
    expect(await describeEndpoint(stage.aws, ENDPOINT)).toMatchObject({ EndpointConfigName: 's3' });
    expect(await describeEndpointConfig(stage.aws, 'v2')).toBeUndefined();
  });

  test('a good shadow, then a bad one under the same variant name: only the second is judged', async () => {
    stage = await openStage();
    const session = scriptSession(stage);
    const { result } = await stage.traffic(async () => {
      expect(await attach({ model: 'm2', config: 's2' }, GOOD)).toMatchObject({ code: 0 });
      await stage.clock.sleep(40 * MINUTE);
      expect(await stage.shadowctl(['shadow', 'detach', '--endpoint', ENDPOINT, '--yes'])).toMatchObject({ code: 0 });
      expect(await attach({ model: 'm3', config: 's3' }, MISMATCHED)).toMatchObject({ code: 0 });
      await stage.clock.sleep(12 * MINUTE);
      return promote(session, OPTIONS);
    }, 1);
    expect(result).toMatchObject({ kind: 'refused', judgement: { outcome: 'fail' } });
    expect(session.events.find((event) => event.kind === 'shadow-judged')).toMatchObject({ model: 'm3', force: false });
  });
});

test('production scaled to 5 against a config of 3 keeps its 5', () => {
  stage = { close: async () => undefined } as Stage;
  const live: Live = {
    name: ENDPOINT,
    tags: {},
    model: undefined,
    endpoint: {
      ...({ $metadata: {} } as Live['endpoint']),
      ProductionVariants: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 5, CurrentInstanceCount: 5 }],
    },
    config: {
      ...({ $metadata: {} } as NonNullable<Live['config']>),
      EndpointConfigName: 's2',
      ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: 'm1', InitialInstanceCount: 3 }],
      ShadowProductionVariants: [{ VariantName: 'shadow', ModelName: 'm2', InitialInstanceCount: 1 }],
    },
  };
  const steps = planPromotion(live, { variant: 'shadow', model: 'm2', images: [] }, { config: 'v2', tags: [] });
  expect(steps).toMatchObject([
    {
      action: 'create',
      kind: 'endpoint-config',
      name: 'v2',
      input: {
        ProductionVariants: [{ VariantName: 'AllTraffic', ModelName: 'm2', InitialInstanceCount: 5 }],
      },
    },
  ]);
});
