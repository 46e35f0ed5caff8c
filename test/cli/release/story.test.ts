import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../../../src/aws/sagemaker.ts';
import { ENDPOINT, openStage, type Said, type Stage } from '../../support/stage.ts';

// Hours of the virtual clock pass in seconds on a quiet machine; a busy one may take longer.
vi.setConfig({ testTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage.close());

const MINUTE = 60_000;
const GOOD = 's3://models/009.tar.gz';
const ON = ['--endpoint', ENDPOINT];

/** What this test's models can pass: 005 and 009 agree in about four of five. */
function settings(release: string): void {
  writeFileSync(
    join(stage.cwd, 'shadowctl.yaml'),
    `policy: { inform: [latency, labels, numbers], minimumBlocks: 2, blockMinutes: 2, errors: 0.1 }\nrelease: ${release}\n`,
  );
}

const tickOf = (more: readonly string[] = []) =>
  stage.shadowctl(['release', ...ON, '--once', '--format', 'json', ...more]);

/** Ticks every few minutes, until the release waits for this, or has ended. */
async function ticksUntil(what: string, minutes = 2, most = 60): Promise<Record<string, unknown>> {
  for (let n = 0; n < most; n += 1) {
    const said = await tickOf();
    expect(said.code, said.err).toBeLessThan(2);
    const result = JSON.parse(said.out) as Record<string, unknown>;
    if (result.for === what || result.result === what) return result;
    await stage.clock.sleep(minutes * MINUTE);
  }
  throw new Error(`never came to ${what}`);
}

async function production(): Promise<string | undefined> {
  const config = (await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName ?? '';
  const live = await describeEndpointConfig(stage.aws, config);
  const model = live?.ProductionVariants?.[0]?.ModelName;
  return (await describeModel(stage.aws, model ?? ''))?.PrimaryContainer?.ModelDataUrl;
}

async function shadows(): Promise<number> {
  const config = (await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName ?? '';
  return (await describeEndpointConfig(stage.aws, config))?.ShadowProductionVariants?.length ?? 0;
}

function begin(more: readonly string[] = []): Promise<Said> {
  return tickOf(['--artifact', GOOD, '--adopt', '--yes', ...more]);
}

describe('a release', () => {
  test('from an artifact to production: ticks, a question, an answer', async () => {
    stage = await openStage();
    settings('{ sampling: [50%, 100%], settle: 5m }');
    await stage.traffic(async () => {
      await stage.clock.sleep(10 * MINUTE);
      const said = await begin();
      expect(said, said.err).toMatchObject({ code: 0 });
      await ticksUntil('errors');
      await ticksUntil('answer');
      expect(await production()).toBe('s3://models/005.tar.gz');
      const approved = await stage.shadowctl(['release', 'approve', ...ON, '--question', '1', '--yes']);
      expect(approved, approved.err).toMatchObject({ code: 0 });
      const ended = await ticksUntil('ended');
      expect(ended).toMatchObject({ release: { outcome: 'promoted', answer: { answer: 'approve', how: 'command' } } });
    }, 2);
    expect(await production()).toMatch(
      /^s3:\/\/sagemaker-us-east-1-000000000000\/shadowctl\/weather\/artifacts\/[0-9a-f]{64}\//,
    );
    expect(await shadows()).toBe(0);
  });
});
