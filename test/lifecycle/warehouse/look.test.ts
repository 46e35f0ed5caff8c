import { rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  BatchGetQueryExecutionCommand,
  CreateWorkGroupCommand,
  GetQueryExecutionCommand,
  ListQueryExecutionsCommand,
  StartQueryExecutionCommand,
  UpdateWorkGroupCommand,
} from '@aws-sdk/client-athena';
import { CreateTableCommand, DeleteTableCommand, GetDatabaseCommand, GetTablesCommand } from '@aws-sdk/client-glue';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { emptyPredictions } from '../../../src/analysis/compare/compare.ts';
import type { WarehouseRow } from '../../../src/analysis/compare/warehouse/warehouse.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { App } from '../../../src/app.ts';
import { deletePrefix } from '../../../src/aws/s3.ts';
import { interrupted } from '../../../src/base/errors.ts';
import { athenaSettings } from '../../../src/base/project.ts';
import { printText } from '../../../src/base/text.ts';
import { sessionOf } from '../../../src/cli/session.ts';
import { readDocument } from '../../../src/emulator/iam/document.ts';
import { judgeEndpoint, type JudgeProgress } from '../../../src/lifecycle/judge.ts';
import { lockEndpoint, type LockedEndpoint, openRun } from '../../../src/lifecycle/session.ts';
import { type EngineChoice, engineFor } from '../../../src/lifecycle/warehouse/choose.ts';
import { athenaFindings } from '../../../src/lifecycle/warehouse/doctor.ts';
import type { Comparison, Expected } from '../../../src/lifecycle/warehouse/look.ts';
import { apply, newRun } from '../../../src/resources/apply.ts';
import { lookName, queryMark, tableMark } from '../../../src/resources/athena-look.ts';
import { existing, replay } from '../../../src/state/replay.ts';
import { type Stage, stage } from '../../cli/report/endpoint.ts';
import { isWhole, matrixTest } from '../../support/sizes.ts';

/*
 * A look by Athena from beginning to end, with a comparison that only counts lines: what is read, kept, made and deleted. What
 * the real one finds is held against this machine's by test/analysis/compare/warehouse.
 */

const START = Date.UTC(2026, 0, 5, 9);
const BUCKET = 'sagemaker-us-east-1-000000000000';
let open: Stage;
/** What the last look counted, by variant. */
let counted: WarehouseRow[] = [];
/** Runs between the last statement and the end of a look. */
let meanwhile: () => Promise<void> = async () => undefined;

const COUNTING: Comparison = {
  plan: ({ prefix, variants, hours }) => ({
    tables: [
      {
        name: `${prefix}captures`,
        columns: [{ name: 'line', type: 'string' }],
        partitions: [
          { name: 'variant', kind: 'enum', values: Object.values(variants) },
          { name: 'dt', kind: 'hours' },
        ],
        format: 'lines',
        template: '${variant}/${dt}/',
      },
      {
        name: `${prefix}records_1`,
        columns: [
          { name: 'variant', type: 'string' },
          { name: 'line', type: 'string' },
        ],
        partitions: [],
        format: 'parquet',
        template: 'records/1/',
      },
      {
        name: `${prefix}cells_1`,
        columns: [{ name: 'n', type: 'bigint' }],
        partitions: [],
        format: 'parquet',
        template: 'cells/1/',
      },
    ],
    statements: [
      { about: 'reads lines', reads: 'captures', times: 1, hours, variants: Object.values(variants) },
      { about: 'counts lines', reads: 'records', times: 2, hours, variants: Object.values(variants) },
    ],
    folders: Object.values(variants).flatMap((one) => hours.map((hour) => `records/1/${one}/${hour}/`)),
    readings: [],
  }),
  async compare(warehouse, { prefix, variants, hours }, options) {
    await warehouse.unload(
      Object.values(variants).flatMap((one) =>
        hours.map((hour) => ({
          select: `SELECT variant, line FROM ${prefix}captures WHERE variant = '${one}' AND dt = '${hour}'`,
          folder: `records/1/${one}/${hour}/`,
          about: 'reads lines',
        })),
      ),
    );
    await warehouse.unload([
      { select: `SELECT count(*) AS n FROM ${prefix}records_1`, folder: 'cells/1/', about: 'counts lines' },
    ]);
    const [rows = []] = await warehouse.rows([
      {
        sql: `SELECT variant, count(*) AS n FROM ${prefix}records_1 GROUP BY variant ORDER BY variant`,
        about: 'counts',
      },
    ]);
    counted = rows;
    await meanwhile();
    return { predictions: emptyPredictions(options), notes: [] };
  },
};

