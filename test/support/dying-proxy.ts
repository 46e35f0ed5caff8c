import { createServer, type IncomingMessage, request as forward, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { changing } from './killing-proxy.ts';

/**
 * What strikes one call that changes something:
 * - `dies before`, `dies after`: the process has gone before AWS got the call, or after AWS carried it out and before the reply
 *   came: from then on nothing that it sends arrives
 * - `lost`: AWS carried it out, and the reply is lost; `torn`: it breaks off in the middle
 * - `throttled`: AWS refuses it once, for there are too many
 */
export type Strike = 'dies before' | 'dies after' | 'lost' | 'torn' | 'throttled';

/** Stands between the program in this process and the emulator. */
export interface DyingProxy {
  url: string;
  /** Calls that change something, by AWS's name, as they came. */
  calls: string[];
  /** Strikes at the call of this number, from 0. @param struck called at that moment, with nothing under way any more */
  arm(at: number, strike: Strike, struck?: () => void): void;
  close(): Promise<void>;
}

export async function dyingProxy(target: string): Promise<DyingProxy> {
  let armed: { at: number; strike: Strike; struck: () => void } | undefined;
  let dead = false;
  const calls: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('error', () => undefined);
    incoming.on('end', () => {
      // A dead process has no retries to wait for: it is told so that it ends at once.
      if (dead) return refuse(incoming, outgoing, 'ExpiredToken', 400);
      const name = changing(incoming);
      const hit = name !== undefined && armed?.at === calls.length ? armed : undefined;
      if (name !== undefined) calls.push(name);
      if (hit !== undefined) armed = undefined;
      if (hit?.strike === 'throttled') return refuse(incoming, outgoing, 'Throttling', 400);
      if (hit?.strike === 'dies before') {
        dead = true;
        hit.struck();
        return void incoming.socket.destroy();
      }
      const url = new URL(incoming.url ?? '/', target);
      const onward = forward(url, { method: incoming.method, headers: incoming.headers }, (reply) => {
        const parts: Buffer[] = [];
        reply.on('data', (part: Buffer) => parts.push(part));
        reply.on('end', () => {
          const body = Buffer.concat(parts);
          if (hit === undefined) {
            outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
            return void outgoing.end(body);
          }
          if (hit.strike === 'dies after') {
            dead = true;
            hit.struck();
          }
          if (hit.strike !== 'torn' || body.length < 2) return void incoming.socket.destroy();
          outgoing.writeHead(reply.statusCode ?? 500, { ...reply.headers, 'content-length': String(body.length) });
          outgoing.write(body.subarray(0, body.length / 2), () => incoming.socket.destroy());
        });
      });
      onward.on('error', () => incoming.socket.destroy());
      onward.end(Buffer.concat(chunks));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    arm(at, strike, struck = () => undefined) {
      calls.length = 0;
      armed = { at, strike, struck };
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function refuse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  code: 'ExpiredToken' | 'Throttling',
  status: number,
) {
  if (incoming.headers['x-amz-target'] !== undefined) {
    outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    return void outgoing.end(JSON.stringify({ __type: `${code}Exception`, message: 'refused by the test' }));
  }
  const [word, answer] = code === 'Throttling' ? ['SlowDown', 503] : [code, status];
  outgoing.writeHead(answer, { 'content-type': 'application/xml' });
  outgoing.end(`<?xml version="1.0"?><Error><Code>${word}</Code><Message>refused by the test</Message></Error>`);
}
