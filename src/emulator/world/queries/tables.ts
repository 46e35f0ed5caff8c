import { QueryFailure } from '../../sql/failure.ts';
import type { Format, ObjectSource, TableSource } from '../../sql/source.ts';
import { denialOf } from '../../iam/evaluate.ts';
import { callerOf } from '../callers.ts';
import { catalogArn, databaseArn, type TableRecord, tableArn, tableKey, tablesOf } from '../catalog.ts';
import { readPieces } from '../objects/bytes.ts';
import { buckets, objects } from '../objects/records.ts';
import { partitionOf } from '../partition.ts';
import type { Platform } from '../world.ts';
import { folder, readProjection } from './projection.ts';
import type { QueryRecord } from './records.ts';

/** What IAM says of a query's caller. */
export interface Rights {
  /** @throws QueryFailure in Athena's words where the caller may not */
  glue(action: string, resources: readonly string[]): void;
  s3(action: string, resource: string, keys?: Readonly<Record<string, string>>): void;
}

/** What the caller of a query may do, as IAM says it now; without `--iam` everything. */
export function rightsOf(world: Platform, query: QueryRecord): Rights {
  const principal = callerOf(world, query.accessKeyId, query.region);
  const denied = (action: string, resource: string, keys: Readonly<Record<string, string>> = {}) =>
    world.iam.enforced() &&
    denialOf(principal.policies, {
      action,
      resource,
      keys: new Map(Object.entries(keys).map(([name, value]) => [name, [value]])),
    }) !== undefined;
  return {
    glue(action, resources) {
      const resource = resources.find((one) => denied(`glue:${action}`, one));
      if (resource !== undefined)
        throw new QueryFailure(
          'PERMISSION_DENIED',
          `User: ${principal.arn} is not authorized to perform: glue:${action} on resource: ${resource}`,
        );
    },
    s3(action, resource, keys) {
      if (denied(`s3:${action}`, `arn:${partitionOf(query.region)}:s3:::${resource}`, keys))
        throw new QueryFailure('PERMISSION_DENIED', `Permission denied on S3 path: s3://${resource}`);
    },
  };
}

const JSON_SERDE = 'org.openx.data.jsonserde.JsonSerDe';
const TEXT_SERDE = 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe';
const PARQUET_SERDE = 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe';

/** Properties of a SerDe that are built; of others only the values that change nothing. */
const BUILT: Readonly<Record<string, readonly string[]>> = {
  [JSON_SERDE]: ['serialization.format', 'ignore.malformed.json', 'case.insensitive=true', 'dots.in.keys=false'],
  [TEXT_SERDE]: ['serialization.format', 'field.delim', 'line.delim=\n'],
};

function formatOf(serde: string | undefined, properties: Readonly<Record<string, string>>): Format {
  if (serde === PARQUET_SERDE) return { kind: 'parquet' };
  const built = serde === undefined ? undefined : BUILT[serde];
  if (built === undefined)
    throw new QueryFailure('NOT_SUPPORTED', `the emulator has not built tables with the SerDe ${serde ?? '(none)'}`);
  const unbuilt = Object.entries(properties).find(
    ([key, value]) => !built.includes(key) && !built.includes(`${key}=${value.toLowerCase()}`),
  );
  if (unbuilt !== undefined)
    throw new QueryFailure('NOT_SUPPORTED', `the emulator has not built the SerDe's property ${unbuilt.join('=')}`);
  if (serde === JSON_SERDE)
    return { kind: 'json', ignoreMalformed: properties['ignore.malformed.json']?.toLowerCase() === 'true' };
  // Hive's default is U+0001; a number is the character with that code.
  const delimiter = properties['field.delim'] ?? properties['serialization.format'] ?? '\u0001';
  return { kind: 'text', delimiter: /^\d+$/.test(delimiter) ? String.fromCodePoint(Number(delimiter)) : delimiter };
}

/**
 * A table of the catalogue with the objects that there are of it.
 *
 * @returns undefined where there is no such table
 * @throws QueryFailure where the caller may not read it, or it is of a kind that is not built here
 */