beforeAll(async () => {
  open = await stage('good');
  await open.traffic(40, 60_000);
  // Both sides have arrived.
  open.clock.advance(15 * 60_000);
});
afterAll(() => open.close());
beforeEach(() => {
  counted = [];
  meanwhile = async () => undefined;
});

async function look(
  choice: Partial<EngineChoice> & { signal?: AbortSignal; yaml?: Parameters<typeof athenaSettings>[0] } = {},
  progress?: JudgeProgress,
) {
  const { app: whole, err } = open.app();
  const app: App = choice.signal === undefined ? whole : whole.withSignal(choice.signal);
  const told: Expected[] = [];
  const elsewhere = engineFor(sessionOf(app), {
    engine: 'athena',
    byFlag: true,
    settings: athenaSettings(choice.yaml ?? {}),
    comparison: async () => COUNTING,
    tell: (expected) => void told.push(expected),
    ask: undefined,
    ...choice,
  });
  const report = await judgeEndpoint(
    app,
    {
      source: { kind: 'endpoint', endpoint: 'weather', predictions: true, logs: undefined },
      // Whatever time it is by now.
      window: { from: START, to: START + 2 * 3_600_000, length: undefined },
      policy: DEFAULT_POLICY,
      elsewhere,
    },
    progress,
  );
  return { report, engine: report.observations.engine, expected: told[0], err: err.join('\n') };
}

/** What a look leaves in AWS and in the journal. */
async function left() {
  const { app } = open.app();
  const aws = await app.aws();
  const glue = await aws.glue();
  const s3 = await aws.s3();
  const tables = await glue.send(new GetTablesCommand({ DatabaseName: 'shadowctl' })).catch(() => ({ TableList: [] }));
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  const state = replay((await app.journal('weather')).events());
  return {
    tables: (tables.TableList ?? []).map(({ Name }) => Name),
    keys: Contents.map(({ Key = '' }) => Key),
    resources: existing(state).map(({ ref }) => ref.kind),
    open: state.open,
  };
}

const problemOf = async (work: Promise<unknown>) => {
  const error = (await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )) as { message: string; kind?: string; code?: string; next?: Parameters<typeof printText>[0] } | undefined;
  if (error === undefined) throw new Error('it should have been refused');
  const { message, kind, code, next } = error;
  return { message, kind, code, next: next === undefined ? '' : printText(next) };
};

test('each hour is read once: a second look reads none, and leaves nothing but the records', async () => {
  const first = await look();
  expect(counted).toEqual([
    { variant: 'AllTraffic', n: 40 },
    { variant: 'shadow', n: 40 },
  ]);
  // The window reaches from 9 to 11 o'clock, and captures lie in the folders of two hours.
  expect(first.engine).toMatchObject({ hours: { read: 2, kept: 0 }, queries: 4, billed: 40e6 });
  expect(first.expected).toMatchObject({ queries: 4, bytes: 40e6, workgroup: 'primary' });
  const after = await left();
  expect(after.tables).toEqual([]);
  expect(after.open).toEqual([]);
  expect(after.resources.toSorted()).toEqual(['athena-data', 'glue-database', 's3-bucket']);
  expect(after.keys.filter((key) => !key.startsWith('shadowctl/weather/athena/records/1/'))).toEqual([]);
  const second = await look();
  expect(second.engine).toMatchObject({ hours: { read: 0, kept: 2 }, queries: 2 });
  expect(counted.map(({ n }) => n)).toEqual([40, 40]);
  expect((await left()).keys).toEqual(after.keys);
  // Records of which a file is missing are made again.
  const s3 = await (await open.app().app.aws()).s3();
  const Key = after.keys.find((key) => !key.includes('_whole-'));
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
  expect((await look()).engine).toMatchObject({ hours: { read: 1, kept: 1 } });
  expect(counted.map(({ n }) => n)).toEqual([40, 40]);
});

test('a file that came late has its hour read again, and what was made of the old list goes', async () => {
  const before = await left();
  const s3 = await (await open.app().app.aws()).s3();
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: 'models', Prefix: 'captures/weather/shadow/' }),
  );
  const late = `${Contents[0]?.Key?.replace(/[^/]*$/, '')}late.jsonl`;
  await s3.send(new PutObjectCommand({ Bucket: 'models', Key: late, Body: '{"torn' }));
  try {
    const found = await look();
    expect(found.engine).toMatchObject({ hours: { read: 1, kept: 1 } });
    expect(counted).toContainEqual({ variant: 'shadow', n: 41 });
    const after = await left();
    expect(after.keys.length).toBe(before.keys.length);
    expect(after.keys).not.toEqual(before.keys);
  } finally {
    await s3.send(new DeleteObjectCommand({ Bucket: 'models', Key: late }));
  }
});

