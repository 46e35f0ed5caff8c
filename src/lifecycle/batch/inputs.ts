import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Aws } from '../../aws/clients.ts';
import { headObject } from '../../aws/s3.ts';
import { s3Place } from '../../aws/s3-uri.ts';
import type { Period } from '../../analysis/batch/period.ts';
import { environmentError, type Problem, usageError } from '../../base/errors.ts';
import { fileLines } from '../../base/file-lines.ts';
import { counted, isoSeconds } from '../../base/units.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import type { Session } from '../session.ts';
import { type DeliveredObject, digestOf, listDelivery } from './deliver.ts';
import { cutFile, type LookedAt, lookAt, lookInto } from './look.ts';
import { putOutput } from './put.ts';
import { columnsOf } from './rows.ts';
import type { BatchSettings } from './settings.ts';

/** What was delivered for a day: objects in S3, or a file here, which is uploaded first. */
export interface Inputs {
  digest: string;
  places: readonly string[];
  /** Of S3: as they were listed. */
  listed: readonly DeliveredObject[];
  /** Of a file: its pieces on this machine, in order; each becomes an object. */
  pieces: readonly string[];
  /** What is to be known of it, a sentence each. */
  notes: readonly string[];
}

/**
 * Finds what was delivered; a Problem where nothing was.
 * @throws Problem (usage, cannot-run) where the day has not ended, or its place cannot be looked at
 */
export async function findInputs(
  session: Session,
  aws: Aws,
  settings: BatchSettings,
  period: Period,
  spool: string,
): Promise<Inputs | Problem> {
  if (s3Place(settings.input) === undefined) return findFile(settings, spool);
  if (period.to > session.clock.now())
    throw usageError(
      `--day ${period.day}: it has not ended in ${period.zone} (it ends at ${isoSeconds(period.to)}), so more may be delivered.`,
      'Run it once it has ended.',
    );
  const { objects, empty, hidden, siblings, places } = await listDelivery(aws, settings, period, session.signal);
  if (objects.length === 0)
    return environmentError(
      `Nothing was delivered for ${period.day}: there is no object under ${places[0]}${places.length > 1 ? `, or any other of its ${places.length} folders` : ''}${empty.length > 0 ? ` but ${counted(empty.length, 'empty ones')}` : ''}.`,
      'Check --input and --zone; or run the day again once its objects are there.',
    );
  const notes = [
    ...named(empty, 'objects', 'empty', 'has no rows', 'have no rows'),
    ...named(hidden, 'objects', 'left out', 'begins with a dot or an underscore', 'begin with a dot or an underscore'),
    ...(siblings === 0
      ? []
      : [
          `${counted(siblings, 'objects')} of a sibling ${siblings === 1 ? 'was' : 'were'} left out: only the beginning of ${siblings === 1 ? 'its key' : 'their keys'} is ${places[0]}.`,
        ]),
  ];
  return { digest: digestOf(objects), places, listed: objects, pieces: [], notes };
}

function named(uris: readonly string[], what: string, how: string, one: string, many: string): string[] {
  const [first] = uris;
  if (first === undefined) return [];
  return uris.length === 1
    ? [`${first} is ${how}: it ${one}.`]
    : [`${counted(uris.length, what)} are ${how}, such as ${first}: they ${many}.`];
}

async function findFile({ input, instances }: BatchSettings, spool: string): Promise<Inputs> {
  const facts = await stat(input).catch(() => undefined);
  if (facts?.isFile() !== true)
    throw usageError(
      facts === undefined ? `--input: there is no file ${input}.` : `--input: ${input} is not a file.`,
      'Give one file, or an s3:// prefix.',
    );
  if (facts.size === 0) throw usageError(`--input: ${input} is empty.`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(input)) hash.update(chunk as Buffer);
  return {
    digest: hash.digest('hex'),
    places: [input],
    listed: [],
    pieces: await cutFile(input, instances, spool),
    notes: [],
  };
}

/** Reads all of it once. Pieces of a file have no place in S3 yet: their URIs end as they will there. */
export async function lookAtInputs(
  session: Session,
  aws: Aws,
  settings: BatchSettings,
  period: Period,
  { listed, pieces }: Inputs,
  spool: string,
): Promise<LookedAt[]> {
  if (pieces.length === 0) return lookInto(session, aws, settings, period, listed, spool);
  const found: LookedAt[] = [];
  let columns: string[] | undefined;
  for (const [index, path] of pieces.entries()) {
    const { size } = await stat(path);
    // Only the first piece has the line of names.
    const later = index > 0 && settings.header === true;
    const object = { uri: pieceName(settings, pieces, index), bytes: size, etag: '' };
    found.push(
      await lookAt(path, object, later ? { ...settings, header: false } : settings, period, {
        columns: later ? columns : undefined,
      }),
    );
    if (settings.header === true && index === 0)
      for await (const line of fileLines(path)) {
        columns = columnsOf(line);
        break;
      }
  }
  return found;
}

function pieceName({ input }: BatchSettings, pieces: readonly string[], index: number): string {
  const name = basename(input).replace(/[^\w.-]+/g, '-');
  return pieces.length === 1 ? name : `${String(index + 1).padStart(3, '0')}-${name}`;
}

/** Uploads the pieces of a file, unless an earlier try has. @returns what was looked at, by where it lies now */
export async function uploadPieces(
  run: JournaledRun,
  { pieces }: Inputs,
  looked: readonly LookedAt[],
  folder: string,
): Promise<LookedAt[]> {
  if (pieces.length === 0) return [...looked];
  const found: LookedAt[] = [];
  for (const [index, one] of looked.entries()) {
    const path = pieces[index];
    if (path === undefined) continue;
    const uri = `${folder}delivered/${one.uri}`;
    if ((await headObject(run.aws, uri)) === undefined) await putOutput(run, uri, path);
    found.push({ ...one, uri, etag: (await headObject(run.aws, uri))?.etag ?? '' });
  }
  return found;
}
