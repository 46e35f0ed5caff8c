import { join } from 'node:path';
import type { Aws } from '../../aws/clients.ts';
import type { Clock } from '../../base/clock.ts';
import type { Metrics, NoiseFloor, Observations, ReadElsewhere, Window } from '../observations.ts';
import type { Predictions } from '../predictions.ts';
import type { CaptureSet } from '../answers/captures.ts';
import { readBefore, windowBefore } from './before.ts';
import { boundCache, captureCache, markUsed, withFilesThere } from './cache.ts';
import { LAST_FILES, wholeCaptures } from './capture-tail.ts';
import type { RemoteObject } from '../../aws/s3-download.ts';
import { SAMPLED_FILES, spread } from '../compare/sample.ts';
import { bytesToFetch, type CapturesFolder, capturesRoot, fetchObjects, isCapture, listCaptures } from './captures.ts';
import type { CompareElsewhere } from './elsewhere.ts';
import { compareRecords, emptyPredictions } from '../compare/compare.ts';
import type { ComparisonOptions } from '../compare/options.ts';
import { readEndpoint } from './endpoint.ts';
import type { EndpointFacts } from './endpoint.ts';
import { type QuantileMargins, readExceedances } from './exceedances.ts';
import { readInstances } from './fleets.ts';
import { capturesFromLog, capturesFromQuery, MAX_LINES, readLogLines } from './logs.ts';
import type { LogSelector } from './logs.ts';
import { queryLines } from './logs-query.ts';
import { timeOfDay } from '../../base/units.ts';
import type { Unseen } from '../../aws/unseen.ts';
import { type Notes, withFallbackIfDenied } from './refused.ts';
import { configOfRun, type KnownRun, leftOutText } from './whose.ts';
import { type AskedWindow, windowOf } from './window-of.ts';

export interface CollectOptions {
  endpoint: string;
  window: AskedWindow;
  /** A noise floor: where it counts for these models, numbers are compared with its tolerance, so that both count the same. */
  noise?: NoiseFloor | undefined;
  /** How much longer quantiles of latency may be, and how long at the most; undefined: requests beyond that are not counted. */
  latency?: QuantileMargins | undefined;
  /** What the endpoint ran before, and since when it has run what it runs, as its journal has it; oldest first. */
  runs?: readonly KnownRun[] | undefined;
  comparison: ComparisonOptions;
  /** Folder for captures, kept from report to report. */
  cache: string;
  /** False leaves the captures alone: metrics only. */
  predictions: boolean;
  /** Told of what these credentials may not read, beside the notes. */
  unseen?: ((one: Unseen) => void) | undefined;
  /** Take predictions from what the containers print, instead of captures. */
  logs?: LogSelector | undefined;
  /** Is asked before captures are downloaded: they may be compared where they lie. */
  elsewhere?: CompareElsewhere | undefined;
}

