import { randomBytes } from 'node:crypto';
import * as v from 'valibot';

/** The folder, beside those of the sides, that says how far the records of each run of the mirror are whole. */
export const RUNS_FOLDER = 'runs';

const SCHEMA = 'shadowctl-mirror-run/1';
const moment = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const runSchema = v.object({
  schema: v.literal(SCHEMA),
  /**
   * Whose word the records are: what the mirror saw itself, what callers logged (`shadowctl record`), or recorded requests that were
   * sent again (`shadowctl replay`). Absent: mirror.
   */
  kind: v.optional(v.picklist(['mirror', 'record', 'replay'])),
  /** Of a replay: what is known of the recording, which is the live side, and how it was sent again. */
  replay: v.optional(
    v.object({
      /** As it was asked for: `1x`, `50/s`, `max`. */
      speed: v.string(),
      /** The recording says how long each of its answers took. */
      latencies: v.boolean(),
      /** It says with which status they came; else each is taken for a success. */
      statuses: v.boolean(),
      /** Milliseconds after its time at which a request was sent: of 99 in 100 at the most, and of all. Latencies include them. */
      lag: v.optional(v.object({ p99: v.number(), most: v.number() })),
    }),
  ),
  /** Begins the names of its record files. */
  run: v.string(),
  /** Milliseconds since the epoch, as are all times here. */
  from: moment,
  /** Every request that came before has all its records, but for `gaps`. Grows while the mirror runs. */
  wholeUntil: moment,
  /** True once the mirror has ended in an orderly way: then `wholeUntil` is its end. */
  ended: v.boolean(),
  live: v.string(),
  shadows: v.array(
    v.object({
      name: v.string(),
      url: v.string(),
      /** Of the live requests that are mirrored, 0 to 1. */
      share: v.number(),
      /** After so long a copy is given up. */
      timeoutMs: v.number(),
      /** It answered before the live side was promoted, and gets copies as the way back. Absent: it did not. */
      wayBack: v.optional(v.boolean()),
    }),
  ),
  /** Times of requests, both ends included, of which records could not be written. */
  gaps: v.array(v.object({ from: moment, to: moment, why: v.picklist(['disk', 'memory']), records: count })),
});

/** How far the records of one run of the mirror are whole: a small file that is written anew about every second. */
export type MirrorRun = v.InferOutput<typeof runSchema>;

/** A name for a run that begins at this moment: `20261201T120500Z-3fa9c1`. It begins the names of record files and the ids of requests. */
export function newRunName(at: number): string {
  return `${new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`;
}

/** A run that begins. */
export function newRun(about: Pick<MirrorRun, 'kind' | 'replay' | 'run' | 'from' | 'live' | 'shadows'>): MirrorRun {
  return { schema: SCHEMA, ...about, wholeUntil: about.from, ended: false, gaps: [] };
}

/** Reads the file of a run; undefined where it is none that this version can read. */
export function readRun(text: string): MirrorRun | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined;
  }
  const found = v.safeParse(runSchema, content);
  return found.success ? found.output : undefined;
}

/** The file of a side's records: a number for each that is begun. */
export function recordFile(run: string, number: number): string {
  return `${run}-${String(number).padStart(4, '0')}.jsonl`;
}

/** The run that a record file belongs to, by its name; undefined where it is none of a mirror. */
export function runOfFile(name: string): string | undefined {
  return /^(.+)-\d{4,}\.jsonl(\.gz)?$/.exec(name)?.[1];
}
