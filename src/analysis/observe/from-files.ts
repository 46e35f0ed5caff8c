import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { binaryKind, decodeText } from '../../base/decode.ts';
import { usageError } from '../../base/errors.ts';
import type { MetricTable, Observations, Window } from '../observations.ts';
import { METRICS } from '../observations.ts';
import { compareRecords } from '../compare/compare.ts';
import { restoreObservations } from '../saved.ts';
import { type Kept, mergeObservations } from '../merge/merge.ts';
import type { ComparisonOptions, Records } from '../compare/options.ts';
import { withSpill } from '../compare/spill.ts';
import type { Truth } from '../answers/truth.ts';
import type { Predictions } from '../predictions.ts';
import { count, counted, MINUTE } from '../../base/units.ts';
import { lastGap } from './capture-gap.ts';
import { decidedCaptures } from './decided-captures.ts';
import type { QuantileMargins } from './exceedances.ts';
import { type LineRecords, lineNotes, type LogText, recordsOfLines } from './from-lines.ts';
import type { LinePattern } from './line-pattern.ts';
import { collectFromMirror } from './mirror/collect.ts';
import { isMirrorFolder } from './mirror/folder.ts';
import { oddCaptures, tidyCaptures } from './tidy-captures.ts';
import { variantsRoot } from './variant-folders.ts';

export interface FromFilesOptions {
  /** A saved observations file, or a folder of captures with a folder per variant. */
  path: string;
  /** Further saved files, whose sums are added. */
  also?: readonly string[] | undefined;
  /** Names of production's and the shadow's folder, where they do not tell. */
  variants: readonly [production: string, shadow: string] | undefined;
  /** How the lines of logs are written, where there are logs in place of captures. */
  line?: LinePattern | undefined;
  /** What is live where no model is: nothing, or what a file says was decided of each request. */
  live?: Live | undefined;
  /** Undefined takes every record. */
  window: Window | undefined;
  comparison: ComparisonOptions;
  /** What latencies of single requests are held against, where there are any. */
  latency?: QuantileMargins | undefined;
}

/** What stands in the place of production's captures. */
export type Live = 'nothing' | { name: string; decisions: Truth };

/**
 * Observations from this machine alone: what `report --save` wrote, capture files as they lie in S3, or logs.
 * @throws Problem (usage) where the path is neither
 */
export async function collectFromFiles(options: FromFilesOptions): Promise<Observations> {
  const { also = [] } = options;
  if (also.length > 0) return fromSeveral([options.path, ...also], options.comparison.tolerance);
  const facts = await stat(options.path).catch(() => undefined);
  if (facts === undefined)
    throw usageError(`There is nothing at ${options.path}.`, 'Check the path given with --files.');
  if (options.line !== undefined) return fromLogs(options, options.line, facts.isDirectory());
  if (options.live !== undefined) return besideLive(options, options.live);
  if (facts.isDirectory() && (await isMirrorFolder(options.path))) return fromMirror(options);
  return facts.isDirectory() ? fromFolder(options) : fromSaved(options.path, options.comparison.tolerance);
}

/** What several windows were summed to, added. */
async function fromSeveral(paths: readonly string[], tolerance: number | undefined): Promise<Observations> {
  const kept: Kept[] = [];
  for (const path of paths) {
    if ((await stat(path).catch(() => undefined))?.isFile() !== true)
      throw usageError(
        `${path} was not written by \`report --save\`, and only such files can be added up.`,
        'Name saved files alone, or one folder of captures.',
      );
    kept.push({ name: path, observations: await fromSaved(path, tolerance) });
  }
  return mergeObservations(kept);
}

async function fromSaved(path: string, tolerance: number | undefined): Promise<Observations> {
  let value: unknown;
  try {
    // A shell on Windows writes UTF-16, or a mark before the text.
    value = JSON.parse(decodeText(await readFile(path)).text);
  } catch (cause) {
    throw usageError(`${path} is not JSON.`, 'Give a file that `report --save` wrote, or a folder of captures.', cause);
  }
  const observations = restoreObservations(value);
  if (observations === undefined) {
    const schema = (value as { schema?: unknown } | null)?.schema ?? null;
    throw usageError(
      `${path} holds no observations that this version can read (schema: ${JSON.stringify(schema)}).`,
      'Give a file that `report --save` wrote, or a folder of captures.',
    );
  }
  const counted = observations.predictions?.numbers?.tolerance;
  if (tolerance !== undefined && counted !== undefined && counted !== tolerance) {
    throw usageError(
      `The policy says numbers.tolerance ${tolerance}; ${path} holds sums that were counted with ${counted}.`,
      'Use that policy in the report that saves, or keep a folder of captures.',
    );
  }
  return observations;
}

