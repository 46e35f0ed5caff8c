import type { DescribeEndpointConfigCommandOutput } from '@aws-sdk/client-sagemaker';
import type { Aws } from '../aws/clients.ts';
import { AwsProblem } from '../aws/errors.ts';
import { describeEndpointConfig, describeModel } from '../aws/sagemaker.ts';
import type { Unseen } from '../aws/unseen.ts';
import type { Changed, Lost } from '../guard/restorable.ts';
import { artifactEtag } from '../resources/artifact/check-remote.ts';
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
    result.changed.push(...movedImages(name, known, now));
  }
  return result;
}

/** Images by tag whose digest, as the endpoint's instances have it now, is another than when the config ran. */
function movedImages(
  model: string,
  known: Part | undefined,
  { ProductionVariants: variants, ShadowProductionVariants: shadows }: Endpoint,
): Changed[] {
  const deployed = [...(variants ?? []), ...(shadows ?? [])].flatMap(({ DeployedImages }) => DeployedImages ?? []);
  return (known?.images ?? []).flatMap(({ image, digest }): Changed[] => {
    const resolved = deployed.find((one) => one.SpecifiedImage === image)?.ResolvedImage;
    return digest === undefined || resolved === undefined || resolved === digest
      ? []
      : [{ kind: 'image', model, image, before: digest, after: resolved }];
  });
}

function partsOf(state: State, config: string): readonly Part[] | undefined {
  return factsNamed(state.facts, 'ran').findLast(({ value }) => value.config === config)?.value.parts;
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
