import type { DescribeEndpointConfigCommandOutput, DescribeModelCommandOutput } from '@aws-sdk/client-sagemaker';
import type { Aws } from '../aws/clients.ts';
import { AwsProblem } from '../aws/errors.ts';
import { type EcrImage, ecrImage, imageDigest } from '../aws/ecr.ts';
import { roleExists, roleParts } from '../aws/iam.ts';
import { describeEndpointConfig, describeModel } from '../aws/sagemaker.ts';
import { lookAside, type Unseen } from '../aws/unseen.ts';
import type { Changed, Lost } from '../guard/restorable.ts';
import { artifactEtag } from '../resources/artifact/check-remote.ts';
import { isAlgorithmRegistry } from '../resources/artifact/images.ts';
import { artifactsOf } from '../resources/model.ts';
import type { Endpoint } from '../resources/wait.ts';
import { factsNamed, type FactValue } from '../state/facts.ts';
import { type JournalWriter, recordFact } from '../state/journal.ts';
import type { State } from '../state/replay.ts';

/*
 * Whether SageMaker could start what an endpoint runs, or ran: an artifact and an image are fetched anew for each instance,
 * as the model's role. So what was behind their names when a config came into service is written down.
 */

type Config = Pick<DescribeEndpointConfigCommandOutput, 'ProductionVariants' | 'EndpointConfigName'>;
type Part = FactValue<'ran'>['parts'][number];

/** What of a config no longer is, and what is something else than when the config ran. */
export interface Restorable {
  lost: Lost[];
  changed: Changed[];
}

/**
 * Writes down what a config in service is made of, once: models, roles, artifacts with their ETags, images with the digests
 * that its instances run. What these credentials may not look at is left out.
 * @param endpoint as it is in service
 * @param unseen is told of artifacts that these credentials may not look at
 */
export async function recordParts(
  aws: Aws,
  writer: JournalWriter,
  state: State,
  endpoint: Endpoint,
  unseen: (one: Unseen) => void = () => undefined,
  signal?: AbortSignal,
): Promise<void> {
  const config = endpoint.EndpointConfigName;
  if (config === undefined || partsOf(state, config) !== undefined) return;
  const found = await visible(() => describeEndpointConfig(aws, config, signal));
  const parts: Part[] = [];
  for (const { ModelName: model, VariantName: variant = '' } of found?.ProductionVariants ?? []) {
    if (model === undefined) continue;
    const deployed = endpoint.ProductionVariants?.find((one) => one.VariantName === variant)?.DeployedImages ?? [];
    const described = await visible(() => describeModel(aws, model, signal));
    const artifacts: Part['artifacts'][number][] = [];
    for (const uri of described === undefined ? [] : artifactsOf(described)) {
      const etag = await artifactEtag(aws, uri, unseen);
      artifacts.push({ uri, ...(etag !== undefined && etag !== 'gone' && { etag }) });
    }
    const images = deployed.flatMap(({ SpecifiedImage: image, ResolvedImage: digest }) =>
      image === undefined ? [] : [{ image, ...(digest !== undefined && { digest }) }],
    );
    const role = described?.ExecutionRoleArn;
    parts.push({ model, ...(role !== undefined && { role }), artifacts, images });
  }
  if (parts.length > 0) await recordFact(writer, { name: 'ran', value: { config, parts } });
}

/**
 * What no longer exists of a config, and what has changed since it was written down. What these credentials may not look at
 * is neither.
 * @param now the endpoint as it is: its images were resolved last
 */
