import type { AthenaSettings } from '../../base/project.ts';
import type { PlannedStatements } from '../../analysis/compare/warehouse/warehouse.ts';

/*
 * What a look by Athena will read, what of it earlier looks have read already, and what that costs: pure, from what S3
 * lists. Nothing here asks anybody.
 */

/** The folder that SageMaker writes the captures of one variant and hour to, as S3 lists it. */
export interface RawHour {
  variant: string;
  /** As the folder has it: `2026/11/30/09`, UTC. */
  hour: string;
  objects: number;
  bytes: number;
  /** Of names and contents: another listing, another digest. */
  digest: string;
}

/** What an earlier look has kept of such a folder, and is whole. */
export interface KeptHour {
  variant: string;
  hour: string;
  /** Of the listing it was made of. */
  digest: string;
  /** Its folder, below that of its reading. */
  part: string;
  bytes: number;
}

/** One folder of captures, and where its records are or will be. */
export interface HourPlan extends RawHour {
  /** The folder of its records, below that of its reading. */
  part: string;
  /** Bytes of its records, where an earlier look has kept them; undefined: it is read now. */
  kept: number | undefined;
}

/** What of one reading is read, and what is there. */
export interface HoursPlan {
  /** Those in which anything was captured, in the order of time. */
  hours: readonly HourPlan[];
  /** Folders that no look needs any more: what they were made of has another listing by now. */
  stale: readonly KeptHour[];
}

/** Characters of a listing's digest in a name. */
const DIGITS = 12;

/**
 * Which hours are read anew, and which are kept: what was made of another listing counts for nothing, however little has come
 * since.
 * @param run of this look, for the names of what it writes
 */
export function planHours(raw: readonly RawHour[], kept: readonly KeptHour[], run: string): HoursPlan {
  const hours = raw
    .filter(({ objects }) => objects > 0)
    .map((one): HourPlan => {
      const same = kept.find((other) => isOf(one, other) && other.digest === one.digest.slice(0, DIGITS));
      return same === undefined
        ? { ...one, part: partOf(one, run), kept: undefined }
        : { ...one, part: same.part, kept: same.bytes };
    });
  const stale = kept.filter((one) =>
    raw.some((other) => isOf(other, one)) ? !hours.some(({ part }) => part === one.part) : false,
  );
  return { hours, stale };
}

function isOf(raw: Pick<RawHour, 'variant' | 'hour'>, kept: Pick<KeptHour, 'variant' | 'hour'>): boolean {
  return raw.variant === kept.variant && raw.hour === kept.hour;
}

/** `2026-11-30-09-1f2e3d4c5b6a-shadow-r-…`: the folder of the records of one hour. */
function partOf({ variant, hour, digest }: RawHour, run: string): string {
  return `${hour.replaceAll('/', '-')}-${digest.slice(0, DIGITS)}-${variant}-${run}`;
}

const PART = /^(\d{4})-(\d\d)-(\d\d)-(\d\d)-([0-9a-f]{12})-(.+)-(r-[0-9a-z]+-[0-9a-f]+)$/;

/** What the name of such a folder says; undefined for any other name. */
export function readPart(part: string): { variant: string; hour: string; digest: string; run: string } | undefined {
  const [, year, month, day, hour, digest, variant, run] = PART.exec(part) ?? [];
  if (variant === undefined || digest === undefined || run === undefined) return undefined;
  return { variant, hour: `${year}/${month}/${day}/${hour}`, digest, run };
}

/** Beside the records of an hour lies an empty object of this name, once they are whole: how many objects, and of how many bytes. */
export function wholeMark(objects: number, bytes: number): string {
  return `_whole-${objects}-${bytes}`;
}

/** An object below the folder of a reading. */
interface Staged {
  /** `2026-11-30-09-…/20261130_…_part-0` */
  path: string;
  bytes: number;
}

