import { createHash } from 'node:crypto';
import type { TableInput } from '@aws-sdk/client-glue';
import type { WarehouseTable } from '../../analysis/compare/warehouse/warehouse.ts';
import { tableMark } from '../../resources/athena-look.ts';

/*
 * Tables of one look, as the Glue Data Catalog takes them: pure. Every partition is projected, so that none has to be
 * registered (docs/sagemaker-facts.md, "Athena and Glue").
 */

/** Begins the names of a look's tables: whose they are, and of which run. Lower case, digits and _: Athena takes nothing else unquoted. */
export function tablePrefix(endpoint: string, root: string, run: string): string {
  const own = createHash('sha256').update(`${endpoint} ${root}`).digest('hex').slice(0, 8);
  return `${endpoint.toLowerCase().replaceAll('-', '_')}_${own}${tableMark(run)}`;
}

/** The partition column of staged records, which no statement names. */
const PART = 'part';

const FORMATS = {
  lines: {
    InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
    SerdeInfo: {
      SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
      Parameters: { 'field.delim': '\u0001', 'serialization.format': '\u0001' },
    },
  },
  parquet: {
    InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
    SerdeInfo: {
      SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
      Parameters: { 'serialization.format': '1' },
    },
  },
} as const;

/** Where a table lies, and what of it exists. */
export interface TablePlace {
  /** An `s3://` URI that ends with a slash; the table's template goes on from it. */
  root: string;
  /** The first hour and the last that the look reads, `2026/11/30/09`: beyond them a projection has no rows, and no error. */
  hours: readonly [first: string, last: string];
  /** Of staged records: the folders that are read, below the table's own. Undefined: the table has what its partitions say. */
  parts?: readonly string[] | undefined;
  /** Whose the table is. */
  parameters: Readonly<Record<string, string>>;
}

/** A table as CreateTable of Glue takes it. Pure. */
export function glueInput(table: WarehouseTable, { root, hours, parts, parameters }: TablePlace): TableInput {
  const location = `${root}${table.template.replace(/\$\{.*$/s, '')}`;
  const projected =
    parts === undefined
      ? table.partitions.flatMap(({ name, kind, values = [] }) =>
          kind === 'enum' ? enumOf(name, values) : hoursOf(name, hours),
        )
      : enumOf(PART, parts);
  const keys = parts === undefined ? table.partitions.map(({ name }) => name) : [PART];
  const template = `${root}${table.template}${parts === undefined ? '' : `\${${PART}}/`}`;
  return {
    Name: table.name,
    TableType: 'EXTERNAL_TABLE',
    Parameters: {
      EXTERNAL: 'TRUE',
      classification: table.format === 'lines' ? 'csv' : 'parquet',
      ...parameters,
      ...(keys.length > 0 && {
        'projection.enabled': 'true',
        'storage.location.template': template,
        ...Object.fromEntries(projected),
      }),
    },
    PartitionKeys: keys.map((Name) => ({ Name, Type: 'string' })),
    StorageDescriptor: {
      Columns: table.columns.map(({ name, type }) => ({ Name: name, Type: type })),
      Location: location,
      ...FORMATS[table.format],
    },
  };
}

function enumOf(name: string, values: readonly string[]): [string, string][] {
  return [
    [`projection.${name}.type`, 'enum'],
    [`projection.${name}.values`, values.join(',')],
  ];
}

function hoursOf(name: string, range: readonly string[]): [string, string][] {
  return [
    [`projection.${name}.type`, 'date'],
    [`projection.${name}.format`, 'yyyy/MM/dd/HH'],
    [`projection.${name}.range`, range.join(',')],
    [`projection.${name}.interval`, '1'],
    [`projection.${name}.interval.unit`, 'HOURS'],
  ];
}
