import type { App, Outcome } from '../../app.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { usage } from '../../base/errors.ts';
import { recordedUpdates, type UpdateStarted, unfinishedUpdate } from '../../state/updates.ts';
import { planStrategy } from '../../guard/strategy.ts';
import { type Live, readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import { tagList } from '../../resources/tags.ts';
import { beginGuarded } from '../shared/begin-guarded.ts';
import { conclude } from '../shared/conclude.ts';
import { type Followed, followUpdate } from '../shared/follow-update.ts';
import { targetsOf } from '../../cli/flags/targets.ts';
import { type Ground, onEndpoint } from '../shared/on-endpoint.ts';
import { smokeTest } from '../shared/smoke-test.ts';
import { leaveOutStanding, prepareModel } from '../shared/prepare-model.ts';
import { requireGuardable } from '../shared/require-guardable.ts';
import { withTraffic } from '../shared/with-traffic.ts';
import type { CanaryOptions } from './command.ts';
import { planConfig } from './plan.ts';

export async function run(app: App, options: CanaryOptions): Promise<Outcome> {
  // A wrong target is said before anything is begun.
  const targets = await targetsOf(app, options.guard.notify);
  const aws = await app.aws();
  const started = options.resume ? await takeUp(app, options) : await start(app, options);
  if (started === 'pending') return 'pending';
  const follow = () => followUpdate(app, aws, started);
  const followed: Followed =
    options.traffic === undefined ? await follow() : await withTraffic(app, options.endpoint, options.traffic, follow);
  const { metrics } = options.guard;
  return conclude(app, aws, followed, { targets, metrics, format: options.format });
}

/** The update that an earlier command began and did not see the end of. */
async function takeUp(app: App, options: CanaryOptions): Promise<UpdateStarted> {
  return onEndpoint(app, { endpoint: options.endpoint, command: 'canary --resume' }, async (ground) => {
    const state = ground.state();
    const open = unfinishedUpdate(state);
    if (open !== undefined) return open.started;
    const last = recordedUpdates(state).findLast((update) => update.ended !== undefined);
    const before = last?.ended === undefined ? '' : ` The last one: ${last.ended.sentence}`;
    throw usage(
      `No update of ${options.endpoint} is under way that was begun from this folder.${before}`,
      `shadowctl history --endpoint ${options.endpoint} lists them.`,
    );
  });
}

async function start(app: App, options: CanaryOptions): Promise<UpdateStarted | 'pending'> {
  // A file that cannot be sent is said before the update, not in the middle of it.
  if (options.traffic !== undefined) await smokeTest(app, options.endpoint, options.traffic.file);
  const words = { endpoint: options.endpoint, command: 'canary', readOnly: options.plan };
  return onEndpoint(app, words, async (ground) => {
    const live = await readLive(ground.aws, options.endpoint, app.signal);
    if (live === undefined) {
      throw noEndpoint(ground.aws.target, options.endpoint);
    }
    if (!options.adopt) requireOurs(live, ground.state(), ground.journal.path);
    requireSettled(live);
    const fleet = requireGuardable(live);
    // Whatever the rules refuse is refused before the artifact is even read.
    planStrategy(options.guard.strategy, fleet);
    const { steps, names } = await prepare(app, ground, options, live);
    return beginGuarded(app, ground, {
      ...options,
      command: 'canary',
      live,
      fleet,
      steps,
      names,
      bringsTraffic: options.traffic !== undefined,
    });
  });
}

/** Checks the candidate and says what must be created for it. */
async function prepare(app: App, ground: Ground, options: CanaryOptions, live: Live) {
  const { own, tags, ...prepared } = await prepareModel(app, ground, options, live);
  const list = tagList(own, tags);
  const steps = [...prepared.steps, planConfig(live, { config: prepared.config, model: prepared.model, tags: list })];
  const names = { model: prepared.model, config: prepared.config, run: own.run, tags: list };
  return { steps: await leaveOutStanding(app, ground, steps), names };
}
