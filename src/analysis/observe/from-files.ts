import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { usageError } from '../../base/errors.ts';
import type { MetricTable, Observations, Window } from '../observations.ts';
import { METRICS } from '../observations.ts';
import { compareRecords } from '../compare/compare.ts';
import type { ComparisonOptions } from '../compare/options.ts';
import { MINUTE } from '../../base/units.ts';

export interface FromFilesOptions {
  /** A saved observations file, or a folder of captures with a folder per variant. */
  path: string;
  /** Names of production's and the shadow's folder, where they do not tell. */
  variants: readonly [production: string, shadow: string] | undefined;
  /** Undefined takes every record. */
  window: Window | undefined;
  comparison: ComparisonOptions;
}

/**
 * Observations from this machine alone: what `report --save` wrote, or capture files as they lie in S3.
 * @throws Problem (usage) where the path is neither
 */
export async function collectFromFiles(options: FromFilesOptions): Promise<Observations> {
  const facts = await stat(options.path).catch(() => undefined);
  if (facts === undefined)
    throw usageError(`There is nothing at ${options.path}.`, 'Check the path given with --files.');
  return facts.isDirectory() ? fromFolder(options) : fromSaved(options.path, options.comparison.tolerance);
}

async function fromSaved(path: string, tolerance: number | undefined): Promise<Observations> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw usageError(`${path} is not JSON.`, 'Give a file that `report --save` wrote, or a folder of captures.', cause);
  }
  const saved = value as Partial<Observations> | null;
  if (saved?.schema !== 'shadowctl-observations/1') {
    throw usageError(
      `${path} holds no observations that this version can read (schema: ${JSON.stringify(saved?.schema ?? null)}).`,
      'Give a file that `report --save` wrote, or a folder of captures.',
    );
  }
  const observations = restore(saved) as Observations;
  const counted = observations.predictions?.numbers?.tolerance;
  if (tolerance !== undefined && counted !== undefined && counted !== tolerance) {
    throw usageError(
      `The policy says numbers.tolerance ${tolerance}; ${path} holds sums that were counted with ${counted}.`,
      'Use that policy in the report that saves, or keep a folder of captures.',
    );
  }
  return observations;
}

/** JSON has no undefined; saved observations hold null where there was nothing. Metric columns keep theirs. */
function restore(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value))
    return value.some((one) => typeof one === 'number')
      ? value
      : value.map((one) => (one === null ? null : restore(one)));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, restore(inner)]));
}

async function fromFolder(options: FromFilesOptions): Promise<Observations> {
  const [production, shadow] = await chooseVariants(options);
  const records = {
    production: { files: await captureFiles(join(options.path, production)) },
    shadow: { files: await captureFiles(join(options.path, shadow)) },
    window: options.window ?? { from: 0, to: 8.64e15 },
    // Files do not say how much of the traffic the shadow was to see.
    sampling: 1,
  };
  const { predictions, notes } = await compareRecords(records, options.comparison);
  const first = predictions.blocks[0]?.at ?? 0;
  const last = predictions.blocks.at(-1)?.at ?? first;
  const none = Object.fromEntries(METRICS.map((name) => [name, []])) as unknown as MetricTable;
  return {
    schema: 'shadowctl-observations/1',
    endpoint: basename(options.path),
    region: undefined,
    window: options.window ?? { from: first, to: last + MINUTE },
    production: { name: production },
    shadow: { name: shadow },
    sampling: undefined,
    metrics: { times: [], production: none, shadow: none },
    predictions,
    notes: [
      `From the capture files under ${options.path}: they contain no metrics, so errors and latency are not judged.`,
      ...notes,
    ],
  };
}

const SHAPE =
  'A folder of captures has a folder for each variant, as S3 has them below the endpoint: AllTraffic/…/*.jsonl and shadow/…/*.jsonl (.jsonl.gz, too).';

async function chooseVariants(options: FromFilesOptions): Promise<readonly [string, string]> {
  const all = (await readdir(options.path, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  const holding: string[] = [];
  for (const name of all) if ((await captureFiles(join(options.path, name))).length > 0) holding.push(name);
  // A folder without captures is nobody's; where none has any, their names must do.
  const folders = holding.length > 0 && options.variants === undefined ? holding : all;
  if (folders.length === 0) {
    throw usageError(`${options.path} has no folder in it, so it is not a folder of captures.`, SHAPE);
  }
  const listed = folders.join(', ');
  if (options.variants !== undefined) {
    const missing = options.variants.find((name) => !folders.includes(name));
    if (missing !== undefined)
      throw usageError(
        `${options.path} has no folder '${missing}'; it has ${listed}.`,
        'Name the two with --variants PRODUCTION,SHADOW.',
      );
    return options.variants;
  }
  const shadows = folders.filter((name) => /shadow/i.test(name));
  const others = folders.filter((name) => !/shadow/i.test(name));
  const [shadow, production] = [shadows[0], others[0]];
  if (shadow === undefined || production === undefined || shadows.length > 1 || others.length > 1) {
    if (holding.length === 0)
      throw usageError(`None of the folders in ${options.path} (${listed}) holds a capture file.`, SHAPE);
    throw usageError(
      `Cannot tell which folder of ${options.path} is production and which is the shadow; it has ${listed}.`,
      'Name them with --variants PRODUCTION,SHADOW.',
    );
  }
  return [production, shadow];
}

async function captureFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && /\.jsonl(\.gz)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
