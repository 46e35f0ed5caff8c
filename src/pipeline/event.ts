import type { PageRequest } from '../lifecycle/release/page.ts';

/** What a call of the function is about. */
export type Received =
  /** A request to its URL. */
  | { kind: 'page'; request: PageRequest }
  /** Whatever it is that happened: one tick finds all there is. */
  | { kind: 'tick'; because: Because };

type Because = 'upload' | 'registry' | 'endpoint' | 'schedule' | 'unknown';

/**
 * What AWS calls the function with. An event only says that it is worth a look: it comes at least once, or never, and a tick
 * finds everything by itself. So nothing is taken from it, and none that is not known does harm. Pure.
 */
export function receivedOf(event: unknown): Received {
  const one = object(event);
  const http = object(object(one.requestContext).http);
  // "Payload format version 2.0" (Lambda Developer Guide, "Invoking Lambda function URLs").
  if (typeof http.method === 'string') return { kind: 'page', request: requestOf(one, http.method) };
  return { kind: 'tick', because: becauseOf(one) };
}

function requestOf(event: Readonly<Record<string, unknown>>, method: string): PageRequest {
  const body = words(event.body);
  return {
    method,
    path: words(event.rawPath),
    query: words(event.rawQueryString),
    body: event.isBase64Encoded === true ? Buffer.from(body, 'base64').toString('utf8') : body,
  };
}

const SAGEMAKER: Readonly<Record<string, Because>> = {
  'SageMaker Model Package State Change': 'registry',
  'SageMaker Endpoint Deployment State Change': 'endpoint',
  'SageMaker Endpoint State Change': 'endpoint',
};

function becauseOf(event: Readonly<Record<string, unknown>>): Because {
  const source = words(event.source);
  if (source === 'aws.s3') return 'upload';
  if (source === 'aws.sagemaker') return SAGEMAKER[words(event['detail-type'])] ?? 'unknown';
  if (source === 'aws.scheduler' || source === 'aws.events' || event.shadowctl === 'tick') return 'schedule';
  const [first] = Array.isArray(event.Records) ? (event.Records as unknown[]) : [];
  return object(first).eventSource === 'aws:s3' ? 'upload' : 'unknown';
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function words(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