async function fromFolder(asked: FromFilesOptions): Promise<Observations> {
  const root = variantsRoot(asked.path, await captureFiles(asked.path));
  const options = { ...asked, path: root };
  const names = await chooseVariants(options);
  const files = {
    production: await captureFiles(join(root, names[0])),
    shadow: await captureFiles(join(root, names[1])),
  };
  const notes = [
    `From the capture files under ${root}: they contain no metrics, so errors and latency are not judged.`,
    ...(root === asked.path ? [] : [`The folders of the variants were found below ${asked.path}.`]),
  ];
  const odd = new Set([...oddCaptures(files.production), ...oddCaptures(files.shadow)]);
  const compareFiles = (production: readonly string[], shadow: readonly string[]) =>
    compared(options, { names, production: { files: production }, shadow: { files: shadow }, notes });
  if (odd.size === 0) return compareFiles(files.production, files.shadow);
  notes.push(
    `${counted(odd.size, 'capture files')} ${odd.size === 1 ? 'is' : 'are'} not JSON Lines in UTF-8, and ${odd.size === 1 ? 'was' : 'were'} read record by record, such as ${[...odd][0]}.`,
  );
  return withSpill(options.comparison.spill, (spill) => {
    const tidied = (side: keyof typeof files) =>
      files[side].map((path, i) => {
        const into = join(spill, `${side}-${i}.jsonl`);
        return odd.has(path) && tidyCaptures(path, into) ? into : path;
      });
    return compareFiles(tidied('production'), tidied('shadow'));
  });
}

/** What a mirror recorded: captures, and what happened to each request. */
function fromMirror(options: FromFilesOptions): Promise<Observations> {
  const { path, variants, window, comparison, latency = NO_MARGINS } = options;
  return collectFromMirror({ path, variants, window, latency, spill: comparison.spill }, (found) =>
    compared(options, found),
  );
}

/** Of a caller who judges no latencies. */
const NO_MARGINS: QuantileMargins = { marginOf: () => 0, limits: {} };

/** Captures of one model, and what is live in place of another. */
async function besideLive(options: FromFilesOptions, live: Live): Promise<Observations> {
  const { path, comparison } = options;
  const { name, files } = await capturesOfOne(options);
  return withSpill(comparison.spill, async (spill) => {
    const odd = new Set(oddCaptures(files));
    const tidied = files.map((file, i) => {
      const into = join(spill, `tidied-${i}.jsonl`);
      return odd.has(file) && tidyCaptures(file, into) ? into : file;
    });
    const decided = live === 'nothing' ? undefined : await decidedCaptures(tidied, live.decisions, spill);
    const notes = [
      `From the capture files under ${path}: they contain no metrics, so errors and latency are not judged.`,
      decided === undefined || live === 'nothing'
        ? 'Nothing is live (--live none): limits and labels alone decide, and nothing is compared with production.'
        : `${live.name} says what was decided, and stands for production: it decided ${counted(decided.requests, 'requests')} of ${count(decided.of)}.`,
      ...(live === 'nothing' ? [] : live.decisions.notes),
    ];
    const found = await compared(
      { ...options, comparison: live === 'nothing' ? { ...comparison, comparator: undefined } : comparison },
      {
        names: [live === 'nothing' ? 'nothing' : live.name, name],
        production: { files: decided?.files ?? tidied },
        shadow: { files: tidied },
        notes,
      },
    );
    const { predictions } = found;
    return live === 'nothing'
      ? { ...found, live: 'nothing' as const, predictions: predictions && oneSided(predictions) }
      : { ...found, live: 'decisions' as const };
  });
}

/** What was found of one side, without anything that comes of comparing the model with itself. */
function oneSided(found: Predictions): Predictions {
  const { truth, shadow } = found;
  return {
    ...found,
    production: {
      ...shadow,
      files: 0,
      records: 0,
      unreadable: 0,
      unreadableBy: [],
      answers: 0,
      examples: [],
      distinct: 0,
      withoutAnswer: 0,
      unparsed: 0,
      ambiguous: 0,
      unmatched: 0,
      outside: 0,
      commonest: undefined,
    },
    labels: undefined,
    numbers: undefined,
    slices: undefined,
    fields: undefined,
    missing: undefined,
    alike: undefined,
    top: [],
    truth: truth && {
      ...truth,
      labels: undefined,
      numbers: undefined,
      losses: undefined,
      scores: undefined,
      binary: undefined,
    },
    alternatives: found.alternatives?.map(oneSided),
  };
}

