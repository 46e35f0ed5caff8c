import { usageError } from '../../base/errors.ts';
import { dateAndTime } from '../../base/units.ts';
import type { Metrics, MetricTable, Observations, ReadElsewhere, VariantFacts } from '../observations.ts';
import type { Predictions } from '../predictions.ts';
import { mergePredictions } from './predictions.ts';

/** Observations, and the name of the file they are from. */
export interface Kept {
  name: string;
  observations: Observations;
}

/**
 * What several windows were summed to, as if they had been summed at once: the gates are the same, but for what `MERGED`
 * says. Only of the same models, read and compared alike.
 *
 * @throws Problem (usage) with what keeps them from being added
 */
export function mergeObservations(kept: readonly Kept[]): Observations {
  const [first, ...others] = kept.toSorted((a, b) => a.observations.window.from - b.observations.window.from);
  if (first === undefined) throw new Error('there is nothing to merge');
  return others.reduce((merged, next) => {
    const why = differences(merged.observations, next.observations);
    if (why !== undefined)
      throw usageError(
        `${merged.name} and ${next.name} cannot be judged together: ${why}.`,
        'Judge each by itself, or save them anew from the same models under the same policy.',
      );
    return { name: next.name, observations: mergeTwo(merged.observations, next.observations) };
  }, first).observations;
}

/** What cannot be exact, for the reader. */
const MERGED =
  'What is not exact of added windows: quantiles of numbers and histograms (shown only), distances (not decided), quarters of a column of numbers (a row may stand in the one next to its own; and no slice can pass), how often the commonest answer came (at least so often), rare classes beyond twelve, and inputs that come in several windows, which are counted at their worst.';

/** Why two windows are not evidence about the same thing, the end of a sentence; undefined where they are. */
function differences(a: Observations, b: Observations): string | undefined {
  if (a.endpoint !== b.endpoint) return `they are of the endpoints ${a.endpoint} and ${b.endpoint}`;
  if (b.window.from < a.window.to)
    return `their windows overlap (${dateAndTime(b.window.from)} lies before ${dateAndTime(a.window.to)} UTC), and what lies in both would count twice`;
  for (const role of ['production', 'shadow'] as const) {
    const other = otherVariant(a[role], b[role]);
    if (other !== undefined) return `of ${role}, ${other}`;
  }
  if (a.loggedBy !== b.loggedBy) return 'one of them is what callers logged';
  if (!same(a.replayed, b.replayed)) return 'one of them is a replay, or both were replayed in other ways';
  if (a.sides !== b.sides) return 'the sides have other roles in one of them';
  if (a.sampling !== b.sampling) return `the shadow sees ${a.sampling} and ${b.sampling} of the requests`;
  if (a.metrics.times.length > 0 !== b.metrics.times.length > 0) return 'one of them has no metrics';
  if ((a.predictions === undefined) !== (b.predictions === undefined)) return 'one of them has no answers';
  if (!same(a.noise, b.noise)) return 'their noise floors are not the same';
  const noneA = a.predictions === undefined || a.predictions.pairs === 0;
  const noneB = b.predictions === undefined || b.predictions.pairs === 0;
  return a.predictions === undefined || b.predictions === undefined || noneA || noneB
    ? undefined
    : otherReading(a.predictions, b.predictions);
}

function otherVariant(a: VariantFacts | undefined, b: VariantFacts | undefined): string | undefined {
  if (a === undefined || b === undefined) return a === b ? undefined : 'one of them has none';
  if (a.model === undefined || b.model === undefined)
    return 'nobody knows which model it was (files of captures do not say)';
  for (const [name, words] of [
    ['model', 'the models are'],
    ['artifact', 'the artifacts are'],
    ['image', 'the images are'],
    ['instanceType', 'the instances are'],
  ] as const)
    if (a[name] !== b[name]) return `${words} ${a[name] ?? 'not known'} and ${b[name] ?? 'not known'}`;
  return undefined;
}

