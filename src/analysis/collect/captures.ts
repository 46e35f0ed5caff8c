import { constants, gunzipSync } from 'node:zlib';
import type { Aws } from '../../aws/clients.ts';
import { listObjects, readObject } from '../../aws/s3.ts';
import { s3Place, s3Uri } from '../../aws/s3-uri.ts';
import type { S3Place } from '../../aws/s3-uri.ts';
import type { Clock } from '../../clock.ts';
import { usage } from '../../errors.ts';
import type { Window } from '../observations.ts';
import { readCapture } from '../predictions/captures.ts';
import type { Capture } from '../predictions/captures.ts';
import type { CaptureSet } from '../predictions/compare.ts';

const HOUR_MS = 3_600_000;
const AT_ONCE = 8;
const FILE_LIMIT = 512 * 1024 * 1024;
const EXAMPLES = 5;

/** Where captures of one variant lie, and which of them count. */
export interface CaptureSource {
  /** `s3://bucket/prefix`, as in the endpoint config. */
  destination: string;
  endpoint: string;
  variant: string;
  window: Window;
}

/** Reads the capture records of one variant in a window. A file that cannot be read whole is read as far as it goes. */
export async function readCaptures(
  aws: Aws,
  clock: Clock,
  source: CaptureSource,
  signal?: AbortSignal,
): Promise<CaptureSet> {
  const uris: string[] = [];
  for (const prefix of prefixes(source)) {
    for await (const object of listObjects(aws, prefix, signal)) {
      if (/\.jsonl(\.gz)?$/.test(object.key)) uris.push(s3Uri({ bucket: prefix.bucket, key: object.key }));
    }
  }
  const reader = new CaptureReader(source.window);
  let next = 0;
  const worker = async () => {
    for (let uri = uris[next++]; uri !== undefined; uri = uris[next++]) {
      reader.file(await readObject(aws, uri, FILE_LIMIT, signal));
    }
  };
  await clock.all(Array.from({ length: Math.min(AT_ONCE, uris.length) }, () => worker));
  return reader.set();
}

/** Folders of captures, one an hour: `…/endpoint/variant/2026/01/05/09/`. A file may be closed in the hour after its records. */
export function prefixes({ destination, endpoint, variant, window }: CaptureSource): S3Place[] {
  const place = s3Place(destination);
  if (place === undefined) throw usage(`The endpoint's captures go to "${destination}", which is no s3:// URI.`);
  const base = [place.key.replace(/\/+$/, ''), endpoint, variant].filter((part) => part !== '').join('/');
  const hours: S3Place[] = [];
  for (let hour = Math.floor(window.from / HOUR_MS) * HOUR_MS; hour < window.to + HOUR_MS; hour += HOUR_MS) {
    const path = new Date(hour).toISOString().slice(0, 13).replace(/[-T]/g, '/');
    hours.push({ bucket: place.bucket, key: `${base}/${path}/` });
  }
  return hours;
}

/** Turns files of capture records into one set, counting what is not readable instead of failing on it. */
export class CaptureReader {
  readonly #window: Window;
  readonly #captures: Capture[] = [];
  readonly #examples: string[] = [];
  #files = 0;
  #unreadable = 0;
  #outside = 0;

  constructor(window: Window) {
    this.#window = window;
  }

  file(bytes: Uint8Array): void {
    this.#files += 1;
    const { text, torn } = decode(bytes);
    if (torn !== undefined) this.#lost(torn, text.slice(-100));
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      const capture = readCapture(line);
      if (typeof capture === 'string') {
        this.#lost(capture, line);
      } else if (capture.at < this.#window.from || capture.at >= this.#window.to) this.#outside += 1;
      else this.#captures.push(capture);
    }
  }

  #lost(why: string, where: string): void {
    this.#unreadable += 1;
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${why}: ${where.slice(0, 100)}`);
  }

  set(): CaptureSet {
    return {
      files: this.#files,
      captures: this.#captures,
      unreadable: this.#unreadable,
      outside: this.#outside,
      examples: this.#examples,
    };
  }
}

/** Text of a file, unzipped where it is gzip; of a torn one what comes before the tear, and why it ends there. */
export function decode(bytes: Uint8Array): { text: string; torn: string | undefined } {
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!gzip) return { text: Buffer.from(bytes).toString('utf8'), torn: undefined };
  try {
    return { text: gunzipSync(bytes).toString('utf8'), torn: undefined };
  } catch (whole) {
    const torn = `torn gzip (${whole instanceof Error ? whole.message : String(whole)})`;
    try {
      return { text: gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString('utf8'), torn };
    } catch {
      return { text: '', torn };
    }
  }
}
