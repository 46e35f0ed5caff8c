import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  type StartQueryExecutionInput,
} from '@aws-sdk/client-athena';
import { CreateDatabaseCommand, CreateTableCommand, GlueClient, type TableInput } from '@aws-sdk/client-glue';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { VirtualClock } from '../../../../src/base/clock.ts';
import { type Emulator, startEmulator } from '../../../../src/emulator/http/server.ts';
import type { EmulatorOptions } from '../../../../src/emulator/world/options.ts';

const START = Date.UTC(2026, 10, 2, 3, 30);

/** An emulator under a virtual clock with clients, the buckets `captures` and `results`, and the database `shadowctl`. */
export interface AthenaStand {
  emulator: Emulator;
  clock: VirtualClock;
  athena: AthenaClient;
  glue: GlueClient;
  s3: S3Client;
  /** @param bucket `captures` unless said */
  put(key: string, text: string | Uint8Array, bucket?: string): Promise<void>;
  table(input: TableInput): Promise<void>;
  start(sql: string, more?: Partial<StartQueryExecutionInput>): Promise<string>;
  /** The query once it has ended. */
  run(sql: string, more?: Partial<StartQueryExecutionInput>): Promise<QueryExecution>;
  /** Its rows without the header; null for NULL. Throws where it did not succeed. */
  rows(sql: string, more?: Partial<StartQueryExecutionInput>): Promise<(string | null)[][]>;
  close(): Promise<void>;
}

export async function athenaStand(options: Partial<EmulatorOptions> = {}): Promise<AthenaStand> {
  const clock = new VirtualClock(START);
  const emulator = await startEmulator({ clock, ...options });
  const client = {
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
  const athena = new AthenaClient(client);
  const glue = new GlueClient(client);
  const s3 = new S3Client({ ...client, forcePathStyle: true });
  for (const Bucket of ['captures', 'results']) await s3.send(new CreateBucketCommand({ Bucket }));
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'shadowctl' } }));
  const start: AthenaStand['start'] = async (sql, more) => {
    const reply = await athena.send(
      new StartQueryExecutionCommand({
        QueryString: sql,
        QueryExecutionContext: { Database: 'shadowctl' },
        ResultConfiguration: { OutputLocation: 's3://results/athena' },
        ...more,
      }),
    );
    return reply.QueryExecutionId ?? '';
  };
  const execution = async (id: string) =>
    (await athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }))).QueryExecution ?? {};
  const run: AthenaStand['run'] = async (sql, more) => {
    const id = await start(sql, more);
    clock.advance(60_000);
    return execution(id);
  };
  return {
    emulator,
    clock,
    athena,
    glue,
    s3,
    start,
    run,
    put: async (Key, Body, Bucket = 'captures') => void (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))),
    table: async (TableInput) =>
      void (await glue.send(new CreateTableCommand({ DatabaseName: 'shadowctl', TableInput }))),
    async rows(sql, more) {
      const query = await run(sql, more);
      if (query.Status?.State !== 'SUCCEEDED') throw new Error(query.Status?.StateChangeReason);
      const { ResultSet } = await athena.send(
        new GetQueryResultsCommand({ QueryExecutionId: query.QueryExecutionId ?? '' }),
      );
      return (ResultSet?.Rows ?? []).slice(1).map((row) => (row.Data ?? []).map((cell) => cell.VarCharValue ?? null));
    },
    async close() {
      for (const one of [athena, glue, s3]) one.destroy();
      await emulator.close();
    },
  };
}

/** The table of an endpoint's captures: the variants by enum, the hours by date. */
export const CAPTURES: TableInput = {
  Name: 'Weather_Captures',
  TableType: 'EXTERNAL_TABLE',
  Parameters: {
    EXTERNAL: 'TRUE',
    classification: 'json',
    'projection.enabled': 'true',
    'projection.variant.type': 'enum',
    'projection.variant.values': 'live,live-shadow',
    'projection.dt.type': 'date',
    'projection.dt.format': 'yyyy/MM/dd/HH',
    'projection.dt.range': '2026/11/01/00,NOW',
    'projection.dt.interval': '1',
    'projection.dt.interval.unit': 'HOURS',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena's own placeholders
    'storage.location.template': 's3://captures/weather/${variant}/${dt}/',
  },
  PartitionKeys: [
    { Name: 'variant', Type: 'string' },
    { Name: 'dt', Type: 'string' },
  ],
  StorageDescriptor: {
    Columns: [
      {
        Name: 'captureData',
        Type: 'struct<endpointInput:struct<observedContentType:string,mode:string,data:string,encoding:string>,endpointOutput:struct<data:string,encoding:string>>',
      },
      { Name: 'eventMetadata', Type: 'struct<eventId:string,inferenceId:string,inferenceTime:string>' },
      { Name: 'eventVersion', Type: 'string' },
    ],
    Location: 's3://captures/weather/',
    InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
    SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe', Parameters: {} },
  },
};

/** A line as data capture writes it. */
export function captured(id: string, input: string, output: string | undefined, hour = 0): string {
  const of = (data: string) => ({ observedContentType: 'text/csv', mode: 'INPUT', data, encoding: 'CSV' });
  return `${JSON.stringify({
    captureData: { endpointInput: of(input), ...(output !== undefined && { endpointOutput: of(output) }) },
    eventMetadata: { eventId: id, inferenceTime: new Date(Date.UTC(2026, 10, 2, hour)).toISOString() },
    eventVersion: '0',
  })}\n`;
}
