import { basename } from 'node:path';
import type { App, Outcome } from '../../app.ts';
import { endpointLogGroup, logGroupExists } from '../../aws/logs.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { describeEndpointConfig, describeModel } from '../../aws/sagemaker.ts';
import { newRun, startRun } from '../../resources/apply.ts';
import { type CheckedCandidate, checkCandidate, prepareCandidate } from '../../resources/artifact/candidate.ts';
import { type Live, ownership, readLive, requireOurs } from '../../resources/live.ts';
import { checkName, chooseName } from '../../resources/naming.ts';
import { withoutExisting } from '../../resources/steps.ts';
import { chooseRole } from '../../resources/model.ts';
import { nameOf, type Step } from '../../resources/steps.ts';
import type { Settled } from '../../resources/wait.ts';
import { trackedResource } from '../../state/replay.ts';
import { applySteps } from '../shared/apply-steps.ts';
import { awaitEndpoint, showContainerLines } from '../shared/await-endpoint.ts';
import { candidateOptions } from '../../cli/flags/candidate.ts';
import { confirm } from '../../cli/confirm.ts';
import { describeStep } from '../../cli/views/steps.ts';
import { noteEnding } from '../shared/note-ending.ts';
import { type Ground, onEndpoint } from '../shared/on-endpoint.ts';
import { type Payloads, readPayloads } from '../shared/payloads.ts';
import type { DeployOptions } from './command.ts';
import { planDeploy } from './plan.ts';
import { reportDeployment } from './report-deployment.ts';
import { showMetrics } from './show-metrics.ts';
import { tryInference } from './try-inference.ts';

/** Creates the endpoint, or updates it where it exists and is ours; tests it; shows what it made. */
export async function run(app: App, options: DeployOptions): Promise<Outcome> {
  checkNames(options);
  const payloads =
    options.test === undefined
      ? undefined
      : await readPayloads(app, options.test, '--test', { header: options.header });
  const candidate = await checkCandidate(candidateOptions(options.candidate, app.cwd), (await app.aws()).target.region);
  return onEndpoint(app, { endpoint: options.endpoint, command: 'deploy', readOnly: options.plan }, async (ground) => {
    const plan = await decide(app, options, candidate, ground);
    if (options.plan) return showPlan(app, options, plan.steps);
    return carryOut(app, options, ground, plan, payloads);
  });
}

/** Names the user gave are checked before any call. */
function checkNames(options: DeployOptions): void {
  checkName('endpoint', options.endpoint, '--endpoint');
  const { modelName, configName } = options.candidate;
  if (modelName !== undefined) checkName('model', modelName, '--model-name');
  if (configName !== undefined) checkName('endpoint config', configName, '--config-name');
  if (options.variantName !== undefined) checkName('variant', options.variantName, '--variant-name');
}

interface Decision {
  run: string;
  steps: Step[];
  configName: string;
  modelName: string;
  live: Live | undefined;
  /** The endpoint is to be recorded as adopted. */
  adopt: boolean;
}

/** Looks at what stands and decides what is to be done; changes nothing. */
async function decide(app: App, options: DeployOptions, checked: CheckedCandidate, ground: Ground): Promise<Decision> {
  const { aws, account, journal } = ground;
  const { endpoint, candidate: flags } = options;
  const state = ground.state();
  const live = await readLive(aws, endpoint, app.signal);
  const adopt = options.adopt && live !== undefined && ['foreign', 'unknown-here'].includes(ownership(live, state));
  if (live !== undefined && !adopt) requireOurs(live, state, journal.path);
  const project = await app.project();
  const at = app.clock.now();
  const taken = state.resources.map((tracked) => tracked.ref.name);
  const modelName = flags.modelName ?? chooseName(endpoint, 'model', at, taken);
  const configName = flags.configName ?? chooseName(endpoint, 'config', at, taken);
  const run = newRun(app.clock);
  const config = trackedResource(state, { kind: 'endpoint-config', name: configName });
  const steps = planDeploy(
    {
      own: { project: basename(project.root), endpoint, run },
      tags: { ...project.tags, ...flags.tag },
      candidate: await prepareCandidate(aws, { account, endpoint, state }, checked),
      role: chooseRole({
        flag: flags.role,
        project: project.role,
        env: (await app.environment()).SAGEMAKER_ROLE_ARN,
        live: live?.model?.ExecutionRoleArn,
      }),
      environment: flags.containerEnv ?? {},
      modelName,
      configName,
      variantName: options.variantName,
      instanceType: options.instanceType,
      instances: options.instances,
      standingConfig: config?.state === 'exists' ? config.input : undefined,
      logGroup: live === undefined ? await freeLogGroup(ground, endpoint) : undefined,
    },
    live,
  );
  const existing = new Set<string>();
  if (flags.modelName !== undefined && (await describeModel(aws, modelName)) !== undefined)
    existing.add(`model ${modelName}`);
  if (flags.configName !== undefined && (await describeEndpointConfig(aws, configName)) !== undefined)
    existing.add(`endpoint-config ${configName}`);
  return {
    run,
    steps: withoutExisting(steps, state, (step) => existing.has(`${step.kind} ${step.name}`)),
    configName,
    modelName,
    live,
    adopt,
  };
}

