import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { ask, type Model, openModel, openRig, type Rig } from './rig.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function model(...args: Parameters<typeof openModel>): Promise<Model> {
  const opened = await openModel(...args);
  open.push(opened);
  return opened;
}

async function rig(...args: Parameters<typeof openRig>): Promise<Rig> {
  const opened = await openRig(...args);
  open.push(opened);
  return opened;
}

/** A server that answers every request with these bytes, and keeps what it was sent. */
async function bytesModel(answer: string | ((request: string, write: (bytes: string) => void) => void)) {
  let got = '';
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
      if (typeof answer === 'string') socket.write(answer, 'latin1');
      else answer(got, (bytes) => void socket.write(bytes, 'latin1'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: async () => void server.close() });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got: () => got };
}

const nowhere = 'http://127.0.0.1:9';

describe('the live answer comes as it is', () => {
  test.each(['/invocations', '/elsewhere'])(
    'one that began before the configuration was read anew goes on to its end, however late: %s',
    async (path) => {
      let finish: () => void = () => undefined;
      const live = await model((_, res) => {
        res.writeHead(200).write('one');
        finish = () => void res.end('two');
      });
      const { mirror, config, clock, post, until } = await rig({ live: live.url, shadows: { shadow: nowhere } });
      const answer = post('{}', { path });
      await until(() => live.seen.length === 1);
      await mirror.reload(config);
      for (const ms of [31_000, 40_000]) {
        clock.advance(ms);
        await mirror.tick();
      }
      finish();
      expect(await answer).toMatchObject({ status: 200, body: 'onetwo' });
    },
  );

  test('status, words, headers with order and case, and repeated ones', async () => {
    const live = await bytesModel(
      'HTTP/1.1 207 Whatever It Says\r\nX-Zulu: 1\r\ncontent-TYPE: text/plain\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-alpha: 2\r\nContent-Length: 2\r\nDate: Mon, 01 Jan 2001 00:00:00 GMT\r\n\r\nok',
    );
    const { post, raw } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const answer = await post('{}');
    expect(answer.status).toBe(207);
    expect(answer.headers.slice(0, 14)).toEqual(
      ['X-Zulu', '1', 'content-TYPE', 'text/plain', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-alpha', '2'].concat([
        ...['Content-Length', '2', 'Date', 'Mon, 01 Jan 2001 00:00:00 GMT'],
      ]),
    );
    expect(answer.body).toBe('ok');
    expect(await raw('GET /x HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 207 Whatever It Says\r\n/,
    );
  });

  test('the request, too: headers with order and case, path and query untouched', async () => {
    const live = await model((_, res) => res.end('ok'));
    const { mirror } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const headers = [
      'Host',
      'mirror',
      'x-B',
      '1',
      'X-a',
      '2',
      'X-a',
      '3',
      'Accept-Encoding',
      'br',
      'Content-Length',
      '2',
    ];
    await ask(undefined, mirror.port, { method: 'PUT', path: '/a%2Fb/../c?q=%20&q=', headers }, '{}');
    const [seen] = live.seen;
    expect(seen).toMatchObject({ method: 'PUT', url: '/a%2Fb/../c?q=%20&q=', body: '{}' });
    expect(seen?.raw.slice(0, 12)).toEqual(
      ['Host', live.url.slice(7), 'x-B', '1', 'X-a', '2', 'X-a', '3', 'Accept-Encoding', 'br'].concat([
        'Content-Length',
        '2',
      ]),
    );
  });

  test('chunks as they come, and trailers', async () => {
    let next: (() => void) | undefined;
    const live = await model((_, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream', Trailer: 'X-Sum' });
      res.write('data: 1\n\n');
      next = () => {
        res.addTrailers({ 'X-Sum': '7' });
        res.end('data: 2\n\n');
      };
    });
    const { socket, until } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const caller = socket();
    open.push({ close: async () => void caller.destroy() });
    let text = '';
    caller.on('data', (chunk) => (text += chunk.toString('latin1')));
    caller.write('POST /invocations HTTP/1.1\r\nHost: m\r\nContent-Length: 2\r\n\r\n{}');
    // The first event is there while the second is still to be made.
    await until(() => text.includes('data: 1'));
    expect(text).not.toContain('data: 2');
    next?.();
    await until(() => text.includes('X-Sum: 7'));
  });

  test('an answer that begins long before its first byte', async () => {
    const live = await model((_, res) => {
      res.writeHead(200, { 'X-Early': 'yes' });
      res.flushHeaders();
    });
    const { socket, until } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const caller = socket();
    open.push({ close: async () => void caller.destroy() });
    let text = '';
    caller.on('data', (chunk) => (text += chunk.toString('latin1')));
    caller.write('GET /events HTTP/1.1\r\nHost: m\r\n\r\n');
    await until(() => text.includes('X-Early: yes'));
  });

  test('204, 304 and HEAD have no body, and the connection stays usable', async () => {
    const live = await model((req, res) => {
      if (req.url === '/204') res.writeHead(204).end();
      else if (req.url === '/304') res.writeHead(304, { ETag: '"x"' }).end();
      else if (req.method === 'HEAD') res.writeHead(200, { 'Content-Length': '7' }).end();
      else res.end('after');
    });
    const { raw } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const line = (method: string, path: string, more = '') => `${method} ${path} HTTP/1.1\r\nHost: m\r\n${more}\r\n`;
    const text = await raw(
      line('GET', '/204') + line('GET', '/304') + line('HEAD', '/h') + line('GET', '/last', 'Connection: close\r\n'),
    );
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['204', '304', '200', '200']);
    expect(text).toContain('Content-Length: 7');
    expect(text).toContain('after');
    expect(text).not.toMatch(/204 No Content\r\n[^]*?(Transfer-Encoding|Content-Length)[^]*?304/);
  });

  test('compressed answers stay compressed', async () => {
    const packed = gzipSync('{"score":1}');
    const live = await model((_, res) => {
      res.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': packed.length });
      res.end(packed);
    });
    const { raw } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const text = await raw('GET /x HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n');
    expect(Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1').equals(packed)).toBe(true);
  });

  test('100-continue and early hints come from the live side', async () => {
    const live = await bytesModel((request, write) => {
      if (request.endsWith('\r\n\r\n')) write('HTTP/1.1 100 Continue\r\n\r\n');
      else
        write(
          'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
        );
    });
    const { socket, until } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const caller = socket();
    open.push({ close: async () => void caller.destroy() });
    let text = '';
    caller.on('data', (chunk) => (text += chunk.toString('latin1')));
    caller.write('POST /invocations HTTP/1.1\r\nHost: m\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n');
    await until(() => text.includes('100 Continue'));
    caller.write('{}');
    await until(() => text.includes('ok'));
    expect(text).toMatch(/103 Early Hints\r\nLink: <\/a>; rel=preload/i);
    expect(text).toContain('HTTP/1.1 200 OK');
  });

  test('an answer without a length to a caller of HTTP/1.0 ends with the connection', async () => {
    const live = await model((_, res) => {
      res.write('one');
      res.end('two');
    });
    const { raw } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const text = await raw('GET /x HTTP/1.0\r\nHost: m\r\n\r\n');
    expect(text.endsWith('\r\n\r\nonetwo')).toBe(true);
    expect(text).not.toMatch(/transfer-encoding/i);
  });
});

