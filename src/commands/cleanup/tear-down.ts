import type { App } from '../../app.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { apply, type JournaledRun } from '../../resources/apply.ts';
import type { Deletion, Keep, Remainder, Teardown } from '../../resources/teardown.ts';
import { describeProgress, waitForEndpoint } from '../../resources/wait.ts';
import { existing } from '../../state/replay.ts';
import { withProgress } from '../../ui/progress.ts';
import type { Ground } from '../shared/on-endpoint.ts';
import { type Neighbours, planCleanup } from './plan.ts';

/** How long after an endpoint is gone SageMaker may still write what it captured, in milliseconds. */
const LATE_CAPTURES = 30_000;

/**
 * Deletes the endpoint, waits until it is gone, looks again, and deletes the rest: an endpoint that was still being
 * created or served requests leaves logs and captures that nobody could see before.
 * @param tell called after each deletion
 */
export async function tearDown(
  app: App,
  ground: Ground,
  run: JournaledRun,
  plan: Teardown,
  keep: Keep,
  neighbours: Neighbours,
  tell: (step: Deletion) => void,
): Promise<{ deleted: Deletion[]; left: Remainder[] }> {
  const { aws, journal } = ground;
  const deleted: Deletion[] = [];
  const remove = async (step: Deletion) => {
    await apply(run, step);
    if (step.kind === 'endpoint') await untilGone(app, ground);
    deleted.push(step);
    tell(step);
  };
  const endpoint = plan.steps.find((step) => step.kind === 'endpoint');
  const status = (await describeEndpoint(aws, journal.endpoint, app.signal))?.EndpointStatus;
  const leaving = status === 'Deleting';
  // Deleted by a command that was stopped, or by somebody else: nothing it uses may go before it is gone.
  if (leaving) await untilGone(app, ground);
  else if (endpoint !== undefined) {
    if (status?.endsWith('ing') === true) await untilSettled(app, ground);
    await remove(endpoint);
  }
  const gone = leaving || endpoint !== undefined;
  if (gone && !keep.captures && existing(ground.state(), 's3-prefix').length > 0) {
    await withProgress(app.io, 'waiting for the last captures to be written', () =>
      app.clock.sleep(LATE_CAPTURES, app.signal),
    );
  }
  const rest = gone ? await planCleanup(ground, keep, neighbours) : plan;
  const left = [...rest.left];
  for (const step of rest.steps) {
    try {
      await remove(step);
    } catch (error) {
      if (!(error instanceof AwsProblem) || error.code !== 'BucketNotEmpty') throw error;
      left.push({ ref: { kind: step.kind, name: step.name }, why: 'it holds objects that are not ours' });
    }
  }
  return { deleted, left };
}

/** SageMaker deletes no endpoint that is being created or updated. */
function untilSettled(app: App, ground: Ground): Promise<void> {
  return wait(app, ground, 'to settle: AWS deletes none that is being changed', false);
}

function untilGone(app: App, ground: Ground): Promise<void> {
  return wait(app, ground, 'to be gone', true);
}

async function wait(app: App, { aws, journal }: Ground, what: string, untilGone: boolean): Promise<void> {
  const text = `waiting for endpoint ${journal.endpoint} ${what}`;
  await withProgress(app.io, text, (progress) =>
    waitForEndpoint(aws, app.clock, {
      endpoint: journal.endpoint,
      config: undefined,
      untilGone,
      signal: app.signal,
      onLook: (seen) => progress.update(`${text} (${describeProgress(seen)})`),
      onTrouble: (problem) => progress.update(`${problem.message}; asking again`),
    }),
  );
}
