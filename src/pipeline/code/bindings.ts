import lock from '../../../package-lock.json' with { type: 'json' };

/** A package of the npm registry, as the lock file has it: a package that is installed carries no lock file. */
export interface LockedPackage {
  name: string;
  version: string;
  /** `sha512-…`, base64. */
  integrity: string;
}

/** What the build puts in place of the lock file: `scripts/build.mjs` copies these entries of it into the bundle. */
const PACKAGES: Readonly<Record<string, { version?: string; integrity?: string } | undefined>> = lock.packages;

/** DuckDB's build for a function: Lambda runs Amazon Linux, whose C library is glibc. */
export function duckdbFor(architecture: 'arm64' | 'x86_64'): LockedPackage {
  const name = `@duckdb/node-bindings-linux-${architecture === 'arm64' ? 'arm64' : 'x64'}`;
  const { version, integrity } = PACKAGES[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) throw new Error(`the lock file has no hash of ${name}`);
  return { name, version, integrity };
}
