/**
 * DuckDB's library for Node, in its own chunk of the bundle: two hundred small files take ten times as long to load as one.
 * Named one by one, because a dynamic import of a CommonJS package loses its names in the bundle.
 */
export { DuckDBInstance } from '@duckdb/node-api';
