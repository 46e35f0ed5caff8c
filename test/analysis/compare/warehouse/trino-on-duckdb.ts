import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Warehouse, WarehouseRow, WarehouseTable } from '../../../../src/analysis/compare/warehouse/warehouse.ts';

/** Trino's functions by DuckDB's: it stands in for Trino where no proof is wanted. */
const MACROS = [
  'md5(x) as unhex(system.main.md5(x))',
  'to_utf8(x) as encode(x)',
  'from_utf8(x) as decode(x)',
  'json_parse(x) as x::json',
  'json_format(x) as x::varchar',
  "json_extract_scalar(j, p) as case when json_type(j, p) in ('OBJECT', 'ARRAY') then null else json_extract_string(j, p) end",
  'regexp_like(s, p) as regexp_matches(s, p)',
  'from_iso8601_timestamp(x) as x::timestamptz',
  'to_unixtime(x) as epoch(x)',
  'cardinality(x) as len(x)',
  'is_finite(x) as isfinite(x)',
  'truncate(x) as trunc(x)',
];

/** A warehouse over folders of capture files: `folder/variant/yyyy/MM/dd/HH/*.jsonl`. */
export async function trinoOnDuckdb(folder: string, tables: readonly WarehouseTable[]) {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  for (const macro of MACROS) await connection.run(`create or replace macro ${macro}`);
  const asked: string[] = [];
  /** Tables are what lies in their folders now. */
  const show = async () => {
    for (const { name, format, template, partitions, columns } of tables) {
      const root = `${join(folder, template.split('${')[0] ?? '').replace(/\/$/, '')}/`;
      mkdirSync(root, { recursive: true });
      const has = (readdirSync(root, { recursive: true }) as string[]).some((file) =>
        file.endsWith(format === 'lines' ? '.jsonl' : '.parquet'),
      );
      // Folders of partitions, from the last: an hour has four.
      const depth = root.replace(/\/$/, '').split('/').length;
      const parts = partitions.map(({ name: one, kind }, i) => {
        const from = depth + 1 + partitions.slice(0, i).reduce((n, before) => n + (before.kind === 'hours' ? 4 : 1), 0);
        const to = from + (kind === 'hours' ? 3 : 0);
        return `array_to_string(split(filename, '/')[${from}:${to}], '/') as ${one}`;
      });
      const none = [
        ...columns.map(
          ({ name: one, type }) =>
            `null::${type === 'string' ? 'varchar' : type === 'array<double>' ? 'double[]' : type} as ${one}`,
        ),
        ...partitions.map(({ name: one }) => `null::varchar as ${one}`),
      ];
      const source = !has
        ? `select ${none.join(', ')} where false`
        : format === 'lines'
          ? `select line, ${parts.join(', ')} from read_csv('${root}**/*.jsonl', columns = {'line': 'varchar'}, delim = chr(1), quote = '', escape = '', header = false, filename = true, max_line_size = 33554432)`
          : `select * exclude (filename), ${parts.join(', ')} from read_parquet('${root}**/*.parquet', filename = true)`;
      await connection.run(`create or replace view ${name} as ${source}`);
    }
  };
  await show();
  const run = async (sql: string): Promise<WarehouseRow[]> => {
    asked.push(sql);
    const found = await connection.runAndReadAll(sql);
    return found
      .getRowObjectsJS()
      .map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]),
        ),
      ) as WarehouseRow[];
  };
  const done = new Set<string>();
  const warehouse: Warehouse = {
    async rows(questions) {
      const found: WarehouseRow[][] = [];
      for (const { sql } of questions) found.push(await run(sql));
      return found;
    },
    async unload(writes) {
      for (const { select, folder: into } of writes) {
        if (done.has(into)) continue;
        asked.push(select);
        const path = join(folder, into);
        mkdirSync(path, { recursive: true });
        await connection.run(`copy (${select}) to '${path}part.parquet' (format parquet)`);
        done.add(into);
      }
      await show();
    },
  };
  return {
    warehouse,
    /** Every statement so far. */
    asked,
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
