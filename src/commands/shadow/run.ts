import { basename } from 'node:path';
import { loadPolicy } from '../../analysis/observe/policy-file.ts';
import { parsePath } from '../../analysis/answers/path.ts';
import type { App, Outcome } from '../../app.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { bucketExists } from '../../aws/s3.ts';
import { s3Place } from '../../aws/s3-uri.ts';
import { describeEndpointConfig, describeModel } from '../../aws/sagemaker.ts';
import { usage } from '../../base/errors.ts';
import { examineCandidate } from '../../lifecycle/candidate.ts';
import type { PlanNote } from '../../lifecycle/plans.ts';
import { newRun } from '../../resources/apply.ts';
import { defaultBucket, ourPrefix, prepareCandidate } from '../../resources/artifact/candidate.ts';
import { type Live, readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import { checkName, chooseName } from '../../resources/naming.ts';
import { newModel } from '../../resources/model.ts';
import { withoutExisting } from '../../resources/steps.ts';
import { chooseRole } from '../../resources/model.ts';
import type { Step } from '../../resources/steps.ts';
import { tagList } from '../../resources/tags.ts';
import { candidateSpec } from '../../cli/flags/candidate.ts';
import { calibrationOf } from '../../state/calibration.ts';
import { adopts, carryUpdate } from '../shared/carry-update.ts';
import { type Ground, onEndpoint } from '../shared/on-endpoint.ts';
import { calibrate } from './calibrate.ts';
import type { ShadowOptions } from './command.ts';
import { planShadow, requireShadowable } from './plan.ts';

/** Attaches a candidate as shadow variant to a live endpoint. */
export async function run(app: App, options: ShadowOptions): Promise<Outcome> {
  checkNames(options);
  const { endpoint } = options;
  return onEndpoint(app, { endpoint, command: 'shadow', readOnly: options.plan }, async (ground) => {
    const { aws, journal } = ground;
    const live = await readLive(aws, endpoint, app.signal);
    if (live === undefined) throw noEndpoint(aws.target, endpoint);
    const adopt = adopts(live, ground, options.adopt);
    if (!adopt) requireOurs(live, ground.state(), journal.path);
    requireSettled(live);
    const standing = calibrationOf(ground.state(), live.endpoint.EndpointConfigName);
    requireShadowable(live, options, standing);
    await checkReading(app, options);
    const runId = newRun(app.clock);
    const first = await decide(app, options, ground, live, runId);
    const before = standing?.before ?? live.endpoint.EndpointConfigName;
    const calibrated = await calibrate(app, ground, { options, live, run: runId, adopt, first, standing });
    if (calibrated === 'no') return 'no';
    const { steps, config, notes } = calibrated === undefined ? first : await decide(app, options, ground, live, runId);
    return carryUpdate(
      app,
      ground,
      {
        command: 'shadow',
        run: runId,
        live: calibrated ?? live,
        config,
        steps,
        adopt: adopt && calibrated === undefined,
        notes:
          options.calibrate !== undefined && options.plan
            ? [{ kind: 'calibrates-first', ms: options.calibrate, begun: standing !== undefined }, ...notes]
            : notes,
      },
      // What comes after the calibration was agreed to before it.
      calibrated === undefined ? options : { ...options, yes: true },
      (run) =>
        journal.append({
          type: 'fact',
          run: run.id,
          name: 'shadow',
          value: { config, before, sample: options.sample, variant: options.variantName },
        }),
    );
  });
}

function checkNames(options: ShadowOptions): void {
  const { candidate, model } = options;
  checkName('endpoint', options.endpoint, '--endpoint');
  checkName('variant', options.variantName, '--variant-name');
  if (model !== undefined) checkName('model', model, '--model');
  if (candidate.modelName !== undefined) checkName('model', candidate.modelName, '--model-name');
  if (candidate.configName !== undefined) checkName('endpoint config', candidate.configName, '--config-name');
  const named = candidate.artifact ?? candidate.algorithm ?? candidate.image ?? candidate.modelName;
  if (model !== undefined && named !== undefined)
    throw usage(
      '--model names a model that exists; it goes with neither --artifact, --algorithm, --image nor --model-name.',
    );
  if (model === undefined && candidate.artifact === undefined && candidate.image === undefined)
    throw usage('No candidate was named.', 'Give --artifact, or --model for a model that exists.');
}

/** How answers are read while calibrating: refused before anything is changed. */
async function checkReading(app: App, { prediction, policy }: ShadowOptions): Promise<void> {
  if (prediction !== undefined) parsePath(prediction);
  if (policy !== undefined) await loadPolicy(app.cwd, policy, () => app.project());
}

async function decide(
  app: App,
  options: ShadowOptions,
  ground: Ground,
  live: Live,
  runId: string,
): Promise<{ steps: Step[]; config: string; notes: PlanNote[]; captureSteps: Step[]; destination: string }> {
  const { aws, account } = ground;
  const { candidate: flags, endpoint } = options;
  const project = await app.project();
  const state = ground.state();
  const own = { project: basename(project.root), endpoint, run: runId };
  const tags = { ...project.tags, ...flags.tag };
  const taken = state.resources.map((tracked) => tracked.ref.name);
  const modelName = options.model ?? flags.modelName ?? chooseName(endpoint, 'shadow-model', app.clock.now(), taken);
  const configName = flags.configName ?? chooseName(endpoint, 'shadow-config', app.clock.now(), taken);
  const modelSteps =
    options.model === undefined
      ? await stepsForModel(app, options, ground, live, { modelName, tags: tagList(own, tags) })
      : [];
  if (options.model !== undefined && (await describeModel(aws, options.model)) === undefined)
    throw usage(`--model: there is no model "${options.model}" in ${aws.target.region}.`);
  const present = live.config?.DataCaptureConfig;
  const destination =
    options.captureTo ?? present?.DestinationS3Uri ?? `${ourPrefix(aws.target.region, account, endpoint)}captures`;
  const captureSteps = await stepsForCaptures(ground, endpoint, destination, modelSteps);
  const steps = planShadow(
    {
      own,
      tags,
      modelSteps,
      modelName,
      configName,
      variantName: options.variantName,
      sample: options.sample,
      instanceType: options.instanceType,
      instances: options.instances,
      destination,
      captureSteps,
    },
    live,
  );
  const existing = new Set<string>();
  if (flags.modelName !== undefined && (await describeModel(aws, modelName)) !== undefined)
    existing.add(`model ${modelName}`);
  if (flags.configName !== undefined && (await describeEndpointConfig(aws, configName)) !== undefined)
    existing.add(`endpoint-config ${configName}`);
  return {
    steps: withoutExisting(steps, state, (step) => existing.has(`${step.kind} ${step.name}`)),
    config: configName,
    captureSteps,
    destination,
    notes: [{ kind: 'captures', under: destination }],
  };
}

async function stepsForModel(
  app: App,
  options: ShadowOptions,
  ground: Ground,
  live: Live,
  model: { modelName: string; tags: ReturnType<typeof tagList> },
): Promise<Step[]> {
  const { aws, account } = ground;
  const { candidate: flags, endpoint } = options;
  const checked = await examineCandidate(ground.session, candidateSpec(flags, app.cwd), live.model);
  const candidate = await prepareCandidate(aws, { account, endpoint, state: ground.state() }, checked);
  const role = chooseRole({
    flag: flags.role,
    project: (await app.project()).role,
    env: (await app.environment()).SAGEMAKER_ROLE_ARN,
    live: live.model?.ExecutionRoleArn,
  });
  const input = newModel(model.modelName, candidate, {
    role,
    environment: flags.containerEnv ?? {},
    tags: model.tags,
    live: live.model,
  });
  return [...candidate.steps, { action: 'create', kind: 'model', name: model.modelName, input }];
}

/** The bucket for the captures, where it is the default one and missing; and the note that what will lie there is ours. */
async function stepsForCaptures(
  ground: Ground,
  endpoint: string,
  destination: string,
  before: readonly Step[],
): Promise<Step[]> {
  const { aws, account } = ground;
  const place = s3Place(destination);
  if (place === undefined || place.key === '')
    throw usage(`--capture-to: "${destination}" is not an S3 URI with a prefix.`, 'Give one like s3://bucket/captures');
  const steps: Step[] = [];
  const bucket = defaultBucket(aws.target.region, account);
  const planned = before.some((step) => step.kind === 's3-bucket' && step.name === place.bucket);
  if (!planned && !(await bucketExists(aws, place.bucket))) {
    if (place.bucket !== bucket)
      throw usage(
        `--capture-to: there is no bucket "${place.bucket}".`,
        'Create it first, in the region of the endpoint.',
      );
    steps.push({ action: 'create', kind: 's3-bucket', name: bucket });
  }
  const prefix = `${ourPrefix(aws.target.region, account, endpoint)}captures/`;
  const known = ground
    .state()
    .resources.some(
      (tracked) => tracked.ref.kind === 's3-prefix' && tracked.ref.name === prefix && tracked.state === 'exists',
    );
  // Captures somewhere else lie where their owner wanted them: they are not ours to delete.
  if (`${destination}/`.startsWith(prefix) && !known) steps.push({ action: 'create', kind: 's3-prefix', name: prefix });
  return steps;
}
