import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateEndpointConfigCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deleteEndpoint, describeEndpoint, updateEndpoint } from '../../src/aws/sagemaker.ts';
import { resolveOpenSteps, resolveStep } from '../../src/resources/resolve.ts';
import { folderJournal } from '../support/journal.ts';
import type { OpenStep } from '../../src/state/replay.ts';
import { ARTIFACT_005, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const MINUTE = 60_000;
const step = (more: Pick<OpenStep, 'action' | 'resource'> & Partial<OpenStep>): OpenStep => ({
  type: 'begin',
  run: 'r-1',
  step: 'r-1/1',
  at: new Date(world.clock.now()).toISOString(),
  ...more,
});

describe('a bucket whose creation was begun', () => {
  const bucket = { kind: 's3-bucket', name: 'sagemaker-us-east-1-000000000000' } as const;
  const create = async () => (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: bucket.name }));

  test('and that is of that moment is ours', async () => {
    const begun = step({ action: 'create', resource: bucket });
    world.clock.advance(1_000);
    await create();
    expect(await resolveStep(world.aws, 'weather', begun)).toEqual({ outcome: 'done' });
  });

  test('and that is an hour older is not: somebody else made it', async () => {
    await create();
    world.clock.advance(60 * MINUTE);
    const begun = step({ action: 'create', resource: bucket });
    expect(await resolveStep(world.aws, 'weather', begun)).toMatchObject({
      outcome: 'absent',
      error: expect.stringContaining('does not carry the tag of this run'),
    });
  });

  test('is not there', async () => {
    expect(await resolveStep(world.aws, 'weather', step({ action: 'create', resource: bucket }))).toEqual({
      outcome: 'absent',
    });
  });
});

describe('an update of the endpoint', () => {
  const endpoint = { kind: 'endpoint', name: 'weather' } as const;
  const asked = (config: string) =>
    step({ action: 'update', resource: endpoint, input: { EndpointName: 'weather', EndpointConfigName: config } });

  beforeEach(async () => {
    await world.shadowctl(
      `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --model-name m --config-name a --yes`,
    );
    const sagemaker = await world.aws.sagemaker();
    const variant = {
      VariantName: 'AllTraffic',
      ModelName: 'm',
      InitialInstanceCount: 1,
      InstanceType: 'ml.m5.large' as const,
    };
    await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: 'b', ProductionVariants: [variant] }));
  });

  test('that AWS is at a minute later had been carried out', async () => {
    await updateEndpoint(world.aws, { EndpointName: 'weather', EndpointConfigName: 'b' });
    world.clock.advance(MINUTE);
    expect(await describeEndpoint(world.aws, 'weather')).toMatchObject({
      EndpointStatus: 'Updating',
      EndpointConfigName: 'a',
      PendingDeploymentSummary: { EndpointConfigName: 'b' },
    });
    expect(await resolveStep(world.aws, 'weather', asked('b'))).toEqual({ outcome: 'done' });
    expect(await resolveStep(world.aws, 'weather', asked('c'))).toMatchObject({ outcome: 'absent' });
  });

  test('that has ended had been carried out; one that never began had not', async () => {
    expect(await resolveStep(world.aws, 'weather', asked('b'))).toMatchObject({ outcome: 'absent' });
    expect(await resolveStep(world.aws, 'weather', asked('a'))).toEqual({ outcome: 'done' });
  });

  test('is told by the next command', async () => {
    await updateEndpoint(world.aws, { EndpointName: 'weather', EndpointConfigName: 'b' });
    world.clock.advance(MINUTE);
    const place = { stateDir: `${world.root}/.shadowctl`, account: '000000000000', region: 'us-east-1' };
    const journal = await folderJournal({ ...place, endpoint: 'weather', clock: world.clock });
    const { at: _, ...begun } = asked('b');
    await journal.locked('test', async () => {
      await journal.append(begun);
      expect(await resolveOpenSteps(world.aws, journal)).toMatchObject([{ action: 'update', outcome: 'done' }]);
    });
    expect(journal.events().at(-1)).toMatchObject({ type: 'end', outcome: 'done', recovered: true });
  });

  test('a deletion: under way it is done, else it had not been carried out', async () => {
    const deleted = step({ action: 'delete', resource: endpoint });
    expect(await resolveStep(world.aws, 'weather', deleted)).toMatchObject({ outcome: 'refused' });
    await deleteEndpoint(world.aws, 'weather');
    expect(await describeEndpoint(world.aws, 'weather')).toMatchObject({ EndpointStatus: 'Deleting' });
    expect(await resolveStep(world.aws, 'weather', deleted)).toEqual({ outcome: 'done' });
  });
});