export async function tableSource(
  world: Platform,
  query: QueryRecord,
  database: string,
  name: string,
): Promise<TableSource | undefined> {
  const rights = rightsOf(world, query);
  const resources = [catalogArn(query), databaseArn(query, database), tableArn(query, database, name)];
  rights.glue('GetTable', resources);
  const record = tablesOf(world.store).get(tableKey(query, database, name));
  if (record === undefined) return undefined;
  if (world.switches.lakeFormation !== 'open')
    throw new QueryFailure(
      'PERMISSION_DENIED',
      `Insufficient Lake Formation permission(s): Required Select on ${name}`,
    );
  const { StorageDescriptor: storage, Parameters: parameters = {}, PartitionKeys: keys = [] } = record.input;
  if (keys.length > 0) rights.glue('GetPartitions', resources);
  const format = formatOf(storage?.SerdeInfo?.SerializationLibrary, storage?.SerdeInfo?.Parameters ?? {});
  return {
    columns: (storage?.Columns ?? []).map((one) => ({
      name: (one.Name ?? '').toLowerCase(),
      type: one.Type ?? 'string',
    })),
    partitionKeys: keys.map((one) => ({ name: (one.Name ?? '').toLowerCase(), type: one.Type ?? 'string' })),
    format,
    partitions: partitionsOf(world, query, record, rights, parameters),
  };
}

function partitionsOf(
  world: Platform,
  query: QueryRecord,
  record: TableRecord,
  rights: Rights,
  parameters: Readonly<Record<string, string>>,
): TableSource['partitions'] {
  const location = record.input.StorageDescriptor?.Location ?? '';
  const keys = (record.input.PartitionKeys ?? []).map((one) => one.Name ?? '');
  if (keys.length === 0) return [{ values: [], objects: objectsBelow(world, query, location, rights) }];
  // Partitions of the catalogue itself are not built: there are none.
  if (parameters['projection.enabled']?.toLowerCase() !== 'true') return [];
  const template = parameters['storage.location.template'] ?? folder(location);
  const find = readProjection(parameters, keys, location, world.clock.now());
  const found = new Map<string, { values: string[]; objects: ObjectSource[] }>();
  for (const object of objectsBelow(world, query, template.replace(/\$\{.*$/s, ''), rights)) {
    const values = find(object.uri);
    if (values === undefined) continue;
    const key = JSON.stringify(values);
    const partition = found.get(key) ?? { values, objects: [] };
    partition.objects.push(object);
    found.set(key, partition);
  }
  return [...found.values()];
}

/**
 * The objects below a location, those of "folders" below it too; a location is the beginning of their keys, so that one without
 * a slash at its end has its siblings, too. Names that begin with _ or . are left out (Athena User Guide, "Considerations").
 */
function objectsBelow(world: Platform, query: QueryRecord, location: string, rights: Rights): ObjectSource[] {
  const [, bucket, prefix = ''] = /^s3a?:\/\/([^/]+)\/?(.*)$/s.exec(location) ?? [];
  if (bucket === undefined)
    throw new QueryFailure('HIVE_INVALID_METADATA', `the location of the table is no place in S3: ${location}`);
  const owner = buckets(world.store).get(bucket);
  if (owner === undefined)
    throw new QueryFailure('HIVE_FILESYSTEM_ERROR', `The specified bucket does not exist (s3://${bucket}/${prefix})`);
  if (owner.account !== query.account)
    throw new QueryFailure('PERMISSION_DENIED', `Permission denied on S3 path: s3://${bucket}/${prefix}`);
  rights.s3('ListBucket', bucket, { 's3:prefix': prefix });
  return objects(world.store)
    .entries(`${bucket}/${prefix}`)
    .filter(([id, { size }]) => size > 0 && !/\/[_.][^/]*$/.test(id))
    .map(([id, record]) => ({
      uri: `s3://${id}`,
      size: record.size,
      async read() {
        rights.s3('GetObject', id);
        const bytes = await readPieces(world.store, record);
        if (bytes === undefined)
          throw new QueryFailure('HIVE_CANNOT_OPEN_SPLIT', `Error opening Hive split s3://${id}: it was changed`);
        return bytes;
      },
    }));
}
