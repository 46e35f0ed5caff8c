import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  type CreateModelCommandInput,
  type ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deleteModel, describeEndpoint, describeEndpointConfig, describeModel } from '../../src/aws/sagemaker.ts';
import { refuseNext } from '../support/refuse.ts';
import { ARTIFACT_009, ROLE, type TestWorld, testWorld } from '../support/world.ts';

/* Endpoints that others made, by Terraform, by the SageMaker SDK, by hand: nothing of theirs is lost without a word. */

const IMAGE = '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1';
const MODEL = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
  const s3 = await world.aws.s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
  const { readFileSync } = await import('node:fs');
  await s3.send(new PutObjectCommand({ Bucket: 'models', Key: 'm.tar.gz', Body: readFileSync(ARTIFACT_009) }));
});
afterEach(() => world.close());

const container = { Image: IMAGE, ModelDataUrl: 's3://models/m.tar.gz' };

/** Endpoint `theirs` with one variant and one model. */
async function theirs(
  model: Partial<CreateModelCommandInput> = { PrimaryContainer: container },
  variant: Partial<ProductionVariant> = {},
): Promise<void> {
  const client = await world.aws.sagemaker();
  await client.send(new CreateModelCommand({ ModelName: 'm', ExecutionRoleArn: ROLE, ...model }));
  await client.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'theirs-1',
      ProductionVariants: [
        {
          VariantName: 'AllTraffic',
          ModelName: 'm',
          InstanceType: 'ml.m5.large',
          InitialInstanceCount: 2,
          ...variant,
        },
      ],
    }),
  );
  await client.send(new CreateEndpointCommand({ EndpointName: 'theirs', EndpointConfigName: 'theirs-1' }));
  await world.clock.sleep(10 * 60_000);
}

const run = (command: string, more = '--plan') =>
  world.shadowctl(`${command} --endpoint theirs ${MODEL} --adopt ${more}`);

const running = async () => {
  const name = (await describeEndpoint(world.aws, 'theirs'))?.EndpointConfigName ?? '';
  return describeEndpointConfig(world.aws, name);
};

test.each(['deploy', 'canary', 'rollout --steps 50%,100%', 'shadow'])(
  '%s: a pipeline is not replaced by one container',
  async (command) => {
    await theirs({ Containers: [container, { ...container, ContainerHostname: 'b' }] });
    const { code, err } = await run(command);
    expect(code, err).toBe(2);
    expect(err.replace(/\s+/g, ' ')).toContain(
      command === 'shadow' ? 'a model of 2 containers' : 'is a pipeline of 2 containers',
    );
  },
);

test("the live model's environment is kept behind the same image, and shown", async () => {
  await theirs({ PrimaryContainer: { ...container, Environment: { TASK: 'a', LEVEL: '1' } } });
  expect((await run('deploy', '--container-env LEVEL=2 --plan')).out).toContain('environment TASK LEVEL');
  const { code, err } = await run('deploy', '--container-env LEVEL=2 --yes');
  expect(code, err).toBe(0);
  const model = await describeModel(world.aws, (await running())?.ProductionVariants?.[0]?.ModelName ?? '');
  expect(model?.PrimaryContainer?.Environment).toEqual({ TASK: 'a', LEVEL: '2' });
});

test('a shadow is not attached where the model of production is gone', async () => {
  await theirs();
  await deleteModel(world.aws, 'm');
  const { code, err } = await run('shadow');
  expect(code).toBe(2);
  expect(err).toContain('has been deleted');
});

test('a shadow takes over neither the reservation nor what is bound to another instance type, and that is said', async () => {
  const CapacityReservationConfig = {
    CapacityReservationPreference: 'capacity-reservations-only' as const,
    MlReservationArn: 'arn:aws:sagemaker:us-east-1:000000000000:training-plan/p',
  };
  await theirs(undefined, { CapacityReservationConfig, VolumeSizeInGB: 40, ModelDataDownloadTimeoutInSeconds: 600 });
  const { code, err } = await run('shadow', '--instance-type ml.m5.xlarge --instances 1 --yes');
  expect(code, err).toBe(0);
  expect(err.replace(/\s+/g, ' ')).toContain("does not inherit production's CapacityReservationConfig, VolumeSizeInGB");
  const config = await running();
  expect(config?.ProductionVariants?.[0]).toMatchObject({ CapacityReservationConfig, VolumeSizeInGB: 40 });
  expect(config?.ShadowProductionVariants).toEqual([
    {
      VariantName: 'shadow',
      ModelName: expect.stringContaining('theirs-model'),
      InstanceType: 'ml.m5.xlarge',
      InitialInstanceCount: 1,
      InitialVariantWeight: 1,
      ModelDataDownloadTimeoutInSeconds: 600,
    },
  ]);
});

