import type { Operations } from '../operation.ts';
import { databaseOperations } from './databases.ts';
import { tableOperations } from './tables.ts';

/** The Data Catalog of Glue: databases and tables. */
export const operations = { ...databaseOperations, ...tableOperations } satisfies Operations;