matrixTest('captures that come while an hour is read make that its records are used once, and not kept', async () => {
  const s3 = await (await open.app().app.aws()).s3();
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: 'models', Prefix: 'captures/weather/shadow/' }),
  );
  const late = `${Contents[0]?.Key?.replace(/[^/]*$/, '')}later.jsonl`;
  const put = (Body: string) => s3.send(new PutObjectCommand({ Bucket: 'models', Key: late, Body }));
  await put('{"first');
  try {
    // Another version of the file lies there when the records have been written.
    const found = await look({ tell: () => void put('{"second') });
    expect(found.engine).toMatchObject({ hours: { read: 1, kept: 1 } });
    expect((await look()).engine).toMatchObject({ hours: { read: 1, kept: 1 } });
    expect((await look()).engine).toMatchObject({ hours: { read: 0, kept: 2 } });
  } finally {
    await s3.send(new DeleteObjectCommand({ Bucket: 'models', Key: late }));
  }
});

test('an interrupt stops what runs, and nothing is left of the look', async () => {
  await forget();
  const stop = new AbortController();
  const reason = interrupted('Interrupted.');
  const athena = await (await open.app().app.aws()).athena();
  const ended = look({ signal: stop.signal }, (doing) => {
    if (doing.step === 'asking-athena') stop.abort(reason);
  });
  await expect(ended).rejects.toMatchObject({ kind: 'interrupted' });
  const after = await left();
  expect(after.tables).toEqual([]);
  expect(after.resources).not.toContain('athena-look');
  expect(after.keys.filter((key) => key.includes('/looks/'))).toEqual([]);
  const { QueryExecutionIds } = await athena.send(new ListQueryExecutionsCommand({}));
  const { QueryExecutions = [] } = await athena.send(new BatchGetQueryExecutionCommand({ QueryExecutionIds }));
  expect(QueryExecutions.map(({ Status }) => Status?.State)).not.toContain('RUNNING');
  expect(QueryExecutions.map(({ Status }) => Status?.State)).not.toContain('QUEUED');
  await look();
  expect(counted.map(({ n }) => n)).toEqual([40, 40]);
});

test('what a killed look has left, the next one finds by its run: its query, its results, its table, its folder', async () => {
  const { app } = open.app();
  const aws = await app.aws();
  const run = newRun(open.clock);
  const name = lookName({ database: 'shadowctl', workgroup: 'primary', run });
  await lockEndpoint(sessionOf(app), { endpoint: 'weather', command: 'report' }, async (on) => {
    const journaled = await openRun(on, 'report --engine athena', run);
    // A process that is gone.
    const input = { host: hostname(), pid: 2 ** 22 + 1 };
    await apply(journaled, { action: 'create', kind: 'athena-look', name, input });
  });
  const glue = await aws.glue();
  const table = {
    Name: `weather_0${tableMark(run)}cells_1`,
    StorageDescriptor: { Columns: [], Location: `s3://${BUCKET}/x/` },
  };
  await glue.send(new CreateTableCommand({ DatabaseName: 'shadowctl', TableInput: table }));
  const athena = await aws.athena();
  const place = `s3://${BUCKET}/shadowctl/weather/athena/looks/${run}`;
  const { QueryExecutionId: id = '' } = await athena.send(
    new StartQueryExecutionCommand({
      QueryString: `${queryMark(run)}\nSELECT 1 AS n`,
      QueryExecutionContext: { Database: 'shadowctl' },
      ResultConfiguration: { OutputLocation: `${place}/results/` },
    }),
  );
  expect((await left()).resources).toContain('athena-look');
  await look();
  const after = await left();
  expect(after.resources).not.toContain('athena-look');
  expect(after.tables).toEqual([]);
  expect(after.keys.filter((key) => key.includes(run))).toEqual([]);
  const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
  expect(['CANCELLED', 'SUCCEEDED']).toContain(QueryExecution?.Status?.State);
});

