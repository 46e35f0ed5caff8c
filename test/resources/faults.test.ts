import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { bucketExists } from '../../src/aws/s3.ts';
import { ARTIFACT_005, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const DEPLOY = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --yes`;
const CHANGES = [
  ['s3', 'CreateBucket'],
  ['s3', 'PutObject'],
  ['sagemaker', 'CreateModel'],
  ['sagemaker', 'CreateEndpointConfig'],
  ['sagemaker', 'CreateEndpoint'],
  ['sagemaker', 'DeleteEndpoint'],
  ['sagemaker', 'DeleteEndpointConfig'],
  ['sagemaker', 'DeleteModel'],
  ['s3', 'DeleteObject'],
  ['s3', 'DeleteBucket'],
] as const;

test.each(['drop-reply', 'throttle', 'error'] as const)(
  'every change meets "%s" once: the deployment succeeds, the cleanup leaves nothing',
  async (kind) => {
    for (const [service, operation] of CHANGES) world.emulator.world.faults.add({ kind, service, operation, times: 1 });
    expect(await world.shadowctl(DEPLOY)).toMatchObject({ code: 0 });
    expect(await world.shadowctl('cleanup --endpoint weather --yes')).toMatchObject({ code: 0 });
    expect(await takeCensus(world.aws)).toEqual({ endpoints: [], models: [], endpointConfigs: [], alarms: [] });
    expect(await bucketExists(world.aws, 'sagemaker-us-east-1-000000000000')).toBe(false);
  },
  60_000,
);
