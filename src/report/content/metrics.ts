import { summarizeEffect } from '../../analysis/judge/effect.ts';
import type { VariantSummary } from '../../analysis/judge/summaries.ts';
import type { Report } from '../report.ts';
import { difference, windowText } from '../words.ts';
import type { Column, Section } from './section.ts';
import { count, milliseconds, MINUTE, MISSING, percent, points } from '../../base/units.ts';

type Of = (side: VariantSummary) => number | undefined;
type Show = (value: number | undefined) => string;

/** CloudWatch gives utilization in per cent. */
const load: Show = (value) => percent(value === undefined ? undefined : value / 100);

/** What is known of a variant, row by row. */
const ROWS: readonly [title: string, of: Of, show: Show][] = [
  ['requests', (side) => side.invocations, count],
  ['4XX errors', (side) => side.errors4xx, count],
  ['5XX errors', (side) => side.errors5xx, count],
  ['model errors', (side) => side.modelErrors, count],
  ['failed', (side) => side.errorRate, percent],
  ['ModelLatency mean', (side) => side.latency.mean, milliseconds],
  ['ModelLatency p50', (side) => side.latency.p50, milliseconds],
  ['ModelLatency p90', (side) => side.latency.p90, milliseconds],
  ['ModelLatency p99', (side) => side.latency.p99, milliseconds],
  ['OverheadLatency mean', (side) => side.overhead.mean, milliseconds],
  ['OverheadLatency p50', (side) => side.overhead.p50, milliseconds],
  ['OverheadLatency p90', (side) => side.overhead.p90, milliseconds],
  ['OverheadLatency p99', (side) => side.overhead.p99, milliseconds],
  ['CPU', (side) => side.cpu, load],
  ['memory', (side) => side.memory, load],
];

/** A mirror measures requests as a whole, and knows nothing of what happens inside of a model's server. */
function rowsOf({ metrics }: Report['observations']): typeof ROWS {
  if (metrics.paired === undefined) return ROWS;
  return ROWS.filter(([title]) => !/^(model errors|OverheadLatency .*|CPU|memory)$/.test(title));
}

/** What the latency of these observations is called: CloudWatch's name is of what SageMaker measures. */
export function latencyName({ metrics }: Report['observations']): string {
  return metrics.paired === undefined ? 'ModelLatency' : 'latency';
}

/** Of a short report, and of what shadowing costs. */
const IN_SHORT = [
  'requests',
  'failed',
  'ModelLatency mean',
  'ModelLatency p99',
  'OverheadLatency mean',
  'OverheadLatency p99',
];

const columns = (...titles: string[]): Column[] =>
  ['', ...titles].map((title, i) => (i === 0 ? { title } : { title, number: true }));

/** Two shares differ by points, anything else by a share of the first. */
function apart(show: Show, before: number | undefined, now: number | undefined): string {
  if (show !== percent && show !== load) return difference(before, now);
  if (before === undefined || now === undefined) return MISSING;
  const by = (now - before) / (show === load ? 100 : 1);
  return `${by > 0 ? '+' : ''}${points(by)}`;
}

/** Requests, errors, latency and load of both variants over the window. */
export function summarySection({ summaries, observations }: Report): Section {
  const { production, shadow } = summaries;
  const all = rowsOf(observations);
  const inShort = all.flatMap(([title], i) => (IN_SHORT.includes(title) ? [i] : []));
  const rows = all.map(([name, of, show]) => {
    const title = name.replace('ModelLatency', latencyName(observations));
    if (shadow === undefined) return [title, show(of(production))];
    // A shadow that saw nothing did not see 100 % less.
    const change = shadow.invocations === 0 ? '–' : apart(show, of(production), of(shadow));
    return [title, show(of(production)), show(of(shadow)), change];
  });
  return {
    title: 'Requests, errors, latency',
    sentences: [],
    tables: [
      {
        caption: 'Both variants over the window',
        columns: shadow === undefined ? columns('production') : columns('production', 'shadow', 'difference'),
        rows,
        inShort,
      },
    ],
    remark:
      'Means are over all requests, quantiles those of each minute, averaged by requests. The gates on latency leave out the warm-up, and compare quantiles minute by minute, so their numbers are not these.',
  };
}

/** What shadowing costs production: the time before the shadow against the time with it. */
export function effectSection({ observations, policy }: Report): Section | undefined {
  const { metrics } = observations;
  const both = summarizeEffect(metrics, policy.warmupMinutes);
  const times = metrics.before?.times;
  // Nothing but warm-up is no time with the shadow.
  if (both === undefined || both.during.invocations === 0 || times?.[0] === undefined) return undefined;
  const window = windowText({ from: times[0], to: (times.at(-1) ?? times[0]) + MINUTE });
  const { warmupMinutes } = policy;
  const warmup =
    warmupMinutes === 0
      ? ''
      : ` With the shadow: without the first ${warmupMinutes === 1 ? 'minute' : `${warmupMinutes} minutes`} of this window that have it: warm-up.`;
  const rows = ROWS.filter(([title]) => IN_SHORT.includes(title)).map(([title, of, show]) => [
    title,
    show(of(both.before)),
    show(of(both.during)),
    // How many came at another time is no effect.
    title === 'requests' ? '–' : apart(show, of(both.before), of(both.during)),
  ]);
  return {
    title: 'Production before and with the shadow',
    sentences: [`Before: ${window}.${warmup}`],
    tables: [
      {
        caption: 'Production alone, and with the shadow',
        columns: columns('before', 'with shadow', 'difference'),
        rows,
      },
    ],
    remark: 'These are different requests at a different time: a difference need not come from the shadow.',
  };
}
