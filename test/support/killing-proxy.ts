import { createServer, type IncomingMessage, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands between the program and the emulator, and strikes at one of the calls that change something. */
export interface KillingProxy {
  url: string;
  /** Calls that change something, by AWS's name, as they came. */
  calls: string[];
  /** Strikes at the call of this number, from 0: before it is forwarded, or after it was carried out and before its reply. */
  arm(at: number, moment: 'before' | 'after', strike: () => void): void;
  close(): Promise<void>;
}

export async function killingProxy(target: string): Promise<KillingProxy> {
  let armed: { at: number; moment: 'before' | 'after'; strike: () => void } | undefined;
  const calls: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const name = changing(incoming);
      const struck = name !== undefined && armed?.at === calls.length ? armed : undefined;
      if (name !== undefined) calls.push(name);
      if (struck?.moment === 'before') return struck.strike();
      const url = new URL(incoming.url ?? '/', target);
      const onward = forward(url, { method: incoming.method, headers: incoming.headers }, (reply) => {
        if (struck !== undefined) {
          reply.resume().on('end', struck.strike);
          return;
        }
        outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
        reply.pipe(outgoing);
      });
      onward.on('error', () => incoming.socket.destroy());
      onward.end(Buffer.concat(chunks));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    arm(at, moment, strike) {
      calls.length = 0;
      armed = { at, moment, strike };
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The name of a call that changes something; undefined for one that only looks. */
export function changing(incoming: IncomingMessage): string | undefined {
  const operation =
    String(incoming.headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1) ?? '';
  if (/^(Create|Update|Delete|Put|Set|Register|Deregister|(Start|Stop)QueryExecution)/.test(operation))
    return operation;
  if (operation === '' && (incoming.method === 'PUT' || incoming.method === 'DELETE'))
    return `${incoming.method} ${incoming.url}`;
  return operation === '' && incoming.method === 'POST' && incoming.url?.includes('delete') === true
    ? 'DeleteObjects'
    : undefined;
}
