import type { DescribeEndpointConfigCommandOutput } from '@aws-sdk/client-sagemaker';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../aws/sagemaker.ts';
import { orUnseen, type Unseen } from '../aws/unseen.ts';
import { nameOf } from './steps.ts';
import { artifactsOf } from './model.ts';
import { begunAt, findResource } from './resolve.ts';
import type { ResourceCheck } from './teardown.ts';
import type { Aws } from '../aws/clients.ts';
import { ownRuns, type State, trackedResource } from '../state/replay.ts';
import type { Journal, ResourceKind, ResourceRef } from '../state/journal.ts';

/** An endpoint's journal, its present replay, and the account that holds what it names. */
interface Journaled {
  aws: Aws;
  journal: Journal;
  state: () => State;
}

/**
 * Looks in AWS for everything the journal ever named since the last clean end, whatever it believes became of it: a
 * request that was under way when a command was killed may have taken effect later than anybody looked. What these
 * credentials may not look at is `unseen`.
 * @param endpointToo whether that may be the endpoint: who goes on to delete must have seen it, for it runs what else
 * there is
 * @param kinds only what is of these kinds; undefined: everything
 */
export async function inventory(
  { aws, journal, state }: Journaled,
  endpointToo: 'or unseen' | 'must be seen' = 'must be seen',
  kinds?: readonly ResourceKind[],
): Promise<ResourceCheck[]> {
  const checks: ResourceCheck[] = [];
  const runs = ownRuns(state());
  for (const tracked of state().resources) {
    if (kinds?.includes(tracked.ref.kind) === false) continue;
    const look = async () => {
      const found = await findResource(aws, tracked.ref);
      // What we deleted and somebody made anew under its name is not ours: then the tag is missing.
      const managed =
        found !== undefined &&
        !tracked.adopted &&
        (await found.isManaged(journal.endpoint, { runs, at: begunAt(tracked) }));
      return { tracked, exists: found !== undefined, managed };
    };
    let unseen: Unseen | undefined;
    const strict = tracked.ref.kind === 'endpoint' && endpointToo === 'must be seen';
    const seen = strict ? await look() : await orUnseen(nameOf(tracked.ref), look, (one) => (unseen = one));
    checks.push(seen ?? { tracked, exists: false, managed: false, unseen });
  }
  return checks;
}

/**
 * Configs, models, uploads and captures of an endpoint that shadowctl did not create, or has given back: cleanup leaves
 * them as long as it runs with them.
 * @param next what it is going to run in place of what it runs
 */
export async function neededByForeign(
  { aws, journal, state }: Journaled,
  next?: { name: string; config: RunConfig | undefined },
): Promise<ResourceRef[]> {
  const tracked = trackedResource(state(), { kind: 'endpoint', name: journal.endpoint });
  if (next !== undefined) return neededToRun(aws, next.name, next.config);
  return tracked === undefined || tracked.adopted ? neededBy(aws, journal.endpoint) : [];
}

/** Configs, models and artifacts that an endpoint needs as it runs, or is going to run, and where it writes its captures. */
export async function neededBy(aws: Aws, endpoint: string): Promise<ResourceRef[]> {
  const live = await describeEndpoint(aws, endpoint);
  const needed: ResourceRef[] = [];
  for (const name of [live?.EndpointConfigName, live?.PendingDeploymentSummary?.EndpointConfigName]) {
    if (name !== undefined) needed.push(...(await neededToRun(aws, name, await describeEndpointConfig(aws, name))));
  }
  return needed;
}

type RunConfig = Partial<
  Pick<DescribeEndpointConfigCommandOutput, 'ProductionVariants' | 'ShadowProductionVariants' | 'DataCaptureConfig'>
>;

async function neededToRun(aws: Aws, name: string, config: RunConfig | undefined): Promise<ResourceRef[]> {
  const { EnableCapture: captures, DestinationS3Uri: to } = config?.DataCaptureConfig ?? {};
  return [
    { kind: 'endpoint-config', name },
    ...(captures !== false && to !== undefined
      ? [{ kind: 's3-prefix' as const, name: `${to.replace(/\/$/, '')}/` }]
      : []),
    ...(await neededByConfig(aws, config)),
  ];
}

/** The models of a config and their artifacts, as far as they exist. */
export async function neededByConfig(
  aws: Aws,
  config: Pick<RunConfig, 'ProductionVariants' | 'ShadowProductionVariants'> | undefined,
): Promise<ResourceRef[]> {
  const needed: ResourceRef[] = [];
  for (const { ModelName: name } of [
    ...(config?.ProductionVariants ?? []),
    ...(config?.ShadowProductionVariants ?? []),
  ]) {
    if (name === undefined) continue;
    needed.push({ kind: 'model', name });
    const model = await describeModel(aws, name);
    if (model !== undefined)
      needed.push(...artifactsOf(model).map((uri) => ({ kind: 's3-object' as const, name: uri })));
  }
  return needed;
}
