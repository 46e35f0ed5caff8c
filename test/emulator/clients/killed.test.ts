import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { CreateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { expect, it } from 'vitest';
import { systemClock, type VirtualClock } from '../../../src/base/clock.ts';
import { config, describeEndpoint, invoke, stand, variant, withModels } from '../services/sagemaker/stand.ts';

it('the metrics of a running minute outlive a kill -9, but for its last seconds', async () => {
  let ahead = 0;
  // The machine's clock, brought forward by hand.
  const clock = { ...systemClock, now: () => Date.now() + ahead } as unknown as VirtualClock;
  const dir = await mkdtemp(join(tmpdir(), 'shadowctl-killed-'));
  const first = await stand({ clock, dir: join(dir, 'state'), latencies: { createEndpoint: 0, modelLatency: 0.1 } });
  await withModels(first);
  await config(first, 'c', [variant('AllTraffic', 1)]);
  await first.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'Weather', EndpointConfigName: 'c' }));
  await expect.poll(async () => (await describeEndpoint(first)).EndpointStatus).toBe('InService');
  // To the beginning of a minute, so that all of this happens in one.
  ahead += 60_000 - (clock.now() % 60_000);
  const began = clock.now();
  for (let call = 0; call < 20; call += 1) await invoke(first);
  ahead += 10_000;
  await describeEndpoint(first);
  // What a process that is killed now leaves behind.
  await first.emulator.world.store.flush();
  await cp(join(dir, 'state'), join(dir, 'left'), { recursive: true, filter: (path) => !path.endsWith('lock') });
  await first.close();

  const second = await stand({ clock, dir: join(dir, 'left') });
  ahead += 120_000;
  const { Datapoints } = await second.cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/SageMaker',
      MetricName: 'Invocations',
      Dimensions: [
        { Name: 'EndpointName', Value: 'Weather' },
        { Name: 'VariantName', Value: 'AllTraffic' },
      ],
      StartTime: new Date(began - 60_000),
      EndTime: new Date(clock.now()),
      Period: 60,
      Statistics: ['Sum'],
    }),
  );
  expect(Datapoints?.reduce((sum, { Sum = 0 }) => sum + Sum, 0)).toBe(20);
  await second.close();
  await rm(dir, { recursive: true, force: true });
});
