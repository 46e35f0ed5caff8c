import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWorld } from './create-world.ts';
import { answer } from './gateway.ts';
import type { EmulatorOptions } from './options.ts';
import type { WireRequest, WireResponse } from './protocols/wire.ts';
import type { World } from './world.ts';

export interface Emulator {
  /** `http://127.0.0.1:port` */
  url: string;
  port: number;
  world: World;
  /** Stops listening, breaks what is still connected, keeps the state and lets go of its folder. */
  close(): Promise<void>;
}

/** Starts the emulator on a port of 127.0.0.1, ready to be called. Rejects when the port is taken or the folder cannot be used. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const world = await createWorld(options);
  const server = createServer({ keepAlive: true }, (request, response) => {
    void serve(world, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    world,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await world.store.close();
    },
  };
}

async function serve(world: World, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
  } catch {
    return;
  }
  const url = incoming.url ?? '/';
  const mark = url.indexOf('?');
  const request: WireRequest = {
    method: incoming.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? [] : [...new URLSearchParams(url.slice(mark + 1))],
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
  const reply = await answer(world, request, world.random.uuid());
  if (reply === undefined) incoming.socket.destroy();
  else send(outgoing, reply);
}

function send(outgoing: ServerResponse, reply: WireResponse): void {
  const length = typeof reply.body === 'string' ? Buffer.byteLength(reply.body) : reply.body.byteLength;
  outgoing.writeHead(reply.status, { ...reply.headers, 'content-length': length });
  outgoing.end(reply.body);
}
