import { rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Blobs } from './store.ts';
import { isAlive } from '../../base/process-alive.ts';
import { createDiskBlobs } from './blobs.ts';

/** Bytes that are kept in memory; what exceeds the bound goes to a temporary folder. */
const MAX_BYTES = 32 * 2 ** 20;
const PREFIX = 'shadowctl-spill-';
const NAME = /^shadowctl-spill-(\d+)-(.*)-[^-]+$/;

interface SpillingBlobs extends Blobs {
  /** Takes the temporary folder away, where there is one. */
  close(): Promise<void>;
}

/**
 * Bytes that live and die with the process: in memory as long as they are few, the oldest in files of a temporary folder
 * from then on, so that a long run without a folder of its own does not eat the machine's memory. Small appends stay
 * cheap: chunks are joined only when they are read.
 */
export function createSpillingBlobs(mostBytes = MAX_BYTES): SpillingBlobs {
  const blobs = new Map<string, Uint8Array[]>();
  const spilled = new Set<string>();
  let held = 0;
  let folder: Promise<{ path: string; remove(): Promise<void> }> | undefined;
  let disk: Blobs | undefined;
  let spilling: Promise<void> | undefined;

  const files = async (): Promise<Blobs> => {
    folder ??= makeFolder();
    const { path } = await folder;
    disk ??= createDiskBlobs(path);
    return disk;
  };
  const drop = (key: string) => {
    for (const chunk of blobs.get(key) ?? []) held -= chunk.length;
    blobs.delete(key);
  };
  const hold = (key: string, chunk: Uint8Array) => {
    const chunks = blobs.get(key);
    if (chunks === undefined) blobs.set(key, [chunk]);
    else chunks.push(chunk);
    held += chunk.length;
  };
  /** Moves the oldest blobs out, one after the other; adding waits for it, so that memory is bounded. */
  const spill = async () => {
    const to = await files();
    for (const [key, chunks] of blobs) {
      if (held <= mostBytes / 2) return;
      drop(key);
      spilled.add(key);
      await to.append(key, Buffer.concat(chunks));
    }
  };
  const bound = (): Promise<void> => {
    if (held > mostBytes)
      spilling ??= spill().finally(() => {
        spilling = undefined;
      });
    return spilling ?? Promise.resolve();
  };

  return {
    async put(key, bytes) {
      drop(key);
      if (spilled.has(key)) return (await files()).put(key, bytes);
      hold(key, Uint8Array.from(bytes));
      return bound();
    },
    async get(key, range) {
      if (spilled.has(key)) return (await files()).get(key, range);
      const chunks = blobs.get(key);
      if (chunks === undefined) return undefined;
      const bytes = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
      if (chunks.length > 1) blobs.set(key, [bytes]);
      return range === undefined ? bytes.slice() : bytes.slice(range.start, range.end + 1);
    },
    async append(key, bytes) {
      if (spilled.has(key)) return (await files()).append(key, bytes);
      hold(key, Uint8Array.from(bytes));
      return bound();
    },
    async delete(key) {
      drop(key);
      if (!spilled.delete(key)) return;
      await (await files()).delete(key);
    },
    async close() {
      await spilling;
      await (await folder)?.remove();
    },
  };
}

/** Named by the process and its host, so that the next one can take away what one that was killed left behind. */
async function makeFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-${hostname()}-`));
  const atExit = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', atExit);
  for (const name of await readdir(tmpdir())) {
    const [, pid, host] = NAME.exec(name) ?? [];
    if (host === hostname() && !isAlive(Number(pid))) await remove(join(tmpdir(), name)).catch(() => {});
  }
  return {
    path,
    remove() {
      process.off('exit', atExit);
      return remove(path);
    },
  };
}

function remove(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true });
}