/** The capture files of the one model that is named, or whose folder alone there is. @throws Problem (usage) where it cannot be told */
async function capturesOfOne({ path, variants }: FromFilesOptions): Promise<{ name: string; files: string[] }> {
  const all = (await stat(path)).isDirectory() ? await captureFiles(path) : [];
  if (all.length === 0)
    throw usageError(
      `${path} holds no capture files.`,
      'With --live, --files names a folder of captures of one model.',
    );
  const direct = all.some((file) => relative(path, file).split(sep).length === 1);
  const dated = /^\d{4}$/.test(relative(path, all[0] ?? path).split(sep)[0] ?? '');
  if (direct || dated) return { name: basename(path), files: all };
  const root = variantsRoot(path, all);
  const names = [...new Set(all.map((file) => relative(root, file).split(sep)[0] ?? ''))];
  const named = variants?.[1];
  const shadows = names.filter((name) => /shadow/i.test(name));
  const name = named ?? (names.length === 1 ? names[0] : shadows.length === 1 ? shadows[0] : undefined);
  if (name === undefined || !names.includes(name))
    throw usageError(
      named === undefined
        ? `Cannot tell which folder of ${path} is the model that is judged; it has ${names.join(', ')}.`
        : `${path} has no folder '${named}'; it has ${names.join(', ')}.`,
      'Name it with --variants NAME.',
    );
  return { name, files: all.filter((file) => relative(root, file).split(sep)[0] === name) };
}

/** Compares records that were found on this machine. */
async function compared(
  { path, window, comparison }: FromFilesOptions,
  found: Pick<Records, 'production' | 'shadow'> & { names: readonly [string, string]; notes: readonly string[] },
): Promise<Observations> {
  const { production, shadow, names } = found;
  // Files do not say how much of the traffic the shadow was to see.
  const records = { production, shadow, window: window ?? { from: 0, to: 8.64e15 }, sampling: 1 };
  const { predictions, notes } = await compareRecords(records, comparison);
  const gap = lastGap(predictions.missing ?? []);
  const after =
    gap &&
    (await compareRecords(
      { ...records, window: { from: gap.to, to: records.window.to } },
      { ...comparison, labelNext: undefined },
    ));
  // Where no answer could be compared, requests still have their minutes; without any, no time is known.
  const times = (predictions.blocks.length > 0 ? predictions.blocks : (predictions.missing ?? [])).map(({ at }) => at);
  const [first, last] = [times[0], times.at(-1)];
  const whole = first === undefined || last === undefined ? { from: 0, to: 0 } : { from: first, to: last + MINUTE };
  const seen = window === undefined ? whole : { from: window.from > 0 ? window.from : whole.from, to: window.to };
  const none = Object.fromEntries(METRICS.map((name) => [name, []])) as unknown as MetricTable;
  return {
    schema: 'shadowctl-observations/1',
    endpoint: basename(path),
    region: undefined,
    window: seen,
    production: { name: names[0] },
    shadow: { name: names[1] },
    sampling: undefined,
    metrics: { times: [], production: none, shadow: none },
    predictions,
    ...(gap === undefined || after === undefined ? {} : { gap: { ...gap, after: after.predictions } }),
    notes: [...found.notes, ...notes],
  };
}

/** What a log's file is called, beside whose log it is. */
const LOG_ENDING = /(\.(log|txt|out|jsonl?))?(\.\d+)?(\.gz)?$/i;

