import { channel } from 'node:diagnostics_channel';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { environmentError } from '../../base/errors.ts';
import { createWorld } from '../world/create.ts';
import { answerFunctionUrl, functionUrlOf, MAX_URL_BODY } from '../gateway/function-url.ts';
import { bucketInHost } from '../gateway/host.ts';
import { accept } from '../gateway/pipeline.ts';
import { scheduledCalls } from '../gateway/scheduled.ts';
import { stackEvents } from '../gateway/stacks.ts';
import type { EmulatorOptions } from '../world/options.ts';
import { header, type WireRequest, type WireResponse } from '../protocols/wire.ts';
import { type Random, seededRandom } from '../world/random.ts';
import { readBody } from './body.ts';
import { CONTROL, control } from './control.ts';
import { refusalOf } from './guard.ts';
import type { World } from '../world/world.ts';

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
  const { world, close } = await createWorld(options);
  world.timeline.add(scheduledCalls(world));
  world.timeline.add(stackEvents(world));
  // A stream of its own: how many calls are made must not change what the world draws.
  const requestIds = seededRandom((options.seed ?? 1) ^ 0x2545f491);
  const startedAt = options.clock.now();
  const server = createServer(
    // Session tokens make for long headers; AWS's clients keep idle connections for about a minute.
    { keepAlive: true, keepAliveTimeout: 75_000, maxHeaderSize: 65_536 },
    (request, response) => {
      serve(world, requestIds, startedAt, request, response).catch(() => request.socket.destroy());
    },
  );
  server.on('clientError', refuseBytes);
  try {
    await listen(server, options.port ?? 0);
  } catch (error) {
    await close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  world.address.url = `http://127.0.0.1:${port}`;
  const closing = new AbortController();
  if (!options.clock.virtual) void keepGoing(world, closing.signal);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    world,
    async close() {
      closing.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await close();
    },
  };
}

/** How often it is looked whether something is due that nobody may be looking at, in ms. */
const LOOK = 200;

/**
 * Looks at the world on the machine's clock where schedules, events, functions or stacks are due: a function is called at
 * its time also when nobody calls the emulator. All else that happens by itself waits until somebody looks.
 */
async function keepGoing(world: World, signal: AbortSignal): Promise<void> {
  const sources = [world.schedules, world.bus, world.functionEvents, world.stackWork];
  for (;;) {
    try {
      await world.clock.sleep(LOOK, signal);
    } catch {
      return;
    }
    const now = world.clock.now();
    if (!sources.some((source) => (source.next() ?? Number.POSITIVE_INFINITY) <= now)) continue;
    await world.timeline.catchUp().catch((error: unknown) => {
      process.stderr.write(`shadowctl emulator: ${error instanceof Error ? error.stack : String(error)}\n`);
    });
  }
}

/** Node's own announcement of every answer. */
export const FINISHED = channel('http.server.response.finish');
const operations = new WeakMap<ServerResponse, string>();

/** What a request asked for, as `s3:CreateBucket`, where it was understood; known to those who listen to `FINISHED`. */
export function operationOf(response: ServerResponse): string | undefined {
  return operations.get(response);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const next = taken ? 'Stop what listens there, or choose another port.' : undefined;
      reject(
        environmentError(
          `The emulator cannot listen on 127.0.0.1:${port}: ${taken ? 'the port is taken' : error.message}.`,
          next,
          error,
        ),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function serve(
  world: World,
  requestIds: Random,
  startedAt: number,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
) {
  // A client that takes the emulator for a proxy names it in the path as well.
  const url = (incoming.url ?? '/').replace(/^http:\/\/[^/?]*\/?/, '/');
  const mark = url.indexOf('?');
  const head = {
    method: incoming.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? [] : [...new URLSearchParams(url.slice(mark + 1))],
    headers: incoming.headers,
  };
  const toFunction = functionUrlOf(head);
  const refused = refusalOf(incoming.headers, toFunction !== undefined);
  if (refused !== undefined) {
    incoming.resume();
    send(head.method, outgoing, { status: 403, headers: { connection: 'close' }, body: `${refused}\n` });
    return;
  }
  if (toFunction !== undefined) {
    const sent = await readBody(incoming, MAX_URL_BODY);
    if (sent === undefined) return;
    const reply =
      sent === 'too-large' || sent === 'busy'
        ? { status: 413, headers: { connection: 'close' }, body: 'Request Entity Too Large' }
        : await answerFunctionUrl(
            world,
            toFunction,
            { ...head, body: sent },
            mark < 0 ? '' : url.slice(mark + 1),
            requestIds.uuid(),
          );
    send(head.method, outgoing, reply);
    return;
  }
  const call = accept(world, head);
  const body = await readBody(incoming, call.maxBytes);
  if (body === undefined) return;
  const requestId = requestIds.uuid();
  if (body === 'too-large' || body === 'busy') {
    const reply = body === 'busy' ? call.refuseBusy(requestId) : call.refuseBody(requestId);
    send(head.method, outgoing, { ...reply, headers: { ...reply.headers, connection: 'close' } });
    return;
  }
  const reply = isControl(head)
    ? await control(world, startedAt, { ...head, body })
    : await call.answer(body, requestId);
  if (reply === undefined) incoming.socket.destroy();
  else {
    if (reply.operation !== undefined && FINISHED.hasSubscribers) operations.set(outgoing, reply.operation);
    // The time that counts here, which on a virtual clock is not this machine's: some read it to know how late it is. An
    // SDK takes a refusal of another time for a wrong clock of its own, and asks again: those keep the machine's.
    if (reply.status < 300) reply.headers.Date ??= new Date(world.clock.now()).toUTCString();
    send(head.method, outgoing, reply);
  }
}

/** A bucket of a virtual host may well hold a key of that name. */
function isControl({ path, headers }: Pick<WireRequest, 'path' | 'headers'>): boolean {
  return path.startsWith(CONTROL) && bucketInHost(header({ headers }, 'host') ?? '') === undefined;
}

function send(method: string, outgoing: ServerResponse, reply: WireResponse): void {
  const { headers } = reply;
  // A HEAD says how long the body would be.
  if (method !== 'HEAD' || headers['Content-Length'] === undefined) {
    const length = typeof reply.body === 'string' ? Buffer.byteLength(reply.body) : reply.body.byteLength;
    if (reply.status !== 204 && reply.status !== 304) headers['Content-Length'] = String(length);
    else delete headers['Content-Length'];
  }
  if (reply.cookies !== undefined && reply.cookies.length > 0) outgoing.setHeader('Set-Cookie', reply.cookies);
  outgoing.writeHead(reply.status, headers);
  if (reply.cut === true) {
    const bytes = Buffer.from(reply.body);
    outgoing.write(bytes.subarray(0, bytes.length / 2), () => outgoing.destroy());
    return;
  }
  if (typeof reply.body === 'string' || reply.body.byteLength > ONE_WRITE) outgoing.end(reply.body);
  // As text a small body leaves with the head in one write, which is most of what a small reply costs.
  else
    outgoing.end(
      Buffer.from(reply.body.buffer, reply.body.byteOffset, reply.body.byteLength).toString('latin1'),
      'latin1',
    );
}

const ONE_WRITE = 16_384;

/** What is not HTTP is answered in a line; the connection ends. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return;
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
