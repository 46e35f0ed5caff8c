import { createWriteStream } from 'node:fs';
import { createGzip } from 'node:zlib';
import type { Aws } from '../../aws/clients.ts';
import type { RemoteObject } from '../../aws/s3-download.ts';
import type { ObjectRows } from '../../analysis/batch/account.ts';
import { fileLineLists } from '../../base/file-lines.ts';
import type { Session } from '../session.ts';
import { withObject } from './look.ts';
import type { RunObject } from './objects.ts';
import { rowsOf } from './rows.ts';

/** What a side answered to an object: a file of outputs, or production's captured answers, which lie beside the requests. */
export interface SideOutputs {
  /** By the URI of what was asked. */
  outputs: ReadonlyMap<string, RemoteObject>;
  /** What it answers as, by what it was asked as. */
  accept(contentType: string): string;
}

/** Files of records as captures have them, gzipped JSON Lines. */
export interface RecordFiles {
  candidate: string;
  /** Undefined where production's side is no model's: decisions are put beside the candidate's records later. */
  production: string | undefined;
}

/** What became of an object, and why, where an output does not fit. */
export type ObjectFate = ObjectRows & { uri: string; uneven: string | undefined };

/**
 * Puts rows and answers together, object by object, as records that the comparison reads: one of each side a row, under the same
 * id, at the time at which the day begins.
 */
export async function writeRecords(
  { session, aws, folder }: { session: Session; aws: Aws; folder: string },
  objects: readonly RunObject[],
  sides: { candidate: SideOutputs; production: SideOutputs | 'captured' | undefined },
  at: number,
  into: RecordFiles,
  read: (objects: number) => void,
): Promise<ObjectFate[]> {
  const candidate = recordWriter(into.candidate);
  const production = into.production === undefined ? undefined : recordWriter(into.production);
  const fates: ObjectFate[] = [];
  try {
    for (const [index, object] of objects.entries()) {
      const { uri, scan } = object;
      const fate = { uri, rows: scan.rows, unreadable: scan.lostRows, uneven: undefined };
      const asked = [sides.candidate, sides.production].filter((one) => typeof one === 'object');
      const outputs = asked.map((one) => one.outputs.get(object.asked));
      if (scan.asked === 0) fates.push({ ...fate, fate: 'compared' });
      else if (outputs.includes(undefined)) fates.push({ ...fate, fate: 'failed' });
      else {
        const uneven = await withFiles(
          session,
          aws,
          outputs.flatMap((one) => one ?? []),
          folder,
          async (paths) => {
            const counts = await Promise.all(paths.map(countLines));
            const wrong = counts.find((count) => count !== scan.asked);
            if (wrong !== undefined) return `${wrong} answers to ${scan.asked} rows`;
            await withObject(session, aws, object, folder, (path) =>
              pair(path, object, paths, sides, { index, at }, { candidate, production }),
            );
            return undefined;
          },
        );
        fates.push({ ...fate, fate: uneven === undefined ? 'compared' : 'uneven', uneven });
      }
      read(index + 1);
    }
  } finally {
    await candidate.end();
    await production?.end();
  }
  return fates;
}

async function withFiles<T>(
  session: Session,
  aws: Aws,
  objects: readonly RemoteObject[],
  folder: string,
  work: (paths: string[]) => Promise<T>,
): Promise<T> {
  const next = (rest: readonly RemoteObject[], paths: string[]): Promise<T> => {
    const [first, ...others] = rest;
    return first === undefined
      ? work(paths)
      : withObject(session, aws, first, folder, (path) => next(others, [...paths, path]));
  };
  return next(objects, []);
}

async function countLines(path: string): Promise<number> {
  let count = 0;
  for await (const lines of fileLineLists(path)) for (const line of lines) if (line.trim() !== '') count += 1;
  return count;
}

