import type { RawHeaders } from '../../mirror/headers.ts';
import { headerValue } from '../../mirror/headers.ts';

/** An HTTP/1 message as it stood on the wire. */
export interface HttpMessage {
  first: string;
  headers: RawHeaders;
  /** Without chunks. */
  body: Buffer;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const MAX_HEAD = 256 * 1024;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Takes a message apart. @returns why it is none, as the end of a sentence */
export function readMessage(bytes: Buffer): HttpMessage | { wrong: string; cut: boolean } {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0 || end > MAX_HEAD) return { wrong: 'its head does not end', cut: end < 0 };
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers: string[] = [];
  for (const line of lines) {
    const at = line.indexOf(':');
    const name = line.slice(0, at);
    if (at < 1 || !TOKEN.test(name)) return { wrong: 'a header cannot be read', cut: false };
    headers.push(name, line.slice(at + 1).trim());
  }
  const rest = bytes.subarray(end + HEAD_END.length);
  if (/\bchunked\b/i.test(headerValue(headers, 'transfer-encoding') ?? '')) {
    const body = withoutChunks(rest);
    return body === undefined ? { wrong: 'its chunks do not end', cut: true } : { first, headers, body };
  }
  const length = headerValue(headers, 'content-length');
  if (length === undefined) return { first, headers, body: rest };
  if (!/^\d{1,15}$/.test(length)) return { wrong: `its length is "${length}"`, cut: false };
  if (rest.length < Number(length))
    return { wrong: `it has ${rest.length} of the ${length} bytes that it says`, cut: true };
  return { first, headers, body: rest.subarray(0, Number(length)) };
}

/** RFC 9112, 7.1; undefined where the last chunk is missing, or a size is none. */
function withoutChunks(bytes: Buffer): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const [, size] = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;.*)?$/.exec(bytes.toString('latin1', at, end)) ?? [];
    if (size === undefined) return undefined;
    const length = Number.parseInt(size, 16);
    if (length === 0) return Buffer.concat(chunks);
    const from = end + 2;
    if (from + length + 2 > bytes.length || bytes.toString('latin1', from + length, from + length + 2) !== '\r\n')
      return undefined;
    chunks.push(bytes.subarray(from, from + length));
    at = from + length + 2;
  }
}
