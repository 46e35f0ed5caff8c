import type { App } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { metricData, type Series } from '../../aws/cloudwatch.ts';
import { chart } from '../../ui/chart.ts';
import { withProgress } from '../../ui/progress.ts';

const MINUTE = 60_000;
/** How far back the charts go. */
const WINDOW = 60 * MINUTE;
/** SageMaker publishes by the minute, CloudWatch shows it up to a few minutes later. */
const PATIENCE = 5 * MINUTE;
const LOOK = 15_000;

const METRICS = [
  { id: 'invocations', name: 'Invocations', stat: 'Sum' },
  { id: 'errors5xx', name: 'Invocation5XXErrors', stat: 'Sum' },
  { id: 'errors4xx', name: 'Invocation4XXErrors', stat: 'Sum' },
  { id: 'latency', name: 'ModelLatency', stat: 'Average' },
] as const;

type MetricId = (typeof METRICS)[number]['id'];

/**
 * Waits until CloudWatch shows the requests of a test, then draws 5XX and 4XX errors and ModelLatency of the last hour
 * to standard output. Says so where CloudWatch stays silent.
 */
export async function showMetrics(
  app: App,
  aws: Aws,
  requests: { endpoint: string; variant: string; began: number; sent: number },
): Promise<void> {
  const series = await collect(app, aws, requests);
  if (series === undefined) return;
  const end = app.clock.now();
  const begin = Math.max(end - WINDOW, Math.min(...points(series, 'invocations').map((point) => point.at), end));
  const first = Math.floor(begin / MINUTE) * MINUTE;
  const times = Array.from(
    { length: Math.max(1, Math.floor((end - first) / MINUTE)) },
    (_, index) => first + index * MINUTE,
  );
  const valuesOf = (id: MetricId, silent: number | undefined, scale = 1) => {
    const byTime = new Map(points(series, id).map((point) => [point.at, point.value * scale]));
    const busy = new Set(points(series, 'invocations').map((point) => point.at));
    return times.map((at) => byTime.get(at) ?? (busy.has(at) ? silent : undefined));
  };
  const draw = (name: string, unit: string, values: (number | undefined)[]) => {
    app.io.out();
    app.io.out(
      chart([{ name: `${name} of ${requests.variant}`, values }], {
        width: Math.min(100, app.io.columns),
        height: 6,
        color: app.io.color,
        unit,
        times,
      }),
    );
  };
  draw('5XXError', 'requests a minute', valuesOf('errors5xx', 0));
  draw('4XXError', 'requests a minute', valuesOf('errors4xx', 0));
  draw('ModelLatency', 'ms, mean of a minute', valuesOf('latency', undefined, 1 / 1000));
}

function points(series: readonly Series[], id: MetricId): Series['points'] {
  return series.find((one) => one.id === id)?.points ?? [];
}

/** The metrics, once the test's requests are among them; undefined where they do not come in time. */
async function collect(
  app: App,
  aws: Aws,
  requests: { endpoint: string; variant: string; began: number; sent: number },
): Promise<Series[] | undefined> {
  const began = app.clock.now();
  const firstMinute = Math.floor(requests.began / MINUTE) * MINUTE;
  const queries = METRICS.map((metric) => ({
    Id: metric.id,
    MetricStat: {
      Metric: {
        Namespace: 'AWS/SageMaker',
        MetricName: metric.name,
        Dimensions: [
          { Name: 'EndpointName', Value: requests.endpoint },
          { Name: 'VariantName', Value: requests.variant },
        ],
      },
      Period: 60,
      Stat: metric.stat,
    },
  }));
  return withProgress(app.io, 'waiting for the metrics: SageMaker publishes them by the minute', async (progress) => {
    for (;;) {
      const end = Math.ceil((app.clock.now() + 1) / MINUTE) * MINUTE;
      const series = await metricData(aws, queries, { start: firstMinute - WINDOW, end }, app.signal);
      const seen = points(series, 'invocations')
        .filter((point) => point.at >= firstMinute)
        .reduce((sum, point) => sum + point.value, 0);
      if (seen >= requests.sent) {
        progress.done('the metrics have arrived');
        return series;
      }
      if (app.clock.now() - began >= PATIENCE) {
        progress.fail(
          `CloudWatch shows ${seen} of the ${requests.sent} requests after ${PATIENCE / MINUTE} minutes; see them later with: shadowctl report --endpoint ${requests.endpoint}`,
        );
        return seen > 0 ? series : undefined;
      }
      await app.clock.sleep(LOOK, app.signal);
    }
  });
}
