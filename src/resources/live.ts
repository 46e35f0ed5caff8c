import type {
  DescribeEndpointConfigCommandOutput,
  DescribeModelCommandOutput,
  ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import type { Aws } from '../aws/clients.ts';
import { describeEndpoint, describeEndpointConfig, describeModel, tagsOf } from '../aws/sagemaker.ts';
import { orUnseen, type Unseen } from '../aws/unseen.ts';
import { brokenAdvice } from '../base/broken-endpoint.ts';
import { environmentError, Problem, usageError } from '../base/errors.ts';
import { lines, shown, type Text, text } from '../base/text.ts';
import { ownRuns, trackedResource, type State } from '../state/replay.ts';
import { describeHolder } from '../state/lock.ts';
import type { LockHolder } from '../base/process-lock.ts';
import { positionOf } from '../state/rollouts.ts';
import { unfinishedUpdate } from '../state/updates.ts';
import { ENDPOINT_TAG, isOurs } from './tags.ts';
import { type Endpoint, isSettled } from './wait.ts';

/** An endpoint as it exists in AWS at this moment. */
export interface Live {
  name: string;
  endpoint: Endpoint;
  tags: Readonly<Record<string, string>>;
  /** The config it runs; undefined where somebody deleted that, which AWS permits (facts 8.1). */
  config: DescribeEndpointConfigCommandOutput | undefined;
  /** The model of its first production variant, where that still exists. */
  model: DescribeModelCommandOutput | undefined;
  /** What these credentials may not look at: then its absence says nothing. */
  unseen?: ReadonlySet<'tags' | 'config' | 'model'>;
}

/**
 * Looks at an endpoint, its config and its model; undefined where there is no endpoint.
 * @param unseen where it is given, it is told of what these credentials may not look at, besides the endpoint; else
 * that is an error
 */
export async function readLive(
  aws: Aws,
  name: string,
  signal?: AbortSignal,
  unseen?: (one: Unseen) => void,
): Promise<Live | undefined> {
  const hidden = new Set<'tags' | 'config' | 'model'>();
  const look = <T>(part: 'tags' | 'config' | 'model', what: string, work: () => Promise<T>) =>
    unseen === undefined
      ? work()
      : orUnseen(what, work, (one) => {
          hidden.add(part);
          unseen(one);
        });
  const endpoint = await describeEndpoint(aws, name, signal);
  if (endpoint === undefined) return undefined;
  // Names are compared without regard to case when an endpoint is created; metrics, captures and tags keep it.
  if (endpoint.EndpointName !== undefined && endpoint.EndpointName !== name)
    throw usageError(
      `The endpoint is called "${endpoint.EndpointName}", not "${name}".`,
      'Write its name as AWS has it.',
    );
  const [tags, config] = await Promise.all([
    look('tags', `the tags of endpoint ${name}: whose it is`, () => tagsOf(aws, endpoint.EndpointArn ?? '')),
    endpoint.EndpointConfigName === undefined
      ? undefined
      : look('config', `config ${endpoint.EndpointConfigName}`, () =>
          describeEndpointConfig(aws, endpoint.EndpointConfigName ?? '', signal),
        ),
  ]);
  const modelName = config?.ProductionVariants?.[0]?.ModelName;
  const model =
    modelName === undefined
      ? undefined
      : await look('model', `model ${modelName}`, () => describeModel(aws, modelName, signal));
  return { name, endpoint, tags: tags ?? {}, config, model, unseen: hidden };
}

/** Whose an endpoint is. */
export type Ownership = 'created' | 'adopted' | 'foreign' | 'unknown-here';

/**
 * `created`: by us, and this journal says so; `adopted`: openly taken over; `unknown-here`: it carries shadowctl's tag,
 * but this folder's journal knows nothing of it; `foreign`: neither.
 */
export function ownership(live: Live, state: State): Ownership {
  const tracked = trackedResource(state, { kind: 'endpoint', name: live.name });
  if (tracked?.state === 'exists' && tracked.adopted) return 'adopted';
  if (live.tags[ENDPOINT_TAG] !== live.name) return 'foreign';
  return tracked?.state === 'exists' && isOurs(live.tags, live.name, ownRuns(state)) ? 'created' : 'unknown-here';
}

/**
 * Refuses an endpoint that is not ours to change.
 * @param way what the command at hand offers: another name, `--adopt`, or neither
 * @param byHand how the same is done without shadowctl, for commands that somebody may need in a hurry
 * @throws Problem (cannot-run)
 */
export function requireOurs(
  live: Live,
  state: State,
  journalPath: string,
  way: 'name' | 'adopt' | 'neither' = 'name',
  byHand?: Text,
): void {
  const whose = ownership(live, state);
  if (whose === 'created' || whose === 'adopted') return;
  const named = trackedResource(state, { kind: 'endpoint', name: live.name })?.state === 'exists';
  const why =
    whose === 'unknown-here'
      ? `carries shadowctl's tag, and ${journalPath} does not name it: it was created from elsewhere`
      : named
        ? `does not carry the tag that shadowctl gave it, as ${journalPath} says: it was created again, or the tag was removed`
        : `exists without shadowctl's tag, and ${journalPath} does not say that it was created or adopted here`;
  if (way === 'neither')
    throw environmentError(
      `Endpoint "${live.name}" ${why}.`,
      lines(
        'Run the command in the folder whose .shadowctl/ holds the journal of this endpoint, or with its --state.',
        whose === 'unknown-here'
          ? text`If the journal is lost, go on with what tags tell: ${shown('adopt', { endpoint: live.name })}`
          : undefined,
        byHand ??
          (whose === 'foreign'
            ? text`If there is none, take the endpoint under management first: ${shown('adopt', { endpoint: live.name })}`
            : undefined),
      ),
    );
  const home =
    whose === 'foreign'
      ? way === 'name'
        ? 'Choose another name, or add'
        : 'Add'
      : 'Work from the folder that holds its journal, or add';
  throw environmentError(
    `Endpoint "${live.name}" ${why}.`,
    `${home} --adopt: shadowctl then changes it like its own, records it as adopted, and cleanup never deletes it.`,
  );
}

/**
 * Refuses an endpoint that AWS would not update now.
 * @param state what the journal says of the update under way: only what fits that is advised
 * @throws Problem (cannot-run)
 */
export function requireSettled(live: Pick<Live, 'name' | 'endpoint'>, state: State, watcher?: LockHolder): void {
  const { EndpointStatus: status, FailureReason: reason } = live.endpoint;
  const endpoint = live.name;
  if (status === 'InService') return;
  if (isSettled(live.endpoint)) {
    throw environmentError(
      `Endpoint "${live.name}" is ${status}${reason === undefined ? '' : `: ${reason}`}.`,
      brokenAdvice(endpoint, status),
    );
  }
  const target = live.endpoint.PendingDeploymentSummary?.EndpointConfigName;
  const watch = text`Wait until it has settled. Watch it with: ${shown('status', { endpoint, watch: true })}`;
  throw environmentError(
    `Endpoint "${live.name}" is busy: ${status}${target === undefined ? '' : `, towards config ${target}`}${watcher === undefined ? '' : `, watched by ${describeHolder(watcher)}`}.`,
    lines(watch, ...(status === 'Updating' ? waysOn(live.endpoint, endpoint, state) : [])),
  );
}

/** What can be done about an update under way, beside waiting: nothing, where it is neither guarded nor a rollout's. */
function waysOn(live: Endpoint, endpoint: string, state: State): Text[] {
  if (positionOf(state) !== undefined)
    return [
      text`It belongs to a rollout. To continue that: ${shown('rollout', { endpoint, resume: true })}`,
      text`To go back: ${shown('rollout', { endpoint, cancel: true })}`,
    ];
  const update = unfinishedUpdate(state)?.started;
  const target = live.PendingDeploymentSummary?.EndpointConfigName;
  // AWS shows the alarms of the update before this one, too: only the journal tells which one is under way.
  if (
    update === undefined ||
    update.previous !== live.EndpointConfigName ||
    (target ?? update.requested) !== update.requested
  )
    return [];
  return [
    text`Watch this guarded update to its end: ${shown('canary', { endpoint, resume: true })}`,
    ...(update.ownAlarms.length === 0 ? [] : [text`This stops it: ${shown('abort', { endpoint })}`]),
  ];
}

/** An endpoint has not the one production variant that shadowctl works on. */
export class SeveralVariants extends Problem {
  constructor(endpoint: string, names: readonly string[]) {
    super('cannot-run', `Endpoint "${endpoint}" has ${names.length} production variants (${names.join(', ')}).`, {
      next: 'shadowctl works on endpoints with exactly one.',
    });
    this.name = 'SeveralVariants';
  }
}

/** An endpoint with the one production variant that shadowctl works on. */
export interface Production {
  config: DescribeEndpointConfigCommandOutput;
  variant: ProductionVariant & { VariantName: string };
  /** Instances it is scaled to at this moment, which autoscaling may have changed since the config was written. */
  instances: number | undefined;
}

/**
 * The production variant of a live endpoint, as its live config declares it.
 * @throws Problem (cannot-run) where there is not exactly one, or its config was deleted
 */
export function productionOf(live: Live): Production {
  const { config, endpoint } = live;
  if (config === undefined) {
    throw environmentError(
      `Endpoint "${live.name}" runs the config "${endpoint.EndpointConfigName}", which has been deleted.`,
      'AWS refuses every update of such an endpoint: it can only be deleted and created again.',
    );
  }
  const variants = config.ProductionVariants ?? [];
  const [variant] = variants;
  if (variant?.VariantName === undefined || variants.length !== 1) {
    throw new SeveralVariants(
      live.name,
      variants.map((one) => one.VariantName ?? ''),
    );
  }
  if (variant.ModelName === undefined) {
    throw environmentError(
      `Endpoint "${live.name}" runs inference components: its variant "${variant.VariantName}" has no model of its own.`,
      'shadowctl works on endpoints whose variant names a model. Update an inference component with: aws sagemaker update-inference-component',
    );
  }
  const kind =
    variant.ServerlessConfig !== undefined
      ? 'serverless'
      : config.AsyncInferenceConfig !== undefined
        ? 'asynchronous'
        : undefined;
  if (kind !== undefined)
    throw environmentError(
      `Endpoint "${live.name}" is ${kind}.`,
      'shadowctl works on real-time endpoints on instances. Update this one by: aws sagemaker update-endpoint',
    );
  // Each pool has an instance type, and may have a model of its own (ModelNameOverride), which a new ModelName would not replace.
  if ((variant.InstancePools ?? []).length > 0)
    throw environmentError(
      `Endpoint "${live.name}" runs on pools of instances (${variant.InstancePools?.map((pool) => pool.InstanceType).join(', ')}), each of which may have a model of its own.`,
      'shadowctl works on endpoints whose variant has one instance type. Update this one by: aws sagemaker update-endpoint',
    );
  const scaled = endpoint.ProductionVariants?.find((one) => one.VariantName === variant.VariantName);
  return {
    config,
    variant: { ...variant, VariantName: variant.VariantName },
    instances: scaled?.DesiredInstanceCount ?? variant.InitialInstanceCount,
  };
}
