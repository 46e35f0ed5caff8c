import type {
  CreateInferenceExperimentRequest,
  DescribeInferenceExperimentResponse,
  ModelVariantConfig,
  ModelVariantStatus,
  StopInferenceExperimentRequest,
  UpdateInferenceExperimentRequest,
} from '@aws-sdk/client-sagemaker';
import { AwsError } from '../../model/aws-error.ts';
import { arnOf } from '../../world/endpoints/arns.ts';
import { keyOf, modelsOf, variantsOf } from '../../world/endpoints/records.ts';
import { runningLayout } from '../../world/experiments/configs.ts';
import { type ExperimentRecord, experimentsOf, type Layout, OVER, rolesOf } from '../../world/experiments/records.ts';
import type { Context } from '../operation.ts';
import { endpointNamed } from './endpoints.ts';
import { featuresNotSupported, notBuilt, notFound, validationError } from './errors.ts';
import { checkTags, removeTags, setTags } from './tags.ts';

// What is said of inference experiments is documented (API reference; Developer Guide, "Create a shadow test", "Edit a
// shadow test"); the words of refusals are not sourced.

const DAY_MS = 86_400_000;
/** "the experiment automatically starts immediately upon creation and concludes after 7 days"; "the maximum is 30 days". */
const DEFAULT_MS = 7 * DAY_MS;
const MAX_MS = 30 * DAY_MS;

/** Accepts an experiment; it begins when its time has come (facts 6). */
export function createInferenceExperiment(
  context: Context,
  input: CreateInferenceExperimentRequest,
): { InferenceExperimentArn: string } {
  const { world, account, region } = context;
  const name = input.Name ?? '';
  const table = experimentsOf(world.store);
  const arn = arnOf(context, 'inference-experiment', name);
  if (table.get(keyOf(context, name)))
    throw new AwsError('ResourceInUse', `Inference experiment "${arn}" already exists.`);
  const endpointName = input.EndpointName ?? '';
  const { record: endpoint } = endpointNamed(context, endpointName);
  if (endpoint.status !== 'InService' || endpoint.fleet === undefined)
    throw validationError(
      `Endpoint "${endpoint.arn}" is ${endpoint.status}: an inference experiment needs it InService.`,
    );
  const other = table
    .entries(`${account}/${region}/`)
    .find(([, one]) => one.endpoint === endpointName && !OVER.includes(one.status))?.[1];
  if (other !== undefined)
    throw new AwsError('ResourceInUse', `Endpoint "${endpoint.arn}" is used by inference experiment "${other.arn}".`);
  const now = world.clock.now();
  const start = input.Schedule?.StartTime?.getTime() ?? now;
  const record: ExperimentRecord = {
    account,
    region,
    name,
    arn,
    roleArn: input.RoleArn ?? '',
    endpoint: endpointName,
    createdAt: now,
    modifiedAt: now,
    status: 'Creating',
    start,
    end: input.Schedule?.EndTime?.getTime() ?? start + DEFAULT_MS,
    variants: [...(input.ModelVariants ?? [])],
    shadowMode: input.ShadowModeConfig ?? { SourceModelVariantName: '', ShadowModelVariants: [] },
    removed: [],
    ...(input.Description !== undefined && { description: input.Description }),
    ...(input.KmsKey !== undefined && { kmsKey: input.KmsKey }),
    ...(input.DataStorageConfig && { storage: input.DataStorageConfig }),
  };
  checkSchedule(record, now);
  checkVariants(context, record);
  checkTags(input.Tags);
  setTags(context, arn, input.Tags);
  world.experiments.keep(record);
  return { InferenceExperimentArn: arn };
}

function checkSchedule({ start, end }: ExperimentRecord, now: number): void {
  if (end <= start || end <= now)
    throw validationError('The end time of an inference experiment must lie after its start time, and in the future.');
  if (end - start > MAX_MS) throw validationError('The maximum duration of an inference experiment is 30 days.');
}

/** One production variant, one shadow, each of a model that exists; nothing that shadow tests exclude (facts 1.2). */
function checkVariants(context: Context, record: ExperimentRecord): void {
  const { fleet } = endpointNamed(context, record.endpoint).record;
  const { production, shadow } = rolesOf(record);
  const standing = fleet === undefined ? [] : variantsOf(fleet).map((variant) => variant.name);
  const given = record.variants.map((variant) => variant.VariantName ?? '');
  if (fleet !== undefined && fleet.production.length !== 1)
    throw validationError('For an endpoint with a shadow variant, there can be a maximum of one production variant.');
  const odd = given.find((name, index) => given.indexOf(name) !== index || ![production, shadow].includes(name));
  if (production === shadow || odd !== undefined)
    throw validationError(
      'ModelVariants must name the production variant and the shadow variant of ShadowModeConfig, each once.',
    );
  for (const name of [production, shadow])
    if (!given.includes(name) && !standing.includes(name))
      throw validationError(`The variant "${name}" is neither in ModelVariants nor on the endpoint.`);
  for (const variant of record.variants) checkVariant(context, variant);
}

