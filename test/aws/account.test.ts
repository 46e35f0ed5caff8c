import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  bucketExists,
  deleteBucket,
  deleteObject,
  deletePrefix,
  headObject,
  listObjects,
  readObject,
} from '../../src/aws/s3.ts';
import { putFile } from '../../src/aws/s3-upload.ts';
import { connect } from '../../src/aws/clients.ts';
import { profileNetwork } from '../../src/aws/profile.ts';
import { signedRuntime } from '../../src/aws/sign.ts';
import { describeEndpoint } from '../../src/aws/sagemaker.ts';
import { rememberEnvironment } from '../support/environment.ts';
import { ARTIFACT_005, type TestWorld, testWorld } from '../support/world.ts';

/* Whose account it is that commands work in, and whose bucket they write to. */

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});
afterEach(() => world.close());

const DEPLOY = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner`;
const NOBODY = 'http://127.0.0.1:9';

test("every plan begins with whose AWS it is for, the question's too", async () => {
  const first = 'Account 000000000000, us-east-1, on this machine';
  expect((await world.shadowctl(`${DEPLOY} --plan`)).out.split('\n')[0]).toBe(first);
  expect((await world.shadowctl(`${DEPLOY} --yes`)).err.split('\n')[0]).toBe(first);
  const model = `--artifact ${ARTIFACT_005} --algorithm linear-learner`;
  for (const line of [
    `canary --endpoint weather ${model} --strategy all-at-once --plan`,
    `rollout --endpoint weather ${model} --steps 50%,100% --plan`,
    `shadow --endpoint weather ${model} --plan`,
    'cleanup --endpoint weather --plan',
  ]) {
    const { out, err } = await world.shadowctl(line);
    expect(
      `${out}\n${err}`.split('\n').filter((one) => one === first),
      `${line}\n${out}${err}`,
    ).toHaveLength(1);
  }
});

test('account: in shadowctl.yaml refuses every other', async () => {
  writeFileSync(join(world.root, 'shadowctl.yaml'), "account: '111111111111'\n");
  const refused = await world.shadowctl(`${DEPLOY} --yes`);
  expect(refused.code).toBe(2);
  expect(refused.err.replace(/\s+/g, ' ')).toContain('are of account 000000000000, and');
  expect(await describeEndpoint(world.aws, 'weather')).toBeUndefined();
  expect((await world.shadowctl('status --endpoint weather')).err).toContain('111111111111');
  writeFileSync(join(world.root, 'shadowctl.yaml'), "account: '000000000000'\n");
  expect((await world.shadowctl(`${DEPLOY} --yes`)).code).toBe(0);
  writeFileSync(join(world.root, 'shadowctl.yaml'), 'account: 12\n');
  expect((await world.shadowctl('status --endpoint weather')).err).toContain('twelve digits');
});

test('without a way to STS the account is taken from the endpoint', async () => {
  const env = { AWS_ENDPOINT_URL_STS: NOBODY };
  expect((await world.shadowctl(`${DEPLOY} --plan`, { env })).out).toContain('Account 000000000000');
  // Of all endpoints too: any that has a journal here tells it.
  await world.shadowctl(`${DEPLOY} --yes`);
  expect(await world.shadowctl('status', { env })).toMatchObject({ code: 0, out: expect.stringContaining('weather') });
  expect((await world.shadowctl('doctor', { env })).out).toContain('endpoint weather');
  expect(await world.shadowctl('cleanup --all --yes', { env })).toMatchObject({ code: 0 });
  const nowhere = await world.shadowctl(`${DEPLOY} --plan`, { env: { ...env, AWS_ENDPOINT_URL_SAGEMAKER: NOBODY } });
  expect(nowhere).toMatchObject({ code: 2 });
  expect(nowhere.err).toContain('(STS)');
}, 30_000);

test("AWS_ENDPOINT_URL is read as AWS's SDKs read it", async () => {
  const { url } = world.emulator;
  const apart = { AWS_ENDPOINT_URL: NOBODY, AWS_ENDPOINT_URL_STS: url, AWS_ENDPOINT_URL_SAGEMAKER: url };
  const there = await world.shadowctl('status --endpoint weather', { env: apart });
  expect(there.err).not.toContain('there is no answer');
  // Without a URL, a region must be one of AWS.
  const ignored = { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true', AWS_REGION: 'frankfurt' };
  expect((await world.shadowctl('status --endpoint weather', { env: ignored })).err).toContain('is not the name');
});

test('a profile has endpoints as the AWS CLI reads them, also one that --profile names', async () => {
  const { url } = world.emulator;
  const config = join(world.root, 'aws-config');
  const localhost = url.replace('127.0.0.1', 'localhost');
  writeFileSync(
    config,
    `[default]\nendpoint_url = ${NOBODY}\n[profile local]\nregion = us-east-1\nservices = here\nendpoint_url = ${url} # all others\n` +
      `aws_access_key_id = test\naws_secret_access_key = test\n[services here]\ns3 =\n  endpoint_url = ${localhost}\nsns =\n  endpoint_url = ${NOBODY}\n` +
      '[profile lost]\nregion = us-east-1\nservices = nowhere\n[profile plain]\nregion = us-east-1\nservices = here\nignore_configured_endpoint_urls = true\n',
  );
  const without = { AWS_ENDPOINT_URL: undefined, AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  const env = { ...without, AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(world.root, 'none') };
  const restore = rememberEnvironment();
  Object.assign(process.env, { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(world.root, 'none') });
  try {
    // The bucket is in the path: `bucket.localhost` is not everywhere a name.
    const deployed = await world.shadowctl(`${DEPLOY} --profile local --yes`, { env });
    expect(deployed, deployed.err).toMatchObject({ code: 0 });
    process.env.AWS_PROFILE = 'local';
    const named = await world.shadowctl('status --endpoint weather', { env: { ...env, AWS_PROFILE: 'local' } });
    expect(named, named.err).toMatchObject({ code: 0 });
    const lost = await world.shadowctl('status --endpoint weather --profile lost', { env });
    expect(lost).toMatchObject({
      code: 2,
      err: expect.stringContaining('services section "nowhere", which is not in'),
    });
    expect(await profileNetwork('plain', env)).toEqual({ endpointUrls: {} });
    // A variable comes before all of it.
    const variable = { ...env, AWS_PROFILE: 'local', AWS_ENDPOINT_URL: NOBODY };
    expect((await world.shadowctl('status --endpoint weather', { env: variable })).err).toContain('no answer at');
  } finally {
    restore();
  }
}, 30_000);

