import {
  BatchGetQueryExecutionCommand,
  CreateWorkGroupCommand,
  DeleteWorkGroupCommand,
  type EncryptionConfiguration,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetWorkGroupCommand,
  ListQueryExecutionsCommand,
  ListWorkGroupsCommand,
  paginateGetQueryResults,
  StopQueryExecutionCommand,
  UpdateWorkGroupCommand,
} from '@aws-sdk/client-athena';
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDocument } from '../../../../src/emulator/iam/document.ts';
import { type AthenaStand, athenaStand, CAPTURES, captured } from './athena-stand.ts';

let it: AthenaStand;
beforeAll(async () => {
  it = await athenaStand();
  await it.table(CAPTURES);
  await it.put('weather/live/2026/11/02/00/a.jsonl', captured('1', '1,2', '0.5') + captured('2', '3,4', undefined));
  await it.put('weather/live/2026/11/02/01/b.jsonl', captured('3', '5,6', '0.25', 1));
  await it.put('weather/live-shadow/2026/11/02/00/c.jsonl', captured('1', '1,2', '0.75'));
  // Beyond the projection: other variants, hours to come; and what Athena never reads.
  await it.put('weather/other/2026/11/02/00/d.jsonl', captured('4', '0', '0'));
  await it.put('weather/live/2026/11/02/04/e.jsonl', captured('5', '0', '0', 4));
  await it.put('weather/live/2026/11/02/00/_f.jsonl', 'no JSON');
  await it.put('weather/live/2026/11/02/00/.g.jsonl', 'no JSON');
});
afterAll(() => it.close());

const text = async (uri: string) => {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  return (await it.s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
};
const stateOf = async (QueryExecutionId: string) =>
  (await it.athena.send(new GetQueryExecutionCommand({ QueryExecutionId }))).QueryExecution?.Status?.State;
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: Error & { AthenaErrorCode?: string; Reason?: string }) => ({
      name: error.name,
      message: error.message,
      ...(error.AthenaErrorCode !== undefined && { code: error.AthenaErrorCode }),
      ...(error.Reason !== undefined && { reason: error.Reason }),
    }),
  );

