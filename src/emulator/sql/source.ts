/** A table as the catalogue has it, with the objects that there are of it. */
export interface TableSource {
  columns: readonly Column[];
  partitionKeys: readonly Column[];
  /** JSON lines as the OpenX SerDe reads them, or Parquet. */
  format: 'json' | 'parquet';
  /** Of JSON: a line that is none is a row without values, and does not fail the query. */
  ignoreMalformed: boolean;
  /** Those with objects; of a table without partition keys one, without values. */
  partitions: readonly PartitionSource[];
}

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