test.runIf(isWhole('matrix'))(
  'a look of another process that may be alive keeps what it reads, and is left alone',
  async () => {
    const { app } = open.app();
    const run = newRun(open.clock);
    const name = lookName({ database: 'shadowctl', workgroup: 'primary', run });
    const lock = <T>(work: (on: LockedEndpoint) => Promise<T>) =>
      lockEndpoint(sessionOf(app), { endpoint: 'weather', command: 'report' }, work);
    await lock(async (on) => {
      const journaled = await openRun(on, 'report --engine athena', run);
      await apply(journaled, { action: 'create', kind: 'athena-look', name, input: { host: 'elsewhere', pid: 1 } });
    });
    await look();
    expect((await left()).resources).toContain('athena-look');
    // After so long nobody is at work any more.
    open.clock.advance(7 * 3_600_000);
    const { report } = await look();
    expect(report.observations.engine).toBeDefined();
    expect((await left()).resources).not.toContain('athena-look');
  },
);

test('a workgroup that decides where results go: they are deleted there, and nothing else is', async () => {
  const athena = await (await open.app().app.aws()).athena();
  const s3 = await (await open.app().app.aws()).s3();
  await s3.send(new CreateBucketCommand({ Bucket: 'results' }));
  await s3.send(new PutObjectCommand({ Bucket: 'results', Key: 'team/of-others.csv', Body: 'n' }));
  await athena.send(
    new CreateWorkGroupCommand({
      Name: 'strict',
      Configuration: {
        EnforceWorkGroupConfiguration: true,
        ResultConfiguration: { OutputLocation: 's3://results/team/' },
      },
    }),
  );
  const seen: string[] = [];
  meanwhile = async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'results' }));
    seen.push(...Contents.map(({ Key = '' }) => Key));
  };
  const found = await look({ yaml: { workgroup: 'strict' } });
  expect(found.engine).toMatchObject({ workgroup: 'strict' });
  expect(seen.length).toBeGreaterThan(1);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'results' }));
  expect(Contents.map(({ Key }) => Key)).toEqual(['team/of-others.csv']);
});

test('what cannot be is refused before the first query, in a sentence that says what to do', async () => {
  const athena = await (await open.app().app.aws()).athena();
  const far = new S3Client({
    endpoint: open.emulator.url,
    region: 'eu-west-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await far.send(
    new CreateBucketCommand({ Bucket: 'far', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
  );
  far.destroy();
  await athena.send(new CreateWorkGroupCommand({ Name: 'nowhere' }));
  await athena.send(new CreateWorkGroupCommand({ Name: 'off' }));
  await athena.send(new UpdateWorkGroupCommand({ WorkGroup: 'off', State: 'DISABLED' }));
  const before = (await athena.send(new ListQueryExecutionsCommand({}))).QueryExecutionIds?.length;
  const refused = async (yaml: Parameters<typeof athenaSettings>[0]) => problemOf(look({ yaml }));
  expect(await refused({ workgroup: 'none' })).toMatchObject({
    kind: 'usage',
    message: expect.stringMatching(/There is no workgroup "none"/),
  });
  expect(await refused({ workgroup: 'off' })).toMatchObject({
    kind: 'cannot-run',
    message: expect.stringMatching(/is disabled/),
  });
  // Whoever makes one by the API has it decide where results go, unless they say otherwise.
  expect(await refused({ workgroup: 'nowhere' })).toMatchObject({
    kind: 'cannot-run',
    message: expect.stringMatching(/names no place/),
  });
  expect(await refused({ output: 's3://nowhere-at-all/x' })).toMatchObject({
    kind: 'usage',
    message: expect.stringMatching(/no bucket "nowhere-at-all"/),
  });
  expect(await refused({ output: 's3://far/x' })).toMatchObject({
    kind: 'usage',
    message: expect.stringMatching(/is in eu-west-1/),
  });
  expect(await refused({ maxScan: 10e6 })).toMatchObject({
    kind: 'usage',
    message: expect.stringMatching(/athena.maxScan in shadowctl.yaml permits 10.0 MB/),
  });
  expect((await athena.send(new ListQueryExecutionsCommand({}))).QueryExecutionIds?.length).toBe(before);
  expect((await left()).resources).not.toContain('athena-look');
});

test('a look that scans more than it may is stopped, also where less was expected', async () => {
  await forget();
  // Whoever plans knows of no question.
  const hopeful: Comparison = { ...COUNTING, plan: (...asked) => ({ ...COUNTING.plan(...asked), statements: [] }) };
  const problem = await problemOf(look({ comparison: async () => hopeful, yaml: { maxScan: 25e6 } }));
  expect(problem).toMatchObject({ code: 'max-scan', message: expect.stringMatching(/have scanned 30.0 MB/) });
  expect((await left()).tables).toEqual([]);
});

matrixTest(
  'a scan limit strikes before the first query, or while one runs: both are told, and nothing is left',
  async () => {
    await forget();
    const { athena, s3 } = await clients();
    await athena.send(
      new CreateWorkGroupCommand({
        Name: 'tight',
        Configuration: { BytesScannedCutoffPerQuery: 10_000_000, EnforceWorkGroupConfiguration: false },
      }),
    );
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: 'models', Prefix: 'captures/weather/shadow/' }),
    );
    const Key = `${Contents[0]?.Key?.replace(/[^/]*$/, '')}large.jsonl`;
    const Body = `${'x'.repeat(11_000_000)}\n`;
    try {
      // What lies there when the query runs, no estimate knows.
      const struck = await problemOf(
        look({
          yaml: { workgroup: 'tight' },
          tell: () => s3.send(new PutObjectCommand({ Bucket: 'models', Key, Body })),
        }),
      );
      expect(struck).toMatchObject({ kind: 'cannot-run', code: 'cutoff', message: expect.stringContaining('"tight"') });
      expect(await left()).toMatchObject({ tables: [], open: [] });
      expect((await left()).resources).not.toContain('athena-look');
      expect(await problemOf(look({ yaml: { workgroup: 'tight' } }))).toMatchObject({
        kind: 'usage',
        message: expect.stringMatching(/would scan about 11\.\d MB, and workgroup "tight"/),
      });
    } finally {
      await s3.send(new DeleteObjectCommand({ Bucket: 'models', Key }));
    }
  },
);