describe('a query', () => {
  test('waits, runs, and then has its rows: in pages with a header, and as a file', async () => {
    const id = await it.start(
      'SELECT eventmetadata.eventid AS id, captureData.endpointOutput.data FROM weather_captures ORDER BY variant, 1',
    );
    expect(await stateOf(id)).toBe('QUEUED');
    expect(await refusal(it.athena.send(new GetQueryResultsCommand({ QueryExecutionId: id })))).toEqual({
      name: 'InvalidRequestException',
      message: 'Query has not yet finished. Current state: QUEUED',
    });
    it.clock.advance(300);
    expect(await stateOf(id)).toBe('RUNNING');
    it.clock.advance(2_000);
    const { QueryExecution: query } = await it.athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
    expect(query).toMatchObject({
      StatementType: 'DML',
      SubstatementType: 'SELECT',
      Status: { State: 'SUCCEEDED' },
      ResultConfiguration: { OutputLocation: `s3://results/athena/${id}.csv` },
      Statistics: {
        QueryQueueTimeInMillis: 200,
        EngineExecutionTimeInMillis: 2_000,
        TotalExecutionTimeInMillis: 2_200,
      },
      WorkGroup: 'primary',
    });
    const pages = [];
    for await (const page of paginateGetQueryResults({ client: it.athena, pageSize: 3 }, { QueryExecutionId: id }))
      pages.push(page.ResultSet?.Rows?.map((row) => row.Data));
    expect(pages).toEqual([
      [
        [{ VarCharValue: 'id' }, { VarCharValue: 'data' }],
        [{ VarCharValue: '1' }, { VarCharValue: '0.5' }],
        [{ VarCharValue: '2' }, {}],
      ],
      [
        [{ VarCharValue: '3' }, { VarCharValue: '0.25' }],
        [{ VarCharValue: '1' }, { VarCharValue: '0.75' }],
      ],
    ]);
    expect(await text(`s3://results/athena/${id}.csv`)).toBe('"id","data"\n"1","0.5"\n"2",\n"3","0.25"\n"1","0.75"\n');
    const { ResultSet } = await it.athena.send(new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: 1 }));
    expect(ResultSet?.ResultSetMetadata?.ColumnInfo?.[0]).toMatchObject({
      CatalogName: 'hive',
      Name: 'id',
      Type: 'varchar',
      Precision: 2_147_483_647,
      Nullable: 'UNKNOWN',
      CaseSensitive: true,
    });
    await it.s3.send(new DeleteObjectCommand({ Bucket: 'results', Key: `athena/${id}.csv` }));
    expect(await refusal(it.athena.send(new GetQueryResultsCommand({ QueryExecutionId: id })))).toMatchObject({
      message: 'Could not find results',
    });
  });

  test('scans the objects of the partitions that its conditions leave, each time that it reads them', async () => {
    const size = (line: string) => Buffer.byteLength(line);
    const hour0 = size(captured('1', '1,2', '0.5') + captured('2', '3,4', undefined));
    const all = hour0 + size(captured('3', '5,6', '0.25', 1)) + size(captured('1', '1,2', '0.75'));
    const scanned = async (sql: string) => (await it.run(sql)).Statistics?.DataScannedInBytes;
    expect(await scanned('SELECT count(*) FROM weather_captures')).toBe(all);
    expect(
      await scanned(`WITH c AS (SELECT variant, dt, eventversion AS v FROM weather_captures)
        SELECT count(v) FROM c WHERE variant = 'live' AND dt BETWEEN '2026/11/01/00' AND '2026/11/02/00'`),
    ).toBe(hour0);
    expect(await scanned("SELECT 1 FROM weather_captures WHERE dt = '2026/11/02/02'")).toBe(0);
    expect(
      await scanned(`SELECT count(*) FROM weather_captures a JOIN weather_captures b ON a.eventversion = b.eventversion
        WHERE a.dt = '2026/11/02/00' AND a.variant = 'live' AND b.dt = '2026/11/02/00' AND b.variant = 'live'`),
    ).toBe(2 * hour0);
    expect(await scanned('SELECT 1')).toBe(0);
  });

  test('is the same query where the token is the same, and refused where the query is another', async () => {
    const ClientRequestToken = 'a'.repeat(32);
    const id = await it.start('SELECT 1', { ClientRequestToken });
    expect(await it.start('SELECT 1', { ClientRequestToken })).toBe(id);
    expect(await refusal(it.start('SELECT 2', { ClientRequestToken }))).toEqual({
      name: 'InvalidRequestException',
      message: 'Idempotent parameters do not match',
    });
  });

  test('can be stopped, and is then cancelled for good', async () => {
    const id = await it.start('SELECT count(*) FROM weather_captures');
    await it.athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    it.clock.advance(60_000);
    expect(await stateOf(id)).toBe('CANCELLED');
    expect(await refusal(it.athena.send(new GetQueryResultsCommand({ QueryExecutionId: id })))).toMatchObject({
      message: 'Query did not finish successfully. Final query state: CANCELLED',
    });
    await it.athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    const running = await it.start('SELECT count(*) FROM weather_captures');
    it.clock.advance(300);
    expect(await stateOf(running)).toBe('RUNNING');
    await it.athena.send(new StopQueryExecutionCommand({ QueryExecutionId: running }));
    it.clock.advance(60_000);
    expect(await stateOf(running)).toBe('CANCELLED');
  });

  test('that is malformed is refused at once; one that cannot run fails, and says why', async () => {
    expect(await refusal(it.start('SELEC 1'))).toEqual({
      name: 'InvalidRequestException',
      message: "line 1:1: mismatched input 'SELEC'",
      code: 'MALFORMED_QUERY',
    });
    expect(await it.run('SELECT * FROM nothing')).toMatchObject({
      Status: {
        State: 'FAILED',
        StateChangeReason: "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shadowctl.nothing' does not exist",
        AthenaError: { ErrorCategory: 2, Retryable: false },
      },
    });
    expect((await it.run('SELECT foo(1)')).Status?.StateChangeReason).toBe(
      "FUNCTION_NOT_FOUND: line 1:8: Function 'foo' not registered",
    );
    expect((await it.run("SELECT url_encode('a')")).Status?.StateChangeReason).toMatch(
      /^NOT_SUPPORTED: .* the function url_encode/,
    );
    expect((await it.run('CREATE TABLE t AS SELECT 1')).Status?.StateChangeReason).toMatch(/^NOT_SUPPORTED: .* CREATE/);
  });

  test('needs a place for its results that can be written to', async () => {
    expect(await refusal(it.start('SELECT 1', { ResultConfiguration: {} }))).toEqual({
      name: 'InvalidRequestException',
      message:
        'No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input.',
    });
    expect(
      await refusal(it.start('SELECT 1', { ResultConfiguration: { OutputLocation: 's3://nowhere/' } })),
    ).toMatchObject({ message: 'Unable to verify/create output bucket nowhere' });
    expect(
      await refusal(
        it.start('SELECT 1', {
          ResultConfiguration: {
            OutputLocation: 's3://results/',
            EncryptionConfiguration: { EncryptionOption: 'SSE_KMS' },
          },
        }),
      ),
    ).toMatchObject({ message: expect.stringContaining('KMS') });
  });

  test('has its parameters filled in', async () => {
    expect(await it.rows('SELECT ?, ? + 1', { ExecutionParameters: ["'a?'", '2'] })).toEqual([['a?', '3']]);
    expect(await refusal(it.start('SELECT ?'))).toMatchObject({ code: 'MALFORMED_QUERY' });
  });

  test('that is unknown is not found; several are described at once, and listed by group', async () => {
    const id = await it.start('SELECT 1');
    expect(await refusal(it.athena.send(new GetQueryExecutionCommand({ QueryExecutionId: 'x' })))).toEqual({
      name: 'InvalidRequestException',
      message: 'QueryExecution x was not found',
      code: 'INVALID_QUERY_EXECUTION_ID',
    });
    expect(await it.athena.send(new BatchGetQueryExecutionCommand({ QueryExecutionIds: [id, 'x'] }))).toMatchObject({
      QueryExecutions: [{ QueryExecutionId: id }],
      UnprocessedQueryExecutionIds: [{ QueryExecutionId: 'x' }],
    });
    const { QueryExecutionIds } = await it.athena.send(new ListQueryExecutionsCommand({ MaxResults: 1 }));
    expect(QueryExecutionIds).toHaveLength(1);
  });
});

