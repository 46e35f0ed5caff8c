import type { MetricName } from '../../analysis/observations.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import type { Gate } from '../../analysis/judge/verdict.ts';
import { gatesByDay } from '../content/days.ts';
import { latencyName } from '../content/metrics.ts';
import type { Report } from '../report.ts';
import { escapeHtml, htmlTable } from './escape.ts';
import { difference, gateValue } from '../words.ts';
import { counted, dateAndTime, number } from '../../base/units.ts';

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
  /** Values are logarithms of a ratio: the axis says `+10 %`. */
  ratio?: boolean;
}

const DASHES: Record<string, readonly number[] | undefined> = { p50: undefined, p90: [8, 4], p99: [2, 3] };

/**
 * Charts over time, and the confidence sequences; a chart without any value is left out, and where nothing but zeros would be
 * drawn, a sentence says so.
 */
export function chartsOf(report: Report): { charts: Record<string, Chart>; zeros: string[] } {
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
          : [
              {
                label: `${variant} ${label}`.trim(),
                color: variant,
                values,
                width: variant === 'production' ? 3 : 1.5,
                ...(dash === undefined ? {} : { dash }),
              },
            ];
      }),
    ),
  });
  const charts: Record<string, Chart> = {
    latency: over(
      latencyName(report.observations),
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
    const chart = sequenceChart(gate, report.policy);
    if (chart !== undefined) charts[`sequence-${gate.id.replaceAll('.', '-')}`] = chart;
  }
  for (const gate of gatesByDay(report)) {
    const chart = daysChart(gate, report);
    if (chart !== undefined) charts[`days-${gate.id.replaceAll('.', '-')}`] = chart;
  }
  const valuesOf = (chart: Chart) => chart.series.flatMap(({ values }) => values).filter((value) => value !== null);
  const some = Object.entries(charts).filter(([, chart]) => valuesOf(chart).length > 0);
  const isZero = (chart: Chart) => chart.time && valuesOf(chart).every((value) => value === 0);
  return {
    charts: Object.fromEntries(some.filter(([, chart]) => !isZero(chart))),
    zeros: some
      .filter(([, chart]) => isZero(chart))
      .map(([, { title }]) => `${title}: none in ${counted(x.length, 'minutes')}.`),
  };
}

/** What a gate bounds, day by day, beside its margin and the value of all days together. */
function daysChart(gate: Gate, { observations: { days = [] } }: Report): Chart | undefined {
  const { byDay, margin, estimate } = gate;
  if (byDay === undefined || byDay.days.length < 2) return undefined;
  const scale = gate.unit === 'share' ? 100 : 1;
  const at = new Map(days.map(({ day, from }) => [day, from / 1000]));
  const seen = byDay.days.filter(({ day }) => at.has(day));
  const always = (value: number | undefined) => seen.map(() => (value === undefined ? null : value * scale));
  return {
    title: `${gate.id}, day by day`,
    unit: gate.difference === true ? 'percentage points' : gate.unit === 'share' ? '%' : gate.unit,
    time: true,
    xLabel: 'UTC',
    zero: false,
    x: seen.map(({ day }) => at.get(day) ?? 0),
    series: [
      { label: 'day', color: 'shadow', values: seen.map(({ value }) => value * scale) },
      { label: 'all days, by rows', color: 'production', width: 1, values: always(estimate) },
      ...(margin === undefined
        ? []
        : [{ label: `margin ${gateValue(gate, margin)}`, color: 'fail', dash: [6, 4], values: always(margin) }]),
    ],
  };
}

