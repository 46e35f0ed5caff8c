import { AwsError } from '../model/aws-error.ts';

const CR = 13;
const LF = 10;
const MAX_LINE = 8192;
const MAX_TRAILERS = 32;

/**
 * Takes S3's own chunk framing apart, signed (`size;chunk-signature=…`) or not, with or without trailers
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html). Signatures are not checked: the
 * emulator knows no secrets. Trailer names come out in lower case. Throws IncompleteBody for damaged framing.
 */
export function decodeChunks(framed: Uint8Array): { body: Uint8Array; trailers: Record<string, string> } {
  const source = Buffer.from(framed.buffer, framed.byteOffset, framed.byteLength);
  const pieces: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = readLine(source, at);
    const size = /^([0-9a-fA-F]{1,8})(?:;.*)?$/.exec(line.text)?.[1];
    if (size === undefined) throw damaged();
    at = line.next;
    const length = Number.parseInt(size, 16);
    if (length === 0) return { body: Buffer.concat(pieces), trailers: readTrailers(source, at) };
    const end = at + length;
    if (end + 2 > source.length || source[end] !== CR || source[end + 1] !== LF) throw damaged();
    pieces.push(source.subarray(at, end));
    at = end + 2;
  }
}

function readTrailers(source: Buffer, start: number): Record<string, string> {
  const trailers: [string, string][] = [];
  let at = start;
  // Some clients leave out the empty line at the very end.
  while (at < source.length) {
    const line = readLine(source, at);
    at = line.next;
    if (line.text === '') continue;
    const colon = line.text.indexOf(':');
    if (colon <= 0 || trailers.length >= MAX_TRAILERS) throw damaged();
    const name = line.text.slice(0, colon).trim().toLowerCase();
    // Only checksums may come this late: a trailer must not rewrite who asked and for what.
    if (/^x-amz-(?:checksum-[a-z0-9]+|trailer-signature)$/.test(name))
      trailers.push([name, line.text.slice(colon + 1).trim()]);
  }
  return Object.fromEntries(trailers);
}

/** A line of ASCII up to CRLF (or a bare LF, as some clients end trailers), or to the end of the body. */
function readLine(source: Buffer, start: number): { text: string; next: number } {
  const found = source.indexOf(LF, start);
  const end = found < 0 ? source.length : found;
  if (end - start > MAX_LINE || start >= source.length) throw damaged();
  const text = source.toString('latin1', start, end > start && source[end - 1] === CR ? end - 1 : end);
  return { text, next: end + 1 };
}

function damaged(): AwsError {
  return new AwsError('IncompleteBody', 'The request body terminated unexpectedly');
}
