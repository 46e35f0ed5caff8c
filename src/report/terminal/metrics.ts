import { summarizeEffect } from '../../analysis/judge/effect.ts';
import type { MetricName } from '../../analysis/observations.ts';
import { chart } from '../../ui/chart.ts';
import { table } from '../../ui/table.ts';
import { paint } from '../../ui/theme.ts';
import type { Report, RenderOptions } from '../report.ts';
import { count, difference, effectRows, number, percent, windowText } from '../words.ts';

const HEIGHT = 7;
/** A line at zero needs no seven lines to be seen. */
const FLAT = 3;

/** Requests, errors, latency and load of both variants: a table, and three charts over time. */
export async function metricSections(report: Report, options: RenderOptions): Promise<string[]> {
  return [await metricTable(report, options), await effectTable(report, options), ...charts(report, options)];
}

async function metricTable(report: Report, options: RenderOptions): Promise<string> {
  const { production, shadow } = report.summaries;
  const row = (
    title: string,
    of: (variant: typeof production) => number | undefined,
    text: (value: number | undefined) => string,
  ) => {
    const ours = of(production);
    if (shadow === undefined) return [title, text(ours)];
    const theirs = of(shadow);
    return [title, text(ours), text(theirs), difference(ours, theirs)];
  };
  const whole = (value: number | undefined) => (value === undefined ? '–' : count(value));
  const time = (value: number | undefined) => number(value, 'ms');
  const load = (value: number | undefined) => number(value, '%');
  const rows = [
    row('requests', (v) => v.invocations, whole),
    row('4XX errors', (v) => v.errors4xx, whole),
    row('5XX errors', (v) => v.errors5xx, whole),
    row('model errors', (v) => v.modelErrors, whole),
    row('failed', (v) => v.errorRate, percent),
    row('ModelLatency mean', (v) => v.latency.mean, time),
    row('  p50', (v) => v.latency.p50, time),
    row('  p90', (v) => v.latency.p90, time),
    row('  p99', (v) => v.latency.p99, time),
    row('OverheadLatency mean', (v) => v.overhead.mean, time),
    row('  p50', (v) => v.overhead.p50, time),
    row('  p90', (v) => v.overhead.p90, time),
    row('  p99', (v) => v.overhead.p99, time),
    row('CPU', (v) => v.cpu, load),
    row('memory', (v) => v.memory, load),
  ];
  const head = shadow === undefined ? ['', 'production'] : ['', 'production', 'shadow', 'difference'];
  const drawn = await table(options, head, rows, { right: [1, 2, 3], indent: '  ' });
  const remark = '  Quantiles are those of each minute, averaged by requests.';
  return [paint(options, 'title', 'Requests, errors, latency'), drawn, paint(options, 'quiet', remark)].join('\n');
}

/** What shadowing costs production: the time before the shadow against the time with it. */
async function effectTable(report: Report, options: RenderOptions): Promise<string> {
  const { metrics } = report.observations;
  const both = summarizeEffect(metrics, report.policy.warmupMinutes);
  const times = metrics.before?.times;
  if (both === undefined || times?.[0] === undefined) return '';
  const rows = effectRows(both);
  const drawn = await table(options, ['', 'before', 'with shadow', 'difference'], rows, {
    right: [1, 2, 3],
    indent: '  ',
  });
  const window = windowText({ from: times[0], to: (times.at(-1) ?? times[0]) + 60_000 });
  return [
    paint(options, 'title', 'Production before and with the shadow'),
    `  before: ${window}`,
    drawn,
    paint(options, 'quiet', '  Other requests at another time: a difference need not come from the shadow.'),
  ].join('\n');
}

function charts(report: Report, options: RenderOptions): string[] {
  const { metrics } = report.observations;
  const draw = (title: string, name: MetricName, unit: string, zero: boolean) => {
    const series = [
      { name: 'production', table: metrics.production },
      ...(metrics.shadow === undefined ? [] : [{ name: 'shadow', table: metrics.shadow }]),
    ].map(({ name: variant, table }) => ({
      name: variant,
      // A minute without requests has no errors; it has no latency either, which is not zero.
      values: table[name].map((value) => value ?? (zero && table.invocations.some((n) => n !== null) ? 0 : undefined)),
    }));
    const flat = series.every((one) => one.values.every((value) => value === undefined || value === 0));
    const drawn = chart(series, {
      width: options.columns,
      height: flat ? FLAT : HEIGHT,
      color: options.color,
      unit,
      times: metrics.times,
    });
    return `${paint(options, 'title', title)}\n${drawn}`;
  };
  return [
    draw('5XX errors', 'errors5xx', 'per minute', true),
    draw('4XX errors', 'errors4xx', 'per minute', true),
    draw('ModelLatency', 'latencyMean', 'mean, ms', false),
  ];
}
