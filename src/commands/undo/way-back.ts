import type { App } from '../../app.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { describeEndpointConfig, describeModel } from '../../aws/sagemaker.ts';
import { readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import type { Ground } from '../shared/on-endpoint.ts';
import type { UndoOptions } from './command.ts';
import { planUndo, previousConfig, undoNotes } from './plan.ts';

/** Where the endpoint is to return to, and whether it can. @throws Problem where it cannot */
export async function findWayBack(app: App, ground: Ground, options: UndoOptions) {
  const { aws, journal } = ground;
  const { endpoint } = options;
  const live = await readLive(aws, endpoint, app.signal);
  if (live === undefined) throw noEndpoint(aws.target, endpoint);
  const state = ground.state();
  requireOurs(live, state, journal.path, false);
  requireSettled(live);
  const name = options.to ?? previousConfig(live, state);
  const target = await describeEndpointConfig(aws, name, app.signal);
  const missingModels: string[] = [];
  for (const variant of [...(target?.ProductionVariants ?? []), ...(target?.ShadowProductionVariants ?? [])]) {
    const model = variant.ModelName;
    if (model !== undefined && (await describeModel(aws, model, app.signal)) === undefined) missingModels.push(model);
  }
  const step = planUndo(live, state, { name, target, missingModels });
  const notes = target === undefined ? [] : undoNotes(live, target);
  return { live, name, target, step, notes };
}
