import type { DatabaseInput, TableInput } from '@aws-sdk/client-glue';
import type { Store, Table } from '../storage/store.ts';
import { partitionOf } from './partition.ts';

interface Place {
  account: string;
  region: string;
}

/** A database of the Glue Data Catalog. Times are milliseconds since the epoch. */
export interface DatabaseRecord extends Place {
  /** In lower case, as Glue folds it. */
  name: string;
  input: DatabaseInput;
  createdAt: number;
  tags: Record<string, string>;
}

/** A table of the Glue Data Catalog. */
export interface TableRecord extends Place {
  database: string;
  /** In lower case. */
  name: string;
  /** As it was given. */
  input: TableInput;
  createdAt: number;
  updatedAt: number;
  /** Counts its changes. */
  version: number;
  /** The caller's ARN. */
  createdBy: string;
}

/** By `account/region/name`. */
export const databasesOf = (store: Store): Table<DatabaseRecord> => store.table('glue-databases');
/** By `account/region/database/name`. */
export const tablesOf = (store: Store): Table<TableRecord> => store.table('glue-tables');

/** The key of a database: `account/region/name`, in lower case as Glue keeps names. */
export function databaseKey({ account, region }: Place, name: string): string {
  return `${account}/${region}/${name.toLowerCase()}`;
}

/** The key of a table: `account/region/database/name`, in lower case. */
export function tableKey(place: Place, database: string, name: string): string {
  return `${databaseKey(place, database)}/${name.toLowerCase()}`;
}

/** The ARNs that Glue asks IAM about: a catalog's, a database's below it, a table's below that. */
export function catalogArn({ account, region }: Place): string {
  return `arn:${partitionOf(region)}:glue:${region}:${account}:catalog`;
}

/** `arn:aws:glue:REGION:ACCOUNT:database/NAME` */
export function databaseArn({ account, region }: Place, name: string): string {
  return `arn:${partitionOf(region)}:glue:${region}:${account}:database/${name.toLowerCase()}`;
}

/** `arn:aws:glue:REGION:ACCOUNT:table/DATABASE/NAME` */
export function tableArn({ account, region }: Place, database: string, name: string): string {
  return `arn:${partitionOf(region)}:glue:${region}:${account}:table/${database.toLowerCase()}/${name.toLowerCase()}`;
}