/** How the interval closed in on the margin, or has not yet. */
function sequenceChart(gate: Gate, { minimumBlocks }: Policy): Chart | undefined {
  // Two blocks that happen to be alike have narrower bounds than four: nobody decides by either.
  const least = gate.of === 'blocks' ? minimumBlocks : 0;
  const history = (gate.history ?? []).filter(({ n }) => n >= least);
  if (history.length < 2 || gate.margin === undefined) return undefined;
  const margin = gate.margin;
  const ratio = gate.unit === 'ratio';
  const scale = gate.unit === 'share' ? 100 : 1;
  const value = (seen: number) => {
    const shown = ratio ? Math.log(seen) : seen * scale;
    return Number.isFinite(shown) ? shown : null;
  };
  return {
    title: gate.id,
    unit: ratio
      ? 'shadow against production, %'
      : gate.difference === true
        ? 'percentage points'
        : gate.unit === 'share'
          ? '%'
          : gate.unit,
    time: false,
    xLabel: gate.of,
    zero: false,
    x: history.map((step) => step.n),
    series: [
      { label: 'can be, at most', color: 'production', width: 1, values: history.map((step) => value(step.high)) },
      { label: 'can be, at least', color: 'production', width: 1, values: history.map((step) => value(step.low)) },
      { label: 'seen', color: 'ink', values: history.map((step) => value(step.estimate)) },
      {
        label: `margin ${gateValue(gate, margin)}`,
        color: 'fail',
        dash: [6, 4],
        values: history.map(() => value(margin)),
      },
    ],
    bands: [[1, 2]],
    ratio,
  };
}

/** A value as the table and the words say it. */
function format(chart: Chart, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return chart.ratio === true ? difference(1, Math.exp(value)) : number(value);
}

/** The picture in a sentence, for those who do not see it. */
function describe(chart: Chart): string {
  const lines = chart.series.flatMap((one) => {
    const values = one.values.filter((value) => value !== null);
    if (values.length === 0) return [];
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    const range = low === high ? `always ${format(chart, low)}` : `${format(chart, low)} to ${format(chart, high)}`;
    return [`${one.label} ${range}${low === high ? '' : `, at last ${format(chart, values.at(-1))}`}`];
  });
  return `${chart.title} (${chart.unit}) over ${chart.time ? 'time' : chart.xLabel}: ${lines.join('; ')}`;
}

function legend(chart: Chart): string {
  const bounds = new Set(chart.bands?.flat());
  const keys = chart.series.flatMap((one, i) => {
    // The two bounds are the edges of one band.
    if (bounds.has(i + 1))
      return i === 0
        ? ['<li><svg class="key" viewBox="0 0 28 12"><rect class="band" width="28" height="12"/></svg>can be</li>']
        : [];
    const dash = one.dash === undefined ? '' : ` stroke-dasharray="${one.dash.join(' ')}"`;
    return [
      `<li><svg class="key" viewBox="0 0 28 12"><path class="stroke-${one.color}" d="M0 6H28"${dash}/></svg>${escapeHtml(one.label)}</li>`,
    ];
  });
  return `<ul class="legend" aria-hidden="true">${keys.join('')}</ul>`;
}

/** Place, title and data table of one chart; the script fills the place. */
export function figure(id: string, chart: Chart): string {
  const shown = chart.x.slice(-120);
  const rows = shown.map((x, i) => {
    const at = chart.x.length - shown.length + i;
    return [
      chart.time ? dateAndTime(x * 1000) : String(x),
      ...chart.series.map((one) => format(chart, one.values[at])),
    ];
  });
  const table = htmlTable(
    [chart.xLabel, ...chart.series.map((one) => one.label)],
    rows,
    chart.series.map((_, i) => i + 1),
    `${chart.title}, ${chart.unit}${shown.length < chart.x.length ? `: the last ${shown.length} of ${chart.x.length}` : ''}`,
  );
  return `<figure><figcaption>${escapeHtml(chart.title)} <span>(${escapeHtml(chart.unit)})</span></figcaption>
${legend(chart)}<div class="plot" id="${id}" role="img" aria-label="${escapeHtml(describe(chart))}"></div>
<p class="readout" aria-hidden="true" data-of="${id}"></p>
<details><summary>As a table</summary>${table}</details></figure>`;
}