test('FIPS and dual stack are those of the profile that --profile names', async () => {
  const config = join(world.root, 'aws-config');
  writeFileSync(config, '[profile gov]\nregion = us-east-1\nuse_fips_endpoint = true\n');
  const restore = rememberEnvironment();
  Object.assign(process.env, { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: join(world.root, 'none') });
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const aws = connect({ region: 'us-east-1', endpointUrl: undefined, profile: 'gov', credentials });
  try {
    expect((await signedRuntime(aws)).url).toContain('runtime-fips.sagemaker.us-east-1');
  } finally {
    aws.close();
    restore();
  }
});

test('of a default bucket S3 is told whose it must be, in every call', async () => {
  // Ours by accident, with the name of another account's.
  const bucket = 'sagemaker-us-east-1-111111111111';
  await (await world.aws.s3()).send(new CreateBucketCommand({ Bucket: bucket }));
  const uri = `s3://${bucket}/m.tar.gz`;
  const file = { path: ARTIFACT_005, bytes: 1, metadata: {} };
  const calls: Record<string, () => Promise<unknown>> = {
    headObject: () => headObject(world.aws, uri),
    readObject: () => readObject(world.aws, uri, 10),
    listObjects: () => listObjects(world.aws, { bucket, key: '' }).next(),
    deleteObject: () => deleteObject(world.aws, uri),
    deletePrefix: () => deletePrefix(world.aws, uri),
    deleteBucket: () => deleteBucket(world.aws, bucket),
    putFile: () => putFile(world.aws, uri, file),
  };
  for (const [name, work] of Object.entries(calls))
    await expect(work(), name).rejects.toMatchObject({ code: 'AccessDenied' });
  await expect(bucketExists(world.aws, bucket)).rejects.toThrow('does not belong to account 111111111111');
});

test('a default bucket that belongs to somebody else gets no model', async () => {
  const other = connect({
    region: 'us-east-1',
    endpointUrl: world.emulator.url,
    profile: undefined,
    credentials: { accessKeyId: '222222222222', secretAccessKey: 'test' },
  });
  const client = await other.s3();
  await client.send(new CreateBucketCommand({ Bucket: 'sagemaker-us-east-1-000000000000' }));
  other.close();
  const { code, err } = await world.shadowctl(`${DEPLOY} --yes`);
  expect(code).toBe(2);
  expect(err).toContain('sagemaker-us-east-1-000000000000');
  expect(await describeEndpoint(world.aws, 'weather')).toBeUndefined();
});

test('a connection that breaks is no refusal of the model: it is counted apart', async () => {
  const broken = createServer((incoming) => incoming.socket.destroy());
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  try {
    writeFileSync(join(world.root, 'rows.csv'), '1,2\n');
    const env = { AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: `http://127.0.0.1:${(broken.address() as AddressInfo).port}` };
    const line = 'invoke --endpoint weather --data rows.csv --no-header --count 2';
    expect((await world.shadowctl(line, { env })).out).toMatch(/ECONNRESET \(no answer\)\s+2/);
    const { out } = await world.shadowctl(`${line} --format json`, { env });
    expect(JSON.parse(out).errors).toMatchObject([{ code: 'ECONNRESET', count: 2, unanswered: true }]);
  } finally {
    broken.close();
  }
});