export async function restorable(
  aws: Aws,
  config: Config,
  { state, now }: { state: State; now: Endpoint },
  unseen: (one: Unseen) => void,
  signal?: AbortSignal,
): Promise<Restorable> {
  const then = partsOf(state, config.EndpointConfigName ?? '') ?? [];
  const result: Restorable = { lost: [], changed: [] };
  const names = new Set(
    (config.ProductionVariants ?? []).flatMap(({ ModelName }) => (ModelName === undefined ? [] : [ModelName])),
  );
  for (const name of names) {
    const model = await describeModel(aws, name, signal);
    if (model === undefined) {
      result.lost.push({ kind: 'model', model: name });
      continue;
    }
    const known = then.find((part) => part.model === name);
    for (const uri of artifactsOf(model)) {
      const head = await artifactEtag(aws, uri, unseen);
      if (head === undefined) continue;
      if (head === 'gone') {
        result.lost.push({ kind: 'artifact', model: name, uri });
        continue;
      }
      const etag = known?.artifacts.find((one) => one.uri === uri)?.etag;
      if (etag !== undefined && etag !== head)
        result.changed.push({ kind: 'artifact', model: name, uri, before: etag, after: head });
    }
    const runs = config.EndpointConfigName === now.EndpointConfigName;
    for (const image of imagesOf(model)) {
      const resolved = resolvedNow(image, now);
      const before = known?.images.find((one) => one.image === image)?.digest ?? (runs ? resolved : undefined);
      const found = await lookAtImage(aws, image, { before, resolved }, unseen, signal);
      if (found === 'gone') result.lost.push({ kind: 'image', model: name, image });
      else if (found !== undefined) result.changed.push({ kind: 'image', model: name, image, ...found });
    }
    if (await roleIsGone(aws, model, unseen, signal))
      result.lost.push({ kind: 'role', model: name, role: model.ExecutionRoleArn ?? '' });
  }
  return result;
}

/** An image as the endpoint's instances have it now, by digest. */
function resolvedNow(image: string, { ProductionVariants: variants, ShadowProductionVariants: shadows }: Endpoint) {
  const deployed = [...(variants ?? []), ...(shadows ?? [])].flatMap(({ DeployedImages }) => DeployedImages ?? []);
  return deployed.find((one) => one.SpecifiedImage === image)?.ResolvedImage;
}

/**
 * Whether an image is gone, or its name stands for another than when the config ran. ECR is asked where it is in this
 * region and not SageMaker's own: those stay, and whether others may look at them no document says. Else what the
 * endpoint's instances have of it tells.
 * @param images by digest: as the config ran it, and as the endpoint resolved it last
 */
async function lookAtImage(
  aws: Aws,
  image: string,
  { before, resolved }: { before: string | undefined; resolved: string | undefined },
  unseen: (one: Unseen) => void,
  signal?: AbortSignal,
): Promise<'gone' | { before: string; after: string; gone: boolean } | undefined> {
  const path = image.replace(/(@sha256:[0-9a-f]+|:[^:/]+)$/, '');
  const place = ecrImage(image);
  const asked = place !== undefined && place.region === aws.target.region && !isAlgorithmRegistry(place.registry);
  const look = (one: EcrImage) =>
    lookAside(
      { aws, service: 'ECR', what: `whether image ${image} still exists`, needs: 'ecr:BatchGetImage' },
      () => imageDigest(aws, one, signal),
      unseen,
    );
  const digest = asked ? await look(place) : undefined;
  if (digest === 'gone') return 'gone';
  const after = digest === undefined ? resolved : `${path}@${digest}`;
  if (before === undefined || after === undefined || before === after) return undefined;
  const old = asked && digest !== undefined ? ecrImage(before) : undefined;
  return { before, after, gone: old !== undefined && (await look(old)) === 'gone' };
}

/** Whether IAM says that there is no such role. A role of another account than the model's own cannot be looked up. */
async function roleIsGone(
  aws: Aws,
  { ExecutionRoleArn: role, ModelArn }: DescribeModelCommandOutput,
  unseen: (one: Unseen) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  if (role === undefined || roleParts(role)?.account !== ModelArn?.split(':')[4]) return false;
  const what = `whether role ${role} still exists`;
  const asked = { aws, service: 'IAM' as const, what, needs: 'iam:GetRole' };
  return (await lookAside(asked, () => roleExists(aws, role, signal), unseen)) === false;
}

function partsOf(state: State, config: string): readonly Part[] | undefined {
  return factsNamed(state.facts, 'ran').findLast(({ value }) => value.config === config)?.value.parts;
}

/** Images as the model names them; those of model packages are the package's. */
function imagesOf(model: DescribeModelCommandOutput): string[] {
  return (model.Containers ?? [model.PrimaryContainer]).flatMap((container) => container?.Image ?? []);
}

/** What these credentials may look at. */
async function visible<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.clientFault) throw error;
    return undefined;
  }
}
