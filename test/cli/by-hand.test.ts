import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { isWhole } from '../support/sizes.ts';
import { ARTIFACT_005, ARTIFACT_009, FIXTURES, type TestWorld, testWorld } from '../support/world.ts';

let world: TestWorld;
afterEach(() => world.close());

const ON = ['--endpoint', 'weather-prediction-endpoint'];
const LINEAR = ['--algorithm', 'linear-learner'];
const MISMATCHED = ['--algorithm', 'xgboost:1.2-1', '--allow-mismatch'];

/** A line is typed and must end with this code. */
async function typed(code: number, ...argv: readonly string[]): Promise<string> {
  const ended = await world.shadowctl(argv);
  expect(ended.code, `${argv.join(' ')}\n${ended.out}\n${ended.err}`).toBe(code);
  return ended.out;
}

/** Names of everything that one stage of one round makes. */
const named = (stage: string, round: number) => [
  '--model-name',
  `weather-model-${stage}-${round}`,
  '--config-name',
  `weather-config-${stage}-${round}`,
];

const ROUNDS = [1, 2, 3];

/**
 * The life cycle of the notebook this tool came from, typed by hand: version 1 deployed three times, version 2 three
 * times by canary and three times as a shadow; the second of each round is broken. The demo plays the same plan, in `npm test`
 * (`demo.test.ts`); `npm run matrix` plays this.
 */
test.runIf(isWhole('matrix'))(
  'by hand: 1 endpoint, 9 models, 9 configs, 3 alarms; then none',
  { timeout: 600_000 },
  async () => {
    const each = 3 * ROUNDS.length;
    world = await testWorld();
    for (const file of ['weather-test.csv', 'test.csv'])
      copyFileSync(join(FIXTURES, 'data', file), join(world.root, file));
    const traffic = ['--traffic', 'test.csv', '--rate', '0.5'];
    for (const round of ROUNDS) {
      await typed(
        0,
        ...['deploy', ...ON, '--artifact', ARTIFACT_005, ...LINEAR, ...named('v1', round)],
        ...['--instance-type', 'ml.m5.large', '--instances', '3', '--test', 'test.csv', '--yes'],
      );
    }
    for (const round of ROUNDS) {
      const image = round === 2 ? MISMATCHED : LINEAR;
      await typed(
        round === 2 ? 1 : 0,
        ...['canary', ...ON, '--artifact', ARTIFACT_009, ...image, ...named('v2', round), ...traffic, '--yes'],
      );
    }
    for (const round of ROUNDS) {
      const image = round === 2 ? MISMATCHED : LINEAR;
      await typed(0, 'undo', ...ON, '--to', `weather-config-v1-${round}`, '--yes');
      await typed(
        0,
        ...[
          'shadow',
          ...ON,
          '--artifact',
          ARTIFACT_009,
          ...image,
          '--sample',
          '100%',
          ...named('shadow', round),
          '--yes',
        ],
      );
      await typed(
        0,
        ...['invoke', ...ON, '--data', 'weather-test.csv', '--labels', 'label', '--rate', '0.1', '--duration', '30m'],
      );
      // So little traffic decides only what fails every request.
      const report = await world.shadowctl(['report', ...ON, '--last', '30m', '--format', 'json']);
      expect(report.code).toBe(round === 2 ? 1 : 3);
      expect(JSON.parse(report.out)).toMatchObject({ verdict: { outcome: round === 2 ? 'fail' : 'inconclusive' } });
    }
    const stands = await takeCensus(world.aws);
    const numbered = (kind: string) =>
      ['shadow', 'v1', 'v2'].flatMap((stage) => ROUNDS.map((round) => `weather-${kind}-${stage}-${round}`));
    expect(stands).toEqual({
      endpoints: ['weather-prediction-endpoint'],
      models: numbered('model'),
      endpointConfigs: numbered('config'),
      alarms: ['4XXError', '5XXError', 'ModelLatency'].map((metric) => `weather-prediction-endpoint-${metric}`),
    });
    const status = JSON.parse(await typed(0, 'status', ...ON, '--format', 'json')) as { counts: object };
    expect(status.counts).toMatchObject({ endpoint: 1, model: each, 'endpoint-config': each, alarm: 3 });
    await typed(0, 'cleanup', ...ON, '--yes');
    expect(await takeCensus(world.aws)).toEqual({ endpoints: [], models: [], endpointConfigs: [], alarms: [] });
  },
);