test('a table that somebody deletes meanwhile is missing, and its look makes no verdict', async () => {
  const { glue } = await clients();
  const hurt: Comparison = {
    ...COUNTING,
    async compare(warehouse, records, ...more) {
      await glue.send(new DeleteTableCommand({ DatabaseName: 'shadowctl', Name: `${records.prefix}records_1` }));
      return COUNTING.compare(warehouse, records, ...more);
    },
  };
  expect(await problemOf(look({ comparison: async () => hurt }))).toMatchObject({
    kind: 'cannot-run',
    code: 'missing',
  });
  expect((await left()).tables).toEqual([]);
});

test('athena.kmsKey encrypts all that is written: records and what says that they are whole, rows of pairs, results', async () => {
  await forget();
  const { s3 } = await clients();
  const kmsKey = 'arn:aws:kms:us-east-1:000000000000:key/1';
  const keys = async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    const heads = Contents.map(async ({ Key = '' }) => {
      const { SSEKMSKeyId } = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key }));
      return `${/_whole|\/records\/|\/cells\/|\/results\//.exec(Key)?.[0]} ${SSEKMSKeyId}`;
    });
    return [...new Set(await Promise.all(heads))].toSorted();
  };
  let seen: string[] = [];
  meanwhile = async () => void (seen = await keys());
  await look({ yaml: { kmsKey } });
  expect(seen).toEqual(['/cells/', '/records/', '/results/'].map((one) => `${one} ${kmsKey}`));
  await forget();
});

test('what AWS denies ends with a sentence, and with no verdict', async () => {
  const deny = (Action: string) =>
    open.emulator.world.iam.attach([
      {
        who: undefined,
        kind: 'identity-based policy',
        document: readDocument(
          {
            Statement: [
              { Effect: 'Allow', Action: '*', Resource: '*' },
              { Effect: 'Deny', Action, Resource: '*' },
            ],
          },
          'a test',
        ),
      },
    ]);
  try {
    for (const action of [
      'athena:GetWorkGroup',
      'athena:StartQueryExecution',
      'glue:CreateTable',
      'glue:GetDatabase',
    ]) {
      deny(action);
      const problem = await problemOf(look());
      expect(problem.kind).toBe('cannot-run');
      expect(`${problem.message} ${problem.next}`).toContain(action);
    }
    // Athena reads as whoever asks.
    deny('glue:GetTable');
    expect(await problemOf(look())).toMatchObject({ kind: 'cannot-run' });
  } finally {
    open.emulator.world.iam.attach([]);
  }
  const switches = open.emulator.world.switches as { lakeFormation: string };
  try {
    switches.lakeFormation = 'select';
    expect(await problemOf(look())).toMatchObject({
      code: 'lake-formation',
      next: expect.stringMatching(/administers Lake Formation/),
    });
    switches.lakeFormation = 'all';
    expect(await problemOf(look())).toMatchObject({
      kind: 'cannot-run',
      next: expect.stringMatching(/administers Lake Formation/),
    });
  } finally {
    switches.lakeFormation = 'open';
  }
  // And nothing is left of all these.
  expect((await left()).tables).toEqual([]);
  expect((await left()).resources).not.toContain('athena-look');
});

