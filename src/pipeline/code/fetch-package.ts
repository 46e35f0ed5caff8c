import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { environmentError } from '../../base/errors.ts';
import type { LockedPackage } from './bindings.ts';

const REGISTRY = 'https://registry.npmjs.org';

export interface FetchOptions {
  /** A file that was downloaded already, in place of the registry. */
  file: string | undefined;
  /** Where what was downloaded is kept. */
  cache: string;
  /** Of npm's own setting, where it is another registry. */
  registry: string | undefined;
  signal: AbortSignal;
}

/**
 * The archive of a package, from a file, from the cache, or from the registry: whichever, it is the one whose hash the lock file
 * has, or none.
 * @throws Problem (cannot-run) where it cannot be had, or is another one
 */
export async function fetchPackage(wanted: LockedPackage, options: FetchOptions): Promise<Uint8Array> {
  const { name, version } = wanted;
  const short = name.split('/').at(-1) ?? name;
  const archive = `${short}-${version}.tgz`;
  if (options.file !== undefined) return requireHash(wanted, await readFile(options.file), options.file);
  const kept = join(options.cache, archive);
  const known = await readFile(kept).catch(() => undefined);
  if (known !== undefined && hasHash(wanted, known)) return known;
  const url = `${(options.registry ?? REGISTRY).replace(/\/+$/, '')}/${name}/-/${archive}`;
  const bytes = requireHash(wanted, await download(url, wanted, options.signal), url);
  await mkdir(dirname(kept), { recursive: true });
  await writeFile(`${kept}.new`, bytes);
  await rename(`${kept}.new`, kept);
  return bytes;
}

async function download(url: string, { name, version }: LockedPackage, signal: AbortSignal): Promise<Uint8Array> {
  const next = `Where there is a way to the registry: npm pack ${name}@${version}; then give that file with --duckdb FILE.`;
  try {
    const reply = await fetch(url, { signal });
    if (!reply.ok) throw new Error(`answered ${reply.status}`);
    return new Uint8Array(await reply.arrayBuffer());
  } catch (error) {
    if (signal.aborted) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const words = cause instanceof Error ? cause.message : String(cause);
    throw environmentError(`DuckDB's build for the function could not be fetched: ${url}: ${words}.`, next, error);
  }
}

function hasHash({ integrity }: LockedPackage, bytes: Uint8Array): boolean {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}` === integrity;
}

function requireHash(wanted: LockedPackage, bytes: Uint8Array, from: string): Uint8Array {
  if (hasHash(wanted, bytes)) return bytes;
  throw environmentError(
    `${from} is not ${wanted.name} ${wanted.version} as this shadowctl was built with it: its hash is another one. It was not used.`,
    `The hash that it must have: ${wanted.integrity}`,
  );
}
