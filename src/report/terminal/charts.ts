import type { MetricName } from '../../analysis/observations.ts';
import { chart } from '../../ui/chart.ts';
import { paint } from '../../ui/theme.ts';
import { latencyName } from '../content/metrics.ts';
import type { Report, RenderOptions } from '../report.ts';

const HEIGHT = 7;
/** A line at zero needs no seven lines to be seen. */
const FLAT = 3;

/** Errors and latency of both variants over time. */
export function charts(report: Report, options: RenderOptions): string[] {
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
    draw(latencyName(report.observations), 'latencyMean', 'mean, ms', false),
  ];
}
