import { basename } from 'node:path';
import type { App, Outcome } from '../../app.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { describeEndpointConfig } from '../../aws/sagemaker.ts';
import { newRun } from '../../resources/apply.ts';
import { readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import { checkName, chooseName } from '../../resources/naming.ts';
import { attachedShadow } from '../../state/calibration.ts';
import { carryUpdate } from '../shared/carry-update.ts';
import { onEndpoint } from '../shared/on-endpoint.ts';
import type { DetachOptions } from './command.ts';
import { planDetach } from './plan.ts';

/** Takes the shadow variant away from an endpoint. */
export async function run(app: App, options: DetachOptions): Promise<Outcome> {
  const { endpoint, configName } = options;
  if (configName !== undefined) checkName('endpoint config', configName, '--config-name');
  return onEndpoint(app, { endpoint, command: 'shadow detach', readOnly: options.plan }, async (ground) => {
    const { aws, journal } = ground;
    const live = await readLive(aws, endpoint, app.signal);
    if (live === undefined) throw noEndpoint(aws.target, endpoint);
    const state = ground.state();
    requireOurs(live, state, journal.path);
    requireSettled(live);
    const earlier = attachedShadow(state, live.endpoint.EndpointConfigName)?.before;
    const before = earlier === undefined ? undefined : await describeEndpointConfig(aws, earlier, app.signal);
    const project = await app.project();
    const runId = newRun(app.clock);
    const taken = state.resources.map((tracked) => tracked.ref.name);
    const freeName = chooseName(endpoint, 'config', app.clock.now(), taken);
    const own = { project: basename(project.root), endpoint, run: runId };
    const { steps, config } = planDetach({ own, tags: project.tags, configName, freeName }, live, before);
    return carryUpdate(
      app,
      ground,
      { command: 'shadow detach', run: runId, live, config, steps, adopt: false, notes: [] },
      options,
    );
  });
}
