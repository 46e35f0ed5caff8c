import type { Aws } from '../../aws/clients.ts';
import { describeEndpointConfig } from '../../aws/sagemaker.ts';
import { usageError } from '../../base/errors.ts';
import { dateAndTime, DAY, MINUTE, timeOfDay } from '../../base/units.ts';
import type { LeftOut, Window } from '../observations.ts';
import type { ConfigFacts, LiveFacts } from './endpoint.ts';

/*
 * Evidence belongs to the models that gave it, and CloudWatch and captures name variants, not models: a shadow that is
 * attached after another has its name. So a window is cut wherever what the endpoint runs has changed.
 */

/** A time in which the endpoint ran one config and nothing else, as its journal has it. Milliseconds since the epoch. */
export interface KnownRun {
  config: string;
  /** When AWS was told to run it: before that it did not. */
  began: number;
  /** When it was seen to run it alone; undefined where nobody waited for that. */
  from: number | undefined;
  /** When AWS was told to run something else. */
  to: number | undefined;
  /** What the config was made with, where that is known. */
  input: ConfigFacts | undefined;
}

/** Since when an endpoint has run what it runs: not before `earliest`, and without doubt from `known` on. */
export interface Since {
  earliest: number;
  known: number;
}

/** By so much the clock of the machine that wrote the journal may be behind AWS's. */
const CLOCK_SKEW_MS = 5 * MINUTE;

/**
 * Since when the endpoint has run what it runs. Autoscaling moves the time of its last change, too; so where the journal
 * saw this config come into service long before, and no image was resolved after that, that moment counts. Pure.
 */
export function sinceWhen(live: LiveFacts, runs: readonly KnownRun[]): Since {
  const { modified, resolved, created, reweighted, leaving } = live;
  const last = runs.at(-1);
  // An update under way is the last change that the journal knows, and what the endpoint says of its last change.
  const before = leaving === undefined || last?.config === live.config ? last : runs.at(-2);
  const open = before?.to === undefined || (leaving !== undefined && Math.abs(before.to - leaving) <= CLOCK_SKEW_MS);
  const run = before?.config === live.config && open ? before : undefined;
  const certain = [created, resolved, run?.began].filter((moment) => moment !== undefined);
  const earliest = Math.max(Number.NEGATIVE_INFINITY, ...certain);
  const changed = modified ?? earliest;
  // Without the time of its images, the config could have left and come back since.
  const watched = resolved !== undefined && !reweighted && run?.from !== undefined ? run.from + CLOCK_SKEW_MS : changed;
  // The two differ by clocks alone where nothing was changed since.
  const known = Math.max(earliest, changed - watched > CLOCK_SKEW_MS ? watched : changed);
  return { earliest: reweighted ? known : Math.min(earliest, known), known };
}

/**
 * The same by CloudWatch's own count of the requests that this config's fleet answered (dimension `EndpointConfigName`):
 * a minute in which the variant had more than that belongs to another config as well. Pure.
 *
 * @param times start of each minute read
 * @param counts requests of a variant, and of these those of its present config, a column each
 * @param modified later, no config can have come
 * @param leaving since when another config has been coming: from then on minutes are mixed for that reason
 */
export function sinceCounted(
  { earliest, known }: Since,
  times: readonly number[],
  counts: readonly { all: readonly (number | null)[]; own: readonly (number | null)[] }[],
  modified: number | undefined,
  leaving?: number,
): number {
  const [production] = counts;
  // SageMaker is only known to publish this dimension for fleets that came by an update (facts 5.1).
  if (production === undefined || production.own.every((n) => n === null)) return known;
  const mixed = times.findLastIndex(
    (at, i) =>
      at < (modified ?? Number.POSITIVE_INFINITY) &&
      at + MINUTE <= (leaving ?? Number.POSITIVE_INFINITY) &&
      counts.some(({ all, own }) => own.some((n) => n !== null) && (all[i] ?? 0) > (own[i] ?? 0)),
  );
  return mixed < 0 ? earliest : Math.max(earliest, (times[mixed] ?? earliest) + MINUTE);
}

/** First whole minute from a moment on. */
export function wholeFrom(moment: number): number {
  return Math.ceil(moment / MINUTE) * MINUTE;
}

/** CloudWatch keeps values of single minutes for fifteen days, and coarser ones longer (facts 5.4). */
const KEPT_MS = 15 * DAY;

/**
 * Where the minutes begin that CloudWatch still has.
 * @param now milliseconds since the epoch
 * @throws Problem (usage) where the window ends before
 */
export function firstKept(window: { to: number }, now: number): number {
  const first = wholeFrom(now - KEPT_MS);
  if (window.to > first) return first;
  throw usageError(
    `The window ends at ${dateAndTime(window.to)} UTC, and CloudWatch keeps values of single minutes for 15 days: none of it can be read any more.`,
    'Choose a later window. Captures in S3 can still be compared: copy them to a folder, and name that with --files.',
  );
}

