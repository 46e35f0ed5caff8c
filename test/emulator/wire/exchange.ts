import { connect } from 'node:net';
import { readFileSync } from 'node:fs';

export interface Exchange {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: Buffer;
}

/** Sends bytes as they are over a socket of their own and reads the one reply; undefined when the connection ends without one. */
export function exchange(port: number, bytes: Uint8Array | string): Promise<Exchange | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const reply = parse(received);
      if (reply === undefined) return;
      resolve(reply);
      socket.destroy();
    });
    socket.on('close', () => resolve(undefined));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(undefined);
      else reject(error);
    });
    socket.write(bytes);
  });
}

function parse(received: Buffer): Exchange | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = received.toString('latin1', 0, end).split('\r\n');
  const status = Number(first.split(' ')[1]);
  // What comes before a body that was announced with `Expect: 100-continue`.
  if (status === 100) return parse(received.subarray(end + 4));
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = received.subarray(end + 4);
  return body.byteLength < Number(headers['content-length'] ?? 0) ? undefined : { status, headers, body };
}

/** A recorded request: see `fixtures/wire/record.py`. */
export function recorded(name: string): Buffer {
  return readFileSync(new URL(`../../../fixtures/wire/${name}.http`, import.meta.url));
}