async function fromLogs(options: FromFilesOptions, line: LinePattern, isFolder: boolean): Promise<Observations> {
  const { path } = options;
  const files = isFolder ? (await filesUnder(path)).filter((file) => !/^[._]/.test(basename(file))) : [path];
  const byVariant = line.parts.some(({ name }) => name === 'variant');
  const owner = (file: string) => relative(path, file).split(sep)[0]?.replace(LOG_ENDING, '') ?? '';
  const names = [...new Set(files.map(owner))];
  if (!isFolder && !byVariant)
    throw usageError(
      `${path} is one log, and its lines do not say which model they belong to.`,
      'Give a folder with the log of each model (production.log and shadow.log, or a folder each), or put {variant} into --line.',
    );
  const unknown = Math.max(
    0,
    ...(await Promise.all(files.map(async (file) => Math.floor((await stat(file)).mtimeMs)))),
  );
  const read = async (paths: readonly string[]) => {
    const texts: LogText[] = [];
    for (const file of paths) texts.push({ source: file, text: await logText(file) });
    return recordsOfLines(texts, line, unknown);
  };
  const all = byVariant ? await read(files) : undefined;
  const found = all === undefined ? names : [...all.keys()].filter((name) => name !== '');
  if (all !== undefined && found.length === 0) throw nothingFound(path, line, all.get(''));
  const chosen = chooseTwo(found, options, all === undefined ? 'logs' : 'variants');
  const sides: LineRecords[] = [];
  for (const name of chosen) {
    const records = all?.get(name) ?? (await read(files.filter((file) => owner(file) === name))).get('');
    if (records === undefined || records.lines === records.others) throw nothingFound(name, line, records);
    sides.push(records);
  }
  const [production, shadow] = sides as [LineRecords, LineRecords];
  return compared(options, {
    names: chosen,
    production: { captures: production.captures },
    shadow: { captures: shadow.captures },
    notes: [
      `From the logs at ${path}: they contain no metrics, so errors and latency are not judged.`,
      ...lineNotes([
        [chosen[0], production],
        [chosen[1], shadow],
      ]),
    ],
  });
}

/** Longer texts fit into no string. */
const MAX_LOG_BYTES = 400_000_000;

async function logText(path: string): Promise<string> {
  const { size } = await stat(path);
  const tooLong = (bytes: number) =>
    usageError(
      `${path} holds ${bytes} bytes of log, and ${MAX_LOG_BYTES} can be read at once.`,
      'Split it, or take a part of it.',
    );
  if (size > MAX_LOG_BYTES) throw tooLong(size);
  let bytes: Uint8Array = await readFile(path);
  if (binaryKind(bytes) === 'a gzip file') {
    try {
      bytes = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_LOG_BYTES });
    } catch (cause) {
      throw usageError(`${path} begins like gzip and cannot be unpacked.`, 'Unpack it, or leave it out.', cause);
    }
  }
  const kind = binaryKind(bytes);
  if (kind !== undefined) throw usageError(`${path} is ${kind}, not a log.`, 'Leave it out of the folder.');
  return decodeText(bytes).text;
}

function nothingFound(where: string, line: LinePattern, records: LineRecords | undefined): Error {
  const { nearest, lines = 0 } = records ?? {};
  const near =
    nearest === undefined
      ? 'It holds no line at all.'
      : nearest.found === 0
        ? `None holds '${nearest.missing}'. The first is: ${nearest.line.slice(0, 120)}`
        : `Line ${nearest.number} of ${nearest.source} comes nearest, and has no '${nearest.missing}' where it must be: ${nearest.line.slice(0, 120)}`;
  return usageError(`--line '${line.text}' fits none of the ${lines} lines of ${where}.`, near);
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
  return chooseTwo(folders, options, 'folders', holding.length === 0);
}

/**
 * Production and the shadow among these names: as the user says, or as the one name says that has a shadow in it.
 * @param empty none of them holds anything
 */
function chooseTwo(
  names: readonly string[],
  { path, variants }: FromFilesOptions,
  what: 'folders' | 'logs' | 'variants',
  empty = false,
): readonly [string, string] {
  const listed = names.join(', ');
  if (variants !== undefined) {
    const missing = variants.find((name) => !names.includes(name));
    if (missing !== undefined)
      throw usageError(
        `${path} has no ${what.slice(0, -1)} '${missing}'; it has ${listed}.`,
        'Name the two with --variants PRODUCTION,SHADOW.',
      );
    return variants;
  }
  const shadows = names.filter((name) => /shadow/i.test(name));
  const others = names.filter((name) => !/shadow/i.test(name));
  const [shadow, production] = [shadows[0], others[0]];
  if (shadow === undefined || production === undefined || shadows.length > 1 || others.length > 1) {
    if (empty) throw usageError(`None of the folders in ${path} (${listed}) holds a capture file.`, SHAPE);
    throw usageError(
      `Cannot tell which ${what.slice(0, -1)} of ${path} is production and which is the shadow; it has ${listed}.`,
      'Name them with --variants PRODUCTION,SHADOW.',
    );
  }
  return [production, shadow];
}

async function captureFiles(folder: string): Promise<string[]> {
  return (await filesUnder(folder)).filter((path) => /\.jsonl(\.gz)?$/.test(path));
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
