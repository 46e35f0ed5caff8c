import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { Duplex } from 'node:stream';
import { keepAliveOf, type RawHeaders } from './headers.ts';
import { IdleLimit } from './idle.ts';
import type { Connect } from './upstream.ts';

/** Who is told of an answer. After `onEnd` or `onError` nothing comes. */
export interface AnswerEvents {
  onHead: (status: number, headers: RawHeaders) => void;
  onData: (chunk: Buffer) => void;
  /** The answer is whole. */
  onEnd: () => void;
  /** No connection, or it broke off, or what came is no HTTP/1.1. */
  onError: (error: NodeJS.ErrnoException) => void;
}

export interface WireOptions {
  url: URL;
  /** How connections are made; undefined: directly. */
  connect?: Connect | undefined;
  /** Milliseconds after which an unused connection is closed. */
  idle: number;
  /** Milliseconds since some beginning. */
  now: () => number;
}

/** Bytes of a head that are waited for. */
const MAX_HEAD = 64 * 1024;
/** Bodies up to here are sent in one piece with their head. */
const ONE_PIECE = 64 * 1024;

/**
 * Sends whole requests over connections of its own, one at a time on each, and reads the answers: HTTP/1.1 for copies, which nobody
 * waits for. Node's own client takes three times the processor time, since it can do much that a copy never needs. What this one
 * does not understand beyond doubt is an error of the server, and ends the connection; no request is sent twice.
 */
export class Wire {
  readonly #options: WireOptions;
  readonly #hostname: string;
  readonly #port: number;
  readonly #secure: boolean;
  readonly #limit: IdleLimit;
  /** Those without a request, the last used one last. */
  #idle: Connection[] = [];
  readonly #busy = new Set<Connection>();
  #closed = false;

  constructor(options: WireOptions) {
    const { url, idle, now } = options;
    this.#options = options;
    this.#limit = new IdleLimit(idle, now);
    this.#secure = url.protocol === 'https:';
    // URL keeps the brackets of an IPv6 address, and Node wants none.
    this.#hostname = url.hostname.replace(/^\[|\]$/g, '');
    this.#port = url.port === '' ? (this.#secure ? 443 : 80) : Number(url.port);
  }

