import type { EventSource } from '../timeline.ts';
import type { Store, Table } from '../../storage/store.ts';
import type { ResultColumn } from '../../sql/print.ts';
import { partitionOf } from '../partition.ts';

interface Place {
  account: string;
  region: string;
}

export interface WorkGroupRecord extends Place {
  name: string;
  state: 'ENABLED' | 'DISABLED';
  description?: string;
  createdAt: number;
  /** Where results go; absent: where the query says. */
  outputLocation?: string;
  expectedBucketOwner?: string;
  /** Do its settings hold whatever a query says? */
  isEnforced: boolean;
  publishesMetrics: boolean;
  requesterPays: boolean;
  /** Bytes that a query may scan. */
  cutoff?: number;
  /** `AUTO`, `Athena engine version 3` */
  engine: string;
  tags: Record<string, string>;
}

/** A query as it was asked, and what became of it. Times are milliseconds since the epoch. */
export interface QueryRecord extends Place {
  id: string;
  statement: string;
  parameters?: string[];
  kind: 'DML' | 'DDL';
  substatement: 'SELECT' | 'UNLOAD';
  database?: string;
  catalog?: string;
  workGroup: string;
  /** The folder that was asked for: `s3://bucket/prefix/`. */
  folder: string;
  /** Where its result is: `s3://bucket/prefix/ID.csv`. */
  output: string;
  cutoff?: number;
  /** The KMS key that encrypts what it writes. */
  kmsKey?: string;
  /** Whose rights it runs with. */
  accessKeyId?: string;
  token?: string;
  submittedAt: number;
  state: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  reason?: string;
  error?: { category: 1 | 2 | 3; type: number; message: string };
  startedAt?: number;
  endedAt?: number;
  scanned: number;
  columns?: readonly ResultColumn[];
  /** Of UNLOAD: where its files are listed. */
  manifest?: string;
  /** What comes next by itself; absent once it has ended. */
  stage?: { kind: 'run' | 'end'; dueAt: number };
}

/** The queries of a world. */
export interface Queries extends EventSource {
  /** Keeps a new query, which then goes on by itself. */
  add(record: QueryRecord): void;
  /** Ends one that has not ended. */
  stop(record: QueryRecord): void;
  close(): Promise<void>;
}

/** By `account/region/name`. */
export const workGroupsOf = (store: Store): Table<WorkGroupRecord> => store.table('athena-workgroups');
/** By `account/region/id`. */
export const queriesOf = (store: Store): Table<QueryRecord> => store.table('athena-queries');

/** The key of a query: `account/region/id`. */
export function queryKey({ account, region }: Place, id: string): string {
  return `${account}/${region}/${id}`;
}

/** `arn:aws:athena:REGION:ACCOUNT:workgroup/NAME` */
export function workGroupArn({ account, region }: Place, name: string): string {
  return `arn:${partitionOf(region)}:athena:${region}:${account}:workgroup/${name}`;
}

/** The group that every account has (Athena User Guide, "Using workgroups"). */
const PRIMARY = 'primary';

/** A workgroup by its name; `primary` is there without having been created, as on AWS. */
export function workGroupOf(store: Store, place: Place, name: string): WorkGroupRecord | undefined {
  const { account, region } = place;
  const known = workGroupsOf(store).get(`${account}/${region}/${name}`);
  if (known !== undefined || name !== PRIMARY) return known;
  return {
    account,
    region,
    name,
    state: 'ENABLED',
    createdAt: 0,
    isEnforced: false,
    publishesMetrics: false,
    requesterPays: false,
    engine: 'AUTO',
    tags: {},
  };
}
