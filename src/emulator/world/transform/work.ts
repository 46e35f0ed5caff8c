import type { ExecutionParameters } from '../../containers/container.ts';
import { mediaType } from '../../containers/media-type.ts';
import { artifactUrl, s3Location } from '../fleet/instance.ts';
import { imageGone } from '../images.ts';
import { etagOf, etagOfParts } from '../objects/bytes.ts';
import { roleGone } from '../roles.ts';
import type { Platform } from '../world.ts';
import { below, inputsOf, ManifestError, mayUse, reaches, type TransformInputObject, uriParts } from './inputs.ts';
import { type Processing, processes, readFilters } from './join.ts';
import { containerLog, dataLog, environmentOf, processorsOf, strategyWord } from './log.ts';
import { discard } from './land.ts';
import { ObjectFailure, type SendSettings, transformObject } from './object.ts';
import type { Blame, TransformOutput, TransformRecord } from './records.ts';
import { isHealthy, type TransformInstance } from './request.ts';
import { formatOf } from './rows.ts';
import { ruleBroken } from './rules.ts';

/** What became of a job's work. */
export interface WorkDone {
  outputs: TransformOutput[];
  /** The first failure decides what FailureReason says. */
  failure: { blame: Blame; reason: string } | undefined;
  /** Milliseconds that the slowest instance was busy with requests. */
  took: number;
}

/** What the console and the API show of failures whose cause is in the logs (facts 16.3). */
export function seeLogs(blame: Blame): string {
  return `${blame}: See job logs for more information`;
}

/**
 * Starts the containers of a job and has all its objects transformed: an object goes to one instance, which ones is not
 * known; here each takes its turn. An object that fails leaves the others alone. @param at when its instances began
 */
export async function workOn(
  world: Platform,
  record: TransformRecord,
  at: number,
  signal: AbortSignal,
): Promise<WorkDone> {
  const [first = ''] = record.instances;
  const tell = dataLog(world, record, first, () => at);
  const failed = (blame: Blame, reason = seeLogs(blame)): WorkDone => ({
    outputs: [],
    failure: { blame, reason },
    took: 0,
  });
  const rule = ruleBroken(record.request);
  if (rule !== undefined) {
    tell(rule);
    return failed('ClientError');
  }
  let inputs: TransformInputObject[];
  try {
    inputs = await inputsOf(world, record);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    tell(error.message);
    return failed('ClientError');
  }
  if (inputs.length === 0) {
    tell(`No objects at ${record.request.TransformInput?.DataSource?.S3DataSource?.S3Uri}.`);
    return failed('ClientError');
  }
  const shares = record.instances
    .map((id, index) => ({ id, objects: inputs.filter((_, turn) => turn % record.instances.length === index) }))
    .filter(({ objects }) => objects.length > 0);
  const ended = await Promise.allSettled(shares.map((share) => workOnShare(world, record, share, at, signal)));
  const done = ended.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const broken = ended.find((one) => one.status === 'rejected');
  if (broken !== undefined) {
    for (const { outputs } of done) await discard(world, outputs);
    throw broken.reason;
  }
  const order = new Map(inputs.map((one, index) => [below(one.bucket, one.key), index]));
  const place = ({ input }: TransformOutput) => order.get(below(input.bucket, input.key)) ?? 0;
  return {
    outputs: done.flatMap(({ outputs }) => outputs).sort((a, b) => place(a) - place(b)),
    failure: done.find(({ failure }) => failure !== undefined)?.failure,
    took: Math.max(...done.map(({ took }) => took)),
  };
}

/** What one instance does: its containers are asked in AWS's order, /ping, /execution-parameters, /invocations. */
async function workOnShare(
  world: Platform,
  record: TransformRecord,
  { id, objects }: { id: string; objects: TransformInputObject[] },
  at: number,
  signal: AbortSignal,
): Promise<WorkDone> {
  let took = 0;
  const moment = () => Math.round(at + took);
  const tell = dataLog(world, record, id, moment);
  const outputs: TransformOutput[] = [];
  const instance: TransformInstance = { id, containers: [] };
  try {
    try {
      await start(world, record, instance, moment, signal);
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      tell(reason);
      return { outputs, failure: { blame: 'ClientError', reason: `ClientError: ${reason}`.slice(0, 1024) }, took };
    }
    if (!(await isHealthy(world, record, instance))) {
      // The words for a container that never answers /ping with 200 are not sourced.
      tell('Unable to get response from algorithm');
      return { outputs, failure: { blame: 'AlgorithmError', reason: seeLogs('AlgorithmError') }, took };
    }
    const settings = await settingsOf(record, instance);
    const strategy = strategyWord(settings.single ? 'SingleRecord' : 'MultiRecord');
    tell(
      `MaxConcurrentTransforms=${settings.concurrent}, MaxPayloadInMB=${settings.maxPayloadInMB}, BatchStrategy=${strategy}`,
    );
    const processing = processingOf(world, record, at);
    let failure: WorkDone['failure'];
    for (const object of objects) {
      try {
        const bytes = await read(world, record, object);
        const made = await transformObject(world, record, instance, bytes, { settings, processing, signal });
        took += made.took;
        outputs.push(await kept(world, record, object, made.bytes));
      } catch (error) {
        if (!(error instanceof ObjectFailure)) throw error;
        const lines = error.message.split('\n').map((line) => `${object.bucket}/${object.key}: ${line}`);
        tell(lines.join('\n'));
        failure ??= { blame: error.blame, reason: seeLogs(error.blame) };
      }
    }
    return { outputs, failure, took };
  } catch (error) {
    await discard(world, outputs);
    throw error;
  } finally {
    await Promise.all(instance.containers.map((container) => container.stop()));
  }
}

