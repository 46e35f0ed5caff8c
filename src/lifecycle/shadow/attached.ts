import { isDeepStrictEqual } from 'node:util';
import type { DescribeModelCommandOutput, ProductionVariant } from '@aws-sdk/client-sagemaker';
import { scalableResource } from '../../aws/autoscaling.ts';
import { headObject } from '../../aws/s3.ts';
import { describeModel } from '../../aws/sagemaker.ts';
import { environmentError } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { dateAndTime, durationFlag, HOUR, percent } from '../../base/units.ts';
import { type Live, readLive } from '../../resources/live.ts';
import type { Step } from '../../resources/steps.ts';
import { attachedShadow, calibrationOf } from '../../state/calibration.ts';
import { examineCandidate, nameCandidate, planModel, variantSettings } from '../candidate.ts';
import type { PlainUpdateResult } from '../plain-update.ts';
import type { PlainUpdatePlan } from '../plans.ts';
import { type EndpointSession, placeOf } from '../session.ts';
import type { ShadowOptions } from './options.ts';

/**
 * What attaching comes to where this very candidate is the endpoint's shadow already, as it was asked for: nothing to do. Undefined where it
 * is not, or nothing is known of that.
 * @throws Problem (cannot-run) where it is, with other settings
 */
export async function attachedAlready(
  on: EndpointSession,
  options: ShadowOptions,
): Promise<PlainUpdateResult | undefined> {
  const { aws, session, endpoint } = on;
  const live = await readLive(aws, endpoint, session.signal);
  const [shadow] = live?.config?.ShadowProductionVariants ?? [];
  const config = live?.endpoint.EndpointConfigName;
  if (live === undefined || shadow?.ModelName === undefined || config === undefined) return undefined;
  if (live.endpoint.EndpointStatus !== 'InService' || options.calibrate !== undefined) return undefined;
  if (calibrationOf(on.state(), config) !== undefined) return undefined;
  const model = await describeModel(aws, shadow.ModelName, session.signal);
  if (model === undefined || !(await isSame(on, options, live, model))) return undefined;
  const differing = differences(on, options, live, shadow);
  if (differing.length > 0)
    throw environmentError(
      `Endpoint "${endpoint}" carries this candidate as its shadow already, otherwise than asked for: ${differing.join('; ')}.`,
      text`Leave these out to keep it as it is; to attach it anew, remove it first: ${shown('shadow detach', { endpoint })}`,
    );
  const plan: PlainUpdatePlan = {
    kind: 'plain-update',
    place: placeOf(on),
    command: 'shadow',
    endpoint,
    from: config,
    config,
    steps: [],
    adopt: false,
    notes: [],
    models: undefined,
    approved: false,
  };
  return on.locked
    ? { kind: 'done', plan, settled: { kind: 'running', endpoint: live.endpoint } }
    : { kind: 'planned', plan };
}

/** The shadow's model is made of what this candidate would be made of, and of nothing that was written since. */
async function isSame(
  on: EndpointSession,
  { candidate }: ShadowOptions,
  live: Live,
  model: DescribeModelCommandOutput,
): Promise<boolean> {
  if (candidate.model !== undefined) return candidate.model === model.ModelName;
  const checked = await examineCandidate(on.session, candidate, live.model);
  const steps = await planModel(on, candidate, await nameCandidate(on, candidate), checked, live.model);
  const wanted = steps.find((step) => step.action === 'create' && step.kind === 'model');
  if (wanted === undefined || !isMadeOf(wanted, model)) return false;
  const uri = model.PrimaryContainer?.ModelDataUrl;
  // What shadowctl uploads lies under a name of its content; another object may be written over.
  if (checked.uri === undefined || uri === undefined) return true;
  const { modified = Number.POSITIVE_INFINITY } = (await headObject(on.aws, uri)) ?? {};
  // S3 tells whole seconds.
  return modified + 1_000 <= (model.CreationTime?.getTime() ?? 0);
}

