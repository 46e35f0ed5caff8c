import type { App, Outcome } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { type Followed, outcomeOf } from './follow-update.ts';
import { notifyAll } from './notify.ts';
import type { Target } from '../../cli/flags/targets.ts';
import { metricLines, readUpdateMetrics } from './update-metrics.ts';
import { tellResult } from '../../cli/views/update-result.ts';

/**
 * The end of every command that guards an update: the result, those who are to be told, the metrics of both fleets.
 * Nobody waits for a chart to learn of a rollback.
 */
export async function conclude(
  app: App,
  aws: Aws,
  followed: Followed,
  wanted: { targets: readonly Target[]; metrics: boolean; format: 'text' | 'json' },
): Promise<Outcome> {
  const read = async () => (wanted.metrics ? readUpdateMetrics(app, aws, followed) : undefined);
  if (wanted.format === 'json') {
    await notifyAll(app, wanted.targets, followed);
    await tellResult(app, followed, 'json', await read());
    return outcomeOf(followed.ending);
  }
  await tellResult(app, followed, 'text');
  await notifyAll(app, wanted.targets, followed);
  const metrics = await read();
  if (metrics !== undefined) for (const line of metricLines(app, followed, metrics)) app.io.out(line);
  return outcomeOf(followed.ending);
}
