import type { App, Outcome } from '../../app.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { cannotRun } from '../../base/errors.ts';
import { startRun } from '../../resources/apply.ts';
import { readLive } from '../../resources/live.ts';
import { targetsOf, tellTargets } from '../shared/notify.ts';
import { onEndpoint } from '../shared/on-endpoint.ts';
import type { KeepOptions } from './command.ts';

/** Takes the shadow away, as `shadow detach` does, and writes down that its model was not taken. */
export async function run(app: App, options: KeepOptions): Promise<Outcome> {
  const { endpoint } = options;
  // A wrong target is said before anything is begun.
  const targets = await targetsOf(app, options.notify);
  const shadow = await onEndpoint(app, { endpoint, command: 'keep', readOnly: true }, async ({ aws }) => {
    const live = await readLive(aws, endpoint, app.signal);
    const [declared] = live?.config?.ShadowProductionVariants ?? [];
    if (declared === undefined) {
      if (live === undefined) throw noEndpoint(aws.target, endpoint);
      throw cannotRun(
        `Endpoint "${endpoint}" carries no shadow; it runs ${live.endpoint.EndpointConfigName}.`,
        `shadowctl status --endpoint ${endpoint} shows what stands.`,
      );
    }
    return { model: declared.ModelName ?? '', production: live?.config?.ProductionVariants?.[0]?.ModelName ?? '' };
  });
  app.io.err(`Production keeps ${shadow.production}; the shadow with ${shadow.model} ends.`);
  const words = [
    ...(options.configName === undefined ? [] : ['--config-name', options.configName]),
    ...(options.plan ? ['--plan'] : []),
    ...(options.yes ? ['--yes'] : []),
  ];
  const outcome = await app.execute(['shadow', 'detach', '--endpoint', endpoint, '--format', options.format, ...words]);
  if (outcome !== 'done') return outcome;
  await onEndpoint(app, { endpoint, command: 'keep' }, async ({ aws, journal }) => {
    const run = await startRun({ aws, journal, clock: app.clock, signal: app.signal }, 'keep');
    await journal.append({
      type: 'fact',
      run: run.id,
      name: 'kept',
      value: { ...shadow, reason: options.reason ?? null },
    });
  });
  const facts = { endpoint, ended: 'kept', ...shadow, reason: options.reason ?? null };
  const why = options.reason === undefined ? '' : ` Reason: ${options.reason}`;
  await tellTargets(app, targets, {
    subject: `shadowctl keep: kept - ${endpoint}`,
    text: `The shadow of ${endpoint} with ${shadow.model} has ended; production keeps ${shadow.production}.${why}`,
    facts,
  });
  return 'done';
}