/** Looks at an endpoint through AWS: what it runs, its metrics, and both variants' captured predictions. */
export async function collect(aws: Aws, clock: Clock, options: CollectOptions): Promise<Observations> {
  const { endpoint } = options;
  const { signal, progress } = options.comparison;
  progress?.({ step: 'looking-at-endpoint' });
  const notes: string[] = [];
  const noting: Notes = { push: (...sentences) => notes.push(...sentences), unseen: options.unseen };
  const live = await readEndpoint(aws, endpoint, noting, signal);
  progress?.({ step: 'reading-metrics' });
  // To load the client of S3 takes as long as CloudWatch takes to answer.
  if (options.predictions && live.shadow !== undefined) void aws.s3().catch(() => undefined);
  const runs = options.runs ?? [];
  const judged = await windowOf(aws, clock, endpoint, live, { asked: options.window, runs, notes: noting, signal });
  const { facts, window, metrics: during, leftOut, since, nothing } = judged;
  notes.push(...leftOut.map((part) => leftOutText(part, { from: leftOut[0]?.from ?? window.from, to: window.to })));
  const { noise } = options;
  const counts = noise?.model === facts.production.model && noise?.sampling === facts.sampling;
  const comparison = {
    ...options.comparison,
    tolerance: options.comparison.tolerance ?? (counts ? noise?.numbers?.tolerance : undefined),
  };
  const { latency } = options;
  const variants = facts.shadow && { production: facts.production.name, shadow: facts.shadow.name };
  let engine: ReadElsewhere | undefined;
  const [before, instances, beyond, predictions] = await together(
    clock,
    () => productionBefore(aws, facts, during, options),
    async () =>
      variants === undefined || during.unread ? undefined : readInstances(aws, endpoint, variants, during, signal),
    async () => latency && variants && readExceedances(aws, clock, endpoint, variants, during, latency, signal),
    () =>
      withFallbackIfDenied(
        async () =>
          nothing && options.predictions
            ? emptyPredictions(options.comparison)
            : withFilesThere(async (reads) => {
                const said: string[] = [];
                const readBy = (one: ReadElsewhere) => (engine = one);
                const asked = { ...options, window, comparison, reads, readBy };
                const found = await readPredictions(aws, clock, facts, during, asked, said);
                notes.push(...said);
                return found;
              }),
        () => emptyPredictions(options.comparison),
        noting,
        'Predictions are unknown, so none were compared.',
        'captured answers',
      ),
  );
  return {
    schema: 'shadowctl-observations/1',
    endpoint,
    region: aws.target.region,
    window,
    production: facts.production,
    shadow: facts.shadow,
    sampling: facts.sampling,
    since,
    metrics: { ...during, before, ...(instances && { instances }), ...beyond },
    predictions,
    ...(live.updating && { underWay: { what: 'update', to: live.updating.to, since: live.leaving } }),
    ...(leftOut.length === 0 ? {} : { leftOut }),
    ...(engine && { engine }),
    notes,
  };
}

/** Things that do not wait for each other. */
async function together<All extends readonly unknown[]>(
  clock: Clock,
  ...all: { [One in keyof All]: () => Promise<All[One]> }
): Promise<All> {
  return (await clock.all<unknown>(all)) as unknown as All;
}

async function productionBefore(
  aws: Aws,
  facts: EndpointFacts,
  during: Metrics,
  { endpoint, comparison, runs = [] }: CollectOptions,
): Promise<Metrics['before']> {
  const window = windowBefore(during, facts.created);
  if (window === undefined || facts.shadow === undefined) return undefined;
  if (!(await sameProduction(aws, facts, runs, window, comparison.signal))) return undefined;
  const names = { production: facts.production.name, shadow: facts.shadow.name };
  return readBefore(aws, endpoint, names, window, comparison.signal);
}

/** Whether the endpoint is known to have had the same production in that window: a table never mixes two models. */
async function sameProduction(
  aws: Aws,
  { production }: EndpointFacts,
  runs: readonly KnownRun[],
  window: Window,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const within = runs.filter(({ began, to }) => began < window.to && (to ?? Number.POSITIVE_INFINITY) > window.from);
  if (within.length === 0) return false;
  for (const run of within) {
    const variant = (await configOfRun(aws, run, signal))?.ProductionVariants?.[0];
    if (variant?.ModelName !== production.model || variant?.InstanceType !== production.instanceType) return false;
  }
  return true;
}

