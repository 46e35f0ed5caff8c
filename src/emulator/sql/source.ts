/** A table as the catalogue has it, with the objects that there are of it. */
export interface TableSource {
  columns: readonly Column[];
  partitionKeys: readonly Column[];
  format: Format;
  /** Those with objects; of a table without partition keys one, without values. */
  partitions: readonly PartitionSource[];
}

/** How rows lie in objects. */
export type Format =
  /** JSON lines as the OpenX SerDe reads them. A line that is none fails the query, or is a row without values. */
  | { kind: 'json'; ignoreMalformed: boolean }
  /** Lines whose fields are parted by a character (LazySimpleSerDe). */
  | { kind: 'text'; delimiter: string }
  | { kind: 'parquet' };

export interface Column {
  /** In lower case. */
  name: string;
  /** As Glue has it: `struct<a:int>`. */
  type: string;
}

interface PartitionSource {
  /** Of the partition keys, in their order. */
  values: readonly string[];
  objects: readonly ObjectSource[];
}

export interface ObjectSource {
  /** `s3://bucket/key` */
  uri: string;
  size: number;
  /** @throws QueryFailure where the caller may not read it */
  read(): Promise<Uint8Array>;
}