  /**
   * @param head request line and headers with the empty line behind them, of characters below 256
   * @returns ends it: the connection is closed, and nothing is told any more
   */
  send(head: string, body: Buffer, events: AnswerEvents): () => void {
    const { connect } = this.#options;
    const connection = this.#free() ?? (connect === undefined ? this.#connection(this.#open()) : undefined);
    if (connection !== undefined) return this.#ask(connection, head, body, events);
    // It is still to come, and nobody may want it any more by then.
    let drop: (() => void) | undefined;
    let dropped = false;
    const to = { host: this.#hostname, port: this.#port, secure: this.#secure, ALPNProtocols: ['http/1.1'] };
    connect?.(to, (error, socket) => {
      if (dropped || this.#closed) return void socket?.destroy();
      if (socket === undefined) return events.onError(error ?? broken('ECONNREFUSED', 'There is no connection.'));
      drop = this.#ask(this.#connection(socket), head, body, events);
    });
    return () => {
      dropped = true;
      drop?.();
    };
  }

  #connection(socket: Duplex): Connection {
    const made: Connection = new Connection(socket, () => {
      if (made.freeAt !== undefined) this.#limit.closed((made.askedAt ?? this.#options.now()) - made.freeAt);
    });
    return made;
  }

  #ask(connection: Connection, head: string, body: Buffer, events: AnswerEvents): () => void {
    this.#busy.add(connection);
    connection.askedAt = this.#options.now();
    const settled = (reusable: boolean, keep: number | undefined) => {
      this.#busy.delete(connection);
      const most = Math.min(this.#limit.ms, keep ?? Number.POSITIVE_INFINITY);
      if (!reusable || most <= 0) return connection.destroy();
      connection.freeAt = this.#options.now();
      connection.askedAt = undefined;
      connection.until = connection.freeAt + most;
      this.#idle.push(connection);
    };
    connection.ask(head, body, events, settled);
    return () => {
      this.#busy.delete(connection);
      connection.drop();
    };
  }

  /** Closes what was not used for long. To be called some times a second. */
  sweep(): void {
    const now = this.#options.now();
    // Mostly there is nothing to do.
    if (this.#idle.every(({ until, usable }) => usable && until > now)) return;
    const [old, kept] = [this.#idle, [] as Connection[]];
    for (const one of old) {
      if (one.usable && one.until > now) kept.push(one);
      else one.destroy();
    }
    this.#idle = kept;
  }

  /** Closes all connections; what is under way is told of it as an error. */
  close(): void {
    this.#closed = true;
    for (const one of this.#idle) one.destroy();
    for (const one of this.#busy) one.destroy();
    this.#idle = [];
    this.#busy.clear();
  }

  #free(): Connection | undefined {
    const now = this.#options.now();
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return undefined;
      if (connection.usable && connection.until > now) return connection;
      connection.destroy();
    }
  }

  #open(): Socket {
    const [host, port] = [this.#hostname, this.#port];
    if (!this.#secure) return connectPlain({ host, port, noDelay: true });
    const socket = connectSecure({
      host,
      port,
      servername: /^[\d.]+$|:/.test(host) ? '' : host,
      ALPNProtocols: ['http/1.1'],
    });
    return socket.setNoDelay(true);
  }
}

type Settled = (reusable: boolean, keep: number | undefined) => void;

class Connection {
  /** Until when, on the stopwatch, it may be used again. */
  until = 0;
  /** Since when nothing was asked; undefined before its first answer. And when something was, after that. */
  freeAt: number | undefined;
  askedAt: number | undefined;
  readonly #socket: Duplex;
  /** The server closes it although an answer to nothing, or not a byte of one, has come. */
  readonly #closing: () => void;
  #events: AnswerEvents | undefined;
  #settled: Settled | undefined;
  #reader = new AnswerReader();

  constructor(socket: Duplex, closing: () => void) {
    this.#socket = socket;
    this.#closing = closing;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.once('end', () => this.#ended());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#closes();
      this.#fail(error);
    });
    socket.once('close', () =>
      this.#fail(broken('ECONNRESET', 'The connection was closed before the answer was whole.')),
    );
  }

  get usable(): boolean {
    return !this.#socket.destroyed && this.#socket.writable && this.#socket.readable;
  }

  ask(head: string, body: Buffer, events: AnswerEvents, settled: Settled): void {
    this.#events = events;
    this.#settled = settled;
    this.#reader.begin();
    if (body.length > ONE_PIECE) {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(body);
      this.#socket.uncork();
      return;
    }
    const bytes = Buffer.allocUnsafe(head.length + body.length);
    bytes.write(head, 'latin1');
    body.copy(bytes, head.length);
    this.#socket.write(bytes);
  }

  /** Ends what is under way without a word. */
  drop(): void {
    this.#events = undefined;
    this.#settled = undefined;
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    // What comes unasked, like an answer that says that nothing was asked for long, is no answer to the next request.
    if (this.#events === undefined) {
      this.#closes();
      return void this.#socket.destroy();
    }
    let end: 'more' | 'whole' | 'beyond';
    try {
      end = this.#reader.read(chunk, this.#events);
    } catch (error) {
      return this.#fail(error as NodeJS.ErrnoException);
    }
    if (end !== 'more') this.#whole(end === 'whole');
  }

  #closes(): void {
    if (this.#events === undefined || !this.#reader.begun) this.#closing();
  }

  /** The server sends no more: an answer without a length is whole with that. */
  #ended(): void {
    this.#closes();
    if (this.#events !== undefined && this.#reader.endsWithConnection) this.#whole(false);
    else this.#fail(broken('ECONNRESET', 'The connection was closed before the answer was whole.'));
  }

  #whole(clean: boolean): void {
    const [events, settled, reader] = [this.#events, this.#settled, this.#reader];
    this.#events = undefined;
    this.#settled = undefined;
    // An answer that came before the request had gone: the rest of that would be in the way of the next.
    settled?.(clean && reader.persistent && this.usable && this.#socket.writableLength === 0, reader.keep);
    events?.onEnd();
  }

  #fail(error: NodeJS.ErrnoException): void {
    const [events, settled] = [this.#events, this.#settled];
    this.#events = undefined;
    this.#settled = undefined;
    this.#socket.destroy();
    settled?.(false, undefined);
    events?.onError(error);
  }
}

function broken(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}

const noHttp = (message: string) => broken('EPROTO', `The answer is not HTTP/1.1: ${message}.`);

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?$/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** More digits than any length has. */
const LENGTH = /^\d{1,15}$/;
const CHUNK_SIZE = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]*)?$/;

/** Reads one answer after the other from the bytes of a connection. Exported for its test. */
export class AnswerReader {
  #state: 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close' = 'head';
  /** Begun and not yet understood. */
  #rest: Buffer | undefined;
  /** Bytes that are still to come, of the body or of a chunk. */
  #left = 0;
  /** Another request may follow on the connection. */
  persistent = false;
  /** Milliseconds that the server says it keeps the connection, less a second; undefined: it says nothing. */
  keep: number | undefined;

  /** A byte of the answer has come. */
  begun = false;

  get endsWithConnection(): boolean {
    return this.#state === 'until-close';
  }

  begin(): void {
    this.begun = false;
    this.#state = 'head';
    this.#rest = undefined;
    this.persistent = false;
    this.keep = undefined;
  }

