import { GetQueryExecutionCommand } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort, type RunningTrino, startTrino, TRINO, TRINO_MISSING } from '../support/trino.ts';
import { type AthenaStand, athenaStand, CAPTURES, captured } from './services/athena/athena-stand.ts';
import { AGGREGATES, SCALARS, TABLE, WINDOWS } from './sql/functions.ts';

// A server that has just started, on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 240_000 });

/*
 * A real Trino reads the emulator's Glue and S3, and runs what Athena is asked: it must find what the emulator's own engine
 * finds.
 */
describe.skipIf(TRINO === undefined)(`on a real Trino (${TRINO_MISSING})`, () => {
  let trino: RunningTrino;
  let it: AthenaStand;
  /** The same without Trino. */
  let here: AthenaStand;
  const both = async (work: (stand: AthenaStand) => Promise<unknown>) => [await work(it), await work(here)];

  beforeAll(async () => {
    const port = await freePort();
    it = await athenaStand({ trino: `http://127.0.0.1:${port}` });
    here = await athenaStand();
    trino = await startTrino(it.emulator.url, port);
    process.stdout.write(`Trino ${trino.version} runs the queries\n`);
    await both(async (stand) => {
      // Trino's clock is the machine's: up to its NOW there would be more hours every day.
      const range = { 'projection.dt.range': '2026/11/01/00,2026/11/02/03' };
      await stand.table({ ...CAPTURES, Parameters: { ...CAPTURES.Parameters, ...range } });
      await stand.put(
        'weather/live/2026/11/02/00/a.jsonl',
        captured('1', '1,2', '0.5') + captured('2', '3,4', undefined),
      );
      await stand.put('weather/live/2026/11/02/01/b.jsonl', captured('3', '5,6', '0.25', 1));
      await stand.put('weather/live-shadow/2026/11/02/00/c.jsonl', captured('1', '1,2', '0.75'));
      await stand.put('weather/other/2026/11/02/00/d.jsonl', captured('4', '0', '0'));
      await stand.put('weather/live/2026/11/02/00/_f.jsonl', 'no JSON');
      await stand.put('weather/live/2026/11/02/00/.g.jsonl', 'no JSON');
    });
  }, 300_000);
  afterAll(async () => {
    await trino?.stop();
    await it?.close();
    await here?.close();
  });

  test('functions give what the emulator says that they give', async () => {
    const of = async (expressions: readonly (readonly [string, string | null])[], from = '') => {
      const rows = await it.rows(`SELECT ${expressions.map(([one]) => one).join(', ')} ${from}`);
      return expressions.map(([one], index) => [one, rows.map((row) => row[index] ?? 'null').join(' ')]);
    };
    const expected = (expressions: readonly (readonly [string, string | null])[]) =>
      expressions.map(([one, value]) => [one, value ?? 'null']);
    // Trino's clock is the machine's.
    const timeless = SCALARS.filter(([one]) => !one.startsWith('current_'));
    expect(await of(timeless)).toEqual(expected(timeless));
    expect(await of(AGGREGATES, TABLE)).toEqual(expected(AGGREGATES));
    expect(await of(WINDOWS, `${TABLE} WHERE v IS NOT NULL ORDER BY v`)).toEqual(expected(WINDOWS));
  });

  test('captures are read by their partitions, and scanned as much', async () => {
    for (const sql of [
      'SELECT * FROM weather_captures ORDER BY variant, dt, eventMetadata.eventId',
      "SELECT count(*) FROM weather_captures WHERE variant = 'live' AND dt = '2026/11/02/00'",
      `WITH c AS (SELECT variant, dt, eventversion AS v FROM weather_captures)
        SELECT count(v) FROM c WHERE variant = 'live' AND dt BETWEEN '2026/11/01/00' AND '2026/11/02/00'`,
      "SELECT count(*) FROM weather_captures WHERE dt = '2026/11/02/02'",
      `SELECT a.eventmetadata.eventid FROM weather_captures a JOIN weather_captures b ON a.eventmetadata.eventid = b.eventmetadata.eventid
        WHERE a.variant = 'live' AND b.variant = 'live-shadow'`,
    ]) {
      const [real, own] = await both(async (stand) => ({
        rows: await stand.rows(sql),
        scanned: (await stand.run(sql)).Statistics?.DataScannedInBytes,
      }));
      expect(real, sql).toEqual(own);
    }
  });

  test('UNLOAD writes Parquet that is read again', async () => {
    const [real, own] = await both(async (stand) => {
      const query = await stand.run(
        `UNLOAD (SELECT eventmetadata.eventid AS id, CAST(captureData.endpointOutput.data AS double) AS score, ARRAY[1e0, 0.5e0] AS scores
          FROM weather_captures WHERE variant = 'live') TO 's3://captures/records/day=1/' WITH (format = 'PARQUET', compression = 'SNAPPY')`,
      );
      const Columns = ['id:string', 'score:double', 'scores:array<double>'].map((one) => {
        const [Name = '', Type = ''] = one.split(':');
        return { Name, Type };
      });
      await stand.table({
        Name: 'records',
        TableType: 'EXTERNAL_TABLE',
        Parameters: {
          EXTERNAL: 'TRUE',
          'projection.enabled': 'true',
          'projection.day.type': 'integer',
          'projection.day.range': '1,9',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: Athena's own placeholders
          'storage.location.template': 's3://captures/records/day=${day}/',
        },
        PartitionKeys: [{ Name: 'day', Type: 'int' }],
        StorageDescriptor: {
          Columns,
          Location: 's3://captures/records/',
          InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
          OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
          SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
        },
      });
      const empty = await stand.run(
        "UNLOAD (SELECT 1 AS a WHERE false) TO 's3://captures/none/' WITH (format = 'PARQUET')",
      );
      const again = await stand.run(
        "UNLOAD (SELECT 1 AS a) TO 's3://captures/records/day=1/' WITH (format = 'PARQUET')",
      );
      return {
        state: query.Status?.State,
        why: query.Status?.StateChangeReason,
        kind: query.SubstatementType,
        rows: await stand.rows('SELECT * FROM records ORDER BY id'),
        empty: empty.Status?.State,
        again: again.Status?.StateChangeReason?.split(':')[0],
      };
    });
    expect(real).toEqual(own);
    expect(real).toMatchObject({ state: 'SUCCEEDED', again: 'HIVE_PATH_ALREADY_EXISTS' });
  });

  test('lines are read as they stand, torn ones and empty ones too; malformed JSON fails', async () => {
    const [real, own] = await both(async (stand) => {
      await stand.put('lines/a.jsonl', '{"a": 1}\n\n{"a": \u0001x\r\n\\N');
      const StorageDescriptor = {
        Columns: [{ Name: 'line', Type: 'string' }],
        Location: 's3://captures/lines/',
        InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
        OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
        SerdeInfo: {
          SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
          Parameters: { 'field.delim': '\u0001' },
        },
      };
      const table = { TableType: 'EXTERNAL_TABLE', Parameters: { EXTERNAL: 'TRUE' } };
      await stand.table({ ...table, Name: 'lines', StorageDescriptor });
      await stand.put('bad/a.jsonl', '{"A": 1}\n{"a": \n');
      await stand.put(
        'good/a.jsonl',
        '{"A": 1, "b": {"C": [1.50, null, "é\\u00e9"]}, "d": "x"}\n\n{"b": "text", "a": "2"}\n{}\n{"b": 1.50, "d": true, "e": 1}\n',
      );
      const json = (Name: string) => ({
        ...table,
        Name,
        StorageDescriptor: {
          ...StorageDescriptor,
          Columns: ['a:int', 'b:string', 'd:string'].map((one) => {
            const [column = '', Type = ''] = one.split(':');
            return { Name: column, Type };
          }),
          Location: `s3://captures/${Name}/`,
          SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
        },
      });
      await stand.table(json('bad'));
      await stand.table(json('good'));
      return {
        lines: await stand.rows('SELECT line FROM lines'),
        bad: (await stand.run('SELECT * FROM bad')).Status?.StateChangeReason?.split(':')[0],
        good: await stand.rows('SELECT * FROM good'),
      };
    });
    expect(real).toEqual(own);
  });

  test('failures have the names that the emulator gives them', async () => {
    for (const sql of [
      'SELECT foo(1)',
      'SELECT 1 / 0',
      'SELECT ARRAY[1][2]',
      "SELECT CAST('x' AS BIGINT)",
      "SELECT from_base64('!')",
      "SELECT json_parse('{')",
      'SELECT x FROM weather_captures',
      'SELECT * FROM nothing',
      'SELECT a + 1 AS b FROM (VALUES (1)) AS t(a) GROUP BY a ORDER BY max(b)',
      'SELECT DISTINCT ON (a) a FROM (VALUES (1)) AS t(a)',
      'SELECT 1 +',
    ]) {
      const [real, own] = await both(async (stand) => {
        const query = await stand.run(sql);
        return { state: query.Status?.State, code: query.Status?.StateChangeReason?.split(':')[0] };
      });
      expect([sql, real]).toEqual([sql, own]);
    }
  });

  test('a query that is stopped ends', async () => {
    const id = await it.start('SELECT count(*) FROM weather_captures');
    it.clock.advance(60_000);
    expect(
      (await it.athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }))).QueryExecution?.Status?.State,
    ).toBe('SUCCEEDED');
  });
});