test('a role that IAM has not spread yet is waited for, once', async () => {
  await theirs();
  const words = `Could not assume role ${ROLE}. Please ensure that the role exists and allows principal "sagemaker.amazonaws.com" to assume the role.`;
  refuseNext(world.emulator, 'CreateModel', words);
  expect((await run('deploy', '--yes')).code).toBe(0);
  refuseNext(world.emulator, 'CreateModel', words);
  const { inject } = world.emulator.world.faults;
  world.emulator.world.faults.inject = (kinds, where) => {
    if (where.operation === 'CreateModel') refuseNext(world.emulator, 'CreateModel', words);
    return inject(kinds, where);
  };
  const twice = await world.shadowctl(`deploy --endpoint theirs ${MODEL} --yes`);
  expect(twice.code).toBe(2);
  expect(twice.err).toContain('Could not assume role');
});

test('what a shadow plan says of captures names who writes them', async () => {
  await theirs();
  expect((await run('shadow')).out.replace(/\s+/g, ' ')).toContain(
    `with ${ROLE}: if that may not write there (s3:PutObject)`,
  );
});

test('--pin-image names the image by the digest that the endpoint runs; where none runs it, that is said', async () => {
  await theirs();
  expect((await run('deploy', '--pin-image --yes')).code).toBe(0);
  const model = await describeModel(world.aws, (await running())?.ProductionVariants?.[0]?.ModelName ?? '');
  expect(model?.PrimaryContainer?.Image).toMatch(/\/linear-learner@sha256:[0-9a-f]{64}$/);
  const image = '--image 123456789012.dkr.ecr.us-east-1.amazonaws.com/own:3 --pin-image --yes';
  const other = await world.shadowctl(`deploy --endpoint theirs --artifact ${ARTIFACT_009} ${image}`);
  expect(other.code).toBe(2);
  expect(other.err).toContain('aws ecr describe-images --registry-id 123456789012 --repository-name own');
});

test('an account that may not capture is offered a shadow without', async () => {
  await theirs();
  refuseNext(world.emulator, 'CreateEndpointConfig', 'DataCaptureConfig is not available for this account.');
  const refused = await run('shadow', '--yes');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('--no-capture');
  const { code, err } = await run('shadow', '--no-capture --yes');
  expect(code, err).toBe(0);
  const config = await running();
  expect(config?.ShadowProductionVariants).toHaveLength(1);
  expect(config?.DataCaptureConfig).toBeUndefined();
  expect((await run('shadow', '--no-capture --capture-to s3://b/p --plan')).code).toBe(2);
});

describe('what AWS adds to its API after this version', () => {
  /** The emulator, as if its API had members more: they are in every description of a config, and of a model's container. */
  async function laterAws() {
    const created: Record<string, unknown>[] = [];
    const models: Record<string, unknown>[] = [];
    const server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const operation = String(incoming.headers['x-amz-target'] ?? '')
          .split('.')
          .at(-1);
        const body = Buffer.concat(chunks);
        if (operation === 'CreateModel') models.push(JSON.parse(body.toString()));
        if (operation === 'CreateEndpointConfig') created.push(JSON.parse(body.toString()));
        const url = new URL(incoming.url ?? '/', world.emulator.url);
        const onward = forward(url, { method: incoming.method, headers: incoming.headers }, (reply) => {
          if (!/^Describe(EndpointConfig|Model)$/.test(operation ?? '') || reply.statusCode !== 200) {
            outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
            reply.pipe(outgoing);
            return;
          }
          const parts: Buffer[] = [];
          reply.on('data', (part: Buffer) => parts.push(part));
          reply.on('end', () => {
            const described = JSON.parse(Buffer.concat(parts).toString());
            if (operation === 'DescribeModel') described.PrimaryContainer.Accelerator = { Draft: 's3://b/d' };
            else {
              described.RegionalFailover = { Mode: 'Warm' };
              described.ProductionVariants[0].SpotPolicy = { Share: 0.5 };
            }
            const changed = Buffer.from(JSON.stringify(described));
            outgoing.writeHead(200, { ...reply.headers, 'content-length': changed.length });
            outgoing.end(changed);
          });
        });
        onward.end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, created, models, close: () => server.closeAllConnections() };
  }

  test('is carried on into every config that is derived', async () => {
    await theirs();
    const later = await laterAws();
    try {
      const env = { AWS_ENDPOINT_URL_SAGEMAKER: later.url };
      const said = await world.shadowctl(`deploy --endpoint theirs ${MODEL} --adopt --yes`, { env });
      expect(said.code, said.err).toBe(0);
      expect(later.created).toHaveLength(1);
      expect(later.created[0]).toMatchObject({
        RegionalFailover: { Mode: 'Warm' },
        ProductionVariants: [{ VariantName: 'AllTraffic', SpotPolicy: { Share: 0.5 } }],
      });
      expect(later.created[0]).not.toHaveProperty('EndpointConfigArn');
      expect(later.models).toMatchObject([{ PrimaryContainer: { Accelerator: { Draft: 's3://b/d' } } }]);
      expect(later.models[0]).not.toHaveProperty('ModelArn');
    } finally {
      later.close();
    }
  });
});
