import { basename } from 'node:path';
import type { App, Outcome } from '../../app.ts';
import { describeEndpointConfig, describeModel } from '../../aws/sagemaker.ts';
import { usage } from '../../errors.ts';
import { recordedUpdates, type StartedUpdate, unfinishedUpdate } from '../../guardrails/records.ts';
import { planStrategy } from '../../guardrails/strategy.ts';
import { newRun } from '../../resources/apply.ts';
import { checkCandidate, prepareCandidate } from '../../resources/candidate.ts';
import { type Live, readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import { checkName, chooseName } from '../../resources/naming.ts';
import { withoutStanding } from '../../resources/resume.ts';
import { chooseRole } from '../../resources/role.ts';
import { tagList } from '../../resources/tags.ts';
import { candidateOptions } from '../shared/candidate-flags.ts';
import { beginGuarded } from '../shared/begin-guarded.ts';
import { type Followed, followUpdate, outcomeOf } from '../shared/follow-update.ts';
import { notifyAll } from '../shared/notify.ts';
import { targetsOf } from '../shared/notify-targets.ts';
import { type Ground, onEndpoint } from '../shared/on-endpoint.ts';
import { readPayloads } from '../shared/payloads.ts';
import { tellResult } from '../shared/update-result.ts';
import { withTraffic } from '../shared/with-traffic.ts';
import type { CanaryOptions } from './command.ts';
import { planCanary, requireGuardable } from './plan.ts';

export async function run(app: App, options: CanaryOptions): Promise<Outcome> {
  // A wrong target is said before anything is begun.
  const targets = await targetsOf(app, options.guard.notify);
  const aws = await app.aws();
  const started = options.resume ? await takeUp(app, options) : await start(app, options);
  if (started === 'pending') return 'pending';
  const follow = () => followUpdate(app, aws, started);
  const followed: Followed =
    options.traffic === undefined ? await follow() : await withTraffic(app, options.endpoint, options.traffic, follow);
  await tellResult(app, followed, options.format);
  await notifyAll(app, targets, followed);
  return outcomeOf(followed.ending);
}

/** The update that an earlier command began and did not see the end of. */
async function takeUp(app: App, options: CanaryOptions): Promise<StartedUpdate> {
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

async function start(app: App, options: CanaryOptions): Promise<StartedUpdate | 'pending'> {
  // A file that cannot be sent is said before the update, not in the middle of it.
  if (options.traffic !== undefined) await readPayloads(app, options.traffic.file, '--traffic');
  const words = { endpoint: options.endpoint, command: 'canary', readOnly: options.plan };
  return onEndpoint(app, words, async (ground) => {
    const live = await readLive(ground.aws, options.endpoint, app.signal);
    if (live === undefined) {
      throw usage(
        `There is no endpoint ${options.endpoint} in ${ground.aws.target.region}.`,
        `Create it first: shadowctl deploy --endpoint ${options.endpoint} …`,
      );
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
  const { candidate: flags, endpoint } = options;
  const { aws } = ground;
  const project = await app.project();
  const environment = await app.environment();
  const state = ground.state();
  const said = candidateOptions(flags, app.cwd);
  // Most new models come for the same container.
  const image = said.image ?? (said.algorithm === undefined ? live.model?.PrimaryContainer?.Image : undefined);
  const checked = await checkCandidate({ ...said, image }, aws.target.region);
  const candidate = await prepareCandidate(aws, { account: ground.account, endpoint, state }, checked);
  const taken = state.resources.map((held) => held.ref.name);
  const model = checkName(
    'model',
    flags.modelName ?? chooseName(endpoint, 'model', app.clock.now(), taken),
    '--model-name',
  );
  const config = checkName(
    'endpoint config',
    flags.configName ?? chooseName(endpoint, 'config', app.clock.now(), taken),
    '--config-name',
  );
  if (config === live.endpoint.EndpointConfigName) {
    throw usage(
      `--config-name ${config}: that is the config ${endpoint} runs now, and SageMaker updates only to another one.`,
      'Give another name, or none.',
    );
  }
  const run = newRun(app.clock);
  const own = { project: basename(project.root), endpoint, run };
  const tags = { ...project.tags, ...flags.tag };
  const planned = planCanary(
    {
      own,
      tags,
      candidate,
      role: chooseRole({
        flag: flags.role,
        project: project.role,
        env: environment.SAGEMAKER_ROLE_ARN,
        live: live.model?.ExecutionRoleArn,
      }),
      environment: flags.containerEnv ?? {},
      modelName: model,
      configName: config,
    },
    live,
  );
  const standing = new Set<string>();
  if ((await describeModel(aws, model, app.signal)) !== undefined) standing.add(`model ${model}`);
  if ((await describeEndpointConfig(aws, config, app.signal)) !== undefined) standing.add(`endpoint-config ${config}`);
  const steps = withoutStanding(planned, state, (step) => standing.has(`${step.kind} ${step.name}`));
  return { steps, names: { model, config, run, tags: tagList(own, tags) } };
}
