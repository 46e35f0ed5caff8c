import type { ChosenReading } from '../../answers/choose.ts';
import type { Window } from '../../observations.ts';
import type { Compared } from '../compare.ts';
import type { ComparisonOptions, Records } from '../options.ts';

/** One row of an answer: column name to value. */
export type WarehouseRow = Readonly<Record<string, WarehouseValue>>;

/** Numbers as numbers, also those of `bigint` (all that are asked for lie below 2^53); null for absent. Lists and rows never come: statements ask for plain columns. */
type WarehouseValue = string | number | boolean | null;

/** What is asked of a warehouse. */
export interface WarehouseQuestion {
  /** A SELECT. */
  sql: string;
  /** What is asked, in a few words of a sentence: `pairs requests`. */
  about: string;
}

/** What a warehouse writes. */
export interface WarehouseWrite {
  /** A SELECT, whose rows are written as Parquet. */
  select: string;
  /** Below the place of this endpoint's tables: `records/3f…/production/2026/11/30/09/`, or the template of a table without partitions. */
  folder: string;
  about: string;
}

/**
 * A place where SQL in the dialect of Trino runs over records that nobody downloads. Lists, for how many run side by side only
 * the warehouse knows: what does not wait for each other comes in one call.
 */
export interface Warehouse {
  /** Rows of each SELECT. */
  rows(questions: readonly WarehouseQuestion[]): Promise<WarehouseRow[][]>;
  /**
   * Writes rows into folders. Of an hour that an earlier look has kept, as its captures still are, nothing is done; nor of one
   * without captures. What an attempt that failed left behind is never read.
   */
  unload(writes: readonly WarehouseWrite[]): Promise<void>;
  /** Puts a file where a table of this look has its rows, `labels/0.parquet`. */
  put(file: { path: string; body: Uint8Array }): Promise<void>;
}

/** A table that must exist before statements run. Types are Hive's, as Glue takes them. */
export interface WarehouseTable {
  name: string;
  columns: readonly WarehouseColumn[];
  /**
   * Partition columns, all of them projected. Statements ask for one value of each, or for a list of values. A table without any
   * may be given one by the warehouse, which no statement names: staged records lie in a folder an hour, and only whole ones
   * are read.
   */
  partitions: readonly WarehousePartition[];
  format: 'lines' | 'parquet';
  /** Where a partition lies, `${…}` standing for its values. Below the place of this endpoint's tables; of `captures` below that of its captures. */
  template: string;
}

interface WarehouseColumn {
  name: string;
  type: string;
}

/**
 * - `enum`: one of these values, all of which are known;
 * - `hours`: UTC hours as `2026/11/30/09`, which is also how the folders of captures lie.
 */
interface WarehousePartition {
  name: string;
  kind: 'enum' | 'hours';
  values?: readonly string[];
}

/** What is compared, where it lies. */
export interface WarehouseRecords {
  /** Begins the name of every table: tables of several endpoints, and looks, stand in one database. */
  prefix: string;
  /** Names of the two variants, which are folders of the captures. */
  variants: { production: string; shadow: string };
  /** Every hour whose folder may hold records of the window, as `2026/11/30/09`. A folder may hold some of the hour before. */
  hours: readonly string[];
  window: Window;
  /** Share of production's requests that the shadow saw, 0 to 1. */
  sampling: number;
  /** How many capture files each side has in these hours. */
  files: { production: number; shadow: number };
  /** About how many requests production has in these hours; of a sample too few are kept where it is too high, and more than are read where it is too low. */
  requests: number;
  /** A few capture files of each side, downloaded, by which it is decided how answers are read. */
  sample: Records;
}

/** How a comparison is bounded. */
export interface WarehouseLimits {
  /** Requests that are read here, where SQL cannot read or compare their answers. */
  sample: number;
  /** An empty folder for their records. */
  folder: string;
  /** Share of requests whose inputs are kept, for slices; undefined: as the number of requests an hour asks (`askedShareOf`). */
  askedShare?: number | undefined;
}

/** One statement, or several of a kind, before they are run: what an estimate is made of. @public */
export interface PlannedStatements {
  /** In a few words of a sentence. */
  about: string;
  /** What is read: the captures themselves, staged records, or cells (a row a row of a pair). */
  reads: 'captures' | 'records' | 'cells';
  /** How many of them; each reads all of what `hours` and `variants` name. */
  times: number;
  /** Bytes that each reads besides. */
  besides?: number | undefined;
  hours: readonly string[];
  variants: readonly string[];
}

/** What a comparison will do, known before it does anything. */
export interface WarehousePlan {
  /** Tables that must exist, in the order in which they are needed. */
  tables: readonly WarehouseTable[];
  /** In the order in which they are run. Statements that stage an hour are not run where its folder is there already. */
  statements: readonly PlannedStatements[];
  /** Folders that staging writes, one a variant and hour; see `Warehouse.unload`. */
  folders: readonly string[];
  /** The ways in which answers are read, the likeliest first; and why SQL cannot do all of one, where it cannot: then requests are sampled. */
  readings: readonly { reading: ChosenReading; sampled: string | undefined }[];
}

/** Requests drawn by the hash of what pairs them, all alike: of any group of requests about the same share is among them. @public */
export interface Sampled {
  /** Pairs that were compared, and all there are. */
  requests: number;
  of: number;
  /** Why, as part of a sentence. */
  why: string;
  /** Where the records of both sides went, all of them; whether an answer can be read is known of the sample only. */
  whole: Record<
    'production' | 'shadow',
    { records: number; unreadable: number; outside: number; withoutAnswer: number }
  >;
}

/** What came of a comparison, and how. */
export interface WarehouseCompared extends Compared {
  /** Where answers were compared of a sample. */
  sampled?: Sampled | undefined;
}

/**
 * `planInWarehouse`: what a comparison will do. Runs no statement.
 *
 * @param options as `compareRecords` takes them; threads and memory are for the sample
 * @throws Problem (usage) where something is asked of the comparison that cannot be had this way
 */
export type PlanInWarehouse = (
  records: WarehouseRecords,
  options: ComparisonOptions,
  limits: Pick<WarehouseLimits, 'sample' | 'askedShare'>,
) => WarehousePlan;

/**
 * `compareInWarehouse`: pairs and sums what the captures of a window hold, where they lie. The tables of the plan exist.
 *
 * @throws Problem (usage) as `planInWarehouse` does; what the warehouse throws
 */
export type CompareInWarehouse = (
  warehouse: Warehouse,
  records: WarehouseRecords,
  options: ComparisonOptions,
  limits: WarehouseLimits,
) => Promise<WarehouseCompared>;
