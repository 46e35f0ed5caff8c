import type { ContainerDefinition } from '@aws-sdk/client-sagemaker';
import type { Container } from '../../containers/container.ts';
import { imageGone } from '../images.ts';
import { roleGone } from '../roles.ts';
import type { Platform } from '../world.ts';
import type { EndpointRecord, FleetRecord, InstanceRecord, VariantRecord } from '../endpoints/records.ts';
import type { LogTarget } from '../logs/logs.ts';
import type { Instance } from './variant.ts';

/** An instance without containers yet. */
export function instanceOf(record: InstanceRecord): Instance {
  const leaving = new AbortController();
  return { record, containers: undefined, starting: undefined, leaving, calls: 0, moment: undefined };
}

/** Bucket and key of `s3://bucket/key` or `https://…/bucket/key`; undefined when it is neither. */
export function s3Location(url: string): { bucket: string; key: string } | undefined {
  const direct = /^s3:\/\/([^/]+)\/(.+)$/.exec(url);
  if (direct?.[1] && direct[2]) return { bucket: direct[1], key: direct[2] };
  const host =
    /^https:\/\/([^./]+)\.s3[.-][^/]*\/(.+)$/.exec(url) ?? /^https:\/\/s3[.-][^/]*\/([^/]+)\/(.+)$/.exec(url);
  return host?.[1] && host[2] ? { bucket: host[1], key: host[2] } : undefined;
}

/** Where a container's `model.tar.gz` is, whichever way it was given. */
export function artifactUrl(container: ContainerDefinition): string | undefined {
  return container.ModelDataUrl ?? container.ModelDataSource?.S3DataSource?.S3Uri;
}

/** Where a container of an instance logs (facts 3): its own name stands at the end only in an inference pipeline. */
export function logTarget(
  endpoint: EndpointRecord,
  variant: VariantRecord,
  instance: InstanceRecord,
  container: number,
): LogTarget {
  const stream = `${variant.name}/${instance.id}`;
  return {
    account: endpoint.account,
    region: endpoint.region,
    group: `/aws/sagemaker/Endpoints/${endpoint.name}`,
    stream: variant.containers.length > 1 ? `${stream}/${containerName(variant, container)}` : stream,
  };
}

/** The name of a container: its hostname, else `container-1`, `container-2`, … */
export function containerName(variant: VariantRecord, index: number): string {
  return variant.containers[index]?.ContainerHostname ?? `container-${index + 1}`;
}

/** The blob under which a fleet keeps a copy of an artifact: a restart needs it even when it was deleted from S3. */
export function artifactBlob(fleet: FleetRecord, variant: VariantRecord, container: number): string {
  return `sagemaker/artifacts/${fleet.id}/${variant.name}/${container}`;
}

async function artifactOf(
  world: Platform,
  endpoint: EndpointRecord,
  fleet: FleetRecord,
  variant: VariantRecord,
  index: number,
): Promise<Uint8Array | undefined> {
  const url = artifactUrl(variant.containers[index] ?? {});
  if (url === undefined) return undefined;
  const blob = artifactBlob(fleet, variant, index);
  const kept = await world.store.blobs.get(blob);
  if (kept) return kept;
  const place = s3Location(url);
  const bytes = place && (await world.objects.get(endpoint.account, place.bucket, place.key));
  if (!bytes) {
    throw new Error(
      `Failed to download model data for container "container_${index + 1}" from URL: "${url}". Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to download the object.`,
    );
  }
  await world.store.blobs.put(blob, bytes);
  return bytes;
}

/**
 * The instance's containers, started if they are not yet. Rejects with an Error whose message fits a FailureReason.
 */
export function startInstance(
  world: Platform,
  endpoint: EndpointRecord,
  fleet: FleetRecord,
  variant: VariantRecord,
  instance: Instance,
): Promise<Container[]> {
  if (instance.containers) return Promise.resolve(instance.containers);
  instance.starting ??= start(world, endpoint, fleet, variant, instance).finally(() => {
    instance.starting = undefined;
  });
  return instance.starting;
}

async function start(
  world: Platform,
  endpoint: EndpointRecord,
  fleet: FleetRecord,
  variant: VariantRecord,
  instance: Instance,
): Promise<Container[]> {
  if (!instance.record.healthy) refuseLost(world, variant);
  const started: Container[] = [];
  try {
    for (const [index, definition] of variant.containers.entries()) {
      const target = logTarget(endpoint, variant, instance.record, index);
      const artifact = await artifactOf(world, endpoint, fleet, variant, index);
      const spec = {
        image: definition.Image ?? '',
        artifact,
        artifactUrl: artifactUrl(definition),
        environment: definition.Environment ?? {},
      };
      started.push(
        await world.containers(
          spec,
          (message) => world.logs.append(target, [{ timestamp: instance.moment ?? world.clock.now(), message }]),
          instance.leaving.signal,
        ),
      );
    }
  } catch (error) {
    await Promise.all(started.map((container) => container.stop()));
    throw error;
  }
  instance.containers = started;
  instance.calls = 0;
  return started;
}

/** The images of a new instance: by their tags, or by the digests that were resolved when the fleet was made. */
function pulledBy(world: Platform, { containers, images }: VariantRecord): readonly string[] {
  if (images !== undefined && !world.switches.resolveTagsAgain) return images;
  return containers.map(({ Image: image = '' }) => image);
}

/**
 * A new instance is launched with the model's role, and pulls its image
 * (github.com/aws/amazon-sagemaker-examples/issues/275 has the words).
 */
function refuseLost(world: Platform, variant: VariantRecord): void {
  const lost =
    (variant.roleArn !== undefined && roleGone(world, variant.roleArn)) ||
    pulledBy(world, variant).some((image) => imageGone(world, image));
  if (lost)
    throw new Error(
      `Please make sure all images included in the model for the production variant ${variant.name} exist, and that the execution role used to create the model has permissions to access them.`,
    );
}

/** Stops what runs on the instances for good; what is just starting is called off. */
export async function stopInstances(world: Platform, instances: readonly Instance[]): Promise<void> {
  const stop = async (instance: Instance) => {
    instance.leaving.abort(new Error('The instance was terminated while its container started.'));
    const { starting } = instance;
    const containers = instance.containers ?? (starting && (await starting.catch(() => undefined)));
    instance.containers = undefined;
    await Promise.all((containers ?? []).map((container) => container.stop()));
  };
  if (instances.length > 0) await world.timeline.outside(Promise.all(instances.map(stop)));
}
