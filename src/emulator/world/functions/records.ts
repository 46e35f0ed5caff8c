import type { ResourceStatement } from '../../iam/resource-policy.ts';
import type { Store, Table } from '../../storage/store.ts';
import { partitionOf } from '../partition.ts';
import type { EventSource } from '../timeline.ts';

/** A function of Lambda, of which there is one version, $LATEST. Times are milliseconds since the epoch. */
export interface FunctionRecord {
  account: string;
  region: string;
  name: string;
  arn: string;
  roleArn: string;
  /** `nodejs22.x` */
  runtime: string;
  /** `index.handler` */
  handler: string;
  description: string;
  timeoutSeconds: number;
  memoryMb: number;
  environment: Record<string, string>;
  /** `blob` is the zip's key in the store. */
  code: { blob: string; size: number; sha256: string };
  architecture: string;
  ephemeralMb: number;
  logGroup: string;
  /** An ARN of SQS or SNS. */
  deadLetterArn?: string;
  createdAt: number;
  modifiedAt: number;
  /** Pending before. */
  activeAt: number;
  /** Whether the last change was made to a function that stood before, and when it is done. */
  updatedAt?: number;
  revision: string;
  tags: Record<string, string>;
  policy: ResourceStatement[];
  policyRevision?: string;
  /** Reserved concurrency. */
  concurrency?: number;
  async?: AsyncConfig;
  url?: FunctionUrl;
}

/** How asynchronous events are tried again, and where they go. */
export interface AsyncConfig {
  modifiedAt: number;
  maxRetries?: number;
  maxAgeSeconds?: number;
  onSuccess?: string;
  onFailure?: string;
}

export interface FunctionUrl {
  id: string;
  auth: 'NONE' | 'AWS_IAM';
  cors?: object;
  createdAt: number;
  modifiedAt: number;
}

interface Place {
  account: string;
  region: string;
}

/** By `account/region/name`. */
export const functionsOf = (store: Store): Table<FunctionRecord> => store.table('lambda-functions');

/** The key of a function: `account/region/name`. */
export const functionKey = ({ account, region, name }: Place & { name: string }) => `${account}/${region}/${name}`;

/** `arn:aws:lambda:REGION:ACCOUNT:function:NAME` */
export function functionArn({ account, region }: Place, name: string): string {
  return `arn:${partitionOf(region)}:lambda:${region}:${account}:function:${name}`;
}

/** The function of an ARN, be it with $LATEST behind it; undefined where there is none. */
export function functionOfArn(store: Store, arn: string): FunctionRecord | undefined {
  const [, , service, region = '', account = '', , name = '', version = '$LATEST'] = arn.split(':');
  if (service !== 'lambda' || version !== '$LATEST') return undefined;
  return functionsOf(store).get(functionKey({ account, region, name }));
}

/** The function that answers at a function URL of this id. */
export function functionOfUrl(store: Store, id: string): FunctionRecord | undefined {
  for (const [, record] of functionsOf(store).entries()) if (record.url?.id === id) return record;
  return undefined;
}

/** An event that a function has still to be given. */
export interface PendingEvent {
  id: string;
  /** `account/region/name` of its function. */
  key: string;
  /** JSON. */
  payload: string;
  sentAt: number;
  dueAt: number;
  attempts: number;
  /** Why the last attempt failed. */
  failure?: { payload: string; errorType: string };
}

/** Asynchronous calls that wait. */
export const pendingOf = (store: Store): Table<PendingEvent> => store.table('lambda-events');

/** What comes before the id in the path of a function URL. */
export const URL_PATH = '/_shadowctl/url/';

/**
 * Where a function answers. AWS gives each a host of its own (`https://<id>.lambda-url.<region>.on.aws/`); so does the
 * emulator where it was called by `localhost`. Names below `127.0.0.1` cannot be looked up: there it is a path.
 */
export function urlOf(baseUrl: string, { region }: Place, { id }: FunctionUrl): string {
  const { hostname, host } = new URL(baseUrl);
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) {
    const port = host.slice(hostname.length);
    return `http://${id}.lambda-url.${region}.localhost${port}/`;
  }
  return `${baseUrl}${URL_PATH}${id}/`;
}

/** The id in a host of a function URL; undefined for any other host. */
export function urlIdOfHost(host: string): string | undefined {
  return /^([0-9a-z]+)\.lambda-url\.[a-z0-9-]+\.(?:localhost|127\.0\.0\.1)\.?(?::\d+)?$/i
    .exec(host)?.[1]
    ?.toLowerCase();
}

/** Events that functions are given by themselves. */
export interface FunctionEvents extends EventSource {
  /** An event that was taken (`Invoke` with InvocationType Event, a rule, a schedule). */
  add(record: FunctionRecord, payload: string, at: number, id?: string): string;
  /** Waits until what is under way has ended. */
  settle(): Promise<void>;
}