  /**
   * @returns `whole` with the last byte of the answer, `beyond` where more came behind it
   * @throws Error with the code EPROTO for what is no answer
   */
  read(chunk: Buffer, { onHead, onData }: Pick<AnswerEvents, 'onHead' | 'onData'>): 'more' | 'whole' | 'beyond' {
    this.begun = true;
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    for (;;) {
      switch (this.#state) {
        case 'head': {
          const end = bytes.indexOf('\r\n\r\n');
          if (end < 0 || end > MAX_HEAD) return this.#wait(bytes);
          const text = bytes.toString('latin1', 0, end);
          bytes = bytes.subarray(end + 4);
          const head = readHead(text);
          // Informational: the answer itself is still to come.
          if (head.status < 200) {
            if (head.status === 101) throw noHttp('it changes to another protocol');
            continue;
          }
          this.persistent = head.persistent;
          this.keep = head.keep;
          onHead(head.status, head.headers);
          if (head.length === 'close') {
            this.persistent = false;
            this.#state = 'until-close';
          } else if (head.length === 'chunks') this.#state = 'chunk-size';
          else {
            this.#left = head.length;
            this.#state = 'length';
          }
          continue;
        }
        case 'length':
        case 'chunk': {
          const part = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
          this.#left -= part.length;
          bytes = bytes.subarray(part.length);
          if (part.length > 0) onData(part);
          if (this.#left > 0) return 'more';
          if (this.#state === 'length') return bytes.length === 0 ? 'whole' : 'beyond';
          this.#state = 'chunk-end';
          continue;
        }
        case 'until-close':
          if (bytes.length > 0) onData(bytes);
          return 'more';
        default: {
          const end = bytes.indexOf('\r\n');
          if (end < 0) return this.#wait(bytes);
          const line = bytes.toString('latin1', 0, end);
          bytes = bytes.subarray(end + 2);
          if (this.#state === 'chunk-end') {
            if (line !== '') throw noHttp('a chunk is longer than it says');
            this.#state = 'chunk-size';
          } else if (this.#state === 'trailers') {
            if (line === '') return bytes.length === 0 ? 'whole' : 'beyond';
            readField(line);
          } else {
            const [, size] = CHUNK_SIZE.exec(line) ?? [];
            if (size === undefined) throw noHttp('a chunk has no size');
            this.#left = Number.parseInt(size, 16);
            this.#state = this.#left === 0 ? 'trailers' : 'chunk';
          }
        }
      }
    }
  }

  #wait(bytes: Buffer): 'more' {
    if (bytes.length > MAX_HEAD) throw noHttp('its head does not end');
    // What can be no answer is not waited for.
    if (this.#state === 'head' && !'HTTP/1.'.startsWith(bytes.toString('latin1', 0, 7)))
      throw noHttp('it does not begin with HTTP/1');
    this.#rest = bytes.length === 0 ? undefined : bytes;
    return 'more';
  }
}

interface Head {
  status: number;
  headers: string[];
  length: number | 'chunks' | 'close';
  persistent: boolean;
  keep: number | undefined;
}

function readHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const [, minor, code] = STATUS_LINE.exec(first) ?? [];
  if (code === undefined) throw noHttp('it has no status');
  const headers: string[] = [];
  let [length, encoding]: (string | undefined)[] = [];
  let connection = '';
  let keep: number | undefined;
  for (const line of lines) {
    const [name, value] = readField(line);
    headers.push(name, value);
    // Few names are of interest here, and these lengths tell most others apart.
    switch (name.length) {
      case 14:
        if (name.toLowerCase() !== 'content-length') break;
        if (length !== undefined || !LENGTH.test(value)) throw noHttp(`its length is "${value}"`);
        length = value;
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding')
          encoding = encoding === undefined ? value : `${encoding}, ${value}`;
        break;
      case 10:
        if (name.toLowerCase() === 'connection') connection += `,${value.toLowerCase()}`;
        else if (name.toLowerCase() === 'keep-alive') keep = keepAliveOf(value);
        break;
      default:
    }
  }
  const status = Number(code);
  const options = connection.split(',').map((one) => one.trim());
  const persistent = minor === '1' ? !options.includes('close') : options.includes('keep-alive');
  return { status, headers, length: bodyLength(status, length, encoding), persistent, keep };
}

/** RFC 9112, 6.3: where an answer to a POST ends. */
function bodyLength(
  status: number,
  length: string | undefined,
  encoding: string | undefined,
): number | 'chunks' | 'close' {
  if (status < 200 || status === 204 || status === 304) return 0;
  if (encoding !== undefined) {
    if (length !== undefined) throw noHttp('it has a length beside chunks');
    if (encoding.trim().toLowerCase() !== 'chunked') throw noHttp(`its transfer encoding is "${encoding}"`);
    return 'chunks';
  }
  return length === undefined ? 'close' : Number(length);
}

function readField(line: string): [name: string, value: string] {
  const at = line.indexOf(':');
  const name = line.slice(0, at);
  if (at < 0 || !TOKEN.test(name)) throw noHttp('a header cannot be read');
  const value = line.slice(at + 1).trim();
  if (/[\r\n\0]/.test(value)) throw noHttp('a header cannot be read');
  return [name, value];
}
