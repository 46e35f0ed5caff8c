import type { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import type { AthenaClient } from '@aws-sdk/client-athena';
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { ECRClient } from '@aws-sdk/client-ecr';
import type { GlueClient } from '@aws-sdk/client-glue';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { PricingClient } from '@aws-sdk/client-pricing';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import type { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { STSClient } from '@aws-sdk/client-sts';
import { chainOf, type Keys } from './credential-chain.ts';
import { refusePage } from './errors.ts';
import { identityOf } from './identity.ts';
import { pricingRegion } from './pricing-region.ts';
import { onReply } from './replies.ts';
import type { AwsTarget, Service } from './target.ts';

/** A connection on which nothing moves for so long is given up, in milliseconds. A model may take 60 seconds to answer. */
const IDLE = 70_000;
/** A price is waited for so long, in milliseconds. */
const PRICING_MS = 3_000;
/** Requests to an endpoint at the same time, at the most. */
const SOCKETS = 512;

/** The services shadowctl speaks to. Each client is loaded when it is first asked for: together they cost 290 ms. */
export interface Aws {
  readonly target: AwsTarget;
  /** Services that did not answer, with the words: for looks that the work can do without (`lookAside`). */
  readonly unreached: Map<Service, string>;
  sagemaker(): Promise<SageMakerClient>;
  runtime(): Promise<SageMakerRuntimeClient>;
  cloudwatch(): Promise<CloudWatchClient>;
  logs(): Promise<CloudWatchLogsClient>;
  s3(): Promise<S3Client>;
  sts(): Promise<STSClient>;
  sns(): Promise<SNSClient>;
  autoscaling(): Promise<ApplicationAutoScalingClient>;
  iam(): Promise<IAMClient>;
  ecr(): Promise<ECRClient>;
  /** In one of the three regions where it is. */
  pricing(): Promise<PricingClient>;
  lambda(): Promise<LambdaClient>;
  cloudformation(): Promise<CloudFormationClient>;
  athena(): Promise<AthenaClient>;
  glue(): Promise<GlueClient>;
  /**
   * The account's twelve digits, asked for once.
   * @param endpoint whose ARN tells it where STS cannot be reached
   */
  account(endpoint?: string): Promise<string>;
  /** ARN of whose credentials these are, as STS says it, asked for once; undefined where STS did not tell. */
  caller(): Promise<string | undefined>;
  /**
   * What AWS's own clock said in its last reply, in milliseconds since the epoch, to the second: earlier than now, however
   * wrong this machine's clock is. Undefined before the first reply.
   */
  lastTime?(): number | undefined;
  /** Closes every connection that was opened. */
  close(): void;
}

/** The SDK's own silence prepares every reply for an `info` that says nothing, which takes as long as reading it. */
const SILENT = { trace() {}, debug() {}, warn() {}, error() {} } as unknown as NonNullable<S3ClientConfig['logger']>;

/** The clients of one target. The only place where SDK clients are made. */
export function connect(target: AwsTarget): Aws {
  const made: { destroy(): void }[] = [];
  let lastDate: string | undefined;
  const clients = clientsOf(target, (client) => {
    made.push(client);
    noteTime(client, (date) => (lastDate = date));
  });
  return {
    target,
    unreached: new Map(),
    ...clients,
    ...identityOf(target, clients),
    lastTime() {
      const time = Date.parse(lastDate ?? '');
      return Number.isNaN(time) ? undefined : time;
    },
    close() {
      for (const client of made) client.destroy();
    },
  };
}

/** What makes each client, once. @param made is told of each */
function clientsOf(target: AwsTarget, made: (client: { destroy(): void }) => void) {
  const { handler, options } = optionsOf(target);
  const once = <Client extends { destroy(): void }>(make: () => Promise<Client>): (() => Promise<Client>) => {
    let client: Promise<Client> | undefined;
    return () => {
      client ??= make().then((ready) => {
        made(ready);
        return ready;
      });
      return client;
    };
  };
  return {
    sts: once(async () => new (await import('./sdk/sts.ts')).STSClient(await options('STS'))),
    sagemaker: once(async () => new (await import('./sdk/sagemaker.ts')).SageMakerClient(await options('SAGEMAKER'))),
    runtime: once(
      // Once and never again: an error is what the caller got, and a second copy of a request would be a second pair.
      async () =>
        new (await import('./sdk/sagemaker-runtime.ts')).SageMakerRuntimeClient({
          ...(await options('SAGEMAKER_RUNTIME')),
          maxAttempts: 1,
          requestHandler: await handler({ maxSockets: SOCKETS }),
        }),
    ),
    cloudwatch: once(
      async () => new (await import('./sdk/cloudwatch.ts')).CloudWatchClient(await options('CLOUDWATCH')),
    ),
    logs: once(async () => new (await import('./sdk/logs.ts')).CloudWatchLogsClient(await options('CLOUDWATCH_LOGS'))),
    // `bucket.127.0.0.1` is no host name: with a URL of our own the bucket goes into the path.
    s3: once(
      async () =>
        new (await import('./sdk/s3.ts')).S3Client({
          ...(await options('S3')),
          forcePathStyle: endpointOf(target, 'S3').endpoint !== undefined,
          // A bucket in another region answers 301 and says where it is.
          followRegionRedirects: true,
        }),
    ),
    sns: once(async () => new (await import('./sdk/sns.ts')).SNSClient(await options('SNS'))),
    autoscaling: once(
      // Whatever it tells, the work can do without: a network without a way there must not wait long.
      async () =>
        new (await import('./sdk/autoscaling.ts')).ApplicationAutoScalingClient({
          ...(await options('APPLICATION_AUTO_SCALING')),
          maxAttempts: 2,
        }),
    ),
    // As little may these two hold anything up.
    iam: once(async () => new (await import('./sdk/iam.ts')).IAMClient({ ...(await options('IAM')), maxAttempts: 2 })),
    ecr: once(async () => new (await import('./sdk/ecr.ts')).ECRClient({ ...(await options('ECR')), maxAttempts: 2 })),
    pricing: once(
      // One attempt: what is not known at once is said not to be known.
      async () =>
        new (await import('./sdk/pricing.ts')).PricingClient({
          ...(await options('PRICING')),
          region: pricingRegion(target.region),
          maxAttempts: 1,
          requestHandler: {
            ...(await handler()),
            connectionTimeout: PRICING_MS,
            requestTimeout: PRICING_MS,
            throwOnRequestTimeout: true,
          },
        }),
    ),
    lambda: once(async () => new (await import('./sdk/lambda.ts')).LambdaClient(await options('LAMBDA'))),
    cloudformation: once(
      async () => new (await import('./sdk/cloudformation.ts')).CloudFormationClient(await options('CLOUDFORMATION')),
    ),
    athena: once(async () => new (await import('./sdk/athena.ts')).AthenaClient(await options('ATHENA'))),
    glue: once(async () => new (await import('./sdk/glue.ts')).GlueClient(await options('GLUE'))),
  };
}

/** What clients of a target have in common: how they connect, sign and try again. */
function optionsOf(target: AwsTarget) {
  const handler = async (agents?: { maxSockets: number }) => ({
    connectionTimeout: 5_000,
    socketTimeout: IDLE,
    ...(agents === undefined ? {} : { httpAgent: agents, httpsAgent: agents }),
    ...(target.network === undefined ? {} : (await import('./proxy.ts')).agentsFor(target.network, agents ?? {})),
  });
  let chain: Promise<() => Promise<Keys>> | undefined;
  const keys = () => (chain ??= chainOf(target, handler));
  const options = async (service: Service) => ({
    region: target.region,
    // Whether it asks for FIPS or dual stack, the SDK reads in the profile that it is told.
    ...(target.profile !== undefined && { profile: target.profile }),
    // Not `adaptive`: after a single throttled call that lets through half a call a second, and a command makes dozens.
    retryMode: 'standard',
    maxAttempts: 5,
    logger: SILENT,
    requestHandler: await handler(),
    ...endpointOf(target, service),
    credentials: target.credentials ?? (await keys()),
  });
  return { handler, options };
}

/** Tells the header `Date` of every reply that is no error; a page in the place of one is refused. */
function noteTime(client: object, seen: (date: string) => void): void {
  onReply(client, 'timeOfReply', (reply) => {
    refusePage(reply);
    if (reply.headers?.date !== undefined && (reply.statusCode ?? 0) < 300) seen(reply.headers.date);
  });
}

/** A URL that is given stands for itself: beside one, the SDK refuses to ask for FIPS or dual stack, whose hosts are other ones. */
function endpointOf(
  target: AwsTarget,
  service: Service,
): { endpoint?: string; useFipsEndpoint?: false; useDualstackEndpoint?: false } {
  const endpoint = target.endpointUrls?.[service] ?? target.endpointUrl;
  return endpoint === undefined ? {} : { endpoint, useFipsEndpoint: false, useDualstackEndpoint: false };
}