describe('a line that is no JSON', () => {
  test('fails the query, unless such lines are ignored', async () => {
    await it.put('bad/a.jsonl', '{"a": 1}\n{"a": \n');
    const storage = {
      ...CAPTURES.StorageDescriptor,
      Columns: [{ Name: 'a', Type: 'int' }],
      Location: 's3://captures/bad/',
    };
    const bad = { Name: 'bad', StorageDescriptor: storage };
    await it.table(bad);
    expect((await it.run('SELECT * FROM bad')).Status?.StateChangeReason).toMatch(
      /^HIVE_CURSOR_ERROR: Row is not a valid JSON Object/,
    );
    const SerdeInfo = { ...storage.SerdeInfo, Parameters: { 'ignore.malformed.json': 'true' } };
    await it.table({ ...bad, Name: 'lenient', StorageDescriptor: { ...storage, SerdeInfo } });
    expect(await it.rows('SELECT a FROM lenient ORDER BY 1')).toEqual([['1'], [null]]);
  });
});

describe('a table of lines', () => {
  test('has a row for each, the empty ones too; columns that are missing are NULL', async () => {
    await it.put('lines/a.jsonl', '{"a": 1}\n\n{"a": \u0001x\r\n\\N');
    const table = (Name: string, Columns: { Name: string; Type: string }[], Parameters: Record<string, string>) => ({
      Name,
      StorageDescriptor: {
        Columns,
        Location: 's3://captures/lines/',
        InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
        OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
        SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe', Parameters },
      },
    });
    await it.table(table('lines', [{ Name: 'line', Type: 'string' }], { 'field.delim': '\u0001' }));
    expect(await it.rows('SELECT line FROM lines')).toEqual([['{"a": 1}'], [''], ['{"a": '], [null]]);
    const Columns = ['a:string', 'b:int', 'c:double'].map((one) => {
      const [Name = '', Type = ''] = one.split(':');
      return { Name, Type };
    });
    await it.put('lines/a.jsonl', 'x,1,2.5\ny,z\n');
    await it.table(table('cells', Columns, { 'serialization.format': ',', 'field.delim': ',' }));
    expect(await it.rows('SELECT * FROM cells')).toEqual([
      ['x', '1', '2.5'],
      ['y', null, null],
    ]);
    await it.table(table('escaped', Columns, { 'escape.delim': '\\' }));
    expect((await it.run('SELECT * FROM escaped')).Status?.StateChangeReason).toMatch(/^NOT_SUPPORTED.*escape.delim/);
  });
});