describe('what two servers might read differently is refused', () => {
  const body = 'POST /invocations HTTP/1.1\r\nHost: m\r\n';
  const cases: [name: string, bytes: string, status: number][] = [
    ['a length beside chunks', `${body}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['two lengths', `${body}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
    ['two equal lengths', `${body}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ['a length that is no number', `${body}Content-Length: +2\r\n\r\n{}`, 400],
    ['another encoding', `${body}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 501],
    ['chunked twice', `${body}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['an encoding that only looks like it', `${body}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 501],
    ['a folded header', `${body}X-A: 1\r\n  2\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ['a blank before the colon', `${body}Content-Length : 2\r\n\r\n{}`, 400],
    ['bare line ends', 'GET /x HTTP/1.1\nHost: m\n\n', 400],
    ['two hosts', 'GET /x HTTP/1.1\r\nHost: m\r\nHost: n\r\n\r\n', 400],
    ['no host', 'GET /x HTTP/1.1\r\n\r\n', 400],
    ['a chunk length with a sign', `${body}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n`, 400],
    ['chunks in HTTP/1.0', 'POST /x HTTP/1.0\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['a whole URL', 'GET http://elsewhere/ HTTP/1.1\r\nHost: m\r\n\r\n', 400],
    ['a websocket', 'GET /ws HTTP/1.1\r\nHost: m\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 501],
    ['gRPC', `${body}Content-Type: application/grpc\r\nContent-Length: 0\r\n\r\n`, 415],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    ['a tunnel', 'CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n', 501],
  ];
  test.each(cases)('%s', async (_, bytes, status) => {
    const live = await bytesModel('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const { raw } = await rig({ live: live.url, shadows: { shadow: live.url } }, false);
    const text = await raw(bytes);
    expect(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])).toBe(status);
    expect(text).toMatch(/x-shadowctl-error: [a-z-]+\r\n/);
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))).toMatchObject({ from: 'shadowctl mirror' });
    expect(text).not.toContain('\r\n\r\nok');
    // A head may have gone out before its body turned out wrong, but never two requests, and no body.
    expect(live.got().split('HTTP/1.1').length).toBeLessThanOrEqual(2);
  });

  test('an offer of HTTP/2 is answered by HTTP/1.1, and not passed on', async () => {
    const live = await model((_, res) => res.writeHead(200, { 'Content-Length': '2' }).end('ok'));
    const { socket, until } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const caller = socket();
    open.push({ close: async () => void caller.destroy() });
    let text = '';
    caller.on('data', (chunk) => (text += chunk.toString('latin1')));
    // As Java's client does it, with a body, and the next request on the same connection.
    caller.write(
      'POST /invocations HTTP/1.1\r\nHost: m\r\nConnection: Upgrade, HTTP2-Settings, X-Mine\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nX-Mine: 1\r\nKeep-Alive: 3\r\nContent-Length: 2\r\n\r\n{}',
    );
    await until(() => text.endsWith('ok'));
    expect(text).toContain('200 OK');
    caller.write('GET /y HTTP/1.1\r\nHost: m\r\n\r\n');
    await until(() => text.split('200 OK').length === 3);
    expect(live.seen.map(({ body: sent }) => sent)).toEqual(['{}', '']);
    const names = live.seen[0]?.raw.filter((__, i) => i % 2 === 0).map((name) => name.toLowerCase());
    expect(names?.filter((name) => /upgrade|http2|x-mine|keep-alive/.test(name))).toEqual([]);
  });

  test('Connection cannot take away what a request is read by', async () => {
    const live = await model((_, res) => res.end('ok'));
    const { raw } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    await raw(
      'POST /x HTTP/1.1\r\nHost: m\r\nConnection: close, Content-Length, Authorization\r\nContent-Length: 2\r\nAuthorization: a\r\n\r\n{}',
    );
    expect(live.seen[0]?.body).toBe('{}');
    expect(live.seen[0]?.raw).toContain('Authorization');
  });
});

describe('the live side fails', () => {
  test('where it cannot be reached, the answer says that it is the mirror', async () => {
    const { post } = await rig({ live: nowhere, shadows: { shadow: nowhere } });
    const answer = await post('{}');
    expect(answer.status).toBe(502);
    expect(answer.headers).toContain('x-shadowctl-error');
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'live-unreachable', from: 'shadowctl mirror' });
  });

  test('its own 502 is its own', async () => {
    const live = await model((_, res) => res.writeHead(502).end('mine'));
    const { post } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const answer = await post('{}');
    expect(answer).toMatchObject({ status: 502, body: 'mine' });
    expect(answer.headers).not.toContain('x-shadowctl-error');
  });

  test('an answer that breaks off breaks off for the caller', async () => {
    const live = await model((_, res) => {
      res.writeHead(200, { 'Content-Length': '10' });
      res.write('half');
      setImmediate(() => res.destroy());
    });
    const { post } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    await expect(post('{}')).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });

  test('a caller who goes away takes the live request along', async () => {
    let gone = false;
    const live = await model((_, res) => void res.once('close', () => (gone = true)));
    const { socket, until } = await rig({ live: live.url, shadows: { shadow: nowhere } });
    const caller = socket();
    caller.write('POST /invocations HTTP/1.1\r\nHost: m\r\nContent-Length: 2\r\n\r\n{}');
    await until(() => live.seen.length === 1);
    caller.destroy();
    await until(() => gone);
  });

  test('who sends headers too slowly is told so', async () => {
    const live = await model((_, res) => res.end('ok'));
    const { raw } = await rig({ live: live.url, shadows: { shadow: nowhere }, bounds: { headersTimeout: '200ms' } });
    expect(await raw('POST /invocations HTTP/1.1\r\nHost: m\r\nX-A')).toMatch(/^HTTP\/1\.1 408/);
    expect(live.seen).toEqual([]);
  });
});