/** Why answers of two windows were not read and compared alike, the end of a sentence; undefined where they were. */
export function otherReading(a: Predictions, b: Predictions): string | undefined {
  const read = ({ answers }: Predictions) =>
    answers && [
      answers.kind,
      answers.production.shape,
      answers.production.from,
      answers.shadow.shape,
      answers.shadow.from,
    ];
  if (a.task !== b.task || !same(read(a), read(b))) return 'their answers were read in different ways';
  if ((a.alternatives?.length ?? 0) !== (b.alternatives?.length ?? 0))
    return 'their answers can be read in different ways';
  if ((a.labels === undefined) !== (b.labels === undefined) || a.numbers?.of !== b.numbers?.of)
    return 'their answers are of different kinds';
  const tolerances = [a, b].map(({ numbers }) => [numbers?.tolerance, numbers?.relative]);
  if (!same(tolerances[0], tolerances[1]))
    return `their numbers were compared with the tolerances ${a.numbers?.tolerance} and ${b.numbers?.tolerance} (answers.tolerance in the policy says one for all)`;
  if ((a.truth === undefined) !== (b.truth === undefined)) return 'one of them was compared with labels';
  const ages = [a, b].map(({ truth }) => truth?.age && [truth.age.age, truth.age.timed]);
  if (a.reference?.digest !== b.reference?.digest) return 'their numbers were held against different references';
  if (!same(ages[0], ages[1]))
    return 'their labels were compared at different ages (maturity in the policy says one for all)';
  if (a.clusters?.by !== b.clusters?.by) return 'the policies name different columns as cluster';
  const asked = ({ comparator }: Predictions) => comparator && [comparator.digest, comparator.halvings];
  if (!same(asked(a), asked(b))) return 'their comparators are not the same, or saw samples of different sizes';
  return undefined;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

function mergeTwo(a: Observations, b: Observations): Observations {
  const both = a.predictions !== undefined && b.predictions !== undefined;
  const { underWay: _, ...earlier } = a;
  return {
    ...earlier,
    ...(b.underWay && { underWay: b.underWay }),
    window: { from: a.window.from, to: b.window.to },
    production: b.production,
    shadow: b.shadow,
    metrics: mergeMetrics(a.metrics, b.metrics),
    predictions: both
      ? mergePredictions(a.predictions as Predictions, b.predictions as Predictions, a.sampling ?? 1)
      : undefined,
    engine: mergeEngines(a.engine, b.engine),
    gap: mergeGaps(a, b),
    // Medians of two windows are none of both.
    streams: undefined,
    leftOut: [...(a.leftOut ?? []), ...(b.leftOut ?? [])],
    notes: [...new Set([...a.notes, ...b.notes, MERGED])],
  };
}

/** What both together scanned; of windows that were read in two ways, what Athena read. */
function mergeEngines(a: ReadElsewhere | undefined, b: ReadElsewhere | undefined): ReadElsewhere | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const sum = (of: (one: ReadElsewhere) => number) => of(a) + of(b);
  const sampled =
    a.sampled === undefined || b.sampled === undefined
      ? (a.sampled ?? b.sampled)
      : {
          requests: a.sampled.requests + b.sampled.requests,
          of: a.sampled.of + b.sampled.of,
          why: a.sampled.why,
        };
  return {
    ...b,
    queries: sum(({ queries }) => queries),
    scanned: sum(({ scanned }) => scanned),
    billed: sum(({ billed }) => billed),
    dollars: sum(({ dollars }) => dollars),
    expected: {
      queries: sum(({ expected }) => expected.queries),
      bytes: sum(({ expected }) => expected.bytes),
      dollars: sum(({ expected }) => expected.dollars),
    },
    hours: { read: sum(({ hours }) => hours.read), kept: sum(({ hours }) => hours.kept) },
    sampled,
  };
}

/** The last time that the shadow's captures pause, and all that came after it. */
function mergeGaps(a: Observations, b: Observations): Observations['gap'] {
  if (b.gap !== undefined) return b.gap;
  if (a.gap === undefined || b.predictions === undefined) return a.gap;
  return { ...a.gap, after: mergePredictions(a.gap.after, b.predictions, a.sampling ?? 1) };
}

