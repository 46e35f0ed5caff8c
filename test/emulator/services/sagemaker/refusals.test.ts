import {
  CreateEndpointCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  type DeploymentConfig,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { config, LINEAR_LEARNER, refusal, type Stand, stand, variant, withEndpoint } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withEndpoint(it);
});
afterEach(() => it.close());

const ARN = 'arn:aws:sagemaker:us-east-1:000000000000';
const updateTo = (name: string, deployment?: DeploymentConfig) =>
  it.sagemaker.send(
    new UpdateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: name, DeploymentConfig: deployment }),
  );

describe('names that are missing or taken', () => {
  test('say the kind and the ARN, its case kept, in double quotes', async () => {
    const { sagemaker } = it;
    const refused = (promise: Promise<unknown>) => refusal(promise);
    expect(await refused(sagemaker.send(new DescribeModelCommand({ ModelName: 'NoModel' })))).toBe(
      `ValidationException: Could not find model "${ARN}:model/NoModel".`,
    );
    expect(await refused(sagemaker.send(new DeleteModelCommand({ ModelName: 'NoModel' })))).toBe(
      `ValidationException: Could not find model "${ARN}:model/NoModel".`,
    );
    expect(await refused(config(it, 'new', [variant('A', 1, { ModelName: 'NoModel' })]))).toBe(
      `ValidationException: Could not find model "${ARN}:model/NoModel".`,
    );
    expect(await refused(sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'None' })))).toBe(
      `ValidationException: Could not find endpoint configuration "${ARN}:endpoint-config/None".`,
    );
    expect(await refused(sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'None' })))).toBe(
      `ValidationException: Could not find endpoint configuration "${ARN}:endpoint-config/None".`,
    );
    expect(await refused(updateTo('None'))).toBe(
      `ValidationException: Could not find endpoint configuration "${ARN}:endpoint-config/None".`,
    );
    expect(
      await refused(sagemaker.send(new CreateEndpointCommand({ EndpointName: 'b', EndpointConfigName: 'None' }))),
    ).toBe(`ValidationException: Could not find endpoint configuration "${ARN}:endpoint-config/None".`);
    expect(await refused(sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'None' })))).toBe(
      `ValidationException: Could not find endpoint "${ARN}:endpoint/None".`,
    );
    expect(
      await refused(
        sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'config-1' })),
      ),
    ).toBe(`ValidationException: Cannot create already existing endpoint "${ARN}:endpoint/Weather".`);
    expect(await refused(config(it, 'config-1', [variant('A', 1)]))).toBe(
      `ValidationException: Cannot create already existing endpoint configuration "${ARN}:endpoint-config/config-1".`,
    );
    expect(
      await refused(
        sagemaker.send(new CreateModelCommand({ ModelName: 'm005', PrimaryContainer: { Image: LINEAR_LEARNER } })),
      ),
    ).toBe(`ValidationException: Cannot create already existing model "${ARN}:model/m005".`);
  });

  test('an artifact that is not in S3 is refused when the model is created', async () => {
    const create = it.sagemaker.send(
      new CreateModelCommand({
        ModelName: 'new',
        PrimaryContainer: { Image: LINEAR_LEARNER, ModelDataUrl: 's3://models/none.tar.gz' },
      }),
    );
    expect(await refusal(create)).toContain('s3://models/none.tar.gz');
  });

  test('a switch puts ARNs into lower case, in refusals too', async () => {
    const other = await stand({ switches: { lowerCaseArns: true } });
    const refused = await refusal(other.sagemaker.send(new DescribeModelCommand({ ModelName: 'NoModel' })));
    await other.close();
    expect(refused).toContain('model/nomodel"');
  });
});

describe('what a status permits', () => {
  test('nothing while an update is under way', async () => {
    const { sagemaker } = it;
    await config(it, 'config-2', [variant('AllTraffic', 3)]);
    await updateTo('config-2');
    const busy = `ValidationException: Cannot update in-progress endpoint "${ARN}:endpoint/Weather".`;
    expect(await refusal(updateTo('config-2'))).toBe(busy);
    expect(await refusal(sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Weather' })))).toBe(busy);
    const scale = new UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: 'Weather',
      DesiredWeightsAndCapacities: [{ VariantName: 'AllTraffic', DesiredInstanceCount: 2 }],
    });
    expect(await refusal(sagemaker.send(scale))).toBe(busy);
    // Deleting is a change like any other.
    it.at(285 + 400);
    await sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Weather' }));
    expect(await refusal(sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Weather' })))).toBe(busy);
  });

  test('a config deleted while in use makes every later update fail, for the OLD config', async () => {
    await config(it, 'config-2', [variant('AllTraffic', 3)]);
    await it.sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'config-1' }));
    expect(await refusal(updateTo('config-2'))).toBe(
      `ValidationException: Could not find endpoint configuration "${ARN}:endpoint-config/config-1".`,
    );
  });

  test('the config in use is refused, unless a switch says otherwise', async () => {
    expect(await refusal(updateTo('config-1'))).toContain('already uses endpoint configuration');
    (it.emulator.world.switches as { refuseSameConfig: boolean }).refuseSameConfig = false;
    await updateTo('config-1');
  });
});

