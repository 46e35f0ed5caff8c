import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Zippable, zipSync } from 'fflate';
import { environmentError } from '../../base/errors.ts';
import { packageFile } from '../../base/package.ts';
import { duckdbFor } from './bindings.ts';
import { fetchPackage, type FetchOptions } from './fetch-package.ts';
import { filesOfPackage } from './tar.ts';

/** The code of a function, ready to be uploaded. */
export interface FunctionCode {
  zip: Uint8Array;
  /** Hexadecimal SHA-256 of the archive: the same content has the same name. */
  sha256: string;
  /** Bytes, unpacked. */
  unpacked: number;
}

/** "Deployment package (.zip file archive) size: 250 MB … (unzipped)" (Lambda Developer Guide, "Lambda quotas"). */
const MAX_UNPACKED = 250 * 1024 * 1024;
/** All archives of the same files are the same: their times say nothing. */
const EPOCH = new Date(Date.UTC(1980, 0, 2));
/** Beside the program of the command line, which is of no use there. */
const ENTRY = "exports.handler = require('./dist/function.cjs').handler;\n";

/**
 * The program as it is installed here, and DuckDB as it runs there.
 * @throws Problem (cannot-run) where DuckDB's build cannot be had, or all of it is larger than Lambda takes
 */
export async function functionCode(architecture: 'arm64' | 'x86_64', options: FetchOptions): Promise<FunctionCode> {
  const files = new Map<string, Uint8Array>([['index.js', new TextEncoder().encode(ENTRY)]]);
  await addFolder(files, 'dist', fileURLToPath(packageFile('dist')), (name) => name.endsWith('.cjs'));
  const entry = createRequire(packageFile('package.json')).resolve('@duckdb/node-bindings');
  await addFolder(files, 'node_modules/@duckdb/node-bindings', dirname(entry), (name) => /\.(?:js|json)$/.test(name));
  const binding = duckdbFor(architecture);
  const archive = await fetchPackage(binding, options);
  for (const [name, bytes] of await filesOfPackage(archive)) files.set(`node_modules/${binding.name}/${name}`, bytes);
  return packed(files);
}

/** @throws Problem (cannot-run) where it is larger than Lambda takes */
export function packed(files: ReadonlyMap<string, Uint8Array>): FunctionCode {
  const unpacked = [...files.values()].reduce((sum, { length }) => sum + length, 0);
  if (unpacked >= MAX_UNPACKED)
    throw environmentError(
      `The code of the function is ${unpacked} bytes unpacked, and AWS Lambda takes fewer than ${MAX_UNPACKED}.`,
    );
  const tree: Zippable = {};
  // Readable by everybody: Lambda runs it as another user than whoever packed it.
  for (const name of [...files.keys()].sort())
    tree[name] = [files.get(name) ?? new Uint8Array(), { mtime: EPOCH, os: 3, attrs: (0o100644 << 16) >>> 0 }];
  const zip = zipSync(tree, { level: 4 });
  return { zip, sha256: createHash('sha256').update(zip).digest('hex'), unpacked };
}

async function addFolder(
  files: Map<string, Uint8Array>,
  as: string,
  folder: string,
  wanted: (name: string) => boolean,
): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !wanted(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(`${as}/${relative(folder, path).replaceAll(sep, '/')}`, await readFile(path));
  }
}
