import { ListEndpointConfigsCommand, ListModelsCommand } from '@aws-sdk/client-sagemaker';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';
import { pages } from './pages.ts';

/** A resource as SageMaker lists it. */
export interface Listed {
  name: string;
  arn: string;
}

/** Every model of the account and region. @throws AwsProblem */
export async function listModels(aws: Aws, signal?: AbortSignal): Promise<Listed[]> {
  const client = await aws.sagemaker();
  const page = (NextToken: string | undefined) =>
    client.send(new ListModelsCommand({ NextToken, MaxResults: 100 }), { abortSignal: signal });
  return listed(aws, 'list the models', page, ({ Models }) =>
    (Models ?? []).map(({ ModelName, ModelArn }) => ({ name: ModelName, arn: ModelArn })),
  );
}

/** Every endpoint config of the account and region. @throws AwsProblem */
export async function listEndpointConfigs(aws: Aws, signal?: AbortSignal): Promise<Listed[]> {
  const client = await aws.sagemaker();
  const page = (NextToken: string | undefined) =>
    client.send(new ListEndpointConfigsCommand({ NextToken, MaxResults: 100 }), { abortSignal: signal });
  return listed(aws, 'list the endpoint configs', page, ({ EndpointConfigs }) =>
    (EndpointConfigs ?? []).map(({ EndpointConfigName, EndpointConfigArn }) => ({
      name: EndpointConfigName,
      arn: EndpointConfigArn,
    })),
  );
}

async function listed<Page extends { NextToken?: string | undefined }>(
  aws: Aws,
  doing: string,
  page: (token: string | undefined) => Promise<Page>,
  entries: (page: Page) => { name: string | undefined; arn: string | undefined }[],
): Promise<Listed[]> {
  const found: Listed[] = [];
  const send = (token: string | undefined) => call(aws.target, doing, () => page(token));
  for await (const one of pages(send, ({ NextToken }) => NextToken))
    for (const { name, arn } of entries(one)) if (name !== undefined && arn !== undefined) found.push({ name, arn });
  return found;
}
