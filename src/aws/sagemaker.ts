import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  DescribeModelPackageCommand,
  ListEndpointsCommand,
  ListModelPackagesCommand,
  ListTagsCommand,
  ProductionVariantInstanceType,
  UpdateEndpointCommand,
  type CreateEndpointCommandInput,
  type CreateEndpointConfigCommandInput,
  type CreateModelCommandInput,
  type DescribeEndpointCommandOutput,
  type DescribeEndpointConfigCommandOutput,
  type DescribeModelCommandOutput,
  type DescribeModelPackageCommandOutput,
  type UpdateEndpointCommandInput,
} from '@aws-sdk/client-sagemaker';
import type { Aws } from './clients.ts';
import { AwsProblem, call, withoutSecrets } from './errors.ts';
import { pages } from './pages.ts';
import { keepReply, sendWhole, withUnknown } from './unknown-fields.ts';

/** Every type of instance that an endpoint takes, as far as this version knows: AWS adds some from time to time. */
export const ENDPOINT_INSTANCE_TYPES: readonly string[] = Object.values(ProductionVariantInstanceType);

/** What a delete found. Deleting what is already gone is success. */
export type Deletion = 'deleted' | 'gone';

/** The endpoint as AWS has it, or undefined where there is none. */
export async function describeEndpoint(
  aws: Aws,
  name: string,
  signal?: AbortSignal,
): Promise<DescribeEndpointCommandOutput | undefined> {
  const client = await aws.sagemaker();
  return present(
    call(aws.target, `look at endpoint "${name}"`, () =>
      client.send(new DescribeEndpointCommand({ EndpointName: name }), { abortSignal: signal }),
    ),
  );
}

/** The names of all endpoints of the account and region. */
export async function listEndpoints(aws: Aws, signal?: AbortSignal): Promise<string[]> {
  const client = await aws.sagemaker();
  const names: string[] = [];
  const send = (NextToken: string | undefined) =>
    call(aws.target, 'list the endpoints', () =>
      client.send(new ListEndpointsCommand({ NextToken, MaxResults: 100 }), { abortSignal: signal }),
    );
  for await (const page of pages(send, (one) => one.NextToken))
    for (const { EndpointName } of page.Endpoints ?? []) if (EndpointName !== undefined) names.push(EndpointName);
  return names;
}

/** The endpoint config as AWS has it, or undefined where there is none: also members that this version does not know. */
export async function describeEndpointConfig(
  aws: Aws,
  name: string,
  signal?: AbortSignal,
): Promise<DescribeEndpointConfigCommandOutput | undefined> {
  const client = await aws.sagemaker();
  const command = new DescribeEndpointConfigCommand({ EndpointConfigName: name });
  const reply = keepReply(command);
  const known = await present(
    call(aws.target, `look at endpoint config "${name}"`, () => client.send(command, { abortSignal: signal })),
  );
  return known && withUnknown(known, reply());
}

/** The model as AWS has it, or undefined where there is none; its containers with members that this version does not know, too. */
export async function describeModel(
  aws: Aws,
  name: string,
  signal?: AbortSignal,
): Promise<DescribeModelCommandOutput | undefined> {
  const client = await aws.sagemaker();
  const command = new DescribeModelCommand({ ModelName: name });
  const reply = keepReply(command);
  const known = await present(
    call(aws.target, `look at model "${name}"`, () => client.send(command, { abortSignal: signal })),
  );
  if (known === undefined) return undefined;
  const { PrimaryContainer, Containers } = (reply() ?? {}) as { PrimaryContainer?: unknown; Containers?: unknown };
  return withUnknown(known, { PrimaryContainer, Containers });
}

/** A version in the Model Registry as AWS has it, by its ARN, or undefined where there is none. */
export async function describeModelPackage(
  aws: Aws,
  arn: string,
  signal?: AbortSignal,
): Promise<DescribeModelPackageCommandOutput | undefined> {
  const client = await aws.sagemaker();
  return present(
    call(aws.target, `look at model package ${arn}`, () =>
      client.send(new DescribeModelPackageCommand({ ModelPackageName: arn }), { abortSignal: signal }),
    ),
  );
}

/** The versions of a group in the Model Registry that have this status, by their ARNs, oldest first. */
export async function packagesWith(
  aws: Aws,
  group: string,
  status: 'Approved' | 'PendingManualApproval',
  signal?: AbortSignal,
): Promise<string[]> {
  const client = await aws.sagemaker();
  const found: { arn: string; version: number }[] = [];
  const send = (NextToken: string | undefined) =>
    call(aws.target, `list the model packages of ${group}`, () =>
      client.send(
        new ListModelPackagesCommand({ ModelPackageGroupName: group, ModelApprovalStatus: status, NextToken }),
        { abortSignal: signal },
      ),
    );
  for await (const page of pages(send, (one) => one.NextToken))
    for (const { ModelPackageArn: arn, ModelPackageVersion: version = 0 } of page.ModelPackageSummaryList ?? [])
      if (arn !== undefined) found.push({ arn, version });
  return found.toSorted((a, b) => a.version - b.version).map(({ arn }) => arn);
}

