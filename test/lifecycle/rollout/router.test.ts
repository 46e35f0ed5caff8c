import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { describeEndpoint, describeEndpointConfig } from '../../../src/aws/sagemaker.ts';
import { interrupted } from '../../../src/base/errors.ts';
import { ARTIFACT, ENDPOINT, openStage, type Stage } from '../../support/stage.ts';

let stage: Stage;
afterEach(() => stage.close());

const MINUTE = 60_000;

function begin(signal: AbortSignal) {
  writeFileSync(join(stage.cwd, 'policy.yaml'), 'inform: [latency]\nerrors: 0.2\nblockMinutes: 1\nminimumBlocks: 5\n');
  return stage.shadowctl(
    [
      ...[
        'rollout',
        '--endpoint',
        ENDPOINT,
        '--adopt',
        '--yes',
        '--artifact',
        ARTIFACT,
        '--algorithm',
        'linear-learner',
      ],
      ...['--model-name', 'm2', '--config-name', 'both', '--steps', '50%,100%', '--bake', '6m'],
      ...['--policy', join(stage.cwd, 'policy.yaml')],
    ],
    signal,
  );
}

/** Begins a rollout and interrupts it once the endpoint is on its way to a config that `there` recognizes. */
async function interruptedOn(there: (target: string | undefined) => boolean): Promise<void> {
  const stop = new AbortController();
  const [begun] = await stage.clock.all<unknown>([
    () => begin(stop.signal),
    async () => {
      for (;;) {
        const live = await describeEndpoint(stage.aws, ENDPOINT);
        if (live?.EndpointStatus === 'Updating' && there(live.PendingDeploymentSummary?.EndpointConfigName)) break;
        await stage.clock.sleep(5_000);
      }
      stop.abort(interrupted('Interrupted.'));
    },
  ]);
  expect(begun).toMatchObject({ code: 130 });
}

async function models(): Promise<(string | undefined)[]> {
  const { EndpointConfigName: config = '' } = (await describeEndpoint(stage.aws, ENDPOINT)) ?? {};
  const variants = (await describeEndpointConfig(stage.aws, config))?.ProductionVariants ?? [];
  return variants.map((variant) => variant.ModelName);
}

test('cancelled while the candidate is being attached: production alone is left, and stays', async () => {
  stage = await openStage();
  await stage.traffic(() => interruptedOn((target) => target === 'both'), 1);
  expect(await stage.shadowctl(['rollout', '--endpoint', ENDPOINT, '--cancel'])).toMatchObject({ code: 0 });
  await stage.clock.sleep(30 * MINUTE);
  expect(await describeEndpoint(stage.aws, ENDPOINT)).toMatchObject({
    EndpointStatus: 'InService',
    EndpointConfigName: 'v1',
  });
  expect(await models()).toEqual(['m1']);
});

test('interrupted while the candidate becomes production: resumed, it has passed', async () => {
  stage = await openStage();
  const { result } = await stage.traffic(async () => {
    await interruptedOn((target) => target === 'both-final');
    return stage.shadowctl(['rollout', '--endpoint', ENDPOINT, '--resume', '--format', 'json']);
  }, 2);
  expect(result).toMatchObject({ code: 0 });
  expect(JSON.parse(result.out)).toMatchObject({ ended: 'passed', share: 1 });
  expect(await models()).toEqual(['m2']);
});

test('interrupted while the candidate becomes production: cancelled, production is as before', async () => {
  stage = await openStage();
  const { result } = await stage.traffic(async () => {
    await interruptedOn((target) => target === 'both-final');
    return stage.shadowctl(['rollout', '--endpoint', ENDPOINT, '--cancel', '--format', 'json']);
  }, 2);
  expect(result).toMatchObject({ code: 0 });
  expect(JSON.parse(result.out)).toMatchObject({ ended: 'cancelled', share: 0 });
  expect(await models()).toEqual(['m1']);
});