async function readPredictions(
  aws: Aws,
  clock: Clock,
  facts: EndpointFacts,
  metrics: Metrics,
  options: CollectOptions & {
    window: Window;
    reads: (paths: readonly string[]) => void;
    readBy: (engine: ReadElsewhere) => void;
  },
  notes: string[],
): Promise<Predictions | undefined> {
  if (facts.shadow === undefined) return undefined;
  if (!options.predictions) {
    notes.push(
      'Predictions were not compared (--no-predictions): this report does not say whether the shadow answers well.',
    );
    return undefined;
  }
  if (options.logs !== undefined) {
    return predictionsFromLogs(aws, clock, { ...facts, shadow: facts.shadow }, metrics, options, options.logs, notes);
  }
  if (facts.captures === undefined) {
    notes.push(
      'Data capture is off for this endpoint, so predictions cannot be compared. `shadowctl shadow` turns it on; --no-predictions judges without.',
    );
    return emptyPredictions(options.comparison);
  }
  const window = windowOfShadow(metrics, options.window, notes);
  const source = { destination: facts.captures, endpoint: options.endpoint, window };
  const { endpoint } = options;
  const { signal } = options.comparison;
  const owner = { account: await aws.account(endpoint), region: aws.target.region, endpoint };
  const all = join(options.cache, 'captures');
  const cache = captureCache(options.cache, owner);
  const shadow = facts.shadow.name;
  const [productionFolders, shadowFolders] = await together(
    clock,
    () => listCaptures(aws, clock, { ...source, variant: facts.production.name }, signal),
    () => listCaptures(aws, clock, { ...source, variant: shadow }, signal),
  );
  const sides = [productionFolders, shadowFolders].map(filesOf);
  const [productionFiles = [], shadowFiles = []] = sides;
  const fetch = (variant: string | undefined, found: readonly RemoteObject[]) =>
    fetchObjects(aws, clock, found, {
      cache,
      older: all,
      signal,
      progress: (files, of) =>
        variant !== undefined && options.comparison.progress?.({ step: 'fetching-captures', variant, files, of }),
    });
  if (options.elsewhere !== undefined) {
    const compared = await options.elsewhere({
      endpoint,
      root: capturesRoot(facts.captures, endpoint),
      variants: { production: facts.production.name, shadow },
      window,
      sampling: facts.sampling ?? 1,
      requests: requestsOf(metrics),
      folders: [...productionFolders, ...shadowFolders],
      toFetch: bytesToFetch(sides.flat(), cache),
      comparison: options.comparison,
      async sample() {
        options.comparison.progress?.({ step: 'reading-sample' });
        const said: string[] = [];
        const newest = [
          await fetch(undefined, productionFiles.slice(-LAST_FILES)),
          await fetch(undefined, shadowFiles.slice(-LAST_FILES)),
        ].map(({ paths }) => paths);
        const tail = wholeCaptures(window, newest, clock.now());
        if (tail.to < window.to) said.push(tailNote(tail));
        const records = {
          production: { files: (await fetch(undefined, spread(productionFiles, SAMPLED_FILES))).paths },
          shadow: { files: (await fetch(undefined, spread(shadowFiles, SAMPLED_FILES))).paths },
          window: tail,
          sampling: facts.sampling ?? 1,
        };
        options.reads([...newest.flat(), ...records.production.files, ...records.shadow.files]);
        return { records, window: tail, notes: said };
      },
    });
    notes.push(...compared.notes);
    if ('engine' in compared) {
      options.readBy(compared.engine);
      if (compared.predictions.production.records + compared.predictions.shadow.records === 0)
        notes.push(nothingCaptured(facts.captures));
      return compared.predictions;
    }
  }
  const [productionCaptures, shadowCaptures] = await together(
    clock,
    () => fetch(facts.production.name, productionFiles),
    () => fetch(shadow, shadowFiles),
  );
  const used = [...productionCaptures.paths, ...shadowCaptures.paths];
  options.reads(used);
  const gone = productionCaptures.gone + shadowCaptures.gone;
  if (gone > 0)
    notes.push(
      `${gone} capture ${gone === 1 ? 'file was' : 'files were'} deleted while the report read them; their requests are missing.`,
    );
  // What was there before did not make the cache larger.
  if (productionCaptures.fetched + shadowCaptures.fetched === 0) markUsed(used, clock.now());
  else await boundCache(all, used, clock.now());
  const tail = wholeCaptures(window, [productionCaptures.paths, shadowCaptures.paths], clock.now());
  if (tail.to < window.to) {
    notes.push(tailNote(tail));
  }
  const found = await compareRecords(
    {
      production: { files: productionCaptures.paths },
      shadow: { files: shadowCaptures.paths },
      window: tail,
      sampling: facts.sampling ?? 1,
    },
    options.comparison,
  );
  notes.push(...found.notes);
  if (found.predictions.production.records + found.predictions.shadow.records === 0) {
    notes.push(nothingCaptured(facts.captures));
  }
  return found.predictions;
}

const tailNote = ({ to }: Window) =>
  `Captures of the two variants do not arrive at the same time: answers count up to ${timeOfDay(to)} UTC; only one side has arrived since.`;

const nothingCaptured = (place: string) =>
  `No captured request lies in this window under ${place}. Captures arrive a minute or two after the requests; if there never are any, the models' execution role may lack s3:PutObject there (or kms:GenerateDataKey), which SageMaker does not say.`;