/**
 * The last run of a config that lies in a window, as whole minutes of it.
 * @throws Problem (usage) where the journal knows of none
 */
export function runWithin(
  runs: readonly KnownRun[],
  asked: Window,
  endpoint: string,
  since: number,
): { run: KnownRun; window: Window } {
  for (const run of runs.toReversed()) {
    if (run.from === undefined) continue;
    const end = run.to === undefined ? asked.to : Math.floor(run.to / MINUTE) * MINUTE;
    const window = { from: Math.max(asked.from, wholeFrom(run.from)), to: Math.min(asked.to, end) };
    if (window.from < window.to) return { run, window };
  }
  throw usageError(
    `The window from ${dateAndTime(asked.from)} to ${dateAndTime(asked.to)} UTC ends before "${endpoint}" came to run what it runs now (${timeOfDay(since, 'seconds')} UTC), and the journal in this folder does not know which models it ran then.`,
    `Choose a later window: --from ${new Date(wholeFrom(since)).toISOString().slice(0, 16)}Z. Or work from the folder that holds the endpoint's journal.`,
  );
}

/** What a config of the past says: as AWS has it, if it is still the same, else as the journal kept it. */
export async function configOfRun(
  aws: Aws,
  { config, began, input }: KnownRun,
  signal?: AbortSignal,
): Promise<ConfigFacts | undefined> {
  if (input !== undefined) return { ...input, EndpointConfigName: config };
  const found = await describeEndpointConfig(aws, config, signal);
  // Made anew after it ran, it may say something else.
  return (found?.CreationTime?.getTime() ?? Number.POSITIVE_INFINITY) <= began ? found : undefined;
}

/**
 * What of the window asked for is not judged, part by part, with the models that ran then as far as they are known.
 *
 * @param window what is judged, whole minutes within `asked`
 * @param known.born when the endpoint was made: before that, nothing ran that nobody can name
 */
export async function leftOutOf(
  aws: Aws,
  asked: Window,
  window: Window,
  { runs, born }: { runs: readonly KnownRun[]; born: number | undefined },
  signal?: AbortSignal,
): Promise<LeftOut[]> {
  const parts: LeftOut[] = [];
  // What runs now, and before the window, was not yet alone: it is named by no run that has ended.
  const ended = runs.filter(({ to }) => to !== undefined);
  for (const [whole, known] of [
    [{ from: asked.from, to: window.from }, ended],
    [{ from: window.to, to: asked.to }, runs],
  ] as const) {
    for (let at = whole.from; at < whole.to; ) {
      const run = known.find(({ from, to }) => from !== undefined && from < whole.to && (to ?? Infinity) > at);
      const begins = Math.max(at, run?.from ?? whole.to);
      if (begins > at) parts.push({ from: at, to: begins, why: 'unknown-models' });
      if (run === undefined) break;
      const to = Math.min(whole.to, run.to ?? whole.to);
      const config = await configOfRun(aws, run, signal);
      parts.push({
        from: begins,
        to,
        ...(config === undefined
          ? { why: 'unknown-models' }
          : {
              why: 'other-models',
              production: config.ProductionVariants?.[0]?.ModelName,
              shadow: config.ShadowProductionVariants?.[0]?.ModelName,
            }),
      });
      at = to;
    }
  }
  const there = parts.map((part) =>
    part.why === 'unknown-models'
      ? { ...part, from: Math.max(part.from, Math.floor((born ?? 0) / MINUTE) * MINUTE) }
      : part,
  );
  // Seconds at the edge of a minute are no news.
  return joined(there.filter(({ from, to }) => to - from >= MINUTE));
}

function joined(parts: readonly LeftOut[]): LeftOut[] {
  const found: LeftOut[] = [];
  for (const part of parts) {
    const before = found.at(-1);
    if (before?.why === 'unknown-models' && part.why === 'unknown-models') before.to = part.to;
    else found.push({ ...part });
  }
  return found;
}

/** What is left out, a sentence each. */
export function leftOutText({ from, to, why, production, shadow }: LeftOut, day: Window): string {
  const sameDay = new Date(day.from).toISOString().slice(0, 10) === new Date(day.to).toISOString().slice(0, 10);
  const clock = (ms: number) => (sameDay ? timeOfDay(ms) : dateAndTime(ms));
  const time = `Left out: ${clock(from)}–${clock(to)} UTC`;
  switch (why) {
    case 'other-models':
      if (shadow !== undefined) return `${time}, when ${shadow} was the shadow of ${production ?? 'production'}.`;
      return `${time}, when ${production ?? 'production'} had no shadow.`;
    case 'unknown-models':
      return `${time}: the endpoint ran something else, or was being changed.`;
    case 'not-kept':
      return `${time}: CloudWatch keeps values of single minutes for 15 days.`;
    case 'half-there':
      return `${time}: of these last minutes only one side can be read yet.`;
  }
}
