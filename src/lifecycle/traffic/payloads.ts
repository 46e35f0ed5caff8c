import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { readObject } from '../../aws/s3.ts';
import { binaryKind, decodeText } from '../../base/decode.ts';
import { usageError } from '../../base/errors.ts';
import type { Session } from '../session.ts';
import { type PayloadOptions, payloadRows, type PayloadRows } from './payload-rows.ts';

/** The requests of a file. */
export interface Payloads extends Pick<PayloadRows, 'contentType' | 'rows'> {
  /** The file's name, for messages. */
  source: string;
}

/** Where payloads come from, and how they are read. */
export interface PayloadFile extends PayloadOptions {
  /** A path, relative to the session's folder or absolute; or an S3 URI. */
  file: string;
  /** The option it was named by, for messages. */
  option: 'test' | 'data' | 'traffic';
}

/** Files larger than this are not read into memory. */
const MAX_BYTES = 256 * 1024 * 1024;
/** What InvokeEndpoint takes (facts 7.2). */
const MAX_BODY = 6 * 1024 * 1024;

/**
 * Reads a file of payloads, local or in S3. Where it is not sent as it stands, the session is told.
 * @throws Problem (usage) naming file and line: no such file, not text, and whatever `payloadRows` refuses
 */
export async function readPayloads(
  session: Pick<Session, 'aws' | 'signal' | 'folder' | 'emit'>,
  options: PayloadFile,
): Promise<Payloads> {
  const source = basename(options.file);
  const option = `--${options.option}`;
  const bytes = await readBytes(session, options.file, option);
  const kind = binaryKind(bytes);
  if (kind !== undefined)
    throw usageError(
      `${option}: ${source} is ${kind}, not text.`,
      kind === 'a gzip file' ? 'Unpack it first: gunzip.' : 'Give a CSV or JSON Lines file, or one text per line.',
    );
  const { text, encoding, strange } = decodeText(bytes);
  if (strange > 0) {
    const line = text.slice(0, text.indexOf('\u{FFFD}')).split('\n').length;
    throw usageError(
      `${option}: line ${line} of ${source} holds bytes that are not ${encoding === 'utf-8' ? 'UTF-8' : 'UTF-16'}, and would reach the model as other characters.`,
      'Save it as UTF-8.',
    );
  }
  const { contentType, rows, form } = payloadRows(text, { source, option }, options);
  const large = rows.find((row) => Buffer.byteLength(row.body) > MAX_BODY);
  if (large !== undefined)
    throw usageError(`${option}: line ${large.line} of ${source} is larger than the 6 MB that InvokeEndpoint takes.`);
  if (form !== undefined) session.emit({ kind: 'payloads-read', source, form, rows: rows.length });
  return { contentType, rows, source };
}

async function readBytes(
  { aws, signal, folder }: Pick<Session, 'aws' | 'signal' | 'folder'>,
  path: string,
  option: string,
): Promise<Uint8Array> {
  if (path.startsWith('s3://')) return readObject(await aws(), path, MAX_BYTES, signal);
  const file = resolve(folder, path);
  const facts = await stat(file).catch((error: unknown) => {
    throw usageError(`${option}: there is no file ${path}.`, 'Give a CSV or JSON Lines file, or an s3:// URI.', error);
  });
  if (!facts.isFile()) throw usageError(`${option}: ${path} is not a file.`);
  if (facts.size > MAX_BYTES)
    throw usageError(`${option}: ${path} is larger than ${MAX_BYTES / 1024 ** 2} MB.`, 'Give a smaller file.');
  return readFile(file);
}
