import type { App, Outcome } from '../../app.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { recordedUpdates, unfinishedUpdate } from '../../state/updates.ts';
import { readStage } from '../../guard/phase.ts';
import { type Update, watchUpdate } from '../../lifecycle/guarded-update/await-update.ts';
import { replay } from '../../state/replay.ts';
import { plain } from '../../ui/io.ts';
import { wrap } from '../../ui/wrap.ts';
import { awaitEndpoint } from '../shared/await-endpoint.ts';
import { liveView } from '../../cli/views/update-live.ts';
import { type Ground, onEndpoint } from '../shared/on-endpoint.ts';

/**
 * Watches an update that is under way, whoever began it, and changes nothing: to stop watching harms nothing either.
 * @returns undefined where there is none to watch
 */
export async function watch(app: App, endpoint: string): Promise<Outcome | undefined> {
  const live = await describeEndpoint(await app.aws(), endpoint, app.signal);
  if (live?.EndpointStatus === 'Creating') return watchCreation(app, endpoint, live.EndpointConfigName ?? '');
  const update = await onEndpoint(app, { endpoint, command: 'status --watch', readOnly: true }, (ground) =>
    underWay(app, ground, endpoint),
  );
  if (update === undefined) return undefined;
  const view = liveView(app.io);
  const surroundings = { aws: await app.aws(), clock: app.clock, signal: app.signal };
  const ending = await watchUpdate(
    surroundings,
    update,
    (snapshot) => view(update, snapshot),
    async () => {
      const state = replay((await app.journal(endpoint)).events());
      return recordedUpdates(state).findLast((one) => one.started.requested === update.requested)?.aborted ?? false;
    },
  );
  for (const line of wrap(plain(ending.sentence), app.io.columns, '  ')) app.io.out(line);
  return ending.kind === 'updated' ? 'done' : 'no';
}

async function watchCreation(app: App, endpoint: string, config: string): Promise<Outcome> {
  const settled = await awaitEndpoint(app, await app.aws(), endpoint, config);
  const running = settled.kind === 'running';
  app.io.out(`Endpoint ${endpoint} ${running ? `is in service on ${config}` : 'did not come into service'}.`);
  return running ? 'done' : 'no';
}

/** In the first seconds of an update AWS does not say what it leads to. */
const LOOK_MS = 2_000;
const LOOKS = 15;

/** The update out of the journal, else as much of it as AWS shows. */
async function underWay(app: App, ground: Ground, endpoint: string): Promise<Update | undefined> {
  let live = await describeEndpoint(ground.aws, endpoint, app.signal);
  for (let looks = 0; live !== undefined && readStage(live).name === 'starting' && looks < LOOKS; looks += 1) {
    await app.clock.sleep(LOOK_MS, app.signal);
    live = await describeEndpoint(ground.aws, endpoint, app.signal);
  }
  if (live === undefined || ['settled', 'failed', 'creating', 'deleting'].includes(readStage(live).name))
    return undefined;
  const ours = unfinishedUpdate(ground.state())?.started;
  const pending = live.PendingDeploymentSummary;
  if (ours !== undefined && (pending === undefined || pending.EndpointConfigName === ours.requested)) return ours;
  return {
    endpoint,
    variant: live.ProductionVariants?.[0]?.VariantName ?? '',
    requested: pending?.EndpointConfigName ?? live.EndpointConfigName ?? '',
    previous: live.EndpointConfigName ?? '',
    alarms: live.LastDeploymentConfig?.AutoRollbackConfiguration?.Alarms?.map((alarm) => alarm.AlarmName ?? '') ?? [],
    startedAt: pending?.StartTime?.getTime() ?? app.clock.now(),
    modifiedBefore: undefined,
    reasonBefore: live.FailureReason,
    maxSeconds: undefined,
  };
}
