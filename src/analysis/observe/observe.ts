import { join } from 'node:path';
import type { Aws } from '../../aws/clients.ts';
import type { Clock } from '../../base/clock.ts';
import type { Metrics, Observations, Predictions, Task, Window } from '../observations.ts';
import type { FieldRules } from '../answers/fields.ts';
import { comparePredictions } from '../compare/memory/compare.ts';
import type { CaptureSet } from '../compare/memory/compare.ts';
import type { Truth } from '../answers/truth.ts';
import { readBefore, windowBefore } from './before.ts';
import { boundCache, markUsed } from './cache.ts';
import { fetchCaptures } from './captures.ts';
import { compareFiles } from '../compare/compare-files.ts';
import { readEndpoint } from './endpoint.ts';
import type { EndpointFacts } from './endpoint.ts';
import { capturesFromLog, capturesFromQuery, MOST_LINES, readLogLines } from './logs.ts';
import type { LogSelector } from './logs.ts';
import { queryLines } from './logs-query.ts';
import { minutesOf, noMetrics, readMetrics } from './metrics.ts';
import { orRefused } from './refused.ts';
import { fromShadowOn } from './with-shadow.ts';

export interface CollectOptions {
  endpoint: string;
  /** Whole minutes. */
  window: Window;
  /** Absolute difference of numbers that counts as equal; undefined leaves it to their spread. */
  tolerance: number | undefined;
  /** Path into JSON answers, as the user wrote it. */
  prediction: string | undefined;
  task: Task | undefined;
  truth: Truth | undefined;
  /** What the policy says about fields of free JSON. */
  fields?: FieldRules | undefined;
  /** Folder for captures, kept from report to report. */
  cache: string;
  /** Memory bound of the engine for many captures, like `1GB`. */
  memory: string;
  /** False leaves the captures alone: metrics only. */
  predictions: boolean;
  /** Take predictions from what the containers print, instead of captures. */
  logs?: LogSelector | undefined;
  signal?: AbortSignal | undefined;
  /** Told what is being done, for a progress line. */
  progress?: ((doing: string) => void) | undefined;
}