/** Minutes one after the other; what the time before the shadow was like is that of the first window. */
function mergeMetrics(a: Metrics, b: Metrics): Metrics {
  const minutes = { a: a.times.length, b: b.times.length };
  // What is added to metrics must say here how it is merged.
  const merged: { [K in keyof Required<Metrics>]: Metrics[K] } = {
    times: [...a.times, ...b.times],
    production: joined(a.production, b.production, minutes),
    shadow: a.shadow && b.shadow && joined(a.shadow, b.shadow, minutes),
    before: a.before ?? b.before,
    exceedances: mergeExceedances(a.exceedances, b.exceedances),
    beyondLimits: mergeBeyondLimits(a.beyondLimits, b.beyondLimits),
    instances: mergeInstances(a, b),
    paired: mergePaired(a.paired, b.paired),
    unread: a.unread ?? b.unread,
  };
  return merged;
}

/** Where one window knows no pairs, minutes are the pairs of both. */
function mergePaired(a: Metrics['paired'], b: Metrics['paired']): Metrics['paired'] {
  if (a === undefined || b === undefined) return undefined;
  return { failed: joinedColumns(a.failed, b.failed), latency: joinedColumns(a.latency, b.latency) };
}

function joinedColumns<Name extends string>(
  a: Readonly<Record<Name, readonly number[]>>,
  b: Readonly<Record<Name, readonly number[]>>,
): Record<Name, number[]> {
  const names = Object.keys(a) as Name[];
  return Object.fromEntries(names.map((name) => [name, [...a[name], ...b[name]]])) as Record<Name, number[]>;
}

/** Of a window in which nobody asked, nothing is known. */
function mergeInstances(a: Metrics, b: Metrics): Metrics['instances'] {
  if (a.instances === undefined && b.instances === undefined) return undefined;
  const column = (role: 'production' | 'shadow') =>
    [a, b].flatMap(({ instances, times }) => instances?.[role] ?? times.map(() => null));
  return { production: column('production'), shadow: column('shadow') };
}

/** Counts beyond the same thresholds add up; beyond different ones they do not, and are left out: minutes' quantiles remain. */
function mergeExceedances(a: Metrics['exceedances'], b: Metrics['exceedances']): Metrics['exceedances'] {
  const names = ['p50', 'p90', 'p99'] as const;
  const merged = names.flatMap((name) => {
    const [one, other] = [a?.[name], b?.[name]];
    if (one === undefined || other === undefined) return [];
    if (one.threshold !== other.threshold || one.margin !== other.margin) return [];
    const production = [...one.production, ...other.production];
    const pairs = one.pairs && other.pairs && joinedColumns(one.pairs, other.pairs);
    return [[name, { ...one, production, shadow: [...one.shadow, ...other.shadow], pairs }] as const];
  });
  return merged.length === 0 ? undefined : Object.fromEntries(merged);
}

/** Of one limit; of others the minutes' quantiles remain. */
function mergeBeyondLimits(a: Metrics['beyondLimits'], b: Metrics['beyondLimits']): Metrics['beyondLimits'] {
  const merged = (['p50', 'p90', 'p99'] as const).flatMap((name) => {
    const [one, other] = [a?.[name], b?.[name]];
    if (one === undefined || one.limit !== other?.limit) return [];
    return [[name, { limit: one.limit, shadow: [...one.shadow, ...other.shadow] }] as const];
  });
  return merged.length === 0 ? undefined : Object.fromEntries(merged);
}

/** What an older version did not save of one window is not known of it. */
function joined(a: MetricTable, b: MetricTable, minutes: { a: number; b: number }): MetricTable {
  const none = (count: number) => Array.from({ length: count }, () => null);
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof MetricTable)[];
  const column = (table: Partial<MetricTable>, name: keyof MetricTable, count: number) => table[name] ?? none(count);
  return Object.fromEntries(
    names.map((name) => [name, [...column(a, name, minutes.a), ...column(b, name, minutes.b)]]),
  ) as unknown as MetricTable;
}
