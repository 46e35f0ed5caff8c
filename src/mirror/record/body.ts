import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { KeptBody } from '../../analysis/mirrored/record.ts';
import { headerValue, type RawHeaders } from '../headers.ts';
import type { Redact } from './redact.ts';

/** How bodies are kept. */
export interface Keeping {
  /** False: of requests only the hash. */
  bodies: boolean;
  redact: Redact | undefined;
  /** Bytes of a body after it was unpacked. */
  most: number;
}

/** A body without its compression; undefined where that cannot be undone, or gives more than the bound. Plain bodies need no waiting. */
export function unpacked(body: Buffer, headers: RawHeaders, most: number): Buffer | Promise<Buffer | undefined> {
  const encoding = headerValue(headers, 'content-encoding')?.trim().toLowerCase();
  if (encoding === undefined || encoding === '' || encoding === 'identity') return body;
  const undo = UNPACK[encoding];
  // What is not known here is kept as it is: the reader sees bytes that are no answer.
  if (undo === undefined) return body;
  return new Promise((resolve) => {
    undo(body, { maxOutputLength: most }, (error, plain) => resolve(error === null ? plain : undefined));
  });
}

type Unpack = (
  body: Buffer,
  options: { maxOutputLength: number },
  done: (error: Error | null, plain: Buffer) => void,
) => void;
const UNPACK: Readonly<Record<string, Unpack>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: inflate,
  br: brotliDecompress,
};

/** A request as it is kept: its text, or its hash, which still tells equal inputs. */
export function keptRequest(body: Buffer, headers: RawHeaders, { bodies, redact }: Keeping): KeptBody {
  const kept = asText(body, headers);
  if (!bodies) return hashOf(body, kept);
  if (redact === undefined) return kept;
  const text = kept.encoding === 'BASE64' ? undefined : redact(kept.data);
  // Where a path leads in bytes that are no JSON nobody knows: nothing of them is kept.
  return text === undefined ? hashOf(body, kept) : { ...kept, data: text };
}

/** An answer as it is kept; undefined where values that must not be kept cannot be found in it. */
export function keptAnswer(body: Buffer, headers: RawHeaders, { redact }: Keeping): KeptBody | undefined {
  const kept = asText(body, headers);
  if (redact === undefined) return kept;
  const text = kept.encoding === 'BASE64' ? undefined : redact(kept.data);
  return text === undefined ? undefined : { ...kept, data: text };
}

function hashOf(body: Buffer, kept: KeptBody): KeptBody {
  return { ...kept, data: `sha256:${createHash('sha256').update(body).digest('hex')}`, encoding: 'JSON' };
}

/** As SageMaker's capture has it: text where it is text, else base64. */
function asText(body: Buffer, headers: RawHeaders): KeptBody {
  const contentType = headerValue(headers, 'content-type');
  if (!isUtf8(body)) return { data: body.toString('base64'), encoding: 'BASE64', contentType };
  const encoding = contentType !== undefined && /^text\/csv\b/i.test(contentType) ? 'CSV' : 'JSON';
  return { data: body.toString('utf8'), encoding, contentType };
}