function checkVariant(context: Context, variant: ModelVariantConfig): void {
  const model = variant.ModelName ?? '';
  if (!modelsOf(context.world.store).get(keyOf(context, model))) throw notFound(context, 'model', model);
  const machines = variant.InfrastructureConfig?.RealTimeInferenceConfig;
  if (machines?.InstanceType?.startsWith('ml.inf1.')) throw featuresNotSupported();
  if ((machines?.InstanceCount ?? 0) < 1)
    throw validationError(`InstanceCount of variant "${variant.VariantName}" must be at least 1.`);
}

/** The experiment of this name, or AWS's refusal. */
function experimentNamed(context: Context, name: string | undefined): ExperimentRecord {
  const record = experimentsOf(context.world.store).get(keyOf(context, name ?? ''));
  if (record !== undefined) return record;
  throw new AwsError(
    'ResourceNotFound',
    `Could not find inference experiment "${arnOf(context, 'inference-experiment', name ?? '')}".`,
  );
}

function conflict(record: ExperimentRecord, what: string): AwsError {
  return new AwsError(
    'ConflictException',
    `Cannot ${what} inference experiment "${record.arn}" in status ${record.status}.`,
  );
}

/** What a list shows of an experiment, and its description too. */
export function summaryOf(record: ExperimentRecord) {
  return {
    Name: record.name,
    Type: 'ShadowMode' as const,
    Schedule: { StartTime: new Date(record.start), EndTime: new Date(record.end) },
    Status: record.status,
    ...(record.statusReason !== undefined && { StatusReason: record.statusReason }),
    ...(record.description !== undefined && { Description: record.description }),
    CreationTime: new Date(record.createdAt),
    ...(record.completedAt !== undefined && { CompletionTime: new Date(record.completedAt) }),
    LastModifiedTime: new Date(record.modifiedAt),
    RoleArn: record.roleArn,
  };
}

export function describeInferenceExperiment(
  context: Context,
  input: { Name?: string | undefined },
): DescribeInferenceExperimentResponse {
  const record = experimentNamed(context, input.Name);
  const endpoint = context.world.endpoints.find(context.account, context.region, record.endpoint)?.record;
  const standing = endpoint?.fleet === undefined ? [] : variantsOf(endpoint.fleet);
  const status = (name: string): ModelVariantStatus => {
    if (record.removed.includes(name)) return OVER.includes(record.status) ? 'Deleted' : 'Deleting';
    if (!standing.some((variant) => variant.name === name))
      return OVER.includes(record.status) ? 'Deleted' : 'Creating';
    return endpoint?.change === undefined ? 'InService' : 'Updating';
  };
  return {
    Arn: record.arn,
    ...summaryOf(record),
    EndpointMetadata: {
      EndpointName: record.endpoint,
      ...(endpoint && { EndpointConfigName: endpoint.configName, EndpointStatus: endpoint.status }),
      ...(endpoint?.failureReason !== undefined && { FailureReason: endpoint.failureReason }),
    },
    ModelVariants: record.variants.map((variant) => ({
      ModelName: variant.ModelName,
      VariantName: variant.VariantName,
      InfrastructureConfig: variant.InfrastructureConfig,
      Status: status(variant.VariantName ?? ''),
    })),
    ...(record.storage && { DataStorageConfig: record.storage }),
    ShadowModeConfig: record.shadowMode,
    ...(record.kmsKey !== undefined && { KmsKey: record.kmsKey }),
  };
}

export function startInferenceExperiment(
  context: Context,
  input: { Name?: string | undefined },
): { InferenceExperimentArn: string } {
  const record = experimentNamed(context, input.Name);
  const endpoint = endpointNamed(context, record.endpoint).record;
  if (record.status !== 'Created' || endpoint.change) throw conflict(record, 'start');
  record.start = context.world.clock.now();
  context.world.experiments.begin(record);
  return { InferenceExperimentArn: record.arn };
}

/**
 * "The status of the inference experiment has to be either Created, Running." Before it starts all may change; "After
 * your test starts, you can only change the description, the traffic sampling percentage for the shadow variant, and
 * the end date."
 */
