import type { ContainerDefinition } from '@aws-sdk/client-sagemaker';
import type { LogTarget } from '../logs/logs.ts';
import type { Platform } from '../world.ts';
import type { TransformRecord } from './records.ts';

/** Where an instance of a job logs (Developer Guide, "Log groups and streams that Amazon SageMaker AI logs"). */
function target(record: TransformRecord, instance: string, behind: string): LogTarget {
  const epoch = Math.floor((record.startedAt ?? record.createdAt) / 1000);
  return {
    account: record.account,
    region: record.region,
    group: '/aws/sagemaker/TransformJobs',
    stream: `${record.name}/${instance}-${epoch}${behind}`,
  };
}

/** What a container prints; its own name stands at the end only in an inference pipeline. */
export function containerLog(
  { logs }: Pick<Platform, 'logs'>,
  record: TransformRecord,
  instance: string,
  index: number,
  moment: () => number,
): (message: string) => void {
  const name = record.containers[index]?.ContainerHostname ?? `container-${index + 1}`;
  const where = target(record, instance, record.containers.length > 1 ? `/${name}` : '');
  return (message) => logs.append(where, [{ timestamp: moment(), message }]);
}

/** What SageMaker itself says of the data, in the stream beside: `2020-04-20T00:32:05.224:[sagemaker logs]: …`. */
export function dataLog(
  { logs }: Pick<Platform, 'logs'>,
  record: TransformRecord,
  instance: string,
  moment: () => number,
): (text: string) => void {
  const where = target(record, instance, '/data-log');
  return (text) => {
    const timestamp = moment();
    const time = new Date(timestamp).toISOString().slice(0, -1);
    const events = text
      .split('\n')
      .map((line) => ({ timestamp, message: `${time}:[sagemaker logs]: ${line}`.slice(0, MAX_LENGTH) }));
    logs.append(where, events);
  };
}

/** A log event of CloudWatch holds at most 256 KB. */
const MAX_LENGTH = 256 * 1000;

/** How many processors an instance type has, by its size: what `nproc` says in a container. */
export function processorsOf(instanceType: string): number {
  if (instanceType === 'ml.c4.8xlarge') return 36;
  const size = instanceType.split('.')[2] ?? '';
  const times = /^(\d*)xlarge$/.exec(size)?.[1];
  return times === undefined ? 2 : 4 * Number(times || 1);
}

/** Which container an environment of a job is for: the model's own variables, the job's, and what SageMaker adds. */
export function environmentOf(record: TransformRecord, container: ContainerDefinition): Record<string, string> {
  const { Environment, MaxPayloadInMB, BatchStrategy, MaxConcurrentTransforms } = record.request;
  return {
    ...container.Environment,
    ...Environment,
    SAGEMAKER_BATCH: 'true',
    // "If the user doesn't set values for them, they aren't passed" (Developer Guide, "Use Your Own Inference Code with
    // Batch Transform").
    ...(MaxPayloadInMB !== undefined && { SAGEMAKER_MAX_PAYLOAD_IN_MB: String(MaxPayloadInMB) }),
    ...(BatchStrategy && { SAGEMAKER_BATCH_STRATEGY: strategyWord(BatchStrategy) }),
    ...(MaxConcurrentTransforms !== undefined && {
      SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: String(MaxConcurrentTransforms),
    }),
  };
}

/** `MULTI_RECORD`, as containers and logs have it. */
export function strategyWord(strategy: string): string {
  return strategy === 'SingleRecord' ? 'SINGLE_RECORD' : 'MULTI_RECORD';
}