describe('UNLOAD', () => {
  const to = (folder: string) => `TO 's3://captures/${folder}/' WITH (format = 'PARQUET', compression = 'SNAPPY')`;

  test('writes Parquet, which a table then reads by the columns that a query needs', async () => {
    const query = await it.run(
      `UNLOAD (SELECT eventmetadata.eventid AS id, CAST(captureData.endpointOutput.data AS double) AS score, xxhash64(to_utf8(captureData.endpointInput.data)) AS input
        FROM weather_captures WHERE variant = 'live') ${to('records/day=1')}`,
    );
    expect(query).toMatchObject({ SubstatementType: 'UNLOAD', Status: { State: 'SUCCEEDED' } });
    const { Contents = [] } = await it.s3.send(new ListObjectsV2Command({ Bucket: 'captures', Prefix: 'records/' }));
    const [file] = Contents;
    expect(Contents).toHaveLength(1);
    expect(await text(query.Statistics?.DataManifestLocation ?? '')).toBe(`s3://captures/${file?.Key}\n`);
    await it.table({
      Name: 'records',
      Parameters: {
        'projection.enabled': 'true',
        'projection.day.type': 'integer',
        'projection.day.range': '1,9',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena's own placeholders
        'storage.location.template': 's3://captures/records/day=${day}/',
      },
      PartitionKeys: [{ Name: 'day', Type: 'int' }],
      StorageDescriptor: {
        Columns: [
          { Name: 'id', Type: 'string' },
          { Name: 'score', Type: 'double' },
          { Name: 'input', Type: 'binary' },
          { Name: 'later', Type: 'bigint' },
        ],
        Location: 's3://captures/records/',
        SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
      },
    });
    expect(await it.rows('SELECT id, score, later, day FROM records ORDER BY id')).toEqual([
      ['1', '0.5', null, '1'],
      ['2', null, null, '1'],
      ['3', '0.25', null, '1'],
    ]);
    const one = (await it.run('SELECT sum(score) FROM records')).Statistics?.DataScannedInBytes ?? 0;
    const both = (await it.run('SELECT max(id), sum(score) FROM records')).Statistics?.DataScannedInBytes ?? 0;
    expect(one).toBeGreaterThan(0);
    expect(both).toBeGreaterThan(one);
    expect(both).toBeLessThan(file?.Size ?? 0);
    expect((await it.run('SELECT sum(score) FROM records WHERE day > 1')).Statistics?.DataScannedInBytes).toBe(0);
  });

  test('needs an empty folder, and leaves one that it has no rows for', async () => {
    await it.put('taken/a', 'x');
    expect((await it.run(`UNLOAD (SELECT 1 AS a) ${to('taken')}`)).Status).toMatchObject({
      State: 'FAILED',
      StateChangeReason: expect.stringMatching(/^HIVE_PATH_ALREADY_EXISTS: /),
    });
    const query = await it.run(`UNLOAD (SELECT 1 AS a WHERE false) ${to('none')}`);
    expect(query.Status?.State).toBe('SUCCEEDED');
    expect(await text(query.Statistics?.DataManifestLocation ?? '')).toBe('');
  });

  test('is refused by name in what is not built', async () => {
    const reason = async (sql: string) => (await it.run(sql)).Status?.StateChangeReason;
    expect(await reason("UNLOAD (SELECT 1 AS a) TO 's3://captures/x/' WITH (format = 'ORC')")).toMatch(
      /^NOT_SUPPORTED.*ORC/,
    );
    expect(
      await reason(
        "UNLOAD (SELECT 1 AS a) TO 's3://captures/x/' WITH (format = 'PARQUET', partitioned_by = ARRAY['a'])",
      ),
    ).toMatch(/^NOT_SUPPORTED.*partitioned_by/);
  });
});

