import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** The files of a package of npm, by their paths in it, without the folder `package/` that all of them lie in. */
export async function filesOfPackage(archive: Uint8Array): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const entries = Readable.from([archive]).pipe(createGunzip()).pipe(extract());
  for await (const entry of entries) {
    const { name, type } = entry.header;
    const bytes = await buffer(entry);
    if (type === 'file') files.set(name.replace(/^[^/]+\//, ''), bytes);
  }
  return files;
}