async function start(
  world: Platform,
  record: TransformRecord,
  instance: TransformInstance,
  moment: () => number,
  signal: AbortSignal,
): Promise<void> {
  if (record.roleArn !== undefined && roleGone(world, record.roleArn))
    throw new Error(`Could not assume role ${record.roleArn}.`);
  for (const [index, definition] of record.containers.entries()) {
    const { Image: image = '' } = definition;
    if (imageGone(world, image)) throw new Error(`Requested image ${image} not found.`);
    const url = artifactUrl(definition);
    const place = url === undefined ? undefined : s3Location(url);
    const mayRead = place !== undefined && mayUse(world, record, 's3:GetObject', `${place.bucket}/${place.key}`);
    const artifact = mayRead ? await world.objects.get(record.account, place.bucket, place.key) : undefined;
    if (url !== undefined && artifact === undefined)
      throw new Error(
        `Failed to download model data for container "container_${index + 1}" from URL: "${url}". Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to download the object.`,
      );
    const environment = environmentOf(record, definition);
    const cpus = processorsOf(record.request.TransformResources?.InstanceType ?? '');
    const log = containerLog(world, record, instance.id, index, moment);
    instance.containers.push(
      await world.containers({ image, artifact, artifactUrl: url, environment, cpus }, log, signal),
    );
  }
}

/** "The parameter values that you provide …, the values that the model container returns …, the default parameter values." */
async function settingsOf(
  { request }: TransformRecord,
  { containers: [container] }: TransformInstance,
): Promise<SendSettings> {
  const given = request.MaxConcurrentTransforms || undefined;
  const wished: ExecutionParameters = (await container?.executionParameters?.()) ?? {};
  const splits = (request.TransformInput?.SplitType ?? 'None') !== 'None';
  const strategy = request.BatchStrategy ?? (wished.BatchStrategy === 'SINGLE_RECORD' ? 'SingleRecord' : 'MultiRecord');
  return {
    concurrent: given ?? wished.MaxConcurrentTransforms ?? 1,
    maxPayloadInMB: request.MaxPayloadInMB ?? wished.MaxPayloadInMB ?? 6,
    // "To enable the batch strategy, you must set the SplitType property" (API_CreateTransformJob).
    single: splits && strategy === 'SingleRecord',
  };
}

function processingOf(world: Platform, { request }: TransformRecord, at: number): Processing {
  const { DataProcessing: data, DataCaptureConfig: capture } = request;
  const ids = {
    next: () => world.random.uuid(),
    time: `${new Date(at).toISOString().slice(0, 19)}Z`,
  };
  return {
    ...readFilters(data),
    format: processes(data, capture) ? formatOf(mediaType(request.TransformInput?.ContentType)) : undefined,
    inferenceIds: capture?.GenerateInferenceId === true ? ids : undefined,
    switches: world.switches,
  };
}

async function read(
  world: Platform,
  record: TransformRecord,
  { bucket, key }: TransformInputObject,
): Promise<Uint8Array> {
  // AWS's words for these two are not sourced.
  if (!mayUse(world, record, 's3:GetObject', `${bucket}/${key}`))
    throw new ObjectFailure('ClientError', `AccessDenied: the role ${record.roleArn} may not read the object.`);
  const bytes = reaches(world, record, bucket) ? await world.objects.get(record.account, bucket, key) : undefined;
  if (bytes === undefined) throw new ObjectFailure('ClientError', 'NoSuchKey: the object does not exist.');
  return bytes;
}

async function kept(
  world: Platform,
  { request }: TransformRecord,
  { bucket, key, outputName }: TransformInputObject,
  bytes: Buffer,
): Promise<TransformOutput> {
  const blob = `sagemaker/transforms/${world.random.uuid()}`;
  await world.store.blobs.put(blob, bytes);
  const { prefix = '' } = uriParts(request.TransformOutput?.S3OutputPath ?? '') ?? {};
  return {
    input: { bucket, key },
    key: below(prefix, outputName),
    blob,
    size: bytes.length,
    etag: etagOfParts([etagOf(bytes)]),
  };
}
