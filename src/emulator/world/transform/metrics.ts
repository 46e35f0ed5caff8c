import type { Platform } from '../world.ts';
import type { TransformRecord } from './records.ts';

const MINUTE = 60_000;

/**
 * CPU and memory of a job's instances, for every minute that they worked; graphics cards where there are any. The numbers are
 * simulated. They are published together when the job ends. "DiskUtilization" is not there for jobs (facts 16.3).
 */
export function meterInstances(world: Platform, record: TransformRecord): void {
  const { startedAt, endedAt } = record;
  if (startedAt === undefined || endedAt === undefined) return;
  const graphics = /^ml\.[gp]\d/.test(record.request.TransformResources?.InstanceType ?? '');
  const names = [
    ...['CPUUtilization', 'MemoryUtilization'],
    ...(graphics ? ['GPUUtilization', 'GPUMemoryUtilization'] : []),
  ];
  const { account, region } = record;
  for (const id of record.instances) {
    const dimensions = [{ Name: 'Host', Value: `${record.name}/${id}` }];
    for (const name of names) {
      const handle = world.metrics.handle(
        { account, region, namespace: '/aws/sagemaker/TransformJobs', name, dimensions },
        { unit: 'Percent' },
      );
      const level = 10 + 60 * world.random.next();
      const late = world.faults.inject(['delay-metrics'], { transformJob: record.name })?.milliseconds ?? 0;
      for (let at = startedAt - (startedAt % MINUTE); at < endedAt; at += MINUTE) {
        const value = level + (world.random.next() - 0.5) * 5;
        handle.add(
          at,
          Math.round(value * 1000) / 1000,
          Math.max(at + MINUTE, endedAt) + world.latencies.publishMetrics + late,
        );
      }
    }
  }
}