/** Creates a model; gives its ARN. */
export async function createModel(aws: Aws, input: CreateModelCommandInput): Promise<string | undefined> {
  const client = await aws.sagemaker();
  const containers = [input.PrimaryContainer, ...(input.Containers ?? [])];
  const values = containers.flatMap((one) => Object.values(one?.Environment ?? {}));
  const command = new CreateModelCommand(input);
  sendWhole(command, input);
  const reply = await withoutSecrets(values, () =>
    call(aws.target, `create model "${input.ModelName}"`, () => client.send(command)),
  );
  return reply.ModelArn;
}

/** Creates an endpoint config, with all that the input holds; gives its ARN. */
export async function createEndpointConfig(
  aws: Aws,
  input: CreateEndpointConfigCommandInput,
): Promise<string | undefined> {
  const client = await aws.sagemaker();
  const command = new CreateEndpointConfigCommand(input);
  sendWhole(command, input);
  const reply = await call(aws.target, `create endpoint config "${input.EndpointConfigName}"`, () =>
    client.send(command),
  );
  return reply.EndpointConfigArn;
}

/** Starts to create an endpoint; gives its ARN. */
export async function createEndpoint(aws: Aws, input: CreateEndpointCommandInput): Promise<string | undefined> {
  const client = await aws.sagemaker();
  const reply = await call(aws.target, `create endpoint "${input.EndpointName}"`, () =>
    client.send(new CreateEndpointCommand(input)),
  );
  return reply.EndpointArn;
}

/** Starts to update an endpoint. */
export async function updateEndpoint(aws: Aws, input: UpdateEndpointCommandInput): Promise<void> {
  const client = await aws.sagemaker();
  await call(aws.target, `update endpoint "${input.EndpointName}"`, () =>
    client.send(new UpdateEndpointCommand(input)),
  );
}

/** Starts to delete an endpoint. SageMaker refuses while it is being created or updated. */
export async function deleteEndpoint(aws: Aws, name: string): Promise<Deletion> {
  const client = await aws.sagemaker();
  return deletion(
    call(aws.target, `delete endpoint "${name}"`, () => client.send(new DeleteEndpointCommand({ EndpointName: name }))),
  );
}

/** Deletes an endpoint config. SageMaker does not refuse when it is in use: the caller must have looked (facts 8.1). */
export async function deleteEndpointConfig(aws: Aws, name: string): Promise<Deletion> {
  const client = await aws.sagemaker();
  return deletion(
    call(aws.target, `delete endpoint config "${name}"`, () =>
      client.send(new DeleteEndpointConfigCommand({ EndpointConfigName: name })),
    ),
  );
}

/** Deletes a model; its artifact stays. */
export async function deleteModel(aws: Aws, name: string): Promise<Deletion> {
  const client = await aws.sagemaker();
  return deletion(
    call(aws.target, `delete model "${name}"`, () => client.send(new DeleteModelCommand({ ModelName: name }))),
  );
}

/** All tags of a SageMaker resource, by key. */
export async function tagsOf(aws: Aws, arn: string): Promise<Record<string, string>> {
  const client = await aws.sagemaker();
  const tags: Record<string, string> = {};
  const send = (NextToken: string | undefined) =>
    call(aws.target, `read the tags of ${arn}`, () =>
      client.send(new ListTagsCommand({ ResourceArn: arn, NextToken })),
    );
  for await (const page of pages(send, (one) => one.NextToken))
    for (const { Key, Value } of page.Tags ?? []) if (Key !== undefined && Value !== undefined) tags[Key] = Value;
  return tags;
}

/**
 * True where SageMaker refused because the endpoint is being changed at this moment, by autoscaling too: "Cannot update
 * in-progress endpoint", of deletions as well (facts 8.1).
 */
export function isEndpointBusy(error: unknown): error is AwsProblem {
  return error instanceof AwsProblem && /in-progress endpoint/i.test(error.words);
}

/** SageMaker has no error of its own for "there is none": only these words (facts 8.1). */
function isMissing(error: unknown): boolean {
  return error instanceof AwsProblem && (error.code === 'ResourceNotFound' || /^Could not find /i.test(error.words));
}

async function present<T>(reply: Promise<T>): Promise<T | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function deletion(reply: Promise<unknown>): Promise<Deletion> {
  return (await present(reply)) === undefined ? 'gone' : 'deleted';
}