/** Which folders hold the whole records of an hour, of all that lies below the folder of a reading. */
export function keptHours(staged: readonly Staged[]): { kept: KeptHour[]; broken: string[] } {
  const folders = new Map<string, { mark: string | undefined; objects: number; bytes: number }>();
  for (const { path, bytes } of staged) {
    const [part = '', name = ''] = path.split('/');
    const found = folders.get(part) ?? { mark: undefined, objects: 0, bytes: 0 };
    if (name.startsWith('_whole-')) found.mark = name;
    else {
      found.objects += 1;
      found.bytes += bytes;
    }
    folders.set(part, found);
  }
  const kept: KeptHour[] = [];
  const broken: string[] = [];
  for (const [part, { mark, objects, bytes }] of folders) {
    const named = readPart(part);
    if (named !== undefined && mark === wholeMark(objects, bytes))
      kept.push({ variant: named.variant, hour: named.hour, digest: named.digest, part, bytes });
    else broken.push(part);
  }
  return { kept, broken };
}

/** Athena counts each query as at least so many bytes, and rounds up to whole megabytes (docs/sagemaker-facts.md, "Athena and Glue"). */
const LEAST = 10e6;
const MEGABYTE = 1e6;

/** Bytes that are billed of a query that scans so many. */
export function billed(scanned: number): number {
  return Math.max(LEAST, Math.ceil(scanned / MEGABYTE) * MEGABYTE);
}

/** US dollars for so many bytes that are billed. */
export function scanDollars(bytes: number, price: number): number {
  return (bytes / 1e12) * price;
}

/** What a look will scan and cost, before its first query; and what part of it is an estimate. */
export interface Estimate {
  queries: number;
  /** Bytes that are billed. */
  bytes: number;
  /** The most that one of its queries scans. */
  largest: number;
  dollars: number;
  hours: { read: number; kept: number };
  /** Bytes of the captures of the hours that are read. */
  raw: number;
}

/** Records are so much smaller than the captures that they are made of, where nothing is known of them yet: an assumption. */
const RECORDS_SHARE = 0.25;

/**
 * What a look costs: hours that are read as their captures weigh, what is asked of records and cells as the records weigh that
 * are kept, or as those of other hours do.
 * @param hours of all readings
 * @param readings how many
 */
export function estimate(
  { hours }: Pick<HoursPlan, 'hours'>,
  readings: number,
  statements: readonly PlannedStatements[],
  price: number,
): Estimate {
  const known = hours.filter(({ kept }) => kept !== undefined);
  const weight = (of: readonly HourPlan[], by: (one: HourPlan) => number) => of.reduce((sum, one) => sum + by(one), 0);
  const knownRaw = weight(known, ({ bytes }) => bytes);
  const share = knownRaw === 0 ? RECORDS_SHARE : weight(known, ({ kept = 0 }) => kept) / knownRaw;
  // Of one reading: a statement asks the records of one.
  const records = weight(hours, ({ kept, bytes }) => kept ?? bytes * share) / Math.max(1, readings);
  const fresh = hours.filter(({ kept }) => kept === undefined);
  const scans = [
    ...fresh.map(({ bytes }) => bytes),
    ...statements.flatMap(({ reads, times, besides = 0 }) =>
      reads === 'captures' ? [] : Array.from({ length: times }, () => records + besides),
    ),
  ];
  const bytes = scans.reduce((sum, one) => sum + billed(one), 0);
  return {
    queries: scans.length,
    bytes,
    largest: Math.max(0, ...scans),
    dollars: scanDollars(bytes, price),
    hours: { read: fresh.length, kept: known.length },
    raw: weight(fresh, (one) => one.bytes),
  };
}

/** Why a look must not begin: it would scan more than it may. */
export type TooMuch =
  | { kind: 'max-scan'; bytes: number; limit: number }
  | { kind: 'cutoff'; largest: number; limit: number };

/** Does a look stay within its own limit and that of its workgroup? Undefined where it does. */
export function tooMuch(
  { bytes, largest }: Estimate,
  { maxScan }: Pick<AthenaSettings, 'maxScan'>,
  cutoff: number | undefined,
): TooMuch | undefined {
  if (maxScan !== undefined && bytes > maxScan) return { kind: 'max-scan', bytes, limit: maxScan };
  if (cutoff !== undefined && largest > cutoff) return { kind: 'cutoff', largest, limit: cutoff };
  return undefined;
}