test('cleanup deletes the records and the database, and proves it', async () => {
  await look();
  const { app } = open.app();
  const { cleanup } = await import('../../../src/lifecycle/cleanup.ts');
  const { endpoints } = await cleanup({ ...sessionOf(app), approve: async () => undefined }, { endpoint: 'weather' });
  expect(endpoints[0]).toMatchObject({ kind: 'done', clean: true, left: [] });
  const kinds = endpoints[0]?.kind === 'done' ? endpoints[0].deleted.map(({ kind }) => kind) : [];
  expect(kinds.toSorted()).toEqual(['athena-data', 'glue-database', 's3-bucket']);
  const glue = await (await app.aws()).glue();
  await expect(glue.send(new GetDatabaseCommand({ Name: 'shadowctl' }))).rejects.toMatchObject({
    name: 'EntityNotFoundException',
  });
});

test.runIf(isWhole('matrix'))('without the journal, records and database are found by what they carry', async () => {
  await look();
  const { app } = open.app();
  rmSync((await app.project()).stateDir, { recursive: true });
  const lost = open.app().app;
  const { cleanup } = await import('../../../src/lifecycle/cleanup.ts');
  const session = { ...sessionOf(lost), approve: async () => undefined };
  const { endpoints } = await cleanup(session, { endpoint: 'weather', byTag: true });
  const kinds = endpoints[0]?.kind === 'done' ? endpoints[0].deleted.map(({ kind }) => kind) : [];
  expect(kinds.toSorted()).toEqual(['athena-data', 'glue-database']);
});

test('doctor looks at workgroup and output where Athena reads unattended', async () => {
  const { app } = open.app();
  const findings = async (engine: 'athena' | undefined, given: Parameters<typeof athenaSettings>[0]) => {
    const session = sessionOf(app);
    const project = { ...(await session.project()), engine, athena: athenaSettings(given) };
    const found = await athenaFindings({ ...session, project: async () => project }, 'weather', () => undefined);
    return found.map(({ severity, subject }) => `${severity}: ${subject}`);
  };
  expect(await findings(undefined, { workgroup: 'none' })).toEqual([]);
  expect(await findings('athena', {})).toEqual(['ok: workgroup primary']);
  expect(await findings('athena', { workgroup: 'none', output: 's3://nowhere-at-all/x' })).toEqual([
    'warning: workgroup none',
    'warning: bucket nowhere-at-all',
  ]);
});

test('where nobody has asked for Athena, this machine reads; it is offered from a size on, and asks where somebody is', async () => {
  const asked: Expected[] = [];
  const small = await look({ engine: 'unsaid', byFlag: false });
  expect(small.engine).toBeUndefined();
  expect(small.report.observations.notes.join(' ')).not.toContain('--engine athena');
  await forget();
  const none = await look({ engine: 'unsaid', byFlag: false, yaml: { above: 1 } });
  expect(none.engine).toBeUndefined();
  expect(none.report.observations.notes.join(' ')).toContain('--engine athena');
  expect(none.report.observations.predictions?.pairs).toBe(40);
  await forget();
  const ask = (answer: boolean) => async (expected: Expected) => {
    asked.push(expected);
    return answer;
  };
  expect((await look({ engine: 'unsaid', byFlag: false, yaml: { above: 1 }, ask: ask(false) })).engine).toBeUndefined();
  await forget();
  expect((await look({ engine: 'unsaid', byFlag: false, yaml: { above: 1 }, ask: ask(true) })).engine).toMatchObject({
    name: 'athena',
  });
  expect(asked.map(({ hours }) => hours.read)).toEqual([2, 2]);
});

async function clients() {
  const aws = await open.app().app.aws();
  return { athena: await aws.athena(), glue: await aws.glue(), s3: await aws.s3() };
}

/** Nothing of the captures is on this machine, and no records are kept. */
async function forget() {
  const { app } = open.app();
  rmSync(join((await app.project()).stateDir, 'cache'), { recursive: true, force: true });
  await deletePrefix(await app.aws(), `s3://${BUCKET}/shadowctl/weather/athena/`).catch(() => undefined);
}
