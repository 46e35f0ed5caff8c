import type { IncomingMessage } from 'node:http';

const NOTHING = new Uint8Array();

/**
 * Reads a body of at most `most` bytes. A larger one is read to its end but not kept, so that the client gets to hear
 * why; one that has no end in sight is cut off.
 *
 * @returns the bytes; `'too-large'`; undefined when the client went away before the end
 */
export function readBody(incoming: IncomingMessage, most: number): Promise<Uint8Array | 'too-large' | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= most) chunks.push(chunk);
      else chunks.length = 0;
      if (size > 2 * most + 2 ** 26) {
        incoming.pause();
        resolve('too-large');
      }
    });
    incoming.on('end', () => {
      if (size > most) resolve('too-large');
      else resolve(chunks.length === 0 ? NOTHING : chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size));
    });
    incoming.on('error', () => resolve(undefined));
    incoming.on('close', () => resolve(undefined));
  });
}
