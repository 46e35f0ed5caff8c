import { paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { paginateListEndpointConfigs, paginateListEndpoints, paginateListModels } from '@aws-sdk/client-sagemaker';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';

/** The names of everything of these kinds in the account and region, whoever made it. */
export interface Census {
  endpoints: string[];
  models: string[];
  endpointConfigs: string[];
  alarms: string[];
}

/** Lists what exists, page by page. */
export async function takeCensus(aws: Aws): Promise<Census> {
  const sagemaker = { client: await aws.sagemaker() };
  const cloudwatch = { client: await aws.cloudwatch() };
  const names = async <Page>(
    pages: AsyncIterable<Page>,
    of: (page: Page) => (string | undefined)[],
  ): Promise<string[]> => {
    const found: string[] = [];
    await call(aws.target, 'list what exists', async () => {
      for await (const page of pages) found.push(...of(page).filter((name) => name !== undefined));
    });
    return found.sort();
  };
  return {
    endpoints: await names(paginateListEndpoints(sagemaker, {}), (page) =>
      (page.Endpoints ?? []).map((one) => one.EndpointName),
    ),
    models: await names(paginateListModels(sagemaker, {}), (page) => (page.Models ?? []).map((one) => one.ModelName)),
    endpointConfigs: await names(paginateListEndpointConfigs(sagemaker, {}), (page) =>
      (page.EndpointConfigs ?? []).map((one) => one.EndpointConfigName),
    ),
    alarms: await names(paginateDescribeAlarms(cloudwatch, {}), (page) =>
      (page.MetricAlarms ?? []).map((one) => one.AlarmName),
    ),
  };
}
