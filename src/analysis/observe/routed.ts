import { join } from 'node:path';
import type { Aws } from '../../aws/clients.ts';
import type { Clock } from '../../base/clock.ts';
import { usageError } from '../../base/errors.ts';
import { MINUTE } from '../../base/units.ts';
import type { Capture } from '../answers/captures.ts';
import type { AnswersAsked, ReadingPair } from '../answers/choose.ts';
import { answersOf } from '../answers/read-answers.ts';
import { readRecords } from '../compare/memory/read.ts';
import { readingsOf } from '../compare/readings.ts';
import type { Window } from '../observations.ts';
import { RoutedSide } from '../routed/side.ts';
import { addTo, type RoutedEvidence, type RoutedTruth, sliceOf } from '../routed/sums.ts';
import { boundCache, captureCache, withFilesThere } from './cache.ts';
import { fetchCaptures } from './captures.ts';

/** Captures of an endpoint whose callers say which of two variants answers. */
export interface RoutedSource {
  endpoint: string;
  /** `s3://…` under which captures land. */
  destination: string;
  production: string;
  candidate: string;
  /** The column of the inputs, or the path into the request, by which they choose. */
  by: string;
  /** Of production's captures. */
  window: Window;
  /** When the candidate's begin to count, milliseconds since the epoch. */
  begun: number;
  /** The folder of caches. */
  cache: string;
  signal?: AbortSignal | undefined;
}

/** Requests of a slice that a variant answered. */
interface SliceCount {
  requests: number;
  /** The first, milliseconds since the epoch. */
  first: number;
}

/** What the captures of both variants say of the slices of their requests. */
export interface RoutedCaptures {
  production: ReadonlyMap<string, SliceCount>;
  candidate: ReadonlyMap<string, SliceCount>;
  /** Requests of both whose rows are of several slices, or do not have the column. */
  none: number;
  /** Lines that could not be read. */
  unreadable: number;
  /**
   * What a slice is judged by, one for each way in which the answers may be read.
   *
   * @param moved when the candidate answered its first request of the slice, milliseconds since the epoch
   */
  evidence(slice: string, moved: number, labels: RoutedTruth | undefined): RoutedEvidence[];
}

/**
 * Brings the captures of both variants to this machine, counts their slices, and lets one be looked at. Files are read one by one, so
 * that memory holds no more than one of them beside the sums.
 *
 * @throws Problem (usage) for a file of more than 128 MB
 */
export function withRoutedCaptures<T>(
  aws: Aws,
  clock: Clock,
  source: RoutedSource,
  asked: AnswersAsked,
  work: (captures: RoutedCaptures) => T,
): Promise<T> {
  return withFilesThere(async (reads) => {
    const { endpoint, destination, window, begun, signal, by } = source;
    const owner = { account: await aws.account(endpoint), region: aws.target.region, endpoint };
    const cache = captureCache(source.cache, owner);
    const fetch = async (variant: string, from: number) => {
      const of = { destination, endpoint, variant, window: { from, to: window.to } };
      return (await fetchCaptures(aws, clock, of, { cache, signal })).paths;
    };
    const candidate = await fetch(source.candidate, begun);
    const production = await fetch(source.production, window.from);
    const used = [...production, ...candidate];
    reads(used);
    await boundCache(join(source.cache, 'captures'), used, clock.now());
    const since = { from: begun, to: window.to };
    const counts = { none: 0, unreadable: 0 };
    const captures: RoutedCaptures = {
      production: countSlices(production, window, by, counts),
      candidate: countSlices(candidate, since, by, counts),
      ...counts,
      evidence(slice, moved, labels) {
        const records = { production: { files: production }, shadow: { files: candidate }, window, sampling: 1 };
        return readingsOf(records, { answers: asked }).map((reading) =>
          sumsOf({ production, candidate }, { ...source, slice, moved, since, reading, labels }, captures.candidate),
        );
      },
    };
    return work(captures);
  });
}

function* recordsOf(files: readonly string[], window: Window): Generator<Capture[] | number> {
  for (const path of files) {
    const set = readRecords({ files: [path] }, window);
    if (set === undefined)
      throw usageError(`More than 128 MB come out of the capture file ${path}.`, 'Begin later: --from.');
    yield set.unreadable;
    yield [...set.captures];
  }
}

function countSlices(
  files: readonly string[],
  window: Window,
  by: string,
  counts: { none: number; unreadable: number },
): Map<string, SliceCount> {
  const found = new Map<string, SliceCount>();
  for (const part of recordsOf(files, window)) {
    if (typeof part === 'number') counts.unreadable += part;
    else
      for (const capture of part) {
        const slice = sliceOf(capture, by);
        if (slice === undefined) counts.none += 1;
        else {
          const { requests = 0, first = capture.at } = found.get(slice) ?? {};
          found.set(slice, { requests: requests + 1, first: Math.min(first, capture.at) });
        }
      }
  }
  return found;
}

/** One way of reading the answers, from the first record to the last. */
function sumsOf(
  files: { production: readonly string[]; candidate: readonly string[] },
  {
    slice,
    moved,
    since,
    window,
    by,
    reading,
    labels,
  }: Pick<RoutedSource, 'window' | 'by'> & {
    slice: string;
    moved: number;
    since: Window;
    reading: ReadingPair;
    labels: RoutedTruth | undefined;
  },
  answered: ReadonlyMap<string, SliceCount>,
): RoutedEvidence {
  const [candidate, earlier, all] = [new RoutedSide(), new RoutedSide(), new RoutedSide()];
  const control = { before: new RoutedSide(), since: new RoutedSide() };
  for (const part of recordsOf(files.candidate, since))
    if (typeof part !== 'number')
      for (const capture of part)
        if (sliceOf(capture, by) === slice) addTo(candidate, capture, answersOf(capture, reading.shadow), labels);
  const start = Math.floor(moved / MINUTE) * MINUTE;
  for (const part of recordsOf(files.production, window))
    if (typeof part !== 'number')
      for (const capture of part) {
        const own = sliceOf(capture, by);
        const answers = answersOf(capture, reading.production);
        if (own === slice) {
          addTo(all, capture, answers, labels);
          if (capture.at < start) addTo(earlier, capture, answers, labels);
        } else if (own === undefined || !answered.has(own))
          addTo(capture.at < start ? control.before : control.since, capture, answers, labels);
      }
  // Where few came before it was moved, what remains with production is of the same slice.
  return { slice, candidate, production: earlier.rows >= FEW ? earlier : all, control };
}

/** Fewer answers of before say too little by themselves. */
const FEW = 300;
