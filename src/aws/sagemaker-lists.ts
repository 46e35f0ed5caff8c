import { ListEndpointConfigsCommand, ListModelsCommand } from '@aws-sdk/client-sagemaker';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';
import { pages } from './pages.ts';

/** A resource as SageMaker lists it. */
export interface Listed {
  name: string;
  arn: string;
}

/** Every model of the account and region. */
export async function listModels(aws: Aws, signal?: AbortSignal): Promise<Listed[]> {
  const client = await aws.sagemaker();
  const send = (NextToken: string | undefined) =>
    call(aws.target, 'list the models', () =>
      client.send(new ListModelsCommand({ NextToken, MaxResults: 100 }), { abortSignal: signal }),
    );
  const found: Listed[] = [];
  for await (const page of pages(send, (one) => one.NextToken))
    for (const { ModelName: name, ModelArn: arn } of page.Models ?? [])
      if (name !== undefined && arn !== undefined) found.push({ name, arn });
  return found;
}

/** Every endpoint config of the account and region. */
export async function listEndpointConfigs(aws: Aws, signal?: AbortSignal): Promise<Listed[]> {
  const client = await aws.sagemaker();
  const send = (NextToken: string | undefined) =>
    call(aws.target, 'list the endpoint configs', () =>
      client.send(new ListEndpointConfigsCommand({ NextToken, MaxResults: 100 }), { abortSignal: signal }),
    );
  const found: Listed[] = [];
  for await (const page of pages(send, (one) => one.NextToken))
    for (const { EndpointConfigName: name, EndpointConfigArn: arn } of page.EndpointConfigs ?? [])
      if (name !== undefined && arn !== undefined) found.push({ name, arn });
  return found;
}
