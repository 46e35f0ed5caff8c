import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GetQueryResultsCommand } from '@aws-sdk/client-athena';
import type { TableInput } from '@aws-sdk/client-glue';
import type { Warehouse, WarehouseRow, WarehouseTable } from '../../../../src/analysis/compare/warehouse/warehouse.ts';
import type { AthenaStand } from '../../../emulator/services/athena/athena-stand.ts';

const PAGE = 1_000;
const NUMBERS = new Set(['double', 'bigint', 'integer']);

/** The emulator's Athena as a warehouse. */
export interface AthenaWarehouse {
  warehouse: Warehouse;
  /** Every statement so far. */
  asked: readonly string[];
}

/**
 * Puts the capture files below `root` where an endpoint's captures lie, makes the tables and asks Athena.
 *
 * @param root a folder that is told apart by its last part
 */
export async function athenaWarehouse(
  stand: AthenaStand,
  root: string,
  tables: readonly WarehouseTable[],
): Promise<AthenaWarehouse> {
  const name = root.split('/').at(-1) ?? '';
  for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.jsonl')) await stand.put(`${name}/${file}`, readFileSync(join(root, file)));
  const place = `s3://results/${name}/`;
  for (const table of tables)
    await stand.table(inputOf(table, table.format === 'lines' ? `s3://captures/${name}/` : place));
  const asked: string[] = [];
  const done = new Set<string>();
  const run = async (sql: string) => {
    asked.push(sql);
    const query = await stand.run(sql);
    if (query.Status?.State !== 'SUCCEEDED') throw new Error(`${query.Status?.StateChangeReason}\n${sql}`);
    return query.QueryExecutionId ?? '';
  };
  const rows = async (sql: string): Promise<WarehouseRow[]> => {
    const id = await run(sql);
    const found: WarehouseRow[] = [];
    let token: string | undefined;
    do {
      const page = await stand.athena.send(
        new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: PAGE, NextToken: token }),
      );
      const columns = page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? [];
      const cells = (page.ResultSet?.Rows ?? []).slice(token === undefined ? 1 : 0);
      for (const { Data = [] } of cells)
        found.push(
          Object.fromEntries(
            columns.map(({ Name = '', Type = '' }, i) => {
              const text = Data[i]?.VarCharValue ?? null;
              if (text === null) return [Name, null];
              return [Name, NUMBERS.has(Type) ? Number(text) : Type === 'boolean' ? text === 'true' : text];
            }),
          ),
        );
      token = page.NextToken;
    } while (token !== undefined);
    return found;
  };
  return {
    asked,
    warehouse: {
      async rows(questions) {
        const found: WarehouseRow[][] = [];
        for (const { sql } of questions) found.push(await rows(sql));
        return found;
      },
      async unload(writes) {
        for (const { select, folder } of writes) {
          if (done.has(folder)) continue;
          await run(`UNLOAD (${select}) TO '${place}${folder}' WITH (format = 'PARQUET')`);
          done.add(folder);
        }
      },
      put: ({ path, body }) => stand.put(`${name}/${path}`, body, 'results'),
    },
  };
}

function inputOf({ name, columns, partitions, format, template }: WarehouseTable, place: string): TableInput {
  const projected = partitions.flatMap(({ name: one, kind, values = [] }) =>
    kind === 'enum'
      ? [
          [`projection.${one}.type`, 'enum'],
          [`projection.${one}.values`, values.join(',')],
        ]
      : [
          [`projection.${one}.type`, 'date'],
          [`projection.${one}.format`, 'yyyy/MM/dd/HH'],
          [`projection.${one}.range`, '2026/01/01/00,NOW'],
          [`projection.${one}.interval`, '1'],
          [`projection.${one}.interval.unit`, 'HOURS'],
        ],
  );
  const lines = format === 'lines';
  const hive = 'org.apache.hadoop.hive';
  return {
    Name: name,
    TableType: 'EXTERNAL_TABLE',
    Parameters: {
      EXTERNAL: 'TRUE',
      ...(partitions.length === 0
        ? {}
        : {
            'projection.enabled': 'true',
            'storage.location.template': `${place}${template}`,
            ...Object.fromEntries(projected),
          }),
    },
    PartitionKeys: partitions.map((one) => ({ Name: one.name, Type: 'string' })),
    StorageDescriptor: {
      Columns: columns.map((one) => ({ Name: one.name, Type: one.type })),
      Location: partitions.length === 0 ? `${place}${template}` : place,
      InputFormat: lines
        ? 'org.apache.hadoop.mapred.TextInputFormat'
        : `${hive}.ql.io.parquet.MapredParquetInputFormat`,
      OutputFormat: lines
        ? `${hive}.ql.io.HiveIgnoreKeyTextOutputFormat`
        : `${hive}.ql.io.parquet.MapredParquetOutputFormat`,
      SerdeInfo: lines
        ? {
            SerializationLibrary: `${hive}.serde2.lazy.LazySimpleSerDe`,
            Parameters: { 'field.delim': '\u0001', 'serialization.format': '\u0001' },
          }
        : { SerializationLibrary: `${hive}.ql.io.parquet.serde.ParquetHiveSerDe` },
    },
  };
}