function isMadeOf(step: Step, model: DescribeModelCommandOutput): boolean {
  if (step.action !== 'create' || step.kind !== 'model') return false;
  const parts = ({ PrimaryContainer, ExecutionRoleArn, VpcConfig }: Partial<DescribeModelCommandOutput>) => ({
    image: PrimaryContainer?.Image,
    artifact: PrimaryContainer?.ModelDataUrl,
    version: PrimaryContainer?.ModelPackageName,
    environment: PrimaryContainer?.Environment ?? {},
    role: ExecutionRoleArn,
    network: VpcConfig,
  });
  return isDeepStrictEqual(parts(step.input), parts(model));
}

/** What was asked for and is otherwise, each with what it is. */
function differences(
  on: EndpointSession,
  options: ShadowOptions,
  { endpoint, config }: Live,
  shadow: ProductionVariant,
): string[] {
  const { candidate, sample, variantName, instanceType, instances, capture, captureTo, autoscale, lasts } = options;
  const [production] = config?.ProductionVariants ?? [];
  const weight = (shadow.InitialVariantWeight ?? 1) / (production?.InitialVariantWeight ?? 1);
  const stands = endpoint.ShadowProductionVariants?.find((one) => one.VariantName === shadow.VariantName);
  const { EnableCapture: captures = false, DestinationS3Uri: under } = config?.DataCaptureConfig ?? {};
  const count = stands?.DesiredInstanceCount ?? shadow.InitialInstanceCount;
  const scales = on
    .state()
    .resources.some(
      ({ ref, state }) =>
        ref.kind === 'scalable-target' && ref.name === scalableResource(on.endpoint, variantName) && state === 'exists',
    );
  const fleet = variantSettings(candidate);
  type Value = string | number | undefined;
  const pairs: [flag: string, asked: Value, is: Value][] = [
    ['model-name', candidate.modelName, shadow.ModelName],
    ['config-name', candidate.configName, config?.EndpointConfigName],
    ['sample', Math.abs(sample - weight) < 1e-6 ? undefined : percent(sample), percent(weight)],
    ['variant-name', variantName, shadow.VariantName],
    ['instance-type', instanceType, shadow.InstanceType],
    ['instances', instances, count],
    ['capture-to', capture ? captureTo : undefined, captures ? under : 'no capture'],
    ['capture', capture && !captures ? 'on' : undefined, 'off'],
    ['autoscale', scales ? undefined : autoscale, 'none'],
    [
      'for',
      lasts === undefined || endsThen(on, config?.EndpointConfigName, lasts) ? undefined : durationFlag(lasts),
      ends(on, config?.EndpointConfigName),
    ],
    ['volume', fleet.VolumeSizeInGB, shadow.VolumeSizeInGB],
    ['download-timeout', fleet.ModelDataDownloadTimeoutInSeconds, shadow.ModelDataDownloadTimeoutInSeconds],
    [
      'startup-timeout',
      fleet.ContainerStartupHealthCheckTimeoutInSeconds,
      shadow.ContainerStartupHealthCheckTimeoutInSeconds,
    ],
  ];
  return pairs.flatMap(([flag, asked, is]) =>
    asked === undefined || asked === is ? [] : [`${flag} ${asked} (it is ${is ?? 'not set'})`],
  );
}

/** It was attached with the same end: from when it was asked for, which the plan that had to be approved has delayed. */
function endsThen(on: EndpointSession, config: string | undefined, lasts: number): boolean {
  const { at, until } = attachedShadow(on.state(), config) ?? {};
  if (at === undefined || until === undefined) return false;
  const late = lasts - (until - Date.parse(at));
  return until > on.session.clock.now() && late >= -1_000 && late < HOUR;
}

function ends(on: EndpointSession, config: string | undefined): string {
  const { until } = attachedShadow(on.state(), config) ?? {};
  return until === undefined ? 'without an end' : `until ${dateAndTime(until)} UTC`;
}
