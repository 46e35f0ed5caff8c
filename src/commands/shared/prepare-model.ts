import { basename } from 'node:path';
import type { App } from '../../app.ts';
import { describeEndpointConfig, describeModel } from '../../aws/sagemaker.ts';
import { usage } from '../../base/errors.ts';
import { newRun } from '../../resources/apply.ts';
import { checkCandidate, prepareCandidate } from '../../resources/artifact/candidate.ts';
import type { Live } from '../../resources/live.ts';
import { checkName, chooseName } from '../../resources/naming.ts';
import { newModel } from '../../resources/model.ts';
import { withoutExisting } from '../../resources/steps.ts';
import { chooseRole } from '../../resources/model.ts';
import type { Step } from '../../resources/steps.ts';
import { type Ownership, tagList } from '../../resources/tags.ts';
import { type CandidateFlags, candidateOptions } from '../../cli/flags/candidate.ts';
import { checkRemote } from '../../resources/artifact/check-remote.ts';
import type { Ground } from './on-endpoint.ts';

/** A new model for a live endpoint, checked and named; nothing is created yet. */
interface PreparedModel {
  own: Ownership;
  tags: Readonly<Record<string, string>>;
  model: string;
  /** The name for the endpoint config that will run it. */
  config: string;
  /** Upload and model. */
  steps: Step[];
}

/** Checks the candidate and chooses names. Most new models come for the container that runs already: it is the default. */
export async function prepareModel(
  app: App,
  ground: Ground,
  wanted: { endpoint: string; candidate: CandidateFlags },
  live: Live,
): Promise<PreparedModel> {
  const { candidate: flags, endpoint } = wanted;
  const { aws } = ground;
  const project = await app.project();
  const environment = await app.environment();
  const state = ground.state();
  const said = candidateOptions(flags, app.cwd);
  const image = said.image ?? (said.algorithm === undefined ? live.model?.PrimaryContainer?.Image : undefined);
  const checked = await checkCandidate({ ...said, image }, aws.target.region);
  await checkRemote(aws, checked, {
    allowMismatch: said.allowMismatch,
    signal: app.signal,
    note: (sentence) => app.io.err(`note: ${sentence}`),
  });
  const candidate = await prepareCandidate(aws, { account: ground.account, endpoint, state }, checked);
  const taken = state.resources.map((tracked) => tracked.ref.name);
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
  const own = { project: basename(project.root), endpoint, run: newRun(app.clock) };
  const tags = { ...project.tags, ...flags.tag };
  const role = chooseRole({
    flag: flags.role,
    project: project.role,
    env: environment.SAGEMAKER_ROLE_ARN,
    live: live.model?.ExecutionRoleArn,
  });
  const input = newModel(model, candidate, {
    role,
    environment: flags.containerEnv ?? {},
    tags: tagList(own, tags),
    live: live.model,
  });
  return {
    own,
    tags,
    model,
    config,
    steps: [...candidate.steps, { action: 'create', kind: 'model', name: model, input }],
  };
}

/** Leaves out what an interrupted run of the same command has created already. @throws Problem where a name is taken by something else */
export async function leaveOutStanding(app: App, ground: Ground, steps: readonly Step[]): Promise<Step[]> {
  const standing = new Set<Step>();
  for (const step of steps) {
    if (step.kind === 'model' && (await describeModel(ground.aws, step.name, app.signal)) !== undefined)
      standing.add(step);
    if (
      step.kind === 'endpoint-config' &&
      (await describeEndpointConfig(ground.aws, step.name, app.signal)) !== undefined
    )
      standing.add(step);
  }
  return withoutExisting(steps, ground.state(), (step) => standing.has(step));
}
