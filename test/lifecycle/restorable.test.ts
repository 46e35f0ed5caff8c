import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DeleteRepositoryCommand,
  PutImageCommand,
} from '@aws-sdk/client-ecr';
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DescribeEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from '@aws-sdk/client-sagemaker';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { deletePrefix } from '../../src/aws/s3.ts';
import { factsNamed } from '../../src/state/facts.ts';
import { folderJournal } from '../support/journal.ts';
import { replay } from '../../src/state/replay.ts';
import { ARTIFACT_005, ARTIFACT_009, ROLE, type TestWorld, testWorld } from '../support/world.ts';

/* Whether what an endpoint runs, or ran, could be started again as it was. */

let world: TestWorld;
const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;

async function said(line: string): Promise<string> {
  const { out, err } = await world.shadowctl(line);
  return `${out}\n${err}`.replace(/\s+/g, ' ');
}

async function ran(line: string): Promise<void> {
  const { code, err } = await world.shadowctl(line);
  expect(code, err).toBe(0);
}

const PLACE = ['.shadowctl', '000000000000', 'us-east-1'];
const journal = () =>
  folderJournal({
    stateDir: join(world.root, '.shadowctl'),
    account: '000000000000',
    region: 'us-east-1',
    endpoint: 'weather',
    clock: world.clock,
  });
const recorded = async () => factsNamed(replay((await journal()).events()).facts, 'ran').map(({ value }) => value);

/** The same key, another model. */
async function overwritten(which: string): Promise<void> {
  const parts = (await recorded()).find(({ config }) => config === which)?.parts[0];
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(parts?.artifacts[0]?.uri ?? '') ?? [];
  const client = await world.aws.s3();
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: readFileSync(ARTIFACT_009) }));
}

beforeEach(async () => {
  world = await testWorld();
  await ran(
    `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --instances 2 --config-name c1 --yes`,
  );
});
afterEach(() => world.close());

test('what a config is made of is written down when it is in service, once', async () => {
  const [first, ...rest] = await recorded();
  expect(rest).toEqual([]);
  expect(first).toMatchObject({
    config: 'c1',
    parts: [
      {
        role: ROLE,
        artifacts: [{ etag: expect.stringMatching(/^"[0-9a-f]{32}"$/) as string }],
        images: [{ digest: expect.stringContaining('@sha256:') as string }],
      },
    ],
  });
  await ran(`deploy --endpoint weather ${BETTER} --config-name c2 --yes`);
  await ran(`canary --endpoint weather ${BETTER} --config-name c3 --force --unguarded --yes`);
  expect((await recorded()).map(({ config }) => config)).toEqual(['c1', 'c2', 'c3']);
});

test('an artifact that was written again since: doctor and plans say so, and undo does before it asks', async () => {
  await overwritten('c1');
  const words = /the artifact of model \S+, was written again since \(ETag [0-9a-f]{12}…, now [0-9a-f]{12}…\)/;
  expect(await said('doctor --endpoint weather')).toMatch(words);
  expect(await said(`deploy --endpoint weather ${BETTER} --plan`)).toMatch(words);
  expect(await said(`canary --endpoint weather ${BETTER} --plan`)).toMatch(words);
  await ran(`deploy --endpoint weather ${BETTER} --yes`);
  const undone = await said('undo --endpoint weather --plan');
  expect(undone).toMatch(words);
  expect(undone).toContain('the way back would not come back as it was');
});

test('a tag of an image that names another digest since', async () => {
  await ran(`deploy --endpoint weather ${BETTER} --yes`);
  const folder = join(world.root, ...PLACE);
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const path = join(folder, file);
  const lines = readFileSync(path, 'utf8').split('\n');
  // The digest of then, as if somebody had pushed to the tag after.
  const at = lines.findIndex((line) => line.includes('"name":"ran"'));
  lines[at] = (lines[at] ?? '').replace(/@sha256:[0-9a-f]{64}/, `@sha256:${'0'.repeat(64)}`);
  writeFileSync(path, lines.join('\n'));
  expect(await said('undo --endpoint weather --plan')).toMatch(/the image of model \S+, names another digest since/);
});

test('what may not be looked at is not changed, and not lost', async () => {
  await overwritten('c1');
  world.emulator.world.faults.add({ kind: 'deny', operation: 'HeadObject' });
  const plan = await said(`deploy --endpoint weather --instances 3 --plan`);
  expect(plan).toContain('not seen: the artifact of the model that runs');
  expect(plan).not.toMatch(/written again|no way back/);
});

