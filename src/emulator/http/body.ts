import type { IncomingMessage } from 'node:http';

const NOTHING = new Uint8Array();

/** As many bytes of large bodies are held at a time, of all requests together: each may have 1 GiB, and nobody has memory for several. */
const HELD_AT_MOST = 1.25 * 2 ** 30;
/** Bodies up to so many bytes are always taken. */
const SMALL = 2 ** 24;

let held = 0;

/**
 * Reads a body of at most `most` bytes. A larger one is read to its end but not kept, so that the client gets to hear
 * why; one that has no end in sight is cut off.
 *
 * @param atMost bytes of large bodies that are held at a time, this one's too
 * @returns the bytes; `'too-large'`; `'busy'` where others are held already; undefined when the client went away before the end
 */
export function readBody(
  incoming: Pick<IncomingMessage, 'on' | 'pause'>,
  most: number,
  atMost = HELD_AT_MOST,
): Promise<Uint8Array | 'too-large' | 'busy' | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let own = 0;
    const letGo = () => {
      held -= own;
      own = 0;
      chunks.length = 0;
    };
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > most) letGo();
      else if (size > SMALL && held + chunk.byteLength > atMost) {
        letGo();
        incoming.pause();
        resolve('busy');
      } else {
        chunks.push(chunk);
        own += chunk.byteLength;
        held += chunk.byteLength;
      }
      if (size > 2 * most + 2 ** 26) {
        incoming.pause();
        resolve('too-large');
      }
    });
    incoming.on('end', () => {
      if (size > most) resolve('too-large');
      else resolve(chunks.length === 0 ? NOTHING : chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size));
      letGo();
    });
    for (const event of ['error', 'close'])
      incoming.on(event, () => {
        letGo();
        resolve(undefined);
      });
  });
}
