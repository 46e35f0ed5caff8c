import {
  CreateTransformJobCommand,
  type CreateTransformJobCommandInput,
  DescribeTransformJobCommand,
  ListTransformJobsCommand,
  StopTransformJobCommand,
  TransformInstanceType,
} from '@aws-sdk/client-sagemaker';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { pages } from './pages.ts';
import type { Listed } from './sagemaker-lists.ts';

/** A transform job, as far as anything here rests on it. Times are milliseconds since the epoch. */
export interface TransformJob {
  name: string;
  arn: string;
  status: 'InProgress' | 'Completed' | 'Failed' | 'Stopping' | 'Stopped';
  model: string;
  /** Where its outputs lie, an `s3://` URI. */
  output: string;
  instanceType: string;
  instances: number;
  created: number;
  /** From `started` to `ended` its instances are billed; undefined where it has none yet, or never had any. */
  started: number | undefined;
  ended: number | undefined;
  /** SageMaker's own words for why it failed. */
  failure: string | undefined;
}

/** The log group of all transform jobs; a job's streams begin with its name and a slash (facts 16.3). */
export const TRANSFORM_LOG_GROUP = '/aws/sagemaker/TransformJobs';

/** Every type of instance that a transform job takes, as far as this version knows. */
export const TRANSFORM_INSTANCE_TYPES: readonly string[] = Object.values(TransformInstanceType);

/**
 * Every transform job of the account and region: SageMaker keeps their records for ever.
 * @param word only those with it in their names
 */
export async function listTransformJobs(aws: Aws, word?: string, signal?: AbortSignal): Promise<Listed[]> {
  const client = await aws.sagemaker();
  const send = (NextToken: string | undefined) =>
    call(aws.target, 'list the transform jobs', () =>
      client.send(new ListTransformJobsCommand({ NextToken, NameContains: word, MaxResults: 100 }), {
        abortSignal: signal,
      }),
    );
  const found: Listed[] = [];
  for await (const page of pages(send, (one) => one.NextToken))
    for (const { TransformJobName: name, TransformJobArn: arn } of page.TransformJobSummaries ?? [])
      if (name !== undefined && arn !== undefined) found.push({ name, arn });
  return found;
}

/** The job as AWS has it; undefined where there is none of that name, and never was. */
export async function describeTransformJob(
  aws: Aws,
  name: string,
  signal?: AbortSignal,
): Promise<TransformJob | undefined> {
  const client = await aws.sagemaker();
  try {
    const found = await call(aws.target, `look at transform job "${name}"`, () =>
      client.send(new DescribeTransformJobCommand({ TransformJobName: name }), { abortSignal: signal }),
    );
    return {
      name,
      arn: found.TransformJobArn ?? '',
      status: found.TransformJobStatus ?? 'InProgress',
      model: found.ModelName ?? '',
      output: found.TransformOutput?.S3OutputPath ?? '',
      instanceType: found.TransformResources?.InstanceType ?? '',
      instances: found.TransformResources?.InstanceCount ?? 1,
      created: found.CreationTime?.getTime() ?? 0,
      started: found.TransformStartTime?.getTime(),
      ended: found.TransformEndTime?.getTime(),
      failure: found.FailureReason,
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Begins a job. Its name is its own for ever: SageMaker deletes no record of a job. */
export async function createTransformJob(aws: Aws, input: CreateTransformJobCommandInput): Promise<void> {
  const client = await aws.sagemaker();
  await call(aws.target, `create transform job "${input.TransformJobName}"`, () =>
    client.send(new CreateTransformJobCommand(input)),
  );
}

/** Stops a job; of one that has ended nothing changes. What it was working on has no output then. */
export async function stopTransformJob(aws: Aws, name: string): Promise<void> {
  const client = await aws.sagemaker();
  try {
    await call(aws.target, `stop transform job "${name}"`, () =>
      client.send(new StopTransformJobCommand({ TransformJobName: name })),
    );
  } catch (error) {
    if (isMissing(error)) return;
    // SageMaker refuses to stop what has ended.
    const job = error instanceof AwsProblem && error.clientFault ? await describeTransformJob(aws, name) : undefined;
    if (job === undefined || job.status === 'InProgress') throw error;
  }
}

/** SageMaker has no code of its own for it, only these words (facts 16.1). */
function isMissing(error: unknown): boolean {
  return (
    error instanceof AwsProblem &&
    (error.code.startsWith('ResourceNotFound') || /^(Could not find|Requested resource not found)/i.test(error.words))
  );
}