/** Looks at an endpoint through AWS: what it runs, its metrics, and both variants' captured predictions. */
export async function collect(aws: Aws, clock: Clock, options: CollectOptions): Promise<Observations> {
  const { endpoint, signal } = options;
  options.progress?.('looking at the endpoint');
  const notes: string[] = [];
  const facts = await readEndpoint(aws, endpoint, notes, signal);
  options.progress?.('reading metrics');
  const variants = [facts.production.name, ...(facts.shadow === undefined ? [] : [facts.shadow.name])];
  // To load the client of S3 takes as long as CloudWatch takes to answer.
  if (options.predictions && facts.shadow !== undefined) void aws.s3().catch(() => undefined);
  const [production, shadow] = await orRefused(
    () => readMetrics(aws, endpoint, variants, options.window, signal),
    () => variants.map(() => noMetrics(options.window)),
    notes,
    'Traffic, errors and latency are not known.',
  );
  if (production === undefined) throw new Error('metrics of no variant were asked for');
  const asked = { metrics: { times: minutesOf(options.window), production, shadow }, window: options.window };
  const { metrics: during, window, note, nothing } = fromShadowOn(asked, facts);
  if (note !== undefined) notes.push(note);
  const [before, predictions] = await together(
    clock,
    () => productionBefore(aws, facts, during, options),
    () =>
      orRefused(
        async () =>
          nothing === true && options.predictions
            ? noPredictions(facts.sampling ?? 1, options)
            : readPredictions(aws, clock, facts, during, { ...options, window }, notes),
        () => noPredictions(facts.sampling ?? 1, options),
        notes,
        'Predictions are not known, so none were compared.',
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
    since: facts.since,
    metrics: { ...during, before },
    predictions,
    notes,
  };
}

/** Nothing was seen: to be asked for and not to be had is no reason to pass. */
function noPredictions(sampling: number, { tolerance, task, truth, fields }: CollectOptions): Predictions {
  const nothing = { files: 0, captures: [], unreadable: 0, outside: 0, examples: [] };
  return comparePredictions(nothing, nothing, { sampling, tolerance, task, truth, fields });
}

/** Two things that do not wait for each other. */
async function together<A, B>(clock: Clock, one: () => Promise<A>, other: () => Promise<B>): Promise<[A, B]> {
  return (await clock.all<unknown>([one, other])) as [A, B];
}

async function productionBefore(
  aws: Aws,
  facts: EndpointFacts,
  during: Metrics,
  { endpoint, signal }: CollectOptions,
): Promise<Metrics['before']> {
  const window = windowBefore(during, facts.created);
  if (window === undefined || facts.shadow === undefined) return undefined;
  const names = { production: facts.production.name, shadow: facts.shadow.name };
  return readBefore(aws, endpoint, names, window, signal);
}

async function readPredictions(
  aws: Aws,
  clock: Clock,
  facts: EndpointFacts,
  metrics: Metrics,
  options: CollectOptions,
  notes: string[],
): Promise<Predictions | undefined> {
  if (facts.shadow === undefined) return undefined;
  if (!options.predictions) {
    notes.push('Predictions were left alone (--no-predictions): nobody knows whether the shadow answers well.');
    return undefined;
  }
  if (options.logs !== undefined) {
    return predictionsFromLogs(aws, clock, { ...facts, shadow: facts.shadow }, metrics, options, options.logs, notes);
  }
  if (facts.captures === undefined) {
    notes.push(
      'Data capture is off for this endpoint, so predictions cannot be compared. `shadowctl shadow` turns it on; --no-predictions judges without.',
    );
    return noPredictions(facts.sampling ?? 1, options);
  }
  const window = windowOfShadow(metrics, options.window, notes);
  const source = { destination: facts.captures, endpoint: options.endpoint, window };
  const fetch = (variant: string) =>
    fetchCaptures(
      aws,
      clock,
      { ...source, variant },
      {
        cache: join(options.cache, 'captures'),
        signal: options.signal,
        progress: (done, of) => options.progress?.(`fetching captures of ${variant}: ${done} of ${of} files`),
      },
    );
  const shadow = facts.shadow.name;
  const [ours, theirs] = await together(
    clock,
    () => fetch(facts.production.name),
    () => fetch(shadow),
  );
  const files = { production: ours.paths, shadow: theirs.paths };
  const used = [...ours.paths, ...theirs.paths];
  const gone = ours.gone + theirs.gone;
  if (gone > 0)
    notes.push(
      `${gone} capture ${gone === 1 ? 'file was' : 'files were'} deleted while the report read them; their requests are missing.`,
    );
  // What was there before did not make the cache larger.
  if (ours.fetched + theirs.fetched === 0) markUsed(used, clock.now());
  else await boundCache(join(options.cache, 'captures'), used, clock.now());
  const found = await compareFiles(files, {
    ...options,
    window,
    sampling: facts.sampling ?? 1,
    spill: options.cache,
    note: (words) => void notes.push(words),
  });
  if (found.production.records + found.shadow.records === 0) {
    notes.push(
      `No captured request lies in this window under ${facts.captures}. Captures land a minute or two after the requests.`,
    );
  }
  return found;
}

/** The window from the shadow's first request on: before it, production had nobody to be paired with. */
function windowOfShadow(metrics: Metrics, window: Window, notes: string[]): Window {
  const first = metrics.shadow?.invocations.findIndex((n) => (n ?? 0) > 0) ?? -1;
  const start = metrics.times[first];
  if (first > 0 && start !== undefined) {
    const at = new Date(start).toISOString().slice(11, 16);
    notes.push(`The shadow saw its first request in the minute from ${at} UTC on; predictions count from there.`);
  }
  return start === undefined ? window : { from: start, to: window.to };
}

/** Why there is nothing to compare in logs: most often containers print no predictions at all. */
function nothingInLogs(production: CaptureSet, shadow: CaptureSet, selector: LogSelector): string {
  const found = `${production.captures.length} lines of production's log and ${shadow.captures.length} of the shadow's hold an id and a prediction`;
  const flags = `${selector.query === undefined ? '--log-pattern' : '--logs-query'}, --prediction and --id`;
  const read = production.captures.length + production.unreadable + shadow.captures.length + shadow.unreadable;
  if (production.captures.length + shadow.captures.length > 0) return `${found}. Check ${flags}.`;
  return `${read === 0 ? 'These containers printed no such line' : 'These containers print no such predictions'}: ${found}, of ${read} lines read. A line must be JSON like {"inferenceId": "r-1", "prediction": 0.7}. Where yours say it with other names, give ${flags}; where they print none, leave out --source logs: data capture needs no container's help.`;
}

async function predictionsFromLogs(
  aws: Aws,
  clock: Clock,
  facts: EndpointFacts & { shadow: NonNullable<EndpointFacts['shadow']> },
  metrics: Metrics,
  options: CollectOptions,
  selector: LogSelector,
  notes: string[],
): Promise<Predictions> {
  const window = windowOfShadow(metrics, options.window, notes);
  const read = async (variant: string) => {
    options.progress?.(`reading the log of ${variant}`);
    if (selector.query !== undefined) {
      const { lines, complete, overfull } = await queryLines(
        aws,
        clock,
        { endpoint: options.endpoint, variant, window, query: selector.query.text, most: MOST_LINES },
        {
          signal: options.signal,
          progress: (count) => options.progress?.(`querying the log of ${variant}: ${count} lines`),
        },
      );
      if (!complete)
        notes.push(`The log of ${variant} was read for its first ${MOST_LINES} lines only. Shorten the window.`);
      if (overfull > 0) {
        notes.push(
          `${overfull} ${overfull === 1 ? 'second' : 'seconds'} of the log of ${variant} hold more than 10 000 lines each, which is all that a query gives: the rest of them is missing. Narrow --logs-query, or use --log-pattern.`,
        );
      }
      return capturesFromQuery(lines, selector);
    }
    const source = { endpoint: options.endpoint, variant, window, pattern: selector.pattern };
    const lines = await readLogLines(aws, source, options.signal);
    if (lines.length >= MOST_LINES) {
      notes.push(`The log of ${variant} was read for its first ${MOST_LINES} lines only. Shorten the window.`);
    }
    return capturesFromLog(lines, selector);
  };
  const [production, shadow] = [await read(facts.production.name), await read(facts.shadow.name)];
  notes.push("Predictions are from the containers' logs: they hold no inputs.");
  if (production.captures.length === 0 || shadow.captures.length === 0) {
    notes.push(nothingInLogs(production, shadow, selector));
  }
  return comparePredictions(production, shadow, {
    sampling: facts.sampling ?? 1,
    tolerance: options.tolerance,
    task: options.task,
    truth: options.truth,
    fields: options.fields,
  });
}
