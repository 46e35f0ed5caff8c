import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DeleteRepositoryCommand,
  ECRClient,
  type ImageIdentifier,
  PutImageCommand,
} from '@aws-sdk/client-ecr';
import { CreateModelCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../src/emulator/http/server.ts';

let emulator: Emulator;
let ecr: ECRClient;
const client = () => ({
  endpoint: emulator.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
});
beforeEach(async () => {
  emulator = await startEmulator({ clock: new VirtualClock(Date.UTC(2026, 0, 5, 9)), seed: 1 });
  ecr = new ECRClient(client());
});
afterEach(async () => {
  ecr.destroy();
  await emulator.close();
});

const get = (id: ImageIdentifier, registryId?: string) =>
  ecr.send(new BatchGetImageCommand({ registryId, repositoryName: 'own', imageIds: [id] }));
const digest = async (id: ImageIdentifier) => (await get(id)).images?.[0]?.imageId?.imageDigest;
const remove = (id: ImageIdentifier) =>
  ecr.send(new BatchDeleteImageCommand({ repositoryName: 'own', imageIds: [id] }));
const NOT_FOUND = [
  expect.objectContaining({ failureCode: 'ImageNotFound', failureReason: 'Requested image not found' }) as object,
];

test('every image exists until it is deleted; a tag may be moved', async () => {
  const first = await digest({ imageTag: '1' });
  expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await digest({ imageDigest: first })).toBe(first);
  expect(await digest({ imageTag: '2' })).not.toBe(first);

  const put = await ecr.send(new PutImageCommand({ repositoryName: 'own', imageManifest: '{"v":2}', imageTag: '1' }));
  const second = put.image?.imageId?.imageDigest;
  expect(await digest({ imageTag: '1' })).toBe(second);
  expect((await get({ imageTag: '1' })).images?.[0]?.imageManifest).toBe('{"v":2}');
  expect(await digest({ imageDigest: first })).toBe(first);

  expect((await remove({ imageTag: '1' })).imageIds).toEqual([{ imageDigest: second, imageTag: '1' }]);
  expect((await get({ imageTag: '1' })).failures).toEqual(NOT_FOUND);
  expect((await get({ imageDigest: second })).failures).toEqual(NOT_FOUND);
  expect((await remove({ imageTag: '1' })).failures).toEqual(NOT_FOUND);
  await remove({ imageDigest: first });
  expect((await get({ imageDigest: first })).failures).toEqual(NOT_FOUND);
});

test('an image with another tag outlives one of its tags', async () => {
  const push = (imageTag: string) =>
    ecr.send(new PutImageCommand({ repositoryName: 'own', imageManifest: '{}', imageTag }));
  await push('a');
  await push('b');
  await remove({ imageTag: 'a' });
  expect(await digest({ imageTag: 'b' })).toBeDefined();
});

test('what was deleted makes no model; other registries are others', async () => {
  const sagemaker = new SageMakerClient(client());
  const model = (ModelName: string, Image: string) =>
    sagemaker
      .send(new CreateModelCommand({ ModelName, PrimaryContainer: { Image } }))
      .then(() => 'created')
      .catch((error: Error) => `${error.name}: ${error.message}`);
  const image = '000000000000.dkr.ecr.us-east-1.amazonaws.com/own:1';
  expect(await model('a', image)).toBe('created');
  await remove({ imageTag: '1' });
  expect(await model('b', image)).toBe(`ValidationException: Requested image ${image} not found.`);
  const other = '123456789012.dkr.ecr.us-east-1.amazonaws.com/own:1';
  expect(await model('c', other)).toBe('created');
  await ecr.send(new DeleteRepositoryCommand({ registryId: '123456789012', repositoryName: 'own', force: true }));
  await expect(get({ imageTag: '1' }, '123456789012')).rejects.toThrow(
    "The repository with name 'own' does not exist in the registry with id '123456789012'",
  );
  expect(await model('d', other)).toContain('not found');
  await expect(get({})).rejects.toMatchObject({ name: 'InvalidParameterException' });
  sagemaker.destroy();
});
