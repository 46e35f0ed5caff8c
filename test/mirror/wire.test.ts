import { request } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { AnswerReader, Wire } from '../../src/mirror/wire.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0).toReversed()) one.close();
});

/** A server that writes bytes as they are. @param each is called for every piece that a connection brings */
async function server(each: (socket: Socket, text: string) => void): Promise<URL> {
  const sockets = new Set<Socket>();
  const opened = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => each(socket, bytes.toString('latin1')));
  });
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
  open.push({
    close() {
      opened.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return new URL(`http://127.0.0.1:${(opened.address() as AddressInfo).port}`);
}

interface Answered {
  status: number | undefined;
  headers: readonly string[];
  body: string;
  whole: boolean;
}

function wire(url: URL, now: () => number = () => 0): Wire {
  const made = new Wire({ url, idle: 1_500, now });
  open.push(made);
  return made;
}

function ask(through: Wire, body = ''): Promise<Answered> {
  const found: Answered = { status: undefined, headers: [], body: '', whole: false };
  return new Promise((resolve) => {
    const head = `POST /x HTTP/1.1\r\nHost: m\r\nContent-Length: ${body.length}\r\n\r\n`;
    through.send(head, Buffer.from(body), {
      onHead: (status, headers) => Object.assign(found, { status, headers }),
      onData: (chunk) => void (found.body += chunk.toString('latin1')),
      onEnd: () => resolve({ ...found, whole: true }),
      onError: () => resolve(found),
    });
  });
}

/** The same by Node's own client. */
function askNode(url: URL): Promise<Answered> {
  const found: Answered = { status: undefined, headers: [], body: '', whole: false };
  return new Promise((resolve) => {
    const asked = request(url, { method: 'POST', agent: false }, (answer) => {
      Object.assign(found, { status: answer.statusCode, headers: answer.rawHeaders });
      answer.on('data', (chunk: Buffer) => void (found.body += chunk.toString('latin1')));
      answer.on('error', () => undefined);
      answer.once('close', () => resolve({ ...found, whole: answer.complete }));
    });
    asked.once('error', () => resolve(found));
    asked.once('upgrade', () => resolve(found));
    asked.end();
  });
}

const OK = 'HTTP/1.1 200 OK\r\n';
const RIGHT: readonly (readonly [string, string])[] = [
  ['a length', `${OK}Content-Type: application/json\r\nContent-Length: 5\r\n\r\nhello`],
  ['no body', `${OK}Content-Length: 0\r\n\r\n`],
  ['204 has none, whatever it says', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'],
  ['chunks', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;ext=1\r\n!\r\n0\r\n\r\n`],
  ['chunks with trailers', `${OK}Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`],
  ['until the end', `${OK}\r\nhello`],
  ['an old server', 'HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6\r\n\r\nhello'],
  [
    'informational answers before it',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
  ],
  ['no reason, and headers twice', 'HTTP/1.1 500\r\nSet-Cookie: a\r\nset-cookie:b  \r\nContent-Length: 0\r\n\r\n'],
];
const WRONG: readonly (readonly [string, string])[] = [
  ['garbage', 'ERR no such command\r\n'],
  ['another protocol', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
  ['HTTP/2', 'HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['a length beside chunks', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
  ['a length that is none', `${OK}Content-Length: 5x\r\n\r\nhello`],
  ['a chunk without a size', `${OK}Transfer-Encoding: chunked\r\n\r\nhello\r\n0\r\n\r\n`],
  ['a chunk that is longer', `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n`],
  ['less than its length', `${OK}Content-Length: 50\r\n\r\nhello`],
  ['chunks without an end', `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ['a header without a colon', `${OK}Nothing\r\nContent-Length: 0\r\n\r\n`],
  ['a header whose name has a space', `${OK}Content-Length : 0\r\n\r\n`],
  ['a head that breaks off', `${OK}Content-Le`],
];

describe('an answer', () => {
  test.each(RIGHT)('with %s is read as Node reads it, however it comes in pieces', async (_, bytes) => {
    const url = await server((socket) => socket.end(bytes, 'latin1'));
    const [ours, nodes] = [await ask(wire(url)), await askNode(url)];
    expect(ours).toEqual(nodes);
    expect(ours.whole).toBe(true);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const reader = new AnswerReader();
      reader.begin();
      let body = '';
      const events = { onHead: () => undefined, onData: (chunk: Buffer) => void (body += chunk.toString('latin1')) };
      const ends = [bytes.slice(0, cut), bytes.slice(cut)].map((part) =>
        reader.read(Buffer.from(part, 'latin1'), events),
      );
      expect([body, ends.at(-1) === 'whole' || reader.endsWithConnection], `cut at ${cut}`).toEqual([ours.body, true]);
    }
  });

  test.each(WRONG)('%s is never whole, as with Node', async (_, bytes) => {
    const url = await server((socket) => socket.end(bytes, 'latin1'));
    expect([(await ask(wire(url))).whole, (await askNode(url)).whole]).toEqual([false, false]);
  });

  test('whose head never ends is not waited for', async () => {
    const url = await server((socket) => void socket.write(`${OK}X: ${'x'.repeat(70_000)}`, 'latin1'));
    expect((await ask(wire(url))).whole).toBe(false);
  });
});

describe('a connection', () => {
  /** How many connections so many requests, one after the other, take. */
  async function connections(requests: number, answer: string): Promise<number> {
    const seen = new Set<Socket>();
    const url = await server((socket) => {
      seen.add(socket);
      socket.write(answer, 'latin1');
    });
    let at = 0;
    const through = wire(url, () => at);
    for (let i = 0; i < requests; i += 1) {
      expect((await ask(through, '{}')).whole).toBe(true);
      at += 10;
    }
    return seen.size;
  }

  test.each([
    ['is used again', 1, `${OK}Content-Length: 2\r\n\r\n{}`],
    ['is not, where the server says so', 3, `${OK}Content-Length: 2\r\nConnection: Close\r\n\r\n{}`],
    ['is not, after more than the answer', 3, `${OK}Content-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n`],
    ['is not, with HTTP/1.0', 3, 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
    ['is, where HTTP/1.0 says so', 1, 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}'],
    ['is not, where the server is about to close it', 3, `${OK}Content-Length: 2\r\nKeep-Alive: timeout=1\r\n\r\n{}`],
  ])('%s', async (_, count, answer) => {
    expect(await connections(3, answer)).toBe(count);
  });

  test('that is idle for long, or was closed by the server, is not used again', async () => {
    const seen = new Set<Socket>();
    const url = await server((socket) => {
      seen.add(socket);
      socket.write(`${OK}Content-Length: 2\r\n\r\n{}`);
    });
    let at = 0;
    const through = wire(url, () => at);
    await ask(through);
    at += 1_501;
    await ask(through);
    expect(seen.size).toBe(2);
    for (const socket of seen) socket.end();
    await new Promise((resolve) => setTimeout(resolve, 20));
    through.sweep();
    expect((await ask(through)).whole).toBe(true);
    expect(seen.size).toBe(3);
  });

  test('that is refused is an error, and what is dropped tells nothing', async () => {
    expect((await ask(wire(new URL('http://127.0.0.1:9')))).status).toBe(undefined);
    const url = await server((socket) => socket.write(`${OK}Content-Length: 9\r\n\r\n{}`));
    const told: string[] = [];
    await new Promise<void>((resolve) => {
      const drop = wire(url).send('POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 0\r\n\r\n', Buffer.alloc(0), {
        onHead: () => told.push('head'),
        onData: () => (drop(), resolve()),
        onEnd: () => told.push('end'),
        onError: () => told.push('error'),
      });
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(told).toEqual(['head']);
  });

  test('carries a large request, and an answer that comes before its end closes it', async () => {
    let [got, connected] = [0, 0];
    const url = await server((socket, text) => {
      if (text.startsWith('POST')) connected += 1;
      got += text.length;
      if (got > 3_000_000 * connected) socket.write(`${OK}Content-Length: 2\r\n\r\n{}`);
    });
    const through = wire(url);
    expect((await ask(through, 'x'.repeat(3_000_000))).whole).toBe(true);
    const early = await server((socket) => {
      socket.pause();
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
    });
    const second = wire(early);
    expect(await ask(second, 'x'.repeat(30_000_000))).toMatchObject({ status: 413, body: 'no', whole: true });
  });
});