async function pair(
  path: string,
  { uri, format }: RunObject,
  outputs: readonly string[],
  sides: { candidate: SideOutputs; production: SideOutputs | 'captured' | undefined },
  { index, at }: { index: number; at: number },
  write: { candidate: RecordWriter; production: RecordWriter | undefined },
): Promise<void> {
  const answers = outputs.map((output) => answersIn(output));
  const time = new Date(at).toISOString();
  for await (const all of rowsOf(path, uri, format)) {
    for (const found of all) {
      if (!('row' in found)) continue;
      const { row } = found;
      for (const one of answers) if (one.waiting() < row.asked.length) await one.read(row.asked.length);
      const [own = '', other = ''] = answers.map((one) => one.take(row.asked.length));
      if (row.id === undefined) continue;
      const input = JSON.stringify(payload(row.asked.join('\n'), format.contentType, 'INPUT'));
      const metadata = JSON.stringify({
        eventId: `${index + 1}:${row.line}`,
        inferenceId: row.id,
        inferenceTime: time,
      });
      const record = (output: unknown) =>
        `{"captureData":{"endpointInput":${input}${output === undefined ? '' : `,"endpointOutput":${JSON.stringify(output)}`}},"eventMetadata":${metadata},"eventVersion":"0"}`;
      write.candidate.add(record(payload(own, sides.candidate.accept(format.contentType), 'OUTPUT')));
      if (sides.production === 'captured') write.production?.add(record(row.captured));
      else if (sides.production !== undefined)
        write.production?.add(record(payload(other, sides.production.accept(format.contentType), 'OUTPUT')));
    }
    await write.candidate.flush();
    await write.production?.flush();
  }
  for (const one of answers) await one.close();
}

function payload(data: string, contentType: string, mode: 'INPUT' | 'OUTPUT') {
  return { observedContentType: contentType, mode, data, encoding: contentType === 'text/csv' ? 'CSV' : 'JSON' };
}

/** The lines of an output in turn. */
function answersIn(path: string) {
  const lists = fileLineLists(path);
  let lines: string[] = [];
  let at = 0;
  const waiting = () => lines.length - at;
  return {
    /** How many were read, and not taken. */
    waiting,
    /** Reads on until so many wait, or there are no more. */
    async read(count: number): Promise<void> {
      while (waiting() < count) {
        const { value, done } = await lists.next();
        if (done === true) return;
        lines = [...lines.slice(at), ...value.filter((line) => line.trim() !== '')];
        at = 0;
      }
    },
    take(count: number): string {
      at += count;
      return count === 1 ? (lines[at - 1] ?? '') : lines.slice(at - count, at).join('\n');
    },
    close: () => lists.return(undefined),
  };
}

interface RecordWriter {
  /** A record as JSON: it is written by the next `flush`. */
  add(record: string): void;
  flush(): Promise<void>;
  end(): Promise<void>;
}

/** Two characters that JSON takes as they are end a line for some readers. */
const ENDS = /[\u2028\u2029]/g;

/** Writes records, as many at once as were read together: none but these are in memory. */
function recordWriter(path: string): RecordWriter {
  const zip = createGzip({ level: 1 });
  const file = createWriteStream(path, { mode: 0o600 });
  let failed: Error | undefined;
  let text = '';
  // One who waits for room, or for the end, is woken by either, and looks whether it failed.
  let wake = () => undefined as void;
  const woken = () => new Promise<void>((resolve) => (wake = resolve));
  for (const stream of [zip, file])
    stream.on('error', (error: Error) => {
      failed ??= error;
      wake();
    });
  zip.on('drain', () => wake());
  file.on('close', () => wake());
  zip.pipe(file);
  return {
    add(record) {
      text += `${record}\n`;
    },
    async flush() {
      if (failed !== undefined) throw failed;
      if (text === '') return;
      const room = zip.write(text.replace(ENDS, (c) => `\\u${c.charCodeAt(0).toString(16)}`));
      text = '';
      if (!room) await woken();
    },
    async end() {
      const closed = woken();
      zip.end();
      if (failed === undefined) await closed;
      if (failed !== undefined) throw failed;
    },
  };
}