/** The endpoint's log group, where there is none yet: what will lie there is then ours. */
async function freeLogGroup({ aws }: Ground, endpoint: string): Promise<string | undefined> {
  const group = endpointLogGroup(endpoint);
  try {
    return (await logGroupExists(aws, group)) ? undefined : group;
  } catch (error) {
    // Logs are a side matter: whoever may not look at them must still be able to deploy.
    if (error instanceof AwsProblem && !error.transient) return undefined;
    throw error;
  }
}

function showPlan(app: App, options: DeployOptions, steps: readonly Step[]): Outcome {
  if (options.format === 'json') app.io.out(JSON.stringify({ endpoint: options.endpoint, steps }, undefined, 2));
  else if (steps.length === 0) app.io.out(`Nothing to do: endpoint ${options.endpoint} is as asked for.`);
  else for (const line of steps.flatMap((step) => describeStep(step, app.io.columns))) app.io.out(line);
  return steps.length === 0 ? 'done' : 'pending';
}

async function carryOut(
  app: App,
  options: DeployOptions,
  ground: Ground,
  plan: Decision,
  payloads: Payloads | undefined,
): Promise<Outcome> {
  const { aws, journal } = ground;
  const began = app.clock.now();
  if (plan.steps.length > 0) {
    for (const line of plan.steps.flatMap((step) => describeStep(step, app.io.columns))) app.io.err(line);
    if (plan.adopt)
      app.io.err(`~ ${nameOf({ kind: 'endpoint', name: options.endpoint })}  (adopted: cleanup will not delete it)`);
    await confirm(app, 'Do this', options.yes);
    const run = await startRun({ aws, journal, clock: app.clock, signal: app.signal }, 'deploy', plan.run);
    if (plan.adopt)
      await journal.append({
        type: 'fact',
        run: plan.run,
        name: 'adopted',
        value: { kind: 'endpoint', name: options.endpoint },
      });
    await applySteps(app, run, plan.steps);
  }
  const created = plan.steps
    .filter((step) => step.action === 'create' && step.kind !== 'log-group')
    .map((step) => ({ kind: step.kind, name: step.name }));
  const result = { endpoint: options.endpoint, config: plan.configName, model: plan.modelName, created };
  if (!options.wait) {
    await reportDeployment(app, options.format, { ...result, settled: undefined, trial: undefined });
    return 'done';
  }
  const settled: Settled = await awaitEndpoint(
    app,
    aws,
    options.endpoint,
    plan.configName,
    plan.live?.endpoint.LastModifiedTime,
  );
  await noteEnding(ground, plan.configName, settled);
  if (settled.kind !== 'running') {
    await showContainerLines(app, aws, options.endpoint, began);
    await reportDeployment(app, options.format, { ...result, settled, trial: undefined });
    return 'no';
  }
  const trial = payloads === undefined ? undefined : await tryInference(app, aws, options.endpoint, payloads);
  await reportDeployment(app, options.format, { ...result, settled, trial });
  const variant = settled.endpoint.ProductionVariants?.[0]?.VariantName;
  if (trial !== undefined && options.metrics && options.format === 'text' && variant !== undefined) {
    await showMetrics(app, aws, { endpoint: options.endpoint, variant, began: trial.began, sent: trial.sent });
  }
  return trial === undefined || trial.answered === trial.sent ? 'done' : 'no';
}