describe('endpoint configs', () => {
  const shadows = (production: number, shadow: number) =>
    config(
      it,
      'new',
      Array.from({ length: production }, (_, index) => variant(`P${index}`, 1)),
      { ShadowProductionVariants: Array.from({ length: shadow }, (_, index) => variant(`S${index}`, 1)) },
    );
  test('one production variant and one shadow, no more', async () => {
    expect(await refusal(shadows(2, 1))).toContain('you can only specify one variant');
    expect(await refusal(shadows(1, 2))).toContain('you can only specify one variant');
    await shadows(1, 1);
  });
  test('each variant has a name of its own', async () => {
    expect(await refusal(config(it, 'new', [variant('A', 1), variant('A', 1)]))).toContain(
      'Duplicate variant name "A"',
    );
    const same = config(it, 'new', [variant('A', 1)], { ShadowProductionVariants: [variant('A', 1)] });
    expect(await refusal(same)).toContain('Duplicate variant name "A"');
  });
  test('a shadow goes neither with Inf1 nor with serverless', async () => {
    const mix = 'ValidationException: One or more endpoint features are not supported using this configuration';
    const inf1 = config(it, 'new', [variant('A', 1)], {
      ShadowProductionVariants: [variant('S', 1, { InstanceType: 'ml.inf1.xlarge' })],
    });
    expect(await refusal(inf1)).toBe(mix);
    const serverless = config(it, 'new', [variant('A', 1)], {
      ShadowProductionVariants: [
        { VariantName: 'S', ModelName: 'm005', ServerlessConfig: { MaxConcurrency: 1, MemorySizeInMB: 1024 } },
      ],
    });
    expect(await refusal(serverless)).toBe(mix);
  });
});

describe('deployment configs', () => {
  const blueGreen = (
    Type: 'CANARY' | 'LINEAR' | 'ALL_AT_ONCE',
    size: number | undefined,
    more: { wait?: number; termination?: number; limit?: number; percent?: boolean } = {},
  ): DeploymentConfig => {
    const capacity =
      size === undefined
        ? undefined
        : { Type: more.percent ? ('CAPACITY_PERCENT' as const) : ('INSTANCE_COUNT' as const), Value: size };
    return {
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          Type,
          WaitIntervalInSeconds: more.wait ?? 0,
          ...(Type === 'CANARY' && { CanarySize: capacity }),
          ...(Type === 'LINEAR' && { LinearStepSize: capacity }),
        },
        TerminationWaitInSeconds: more.termination,
        MaximumExecutionTimeoutInSeconds: more.limit,
      },
    };
  };
  const rolling = (size: number, more: object = {}): DeploymentConfig => ({
    RollingUpdatePolicy: {
      MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: size },
      WaitIntervalInSeconds: 0,
      ...more,
    },
  });
  const cases: [string, DeploymentConfig, string][] = [
    ['a canary of two out of three', blueGreen('CANARY', 2), 'CanarySize of 2 (INSTANCE_COUNT) is not valid'],
    ['a canary of 60 %', blueGreen('CANARY', 60, { percent: true }), 'less than or equal to 50%'],
    ['a canary without size', blueGreen('CANARY', undefined), 'CanarySize is required'],
    ['linear steps of 5 %', blueGreen('LINEAR', 5, { percent: true }), 'between 10% and 50%'],
    ['a batch of two out of three', rolling(2), 'between 5% and 50%'],
    ['both policies', { ...blueGreen('ALL_AT_ONCE', undefined), ...rolling(1) }, 'Only one update policy can be used'],
    [
      'waits as long as the limit',
      blueGreen('CANARY', 1, { wait: 500, termination: 100, limit: 600 }),
      'must be larger than',
    ],
    [
      'a rolling wait as long as the limit',
      rolling(1, { WaitIntervalInSeconds: 600, MaximumExecutionTimeoutInSeconds: 600 }),
      'must be larger than',
    ],
    [
      'an alarm that does not exist',
      { ...blueGreen('CANARY', 1), AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'Nobody' }] } },
      '[Nobody]',
    ],
  ];
  test.each(cases)('%s is refused', async (_, deployment, words) => {
    await config(it, 'config-2', [variant('AllTraffic', 3)]);
    const refused = await refusal(updateTo('config-2', deployment));
    expect(refused).toMatch(/^ValidationException: /);
    expect(refused).toContain(words);
  });

  test('guardrails need the same variant names', async () => {
    await config(it, 'config-2', [variant('Other', 3)]);
    expect(await refusal(updateTo('config-2', blueGreen('CANARY', 1)))).toContain('same variant names');
  });
  test('a canary needs two instances', async () => {
    await config(it, 'config-2', [variant('AllTraffic', 1)]);
    expect(await refusal(updateTo('config-2', blueGreen('CANARY', 50, { percent: true })))).toContain('CanarySize');
  });
  test('guardrails with a shadow are a switch', async () => {
    await config(it, 'config-2', [variant('AllTraffic', 3)], { ShadowProductionVariants: [variant('S', 1)] });
    const switches = it.emulator.world.switches as { guardrailsWithShadow: boolean };
    switches.guardrailsWithShadow = false;
    expect(await refusal(updateTo('config-2', blueGreen('CANARY', 1)))).toContain('shadow');
    switches.guardrailsWithShadow = true;
    await updateTo('config-2', blueGreen('CANARY', 1));
  });
});