/** Undefined where CloudWatch tells of none. */
function requestsOf({ production }: Metrics): number | undefined {
  const sum = production.invocations.reduce<number>((all, n) => all + (n ?? 0), 0);
  return sum === 0 ? undefined : sum;
}

function filesOf(folders: readonly CapturesFolder[]): RemoteObject[] {
  return folders.flatMap(({ objects }) => objects).filter(isCapture);
}

/** The window from the shadow's first request on: before it, there was nothing to pair production with. */
function windowOfShadow(metrics: Metrics, window: Window, notes: string[]): Window {
  const first = metrics.shadow?.invocations.findIndex((n) => (n ?? 0) > 0) ?? -1;
  const start = metrics.times[first];
  if (first > 0 && start !== undefined) {
    const at = new Date(start).toISOString().slice(11, 16);
    notes.push(`The shadow saw its first request in the minute from ${at} UTC on; predictions count from then on.`);
  }
  return start === undefined ? window : { from: start, to: window.to };
}

/** Why there is nothing to compare in logs: most often containers print no predictions at all. */
function nothingInLogs(production: CaptureSet, shadow: CaptureSet, selector: LogSelector): string {
  const found = `${production.captures.length} lines of production's log and ${shadow.captures.length} of the shadow's hold an id and a prediction`;
  const flags = `${selector.query === undefined ? '--log-pattern' : '--logs-query'}, --prediction and --id`;
  const read = production.captures.length + production.unreadable + shadow.captures.length + shadow.unreadable;
  if (production.captures.length + shadow.captures.length > 0) return `${found}. Check ${flags}.`;
  return `${read === 0 ? 'These containers printed no such line' : 'These containers print no such predictions'}: ${found}, of ${read} lines read. A line must be JSON like {"inferenceId": "r-1", "prediction": 0.7}. If yours use other names, give ${flags}; if they print none, leave out --source logs: data capture works with any container.`;
}

async function predictionsFromLogs(
  aws: Aws,
  clock: Clock,
  facts: EndpointFacts & { shadow: NonNullable<EndpointFacts['shadow']> },
  metrics: Metrics,
  options: CollectOptions & { window: Window },
  selector: LogSelector,
  notes: string[],
): Promise<Predictions> {
  const { signal, progress } = options.comparison;
  const window = windowOfShadow(metrics, options.window, notes);
  const read = async (variant: string) => {
    progress?.({ step: 'reading-log', variant });
    if (selector.query !== undefined) {
      const { lines, complete, overfull } = await queryLines(
        aws,
        clock,
        { endpoint: options.endpoint, variant, window, query: selector.query.text, most: MAX_LINES },
        {
          signal,
          progress: (lines) => progress?.({ step: 'reading-log', variant, lines }),
        },
      );
      if (!complete) notes.push(`The log of ${variant} was read only up to line ${MAX_LINES}. Shorten the window.`);
      if (overfull > 0) {
        notes.push(
          `${overfull} ${overfull === 1 ? 'second' : 'seconds'} of the log of ${variant} hold more than 10 000 lines each, which is all that a query returns: the others are missing. Narrow --logs-query, or use --log-pattern.`,
        );
      }
      return capturesFromQuery(lines, selector);
    }
    const source = { endpoint: options.endpoint, variant, window, pattern: selector.pattern };
    const lines = await readLogLines(aws, source, signal);
    if (lines.length >= MAX_LINES) {
      notes.push(`The log of ${variant} was read only up to line ${MAX_LINES}. Shorten the window.`);
    }
    return capturesFromLog(lines, selector);
  };
  const [production, shadow] = [await read(facts.production.name), await read(facts.shadow.name)];
  notes.push("Predictions come from the containers' logs, which contain no inputs.");
  if (production.captures.length === 0 || shadow.captures.length === 0) {
    notes.push(nothingInLogs(production, shadow, selector));
  }
  const found = await compareRecords(
    { production: { captures: production }, shadow: { captures: shadow }, window, sampling: facts.sampling ?? 1 },
    options.comparison,
  );
  notes.push(...found.notes);
  return found.predictions;
}
