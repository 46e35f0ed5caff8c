import type { ProductionVariant } from '@aws-sdk/client-sagemaker';
import { cannotRun } from '../../base/errors.ts';
import type { Candidate } from '../../resources/artifact/candidate.ts';
import { deriveConfig } from '../../resources/derive-config.ts';
import { type Live, productionOf, requireSettled } from '../../resources/live.ts';
import { newModel } from '../../resources/model.ts';
import type { Step } from '../../resources/steps.ts';
import { type Ownership, tagList } from '../../resources/tags.ts';

/** Everything a deployment is made of, decided. */
export interface DeploySpec {
  own: Ownership;
  tags: Readonly<Record<string, string>>;
  candidate: Candidate;
  role: string;
  environment: Readonly<Record<string, string>>;
  modelName: string;
  configName: string;
  variantName: string | undefined;
  instanceType: string | undefined;
  instances: number | undefined;
  /** What a config of this name was created with by an earlier run of ours, where it stands. */
  standingConfig: Readonly<Record<string, unknown>> | undefined;
  /** Log group of the endpoint, where nobody else's logs lie in it yet. */
  logGroup: string | undefined;
}

const VARIANT = 'AllTraffic';
const INSTANCE_TYPE = 'ml.m5.large';

/**
 * What has to be done for the endpoint to run the candidate: everything anew, or, where it exists, a new model and
 * config on it. Pure.
 * @throws Problem (cannot-run) where the endpoint cannot be updated in this way
 */
export function planDeploy(spec: DeploySpec, live: Live | undefined): Step[] {
  const tags = tagList(spec.own, spec.tags);
  const { endpoint } = spec.own;
  const model: Step = {
    action: 'create',
    kind: 'model',
    name: spec.modelName,
    input: newModel(spec.modelName, spec.candidate, {
      role: spec.role,
      environment: spec.environment,
      tags,
      live: live?.model,
    }),
  };
  if (live !== undefined) return [...spec.candidate.steps, model, ...planUpdate(spec, live)];
  const variant: ProductionVariant = {
    VariantName: spec.variantName ?? VARIANT,
    ModelName: spec.modelName,
    InstanceType: (spec.instanceType ?? INSTANCE_TYPE) as NonNullable<ProductionVariant['InstanceType']>,
    InitialInstanceCount: spec.instances ?? 1,
    InitialVariantWeight: 1,
  };
  return [
    ...spec.candidate.steps,
    model,
    {
      action: 'create',
      kind: 'endpoint-config',
      name: spec.configName,
      input: { EndpointConfigName: spec.configName, ProductionVariants: [variant], Tags: tags },
    },
    ...(spec.logGroup === undefined ? [] : [{ action: 'create', kind: 'log-group', name: spec.logGroup } as const]),
    {
      action: 'create',
      kind: 'endpoint',
      name: endpoint,
      input: { EndpointName: endpoint, EndpointConfigName: spec.configName, Tags: tags },
    },
  ];
}

function planUpdate(spec: DeploySpec, live: Live): Step[] {
  // A deployment that was interrupted on its way to this very config is simply taken up again.
  const target = live.endpoint.PendingDeploymentSummary?.EndpointConfigName ?? live.endpoint.EndpointConfigName;
  if (target === spec.configName && live.endpoint.EndpointStatus !== 'Failed' && runsAlready(spec)) return [];
  requireSettled(live);
  const production = productionOf(live);
  refuseUnsuitable(spec, live);
  const { variant } = production;
  const config: Step = {
    action: 'create',
    kind: 'endpoint-config',
    name: spec.configName,
    input: deriveConfig(production.config, {
      name: spec.configName,
      production: [
        {
          ...variant,
          ModelName: spec.modelName,
          InitialInstanceCount: spec.instances ?? production.instances,
          ...(spec.instanceType === undefined
            ? {}
            : { InstanceType: spec.instanceType as NonNullable<ProductionVariant['InstanceType']> }),
        },
      ],
      tags: tagList(spec.own, spec.tags),
    }),
  };
  return [
    config,
    {
      action: 'update',
      kind: 'endpoint',
      name: live.name,
      input: {
        EndpointName: live.name,
        EndpointConfigName: spec.configName,
        // What autoscaling has made of the fleet survives, unless a count was asked for.
        RetainAllVariantProperties: true,
        ...(spec.instances === undefined
          ? {}
          : { ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DesiredInstanceCount' }] }),
      },
    },
  ];
}

/** Is the config the endpoint runs, or is going to run, the very one that is asked for? */
function runsAlready(spec: DeploySpec): boolean {
  const [variant] = (spec.standingConfig?.ProductionVariants ?? []) as ProductionVariant[];
  return (
    variant?.ModelName === spec.modelName &&
    (spec.instances ?? variant.InitialInstanceCount) === variant.InitialInstanceCount &&
    (spec.instanceType ?? variant.InstanceType) === variant.InstanceType
  );
}

function refuseUnsuitable(spec: DeploySpec, live: Live): void {
  const { config } = live;
  const [variant] = config?.ProductionVariants ?? [];
  if (variant?.ServerlessConfig !== undefined || config?.AsyncInferenceConfig !== undefined) {
    throw cannotRun(
      `Endpoint "${live.name}" is ${variant?.ServerlessConfig === undefined ? 'asynchronous' : 'serverless'}.`,
      'shadowctl deploys to real-time endpoints on instances.',
    );
  }
  const [shadow] = config?.ShadowProductionVariants ?? [];
  if (shadow !== undefined) {
    throw cannotRun(
      `Endpoint "${live.name}" carries the shadow variant "${shadow.VariantName}", which this would drop.`,
      `Take it away first: shadowctl shadow detach --endpoint ${live.name}`,
    );
  }
  if (spec.variantName !== undefined && spec.variantName !== variant?.VariantName) {
    throw cannotRun(
      `Endpoint "${live.name}" has the production variant "${variant?.VariantName}"; an update cannot rename it to "${spec.variantName}" without losing its scaling and guardrails.`,
      'Leave --variant-name out.',
    );
  }
}
