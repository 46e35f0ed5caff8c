import { CreateEndpointCommand, DeleteEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { config, describeEndpoint, invoke, refusal, type Stand, stand, START, variant, withModels } from './stand.ts';

let it: Stand;
beforeEach(async () => {
  it = await stand();
  await withModels(it);
  await config(it, 'Config-1', [variant('AllTraffic', 3)]);
});
afterEach(() => it.close());

const create = () =>
  it.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'Config-1' }));

describe('an endpoint being created', () => {
  test('is Creating, shows the pending fleet after 3 s, and is in service after 285 s', async () => {
    const { EndpointArn } = await create();
    expect(EndpointArn).toBe('arn:aws:sagemaker:us-east-1:000000000000:endpoint/Weather');
    expect(await describeEndpoint(it)).toEqual({
      EndpointName: 'Weather',
      EndpointArn,
      EndpointConfigName: 'Config-1',
      EndpointStatus: 'Creating',
      CreationTime: new Date(START),
      LastModifiedTime: new Date(START),
    });
    it.at(3);
    expect((await describeEndpoint(it)).PendingDeploymentSummary).toMatchObject({
      EndpointConfigName: 'Config-1',
      StartTime: new Date(START + 3_000),
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          CurrentWeight: 0,
          DesiredWeight: 1,
          CurrentInstanceCount: 0,
          DesiredInstanceCount: 3,
          InstanceType: 'm5.xlarge',
          VariantStatus: [
            { Status: 'Creating', StatusMessage: 'Launching 3 instance(s).', StartTime: new Date(START + 3_000) },
          ],
        },
      ],
    });
    it.at(284.999);
    expect((await describeEndpoint(it)).EndpointStatus).toBe('Creating');
    expect(await refusal(invoke(it))).toBe('ValidationError: Endpoint Weather of account 000000000000 not found.');
    expect(await refusal(it.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Weather' })))).toBe(
      `ValidationException: Cannot update in-progress endpoint "${EndpointArn}".`,
    );
    // Long after: it happened when it was due, not when somebody looked.
    it.at(1000);
    const settled = await describeEndpoint(it);
    expect(settled).toMatchObject({
      EndpointStatus: 'InService',
      LastModifiedTime: new Date(START + 285_000),
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          CurrentWeight: 1,
          DesiredWeight: 1,
          CurrentInstanceCount: 3,
          DesiredInstanceCount: 3,
        },
      ],
    });
    expect(Object.keys(settled)).not.toContain('PendingDeploymentSummary');
    const reply = await invoke(it);
    expect(reply.InvokedProductionVariant).toBe('AllTraffic');
    expect(JSON.parse(Buffer.from(reply.Body).toString())).toHaveProperty('predictions');
  });

  test('fails when its containers never answer the ping', async () => {
    it.emulator.world.faults.add({ kind: 'unhealthy', endpoint: 'Weather' });
    await create();
    it.at(285 + 239.999);
    expect((await describeEndpoint(it)).EndpointStatus).toBe('Creating');
    it.at(285 + 240);
    const failed = await describeEndpoint(it);
    expect(failed.EndpointStatus).toBe('Failed');
    expect(failed.FailureReason).toBe(
      'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.',
    );
    await it.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'Weather' }));
    it.at(600);
    expect(await refusal(describeEndpoint(it))).toBe(
      'ValidationException: Could not find endpoint "arn:aws:sagemaker:us-east-1:000000000000:endpoint/Weather".',
    );
  });
});
