import {
  DescribeInferenceExperimentCommand,
  type DescribeInferenceExperimentCommandOutput,
  ListInferenceExperimentsCommand,
} from '@aws-sdk/client-sagemaker';
import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';
import { pages } from './pages.ts';

/** An inference experiment (a "shadow test" of the console) that has not ended. */
export interface Experiment {
  name: string;
  /** `Running`, `Created`, … */
  status: string;
  /** When it begins by itself; undefined where it has begun. */
  startsAt: number | undefined;
  production: string;
  shadow: string;
}

/** Nothing more happens in these statuses (API_DescribeInferenceExperiment). */
const OVER = ['Completed', 'Cancelled'];
/** It has not changed its endpoint yet. */
const WAITING = ['Creating', 'Created'];

/** What services answer that do not have the operation, as in a partition without it. */
const UNKNOWN_OPERATION = /^(UnknownOperation|NotImplemented|InvalidAction)/;

/** The inference experiment of an endpoint that has not ended; undefined where there is none. */
export async function experimentOn(aws: Aws, endpoint: string, signal?: AbortSignal): Promise<Experiment | undefined> {
  for (const name of await namesUnderWay(aws, signal)) {
    const one = await describe(aws, name, signal);
    const { Status: status = '', EndpointMetadata, Schedule, ShadowModeConfig: mode } = one ?? {};
    // It may have ended, or gone, since it was listed.
    if (EndpointMetadata?.EndpointName !== endpoint || OVER.includes(status)) continue;
    return {
      name,
      status,
      startsAt: WAITING.includes(status) ? Schedule?.StartTime?.getTime() : undefined,
      production: mode?.SourceModelVariantName ?? '…',
      shadow: mode?.ShadowModelVariants?.[0]?.ShadowModelVariantName ?? '…',
    };
  }
  return undefined;
}

/** They can be listed by one status at a time only, and not by endpoint. */
async function namesUnderWay(aws: Aws, signal: AbortSignal | undefined): Promise<string[]> {
  const client = await aws.sagemaker();
  const send = (NextToken: string | undefined) =>
    call(aws.target, 'list the inference experiments', () =>
      client.send(new ListInferenceExperimentsCommand({ MaxResults: 100, NextToken }), { abortSignal: signal }),
    );
  const names: string[] = [];
  try {
    for await (const page of pages(send, (one) => one.NextToken))
      for (const { Name, Status = '' } of page.InferenceExperiments ?? [])
        if (Name !== undefined && !OVER.includes(Status)) names.push(Name);
  } catch (error) {
    if (error instanceof AwsProblem && UNKNOWN_OPERATION.test(error.code)) return [];
    throw error;
  }
  return names;
}

async function describe(
  aws: Aws,
  Name: string,
  signal: AbortSignal | undefined,
): Promise<DescribeInferenceExperimentCommandOutput | undefined> {
  const client = await aws.sagemaker();
  try {
    return await call(aws.target, `look at inference experiment "${Name}"`, () =>
      client.send(new DescribeInferenceExperimentCommand({ Name }), { abortSignal: signal }),
    );
  } catch (error) {
    if (error instanceof AwsProblem && error.code === 'ResourceNotFound') return undefined;
    throw error;
  }
}