describe('a workgroup', () => {
  test('has a place for results and a limit, which hold whatever a query says', async () => {
    await it.athena.send(
      new CreateWorkGroupCommand({
        Name: 'bounded',
        Configuration: {
          BytesScannedCutoffPerQuery: 10_000_000,
          ResultConfiguration: { OutputLocation: 's3://results/bounded/' },
        },
      }),
    );
    expect((await it.athena.send(new GetWorkGroupCommand({ WorkGroup: 'bounded' }))).WorkGroup).toMatchObject({
      State: 'ENABLED',
      Configuration: { EnforceWorkGroupConfiguration: true, BytesScannedCutoffPerQuery: 10_000_000 },
    });
    await it.put('large/a.jsonl', `{"a": 1${' '.repeat(11_000_000)}}\n`);
    const storage = {
      ...CAPTURES.StorageDescriptor,
      Columns: [{ Name: 'a', Type: 'string' }],
      Location: 's3://captures/large/',
    };
    await it.table({ Name: 'large', StorageDescriptor: storage });
    const query = await it.run('SELECT count(*) FROM large', { WorkGroup: 'bounded' });
    expect(query).toMatchObject({
      ResultConfiguration: { OutputLocation: expect.stringMatching(/^s3:\/\/results\/bounded\//) },
      Status: { State: 'CANCELLED', StateChangeReason: 'Bytes scanned limit was exceeded' },
    });
    expect(query.Statistics?.DataScannedInBytes).toBeGreaterThan(11_000_000);
    await it.athena.send(
      new UpdateWorkGroupCommand({
        WorkGroup: 'bounded',
        ConfigurationUpdates: { RemoveBytesScannedCutoffPerQuery: true, EnforceWorkGroupConfiguration: false },
      }),
    );
    expect(await it.run('SELECT count(*) FROM large', { WorkGroup: 'bounded' })).toMatchObject({
      Status: { State: 'SUCCEEDED' },
      ResultConfiguration: { OutputLocation: expect.stringMatching(/^s3:\/\/results\/athena\//) },
    });
    expect(await refusal(it.athena.send(new DeleteWorkGroupCommand({ WorkGroup: 'bounded' })))).toMatchObject({
      message: 'WorkGroup bounded is not empty',
    });
    await it.athena.send(new DeleteWorkGroupCommand({ WorkGroup: 'bounded', RecursiveDeleteOption: true }));
    expect(await refusal(it.athena.send(new GetWorkGroupCommand({ WorkGroup: 'bounded' })))).toMatchObject({
      message: 'WorkGroup bounded is not found.',
    });
    const { WorkGroups } = await it.athena.send(new ListWorkGroupsCommand({}));
    expect(WorkGroups?.map(({ Name }) => Name)).toEqual(['primary']);
  });

  test('encrypts what a query writes by the key that it names; without one, or by the client, it is refused by name', async () => {
    const encrypted = (EncryptionConfiguration: object) => ({
      ResultConfiguration: {
        OutputLocation: 's3://results/kms/',
        EncryptionConfiguration: EncryptionConfiguration as EncryptionConfiguration,
      },
    });
    const query = await it.run('SELECT 1 AS a', encrypted({ EncryptionOption: 'SSE_KMS', KmsKey: 'key-1' }));
    expect(query.ResultConfiguration?.EncryptionConfiguration).toEqual({
      EncryptionOption: 'SSE_KMS',
      KmsKey: 'key-1',
    });
    const Key = query.ResultConfiguration?.OutputLocation?.replace('s3://results/', '');
    expect(await it.s3.send(new HeadObjectCommand({ Bucket: 'results', Key }))).toMatchObject({
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'key-1',
    });
    for (const [option, words] of [
      [{ EncryptionOption: 'SSE_KMS' }, 'KmsKey'],
      [{ EncryptionOption: 'CSE_KMS', KmsKey: 'k' }, 'CSE_KMS'],
    ] as const)
      expect(await refusal(it.start('SELECT 1', encrypted(option)))).toMatchObject({
        message: expect.stringContaining(words),
      });
  });

  test('cannot keep its results itself, nor encrypt them: refused by name', async () => {
    const create = (Configuration: object) =>
      refusal(it.athena.send(new CreateWorkGroupCommand({ Name: 'other', Configuration })));
    expect(await create({ ManagedQueryResultsConfiguration: { Enabled: true } })).toMatchObject({
      message: expect.stringContaining('managed query results'),
    });
    expect(
      await create({ ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'CSE_KMS', KmsKey: 'k' } } }),
    ).toMatchObject({ message: expect.stringContaining('KMS') });
  });
});

describe('who may not', () => {
  const allow = (Action: string | string[], Resource: string | string[] = '*') => ({
    Effect: 'Allow',
    Action,
    Resource,
  });
  const policy = (...Statement: object[]) => [
    {
      kind: 'identity-based policy' as const,
      who: undefined,
      document: readDocument({ Version: '2012-10-17', Statement }, 'test'),
    },
  ];

  test('read a table or its objects, or run a query at all, is told so', async () => {
    const there = await athenaStand({ iam: policy(allow('*')) });
    try {
      await there.table(CAPTURES);
      await there.put('weather/live/2026/11/02/00/a.jsonl', captured('1', '1,2', '0.5'));
      const reason = async (...statements: object[]) => {
        there.emulator.world.iam.attach(policy(...statements));
        const query = await there.run('SELECT count(*) FROM weather_captures').catch((error: Error) => error.message);
        return typeof query === 'string' ? query : (query.Status?.StateChangeReason ?? query.Status?.State);
      };
      expect(await reason(allow('*'))).toBe('SUCCEEDED');
      expect(await reason(allow(['athena:*', 's3:*']))).toMatch(
        /not authorized to perform: glue:GetTable on resource: .*:catalog/,
      );
      expect(
        await reason(allow(['athena:*', 'glue:*', 's3:GetBucketLocation', 's3:ListBucket', 's3:PutObject'])),
      ).toMatch(/^PERMISSION_DENIED: Permission denied on S3 path: s3:\/\/captures\/weather/);
      expect(
        await reason(allow(['athena:*', 'glue:*', 's3:GetBucketLocation', 's3:ListBucket', 's3:GetObject'])),
      ).toMatch(/^PERMISSION_DENIED: Permission denied on S3 path: s3:\/\/results\//);
      expect(await reason(allow(['athena:*', 'glue:*']))).toBe('Unable to verify/create output bucket results');
      expect(await reason(allow(['glue:*', 's3:*']))).toMatch(
        /athena:StartQueryExecution on resource: .*:workgroup\/primary/,
      );
    } finally {
      await there.close();
    }
  });

  test.each(['select', 'all'] as const)('by Lake Formation (%s)', async (lakeFormation) => {
    const there = await athenaStand({ switches: { lakeFormation: 'open' } });
    try {
      await there.table(CAPTURES);
      (there.emulator.world.switches as { lakeFormation: string }).lakeFormation = lakeFormation;
      expect((await there.run('SELECT * FROM weather_captures')).Status?.StateChangeReason).toMatch(
        /Insufficient Lake Formation permission\(s\): Required Select on weather_captures/,
      );
      const made = await refusal(there.table({ Name: 'other' }));
      expect(made?.name).toBe(lakeFormation === 'all' ? 'AccessDeniedException' : undefined);
    } finally {
      await there.close();
    }
  });

  test('have so many queries at once', async () => {
    const there = await athenaStand({ quotas: [{ name: 'Active DML queries', limit: 1 }] });
    try {
      await there.start('SELECT 1');
      expect(await refusal(there.start('SELECT 1'))).toMatchObject({
        name: 'TooManyRequestsException',
        reason: 'CONCURRENT_QUERY_LIMIT_EXCEEDED',
      });
      there.clock.advance(60_000);
      expect(await there.rows('SELECT 1')).toEqual([['1']]);
    } finally {
      await there.close();
    }
  });
});
