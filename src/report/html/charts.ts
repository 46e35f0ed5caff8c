import type { MetricName } from '../../analysis/observations.ts';
import type { Gate } from '../../analysis/verdict.ts';
import type { Report } from '../report.ts';
import { escapeHtml, htmlTable } from './escape.ts';
import { number } from '../words.ts';

/** What the script in the page draws. `x` in seconds where it is time. */
export interface Chart {
  title: string;
  unit: string;
  time: boolean;
  xLabel: string;
  zero: boolean;
  x: readonly number[];
  series: readonly {
    label: string;
    color: string;
    dash?: readonly number[];
    width?: number;
    values: readonly (number | null)[];
  }[];
  bands?: readonly (readonly [number, number])[];
}

const DASHES: Record<string, readonly number[] | undefined> = { p50: undefined, p90: [8, 4], p99: [2, 3] };

/** Charts over time, and the confidence sequences; a chart without any value is left out. */
export function chartsOf(report: Report): Record<string, Chart> {
  const { metrics } = report.observations;
  const x = metrics.times.map((at) => at / 1000);
  const over = (
    title: string,
    unit: string,
    zero: boolean,
    lines: readonly { label: string; metric: MetricName; dash?: readonly number[] | undefined }[],
  ): Chart => ({
    title,
    unit,
    time: true,
    xLabel: 'UTC',
    zero,
    x,
    series: lines.flatMap(({ label, metric, dash }) =>
      (['production', 'shadow'] as const).flatMap((variant) => {
        const values = metrics[variant]?.[metric];
        return values === undefined
          ? []
          : [{ label: `${variant} ${label}`, color: variant, values, ...(dash === undefined ? {} : { dash }) }];
      }),
    ),
  });
  const charts: Record<string, Chart> = {
    latency: over(
      'ModelLatency',
      'ms',
      true,
      (['p50', 'p90', 'p99'] as const).map((label) => ({
        label,
        metric: `latency${label.toUpperCase()}` as MetricName,
        dash: DASHES[label],
      })),
    ),
    errors: over('Failed requests', 'per minute', true, [
      { label: '5XX', metric: 'errors5xx' },
      { label: '4XX', metric: 'errors4xx', dash: [4, 4] },
    ]),
    requests: over('Requests', 'per minute', true, [{ label: '', metric: 'invocations' }]),
    overhead: over('OverheadLatency', 'ms', true, [
      { label: 'p50', metric: 'overheadP50' },
      { label: 'p99', metric: 'overheadP99', dash: DASHES.p99 },
    ]),
  };
  for (const gate of report.verdict?.gates ?? []) {
    const chart = sequenceChart(gate);
    if (chart !== undefined) charts[`sequence-${gate.id.replaceAll('.', '-')}`] = chart;
  }
  return Object.fromEntries(
    Object.entries(charts).filter(([, chart]) =>
      chart.series.some((one) => one.values.some((value) => value !== null)),
    ),
  );
}

/** How the interval closed in on the margin, or has not yet. */
function sequenceChart(gate: Gate): Chart | undefined {
  const history = gate.history ?? [];
  if (history.length < 2 || gate.margin === undefined) return undefined;
  const margin = gate.margin;
  return {
    title: `${gate.id}: closing in on the margin`,
    unit: gate.unit === 'ratio' ? 'shadow / production' : gate.unit,
    time: false,
    xLabel: gate.of,
    zero: false,
    x: history.map((step) => step.n),
    series: [
      { label: 'upper bound', color: 'production', width: 1, values: history.map((step) => step.high) },
      { label: 'lower bound', color: 'production', width: 1, values: history.map((step) => step.low) },
      { label: 'estimate', color: 'ink', values: history.map((step) => step.estimate) },
      { label: 'margin', color: 'fail', dash: [6, 4], values: history.map(() => margin) },
    ],
    bands: [[1, 2]],
  };
}

/** Place, title and data table of one chart; the script fills the place. */
export function figure(id: string, chart: Chart): string {
  const label = `${chart.title} (${chart.unit}): ${chart.series.map((one) => one.label).join(', ')}`;
  const rows = chart.x.slice(-120).map((x, i, shown) => {
    const at = chart.x.length - shown.length + i;
    return [
      chart.time ? new Date(x * 1000).toISOString().slice(0, 16).replace('T', ' ') : String(x),
      ...chart.series.map((one) => number(one.values[at] ?? undefined)),
    ];
  });
  const table = htmlTable(
    [chart.xLabel, ...chart.series.map((one) => one.label)],
    rows,
    chart.series.map((_, i) => i + 1),
  );
  return `<figure><figcaption>${escapeHtml(chart.title)} <span>(${escapeHtml(chart.unit)})</span></figcaption>
<div class="plot" id="${id}" role="img" aria-label="${escapeHtml(label)}"></div>
<details><summary>As a table</summary>${table}</details></figure>`;
}