test('where the artifact is gone, a canary is told as well', async () => {
  await deletePrefix(world.aws, 's3://sagemaker-us-east-1-000000000000/shadowctl/');
  expect(await said('doctor --endpoint weather')).toContain('artifact of model');
});

describe('the role of the model', () => {
  const name = ROLE.slice(ROLE.lastIndexOf('/') + 1);
  const role = async (command: CreateRoleCommand | DeleteRoleCommand) =>
    (await world.aws.iam()).send(command as DeleteRoleCommand);
  const gone = `${ROLE}, the role of model`;

  test('where it is gone, doctor, every plan and the way back say so', async () => {
    await ran(`shadow --endpoint weather ${BETTER} --yes`);
    await ran('shadow detach --endpoint weather --yes');
    const other = '--role arn:aws:iam::000000000000:role/other';
    await role(new DeleteRoleCommand({ RoleName: name }));
    const found = await world.shadowctl('doctor --endpoint weather --format json');
    expect(found.out).toMatch(/"severity": "blocking",\s+"check": "role-missing"/);
    for (const line of ['deploy', 'shadow', 'rollout --steps 50%,100%'])
      expect(await said(`${line} --endpoint weather ${BETTER} ${other} --plan`), line).toContain(
        `there is no way back to what runs now: ${gone}`,
      );
    expect(await said(`canary --endpoint weather ${BETTER} ${other} --plan`)).toContain(gone);
    await ran(`deploy --endpoint weather ${BETTER} ${other} --config-name c2 --yes`);
    const undone = await world.shadowctl('undo --endpoint weather --yes');
    expect(undone.code).toBe(2);
    expect(undone.err.replace(/\s+/g, ' ')).toContain(`cannot go back to c1: ${gone}`);
    expect(await said('undo --endpoint weather --to')).toMatch(/c1 .*role of model/);
    await role(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: '{}' }));
    await ran('undo --endpoint weather --yes');
  });

  test('one of that name under another path is another role', async () => {
    await role(new DeleteRoleCommand({ RoleName: name }));
    await role(new CreateRoleCommand({ RoleName: name, Path: '/teams/', AssumeRolePolicyDocument: '{}' }));
    expect(await said('doctor --endpoint weather')).toContain(gone);
  });

  test.each([
    ['nobody may look', { kind: 'deny', operation: 'GetRole' } as const, undefined, /needs iam:GetRole/],
    [
      'no way leads there',
      undefined,
      { AWS_ENDPOINT_URL_IAM: 'http://127.0.0.1:9' },
      /\(.*ECONNREFUSED.*\), needs iam/,
    ],
  ])('where %s, the work goes on, and that is said', async (_, fault, env, why) => {
    if (fault !== undefined) world.emulator.world.faults.add(fault);
    const plan = await world.shadowctl(`deploy --endpoint weather ${BETTER} --plan`, { env });
    const words = `${plan.out}\n${plan.err}`.replace(/\s+/g, ' ');
    expect(plan.code).toBe(4);
    expect(words).toContain(`not seen: whether role ${ROLE} still exists`);
    expect(words).toMatch(why);
    expect(words).not.toContain('no way back');
  });
});

