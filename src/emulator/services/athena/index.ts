import type { Operations } from '../operation.ts';
import { queryOperations } from './queries.ts';
import { resultOperations } from './results.ts';
import { workGroupOperations } from './workgroups.ts';

/** Athena: queries over tables of Glue, run by DuckDB or a real Trino. */
export const operations = { ...queryOperations, ...resultOperations, ...workGroupOperations } satisfies Operations;
