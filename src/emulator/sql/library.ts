/**
 * DuckDB's library for Node, in its own chunk of the bundle. Named one by one, because a dynamic import of a CommonJS package
 * loses its names in the bundle.
 */
export {
  BIGINT,
  BLOB,
  DuckDBBlobValue,
  DuckDBInstance,
  DuckDBScalarFunction,
  VARCHAR,
} from '@duckdb/node-api';
export { default as xxhash } from 'xxhash-wasm';