describe('an image of its own', () => {
  const image = '000000000000.dkr.ecr.us-east-1.amazonaws.com/own';
  const ecr = async (command: BatchDeleteImageCommand | PutImageCommand | DeleteRepositoryCommand) =>
    (await world.aws.ecr()).send(command as PutImageCommand);
  const own = { repositoryName: 'own' };

  /** Answers every ping. */
  const server = createServer((_, reply) => reply.end());
  beforeAll(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)));
  afterAll(() => server.close());

  async function stands(Image: string): Promise<void> {
    const client = await world.aws.sagemaker();
    await client.send(new CreateModelCommand({ ModelName: 'm', ExecutionRoleArn: ROLE, PrimaryContainer: { Image } }));
    const variant = { VariantName: 'A', ModelName: 'm', InstanceType: 'ml.m5.large', InitialInstanceCount: 1 } as const;
    await client.send(new CreateEndpointConfigCommand({ EndpointConfigName: 'own-1', ProductionVariants: [variant] }));
    await client.send(new CreateEndpointCommand({ EndpointName: 'own', EndpointConfigName: 'own-1' }));
    await world.clock.sleep(10 * 60_000);
  }

  beforeEach(async () => {
    await world.close();
    world = await testWorld({ containers: [`${image}=http://127.0.0.1:${(server.address() as AddressInfo).port}`] });
  });

  test('whose tag is gone, or names another digest, or whose digest is gone as well', async () => {
    await stands(`${image}:1`);
    expect(await said('doctor --endpoint own')).not.toMatch(/names another digest|image-missing/);
    const pushed = await ecr(new PutImageCommand({ ...own, imageManifest: '{}', imageTag: '1' }));
    expect(pushed.image?.imageId?.imageDigest).toBeDefined();
    const moved = /own:1, the image of model m, names another digest since \([0-9a-f]{12}…, now [0-9a-f]{12}…\)/;
    expect(await said('doctor --endpoint own')).toMatch(moved);
    const deployed = (await (await world.aws.sagemaker()).send(new DescribeEndpointCommand({ EndpointName: 'own' })))
      .ProductionVariants?.[0]?.DeployedImages?.[0]?.ResolvedImage;
    const imageDigest = deployed?.split('@')[1];
    await ecr(new BatchDeleteImageCommand({ ...own, imageIds: [{ imageDigest }] }));
    expect(await said('doctor --endpoint own')).toMatch(
      /names another digest since \([0-9a-f]{12}…, which no longer exists, now/,
    );
    await ecr(new BatchDeleteImageCommand({ ...own, imageIds: [{ imageTag: '1' }] }));
    expect(await said('doctor --endpoint own')).toContain(`${image}:1, the image of model m, no longer exists`);
  });

  test('named by digest; and its repository is gone', async () => {
    const { image: pushed } = await ecr(new PutImageCommand({ ...own, imageManifest: '{}', imageTag: '1' }));
    await stands(`${image}@${pushed?.imageId?.imageDigest}`);
    await ecr(new PutImageCommand({ ...own, imageManifest: '{"v":2}', imageTag: '1' }));
    expect(await said('doctor --endpoint own')).not.toMatch(/names another digest|the image of model/);
    await ecr(new DeleteRepositoryCommand({ ...own, force: true }));
    expect(await said('doctor --endpoint own')).toMatch(/own@sha256:\S+, the image of model m, no longer exists/);
  });

  test.each([
    [true, 1],
    [false, 2],
  ])(
    'resolveTagsAgain=%s: of a fleet whose tag was moved away, and whose digest is there, %s instances run after scaling to two',
    async (resolveTagsAgain, run) => {
      Object.assign(world.emulator.world.switches, { resolveTagsAgain });
      await stands(`${image}:1`);
      const client = await world.aws.sagemaker();
      const seen = async () =>
        (await client.send(new DescribeEndpointCommand({ EndpointName: 'own' }))).ProductionVariants?.[0];
      const [before = '', imageDigest] = (await seen())?.DeployedImages?.[0]?.ResolvedImage?.split('@') ?? [];
      expect(before).toBe(image);
      const client2 = await world.aws.ecr();
      const got = await client2.send(new BatchGetImageCommand({ ...own, imageIds: [{ imageDigest }] }));
      await ecr(
        new PutImageCommand({ ...own, imageManifest: got.images?.[0]?.imageManifest ?? '{}', imageTag: 'kept' }),
      );
      await ecr(new PutImageCommand({ ...own, imageManifest: '{"v":2}', imageTag: '1' }));
      await ecr(new BatchDeleteImageCommand({ ...own, imageIds: [{ imageTag: '1' }] }));
      const DesiredWeightsAndCapacities = [{ VariantName: 'A', DesiredInstanceCount: 2 }];
      await client.send(
        new UpdateEndpointWeightsAndCapacitiesCommand({ EndpointName: 'own', DesiredWeightsAndCapacities }),
      );
      await world.clock.sleep(20 * 60_000);
      expect((await seen())?.CurrentInstanceCount).toBe(run);
    },
  );

  test('where nobody may look at it, that is said with the repository', async () => {
    await stands(`${image}:1`);
    world.emulator.world.faults.add({ kind: 'deny', operation: 'BatchGetImage' });
    expect(await said('doctor --endpoint own')).toMatch(
      /not seen: whether image \S+own:1 still exists, needs ecr:BatchGetImage/,
    );
  });
});
