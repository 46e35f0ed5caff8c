import * as v from 'valibot';

/** The file, beside the folders of the sides, that names what was removed because of a bound on the folder. */
export const REMOVED_FILE = 'removed.json';

const SCHEMA = 'shadowctl-mirror-removed/1';
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const removedSchema = v.object({
  schema: v.literal(SCHEMA),
  runs: v.record(
    v.string(),
    v.object({
      /** Records of requests of before this moment, milliseconds since the epoch, are gone, or count no more. */
      until: v.pipe(v.number(), v.minValue(0)),
      /** Files that are gone, and what they held. */
      files: count,
      records: count,
      bytes: count,
    }),
  ),
});

/** What was removed of the records of each run, by the run's name. */
export type Removed = v.InferOutput<typeof removedSchema>['runs'];

/** Reads the file of what was removed; undefined where it is none that this version can read. */
export function readRemoved(text: string): Removed | undefined {
  try {
    const found = v.safeParse(removedSchema, JSON.parse(text));
    return found.success ? found.output.runs : undefined;
  } catch {
    return undefined;
  }
}

/** The text of that file. */
export function removedText(runs: Removed): string {
  return `${JSON.stringify({ schema: SCHEMA, runs })}\n`;
}