export function updateInferenceExperiment(
  context: Context,
  input: UpdateInferenceExperimentRequest,
): { InferenceExperimentArn: string } {
  const record = experimentNamed(context, input.Name);
  const { world } = context;
  const running = record.status === 'Running';
  if (!running && record.status !== 'Created') throw conflict(record, 'update');
  const { Schedule: schedule, ShadowModeConfig: shadowMode, ModelVariants, DataStorageConfig } = input;
  const changed: ExperimentRecord = {
    ...record,
    modifiedAt: world.clock.now(),
    start: schedule?.StartTime?.getTime() ?? record.start,
    end: schedule?.EndTime?.getTime() ?? record.end,
    shadowMode: shadowMode ?? record.shadowMode,
    variants: ModelVariants === undefined ? record.variants : [...ModelVariants],
    ...(DataStorageConfig && { storage: DataStorageConfig }),
    ...(input.Description !== undefined && { description: input.Description }),
  };
  checkSchedule(changed, world.clock.now());
  checkVariants(context, changed);
  const [before, after] = [rolesOf(record), rolesOf(changed)];
  if (running) {
    const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
    const allowed =
      changed.start === record.start &&
      same(changed.variants, record.variants) &&
      same(changed.storage, record.storage) &&
      same({ ...before, percent: 0 }, { ...after, percent: 0 });
    if (!allowed)
      throw validationError(
        'Once an inference experiment runs, only its description, the sampling percentage and the end time can be changed.',
      );
  }
  Object.assign(record, changed);
  world.experiments.keep(record);
  if (running && before.percent !== after.percent) world.experiments.change(record);
  return { InferenceExperimentArn: record.arn };
}

/** Ends an experiment; the desired model of each variant says what the endpoint runs then. */
export function stopInferenceExperiment(
  context: Context,
  input: StopInferenceExperimentRequest,
): { InferenceExperimentArn: string } {
  const record = experimentNamed(context, input.Name);
  const { experiments } = context.world;
  if (record.status !== 'Created' && record.status !== 'Running') throw conflict(record, 'stop');
  const layout = layoutAfter(context, record, input);
  // Which state is the default is not sourced.
  record.ending = {
    status: input.DesiredState ?? (record.status === 'Created' ? 'Cancelled' : 'Completed'),
    ...(input.Reason !== undefined && { reason: input.Reason }),
  };
  if (record.status === 'Created') record.removed = [];
  experiments.stop(record, record.status === 'Created' ? undefined : layout);
  return { InferenceExperimentArn: record.arn };
}

/** What the endpoint runs after the actions; undefined where it stays as it is. */
function layoutAfter(
  context: Context,
  record: ExperimentRecord,
  { ModelVariantActions: actions = {}, DesiredModelVariants: desired = [] }: StopInferenceExperimentRequest,
): Layout | undefined {
  const { production, shadow } = rolesOf(record);
  const unknown = Object.keys(actions).find((name) => name !== production && name !== shadow);
  if (unknown !== undefined) throw validationError(`The inference experiment has no variant "${unknown}".`);
  if (actions[production] === 'Promote')
    throw validationError(`Variant "${production}" is the production variant: only a shadow variant can be promoted.`);
  const promoted = actions[shadow] === 'Promote';
  // What a variant without an action becomes is not sourced: what its endpoint needs.
  const productionStays = (actions[production] ?? (promoted ? 'Remove' : 'Retain')) === 'Retain';
  const shadowStays = actions[shadow] === 'Retain';
  if (promoted && productionStays) throw notBuilt('inference experiments that end with two production variants');
  if (!promoted && !productionStays)
    throw validationError('The actions leave the endpoint without a production variant.');
  for (const variant of desired) checkVariant(context, variant);
  record.removed = [...(productionStays ? [] : [production]), ...(promoted || shadowStays ? [] : [shadow])];
  const now = runningLayout(record);
  const of = (name: string) => [...desired, ...record.variants].find((variant) => variant.VariantName === name);
  if (shadowStays) {
    if (desired.length === 0) return undefined;
    return {
      ...now,
      production: { name: production, variant: of(production) },
      shadow: { name: shadow, variant: of(shadow), percent: rolesOf(record).percent },
    };
  }
  const name = promoted ? shadow : production;
  return { production: { name, variant: of(name) }, capture: record.before?.capture };
}

/** Deletes what is known of the experiment, nothing of the endpoint. */
export function deleteInferenceExperiment(
  context: Context,
  input: { Name?: string | undefined },
): { InferenceExperimentArn: string } {
  const record = experimentNamed(context, input.Name);
  if (record.status !== 'Created' && !OVER.includes(record.status)) throw conflict(record, 'delete');
  context.world.experiments.forget(record);
  removeTags(context, record.arn);
  return { InferenceExperimentArn: record.arn };
}
