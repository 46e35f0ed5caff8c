import type { App, Outcome } from '../../app.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { cannotRun, usage } from '../../base/errors.ts';
import { planAbort, pullAlarm } from '../../lifecycle/guarded-update/alarm-override.ts';
import { recordedUpdates, type UpdateStarted } from '../../state/updates.ts';
import { readStage } from '../../guard/phase.ts';
import { startRun } from '../../resources/apply.ts';
import { wrap } from '../../ui/wrap.ts';
import { confirm } from '../../cli/confirm.ts';
import { followUpdate } from '../shared/follow-update.ts';
import { notifyAll } from '../shared/notify.ts';
import { targetsOf } from '../../cli/flags/targets.ts';
import { type Ground, onEndpoint } from '../shared/on-endpoint.ts';
import { tellResult } from '../../cli/views/update-result.ts';
import { stageWords } from '../../cli/views/update-live.ts';
import type { AbortOptions } from './command.ts';

/** Sets one of the update's own alarms off and watches the rollback, at whose end the alarm gets its rule back. */
export async function run(app: App, options: AbortOptions): Promise<Outcome> {
  const { endpoint } = options;
  // A wrong target is said before anything is begun.
  const targets = await targetsOf(app, []);
  const aws = await app.aws();
  const begun = await onEndpoint(app, { endpoint, command: 'abort', readOnly: options.plan }, (ground) =>
    begin(app, ground, options),
  );
  if (begun === 'pending') return 'pending';
  const followed = await followUpdate(app, aws, begun);
  await tellResult(app, followed, options.format);
  await notifyAll(app, targets, followed);
  // What was asked for here is the way back.
  return followed.ending.running === begun.previous ? 'done' : 'no';
}

async function begin(app: App, ground: Ground, options: AbortOptions): Promise<UpdateStarted | 'pending'> {
  const { aws, journal } = ground;
  const { endpoint: name } = options;
  const endpoint = await describeEndpoint(aws, name, app.signal);
  if (endpoint === undefined) throw noEndpoint(aws.target, name);
  const stage = readStage(endpoint);
  if (stage.name === 'settled' || stage.name === 'failed') {
    throw usage(
      `No update of ${name} is under way: it is ${endpoint.EndpointStatus} on ${endpoint.EndpointConfigName}.`,
      `To return to the config before: shadowctl undo --endpoint ${name}`,
    );
  }
  const update = recordedUpdates(ground.state()).findLast(
    (one) => one.ended === undefined && one.started.previous === endpoint.EndpointConfigName,
  )?.started;
  const plan = planAbort(endpoint, name, ground.state());
  if ('impossible' in plan || update === undefined) {
    const why = 'impossible' in plan ? plan.impossible : 'it was not begun from this folder';
    throw cannotRun(
      `The update of ${name} cannot be stopped: ${why}.`,
      `It will run to its end. Then return with: shadowctl undo --endpoint ${name}`,
    );
  }
  const when =
    stage.name === 'baking' || stage.name === 'final-bake' || stage.name === 'shifting'
      ? 'SageMaker looks at it while the fleet bakes, so the traffic returns within about a minute'
      : 'SageMaker looks at it only while a fleet bakes, so this takes effect when the new fleet first gets traffic';
  app.io.err(`${name} is ${stageWords(stage)}, on its way from ${update.previous} to ${update.requested}.`);
  const what = `The alarm ${plan.name} will be set off. ${when}; then the new fleet is taken away.`;
  for (const line of wrap(what, app.io.columns, '  ')) app.io.err(line);
  if (options.plan) return 'pending';
  await confirm(app, `Abort the update of endpoint ${name}`, options.yes);
  await pullAlarm(
    await startRun({ aws, journal, clock: app.clock, signal: app.signal }, 'abort'),
    plan,
    update.requested,
  );
  return update;
}
