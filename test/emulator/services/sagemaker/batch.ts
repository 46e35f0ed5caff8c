import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateTransformJobCommand,
  type CreateTransformJobRequest,
  DescribeTransformJobCommand,
  type DescribeTransformJobResponse,
  type TransformInput,
  type TransformOutput,
} from '@aws-sdk/client-sagemaker';
import type { Stand } from './stand.ts';

/** How long a job takes under the emulator's lifelike latencies, with time to spare; seconds. */
const JOB_SECONDS = 600;

const JSON_LINES = 'application/jsonlines';

/** What is asked of a job beside its name; of its input and output a part is enough. */
export type Asked = Omit<Partial<CreateTransformJobRequest>, 'TransformInput' | 'TransformOutput'> & {
  uri?: string;
  manifest?: boolean;
  input?: Partial<TransformInput>;
  output?: Partial<TransformOutput>;
};

/** JSON Lines in `s3://data/in/`, out to `s3://data/out`, by the model `m009` on one ml.m5.xlarge. */
function request(
  name: string,
  { uri = 's3://data/in/', manifest = false, input, output, ...more }: Asked = {},
): CreateTransformJobRequest {
  return {
    TransformJobName: name,
    ModelName: 'm009',
    TransformInput: {
      ContentType: JSON_LINES,
      SplitType: 'Line',
      DataSource: { S3DataSource: { S3DataType: manifest ? 'ManifestFile' : 'S3Prefix', S3Uri: uri } },
      ...input,
    },
    TransformOutput: { S3OutputPath: 's3://data/out', Accept: JSON_LINES, AssembleWith: 'Line', ...output },
    TransformResources: { InstanceType: 'ml.m5.xlarge', InstanceCount: 1 },
    ...more,
  };
}

export function create({ sagemaker }: Stand, name: string, asked?: Asked) {
  return sagemaker.send(new CreateTransformJobCommand(request(name, asked)));
}

export async function describeJob({ sagemaker }: Stand, name: string): Promise<DescribeTransformJobResponse> {
  const { $metadata: _, ...rest } = await sagemaker.send(new DescribeTransformJobCommand({ TransformJobName: name }));
  return rest;
}

/** Creates a job and lets it come to its end. */
export async function run(it: Stand, name: string, asked?: Asked): Promise<DescribeTransformJobResponse> {
  await create(it, name, asked);
  it.clock.advance(JOB_SECONDS * 1000);
  return describeJob(it, name);
}

export async function put({ s3 }: Stand, Key: string, Body: string | Uint8Array): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: 'data', Key, Body }));
}

export async function get({ s3 }: Stand, Key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'data', Key }));
  return (await Body?.transformToString()) ?? '';
}

export async function keys({ s3 }: Stand, Prefix: string): Promise<string[]> {
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'data', Prefix }));
  return (Contents ?? []).map(({ Key = '' }) => Key);
}

/** Rows of JSON Lines for the linear-learner of the fixtures, which has six features. */
export function rows(count: number, from = 0): string {
  return Array.from({ length: count }, (_, index) => `{"features":[0,${from + index},5,3,1,0]}\n`).join('');
}

/** What the streams of a job say, by the part of their name behind the job's; the instance is `*`. */
export async function logOf({ emulator }: Stand, job: string): Promise<Record<string, string[]>> {
  const logs = new CloudWatchLogsClient({
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const found: Record<string, string[]> = {};
  const pages = paginateFilterLogEvents(
    { client: logs },
    { logGroupName: '/aws/sagemaker/TransformJobs', logStreamNamePrefix: `${job}/` },
  );
  for await (const { events = [] } of pages)
    for (const { logStreamName = '', message = '' } of events) {
      const stream = logStreamName.slice(job.length + 1).replace(/^i-0[0-9a-f]{16}-\d{10}/, '*');
      const lines = found[stream] ?? [];
      lines.push(message.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?=:\[sagemaker logs\])/, ''));
      found[stream] = lines;
    }
  logs.destroy();
  return found;
}

/** A request that a model server of a test was sent. */
interface Sent {
  path: string;
  body: string;
  headers: IncomingHttpHeaders;
}

/** What it answers: status (default 200) and body; never, where it is undefined. */
type Reply = { status?: number; body?: string; type?: string } | undefined;

/** A server that answers as a model does; `answer` may be replaced as a test goes on. */
export interface ModelServer {
  url: string;
  sent: Sent[];
  answer(request: Sent): Reply | Promise<Reply>;
  close(): Promise<void>;
}

/** Upper case for everything, 200 for /ping, 404 for /execution-parameters, until told otherwise. */
export async function modelServer(): Promise<ModelServer> {
  const made: ModelServer = {
    url: '',
    sent: [],
    answer: ({ path, body }) => (path === '/execution-parameters' ? { status: 404 } : { body: body.toUpperCase() }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const sent = {
        path: incoming.url ?? '',
        body: Buffer.concat(chunks).toString('latin1'),
        headers: incoming.headers,
      };
      made.sent.push(sent);
      void Promise.resolve(made.answer(sent)).then((reply) => {
        if (reply === undefined) return;
        outgoing.statusCode = reply.status ?? 200;
        if (reply.type !== undefined) outgoing.setHeader('content-type', reply.type);
        outgoing.end(reply.body ?? '');
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  made.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return made;
}
