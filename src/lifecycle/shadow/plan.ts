import type {
  CreateEndpointConfigCommandInput,
  DescribeModelCommandOutput,
  ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import { environmentError } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { deriveConfig } from '../../resources/derive-config.ts';
import { type Live, productionOf } from '../../resources/live.ts';
import type { Step } from '../../resources/steps.ts';
import type { Calibration } from '../../state/calibration.ts';
import { calibrationEnds, calibrationText } from '../calibration.ts';
import type { CandidateNames } from '../candidate.ts';

/** Everything an attached shadow is made of, decided. */
export interface ShadowSpec {
  /** Of its config, and the tags of everything. */
  names: Pick<CandidateNames, 'config' | 'tagList'>;
  /** What creates the shadow's model, its artifact's upload first; empty where the model exists. */
  modelSteps: readonly Step[];
  modelName: string;
  /** Settings of the shadow's own, such as how long its container may take to start. */
  variant?: Partial<ProductionVariant>;
  variantName: string;
  /** Above 0, at most 1. */
  sample: number;
  instanceType: string | undefined;
  instances: number | undefined;
  /** Where captures go; undefined: capture stays as it is. */
  destination: string | undefined;
  /** What must be there before SageMaker can capture: a bucket; and the note that the captures will be ours. */
  captureSteps: readonly Step[];
}

/**
 * The live config with a shadow variant beside its production variant, and the capture of both. Pure.
 *
 * Production's weight is set to 1 and the shadow's to the sample: no document says what the sample is for any other
 * weight of production (facts 1.3), and with a single production variant its own weight means nothing.
 */
export function planShadow(spec: ShadowSpec, live: Live): Step[] {
  const { config, variant, instances } = productionOf(live);
  const production: ProductionVariant = { ...variant, InitialInstanceCount: instances, InitialVariantWeight: 1 };
  const shadow: ProductionVariant = {
    ...asShadow(production, spec.instanceType),
    ...spec.variant,
    VariantName: spec.variantName,
    ModelName: spec.modelName,
    InitialInstanceCount: spec.instances ?? instances,
    InstanceType: (spec.instanceType ?? variant.InstanceType) as NonNullable<ProductionVariant['InstanceType']>,
    InitialVariantWeight: spec.sample,
  };
  return [
    ...spec.modelSteps,
    ...spec.captureSteps,
    {
      action: 'create',
      kind: 'endpoint-config',
      name: spec.names.config,
      input: deriveConfig(config, {
        name: spec.names.config,
        production: [production],
        shadows: [shadow],
        capture:
          spec.destination === undefined
            ? config.DataCaptureConfig
            : captureBoth(config.DataCaptureConfig, spec.destination),
        tags: spec.names.tagList,
      }),
    },
    updateTo(live.name, spec.names.config),
  ];
}

/**
 * What a shadow takes over of production: all but the reservation of instances, which has no room for a second fleet, and
 * the place of core dumps, which would be written over; and, on another instance type, all that is bound to the type: the
 * volume (refused where the type has disks of its own), the image of the machine (made for GPUs, or not), pools of types.
 */
const BOUND = ['CapacityReservationConfig', 'CoreDumpConfig'] as const;
const BOUND_TO_TYPE = ['VolumeSizeInGB', 'InferenceAmiVersion', 'InstancePools'] as const;

/** Settings of production that a shadow does not take over. */
export function notInherited(production: ProductionVariant, instanceType: string | undefined): string[] {
  const another = instanceType !== undefined && instanceType !== production.InstanceType;
  return [...BOUND, ...(another ? BOUND_TO_TYPE : [])].filter((setting) => production[setting] !== undefined);
}

function asShadow(production: ProductionVariant, instanceType: string | undefined): Partial<ProductionVariant> {
  const left = notInherited(production, instanceType);
  return Object.fromEntries(Object.entries(production).filter(([setting]) => !left.includes(setting)));
}

type Capture = NonNullable<CreateEndpointConfigCommandInput['DataCaptureConfig']>;

/** Every request and answer of both variants, in text where it is text: what SageMaker is not told, it writes as base64. */
function captureBoth(live: Capture | undefined, destination: string): Capture {
  return {
    ...live,
    EnableCapture: true,
    InitialSamplingPercentage: 100,
    DestinationS3Uri: destination,
    CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
    CaptureContentTypeHeader: live?.CaptureContentTypeHeader ?? {
      CsvContentTypes: ['text/csv'],
      JsonContentTypes: ['application/json', 'application/jsonlines'],
    },
  };
}

/**
 * The endpoint takes up another config, whole: counts are as the config says, which was written from the live ones.
 * Attaching a shadow so is what AWS's own example does; no source shows `RetainAllVariantProperties` beside a shadow, and
 * to exclude `DataCaptureConfig` from it is "not currently supported" (API_VariantProperty).
 */
export function updateTo(endpoint: string, config: string): Step {
  return {
    action: 'update',
    kind: 'endpoint',
    name: endpoint,
    input: { EndpointName: endpoint, EndpointConfigName: config },
  };
}

/**
 * Refuses what SageMaker supports no shadow for (facts 1.2), before any call that changes anything.
 * @param standing a calibration that was stopped: its shadow is gone on with, where a calibration is asked for
 * @throws Problem (cannot-run) with the reason
 */
export function requireShadowable(
  live: Live,
  spec: { variantName: string; instanceType: string | undefined; calibrates: boolean },
  standing?: Calibration,
): void {
  const refuse = (what: string) => {
    throw environmentError(
      `Endpoint "${live.name}" ${what}: SageMaker supports no shadow variant there.`,
      'A shadow needs an endpoint with one model in one container on instances.',
    );
  };
  const { config, variant } = productionOf(live);
  const [shadow] = config.ShadowProductionVariants ?? [];
  if (standing !== undefined && !spec.calibrates)
    throw environmentError(`${calibrationText(standing)}.`, calibrationEnds(standing, live.name));
  if (shadow !== undefined && standing === undefined) {
    throw environmentError(
      `Endpoint "${live.name}" already carries a shadow: "${shadow.VariantName}" with model ${shadow.ModelName}.`,
      lines(
        text`To go on with that one, see what it does: ${shown('report', { endpoint: live.name, watch: true })}`,
        text`SageMaker permits one shadow. To attach another, remove it first: ${shown('shadow detach', { endpoint: live.name })}`,
      ),
    );
  }
  if (variant.VariantName === spec.variantName)
    throw environmentError(
      `The production variant of endpoint "${live.name}" is called "${spec.variantName}" too.`,
      'Give the shadow another --variant-name.',
    );
  if (live.model === undefined && live.unseen?.has('model') !== true)
    throw environmentError(
      `The model ${variant.ModelName} of endpoint "${live.name}" has been deleted: SageMaker accepts no config that names it.`,
      'Create the model again under the same name, or deploy another one first.',
    );
  if (variant.AcceleratorType !== undefined) refuse('uses Elastic Inference');
  for (const type of [variant.InstanceType, spec.instanceType])
    if (type?.startsWith('ml.inf1.') === true) refuse(`would run on ${type} (Inferentia 1)`);
  refuseModel(live.model, refuse);
}

/** A version in a Model Registry; products of the Marketplace have none. */
const VERSION = /:model-package\/[^/]+\/\d+$/;

function refuseModel(model: DescribeModelCommandOutput | undefined, refuse: (what: string) => void): void {
  if ((model?.Containers?.length ?? 0) > 1) refuse(`runs a model of ${model?.Containers?.length} containers`);
  const container = model?.PrimaryContainer ?? model?.Containers?.[0];
  if (container?.Mode === 'MultiModel') refuse('is a multi-model endpoint');
  const { ModelPackageName: from } = container ?? {};
  if (from !== undefined && !VERSION.test(from)) refuse('runs a model package of the Marketplace');
}
