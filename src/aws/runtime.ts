import { InvokeEndpointCommand, type InvokeEndpointCommandInput } from '@aws-sdk/client-sagemaker-runtime';
import type { Aws } from './clients.ts';
import { call } from './errors.ts';

/** What an endpoint answered. */
export interface Answer {
  body: string;
  contentType: string | undefined;
  /** The production variant that answered. */
  variant: string | undefined;
}

/** Sends one request to an endpoint. The client of `clients.ts` sends it once and never again: an error is what the caller got. */
export async function invokeEndpoint(
  aws: Aws,
  input: InvokeEndpointCommandInput,
  signal?: AbortSignal,
): Promise<Answer> {
  const client = await aws.runtime();
  const reply = await call(aws.target, `invoke endpoint "${input.EndpointName}"`, () =>
    client.send(new InvokeEndpointCommand(input), { abortSignal: signal }),
  );
  return {
    body: reply.Body === undefined ? '' : reply.Body.transformToString('utf8'),
    contentType: reply.ContentType,
    variant: reply.InvokedProductionVariant,
  };
}
