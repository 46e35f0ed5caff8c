import type { App } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { type FleetMinute, fleetMinutes, total } from '../../lifecycle/guarded-update/fleet-metrics.ts';
import { withProgress } from '../../ui/progress.ts';
import { drawMinutes } from '../../cli/views/minutes.ts';
import { MINUTE } from '../../base/units.ts';

/** How far back the charts go. */
const WINDOW = 60 * MINUTE;
/** SageMaker publishes by the minute, CloudWatch shows it up to a few minutes later. */
const PATIENCE = 5 * MINUTE;
const LOOK = 15_000;

/** The requests of a test. */
interface Requests {
  endpoint: string;
  variant: string;
  began: number;
  sent: number;
}

/**
 * Waits until CloudWatch shows the requests of a test, then draws 5XX and 4XX errors and ModelLatency of the last hour
 * to standard output. Says so where CloudWatch stays silent.
 */
export async function showMetrics(app: App, aws: Aws, requests: Requests): Promise<void> {
  const minutes = await collect(app, aws, requests);
  if (minutes === undefined) return;
  const end = app.clock.now();
  const start = Math.max(end - WINDOW, minutes[0]?.at ?? end);
  for (const line of drawMinutes(app.io, [{ name: requests.variant, minutes }], { start, end })) app.io.out(line);
}

/** The minutes, once the test's requests are among them; undefined where they do not come in time. */
async function collect(app: App, aws: Aws, requests: Requests): Promise<FleetMinute[] | undefined> {
  const began = app.clock.now();
  const firstMinute = Math.floor(requests.began / MINUTE) * MINUTE;
  const variant = { endpoint: requests.endpoint, variant: requests.variant, config: undefined };
  return withProgress(app.io, 'waiting for the metrics: SageMaker publishes them by the minute', async (progress) => {
    for (;;) {
      const window = { start: firstMinute - WINDOW, end: app.clock.now() };
      const [minutes = []] = await fleetMinutes(aws, [variant], 'Average', window, app.signal);
      const seen = total(minutes.filter((minute) => minute.at >= firstMinute)).requests;
      if (seen >= requests.sent) {
        progress.done('the metrics have arrived');
        return minutes;
      }
      if (app.clock.now() - began >= PATIENCE) {
        progress.fail(
          `CloudWatch shows ${seen} of the ${requests.sent} requests after ${PATIENCE / MINUTE} minutes; see them later with: shadowctl report --endpoint ${requests.endpoint}`,
        );
        return seen > 0 ? minutes : undefined;
      }
      await app.clock.sleep(LOOK, app.signal);
    }
  });
}
