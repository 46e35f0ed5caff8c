import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { duckdbFor } from '../../src/pipeline/code/bindings.ts';
import { packed } from '../../src/pipeline/code/bundle.ts';
import { fetchPackage, type FetchOptions } from '../../src/pipeline/code/fetch-package.ts';
import { filesOfPackage } from '../../src/pipeline/code/tar.ts';

let folder: string;
let server: Server;
let asked: string[];
let archive: Buffer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadowctl-code-'));
  const tar = pack();
  tar.entry({ name: 'package/duckdb.node' }, 'a binding');
  tar.entry({ name: 'package/lib/libduckdb.so' }, 'a library');
  tar.finalize();
  archive = gzipSync(await buffer(tar));
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(archive);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

function options(more: Partial<FetchOptions> = {}): FetchOptions {
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { file: undefined, cache: join(folder, 'cache'), registry, signal: new AbortController().signal, ...more };
}

const wanted = () => ({
  name: '@duckdb/node-bindings-linux-arm64',
  version: '1.0.0',
  integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
});

describe("DuckDB's build for a function", () => {
  test('of both architectures is known by its hash', () => {
    for (const architecture of ['arm64', 'x86_64'] as const)
      expect(duckdbFor(architecture)).toMatchObject({ integrity: expect.stringMatching(/^sha512-[\w+/]{86}==$/) });
  });

  test('is fetched once, and kept', async () => {
    for (let n = 0; n < 2; n += 1)
      expect(Buffer.from(await fetchPackage(wanted(), options())).equals(archive)).toBe(true);
    expect(asked).toEqual(['/@duckdb/node-bindings-linux-arm64/-/node-bindings-linux-arm64-1.0.0.tgz']);
    expect([...(await filesOfPackage(archive))].map(([name, bytes]) => [name, Buffer.from(bytes).toString()])).toEqual([
      ['duckdb.node', 'a binding'],
      ['lib/libduckdb.so', 'a library'],
    ]);
  });

  test('that is another one is refused, wherever it comes from, and not kept', async () => {
    const other = { ...wanted(), integrity: `sha512-${'A'.repeat(86)}==` };
    await expect(fetchPackage(other, options())).rejects.toThrow(/hash is another one/);
    await writeFile(join(folder, 'given.tgz'), archive);
    await expect(fetchPackage(other, options({ file: join(folder, 'given.tgz') }))).rejects.toThrow(
      /given\.tgz is not/,
    );
    await expect(fetchPackage(other, options())).rejects.toThrow(/hash is another one/);
    expect(asked).toHaveLength(2);
    expect(await fetchPackage(wanted(), options({ file: join(folder, 'given.tgz') }))).toHaveLength(archive.length);
  });

  test('that cannot be fetched is told with the way around', async () => {
    const gone = options();
    server.close();
    await expect(fetchPackage(wanted(), gone)).rejects.toMatchObject({
      kind: 'cannot-run',
      next: expect.stringContaining('npm pack @duckdb/node-bindings-linux-arm64@1.0.0'),
    });
  });
});

describe('an archive of code', () => {
  test('is the same for the same files, and readable by whoever runs it', () => {
    const files = (order: readonly string[]) => new Map(order.map((name) => [name, Buffer.from(name)]));
    const one = packed(files(['b/c.js', 'a.js']));
    expect(packed(files(['a.js', 'b/c.js']))).toEqual(one);
    expect(Object.keys(unzipSync(one.zip))).toEqual(['a.js', 'b/c.js']);
    // External attributes, in the directory of the archive: a regular file, -rw-r--r--.
    const zip = Buffer.from(one.zip);
    expect(zip.readUInt32LE(zip.indexOf(Buffer.from('PK\u0001\u0002')) + 38) >>> 16).toBe(0o100644);
  });

  test('that is larger than Lambda takes is refused', () => {
    const large = { length: 250 * 1024 * 1024 } as unknown as Uint8Array;
    expect(() => packed(new Map([['a', large]]))).toThrow(/unpacked, and AWS Lambda takes fewer/);
  });
});
