import { describe, expect, test } from 'vitest';
import { printText } from '../../src/base/text.ts';
import { capacityOf, capacityWords } from '../../src/guard/capacity.ts';
import { experimentFinding, experimentText, stopExperiment } from '../../src/guard/experiment.ts';
import { hourlyCost, hourlyPrice, hourlySum, pricesFrom, unpriced } from '../../src/guard/prices.ts';
import { changedFindings, changedText, lostText } from '../../src/guard/restorable.ts';
import { deregisterAdvice, frozenFinding, rangeWords, scalingFindings } from '../../src/guard/scaling.ts';
import type { Strategy } from '../../src/guard/strategy.ts';

/** What stands beside an endpoint: scaling, experiments, what would be started instead, instances and their prices. */

describe('autoscaling', () => {
  const production = { variant: 'AllTraffic', min: 2, max: 6 };
  const found = (...given: Parameters<typeof scalingFindings>) =>
    scalingFindings(...given).map(({ severity, check, message }) => ({ severity, check, message }));

  test('one that scales alone is a note; a shadow that does not scale with it is a warning, with the command', () => {
    expect(found('weather', [production], [])).toMatchObject([{ severity: 'note', check: 'autoscaled' }]);
    const [note, warning, ...others] = scalingFindings('weather', [production], ['candidate']);
    expect(others).toEqual([]);
    expect(note?.check).toBe('autoscaled');
    expect(note?.next).toBeUndefined();
    expect(warning).toMatchObject({ severity: 'warning', check: 'shadow-not-scaled', subject: 'endpoint weather' });
    expect(warning?.message).toContain(
      'The shadow candidate does not scale with production (between 2 and 6 instances)',
    );
    expect(printText(warning?.next ?? '')).toBe(
      'Give it a target and a policy of its own: aws application-autoscaling register-scalable-target --service-namespace sagemaker --resource-id endpoint/weather/variant/candidate --scalable-dimension sagemaker:variant:DesiredInstanceCount --min-capacity 2 --max-capacity 6',
    );
  });

  test('a shadow with a target of its own is a note after those of production', () => {
    const shadow = { variant: 'candidate', min: 1, max: 1 };
    const all = found('weather', [shadow, production], ['candidate']);
    expect(all.map(({ check }) => check)).toEqual(['autoscaled', 'shadow-scales']);
    expect(all[1]?.message).toContain('Its shadow candidate scales automatically, between 1 and 1 instance,');
    expect(found('weather', [shadow], ['candidate']).map(({ check }) => check)).toEqual(['shadow-scales']);
    expect(found('weather', [], ['candidate'])).toEqual([]);
  });

  test('while an update bakes nothing scales: more than half an hour is a warning', () => {
    const strategy = (bakeSeconds: number, finalBakeSeconds: number, stages: number): Strategy => ({
      ...({} as Strategy),
      fleet: 3,
      bakeSeconds,
      finalBakeSeconds,
      stages: Array.from({ length: stages }, () => ({})) as unknown as Strategy['stages'],
    });
    expect(frozenFinding('weather', production, strategy(600, 600, 3))).toMatchObject({ severity: 'note' });
    expect(frozenFinding('weather', production, strategy(600, 601, 3))).toMatchObject({
      severity: 'warning',
      check: 'scaling-frozen',
      subject: 'endpoint weather',
      message: expect.stringContaining('for at least 30 min 1 s, 3 instances must carry all requests'),
    });
    expect(rangeWords({ variant: 'v', min: 1, max: 4 })).toBe('between 1 and 4 instances');
  });

  test('an instance type is changed without the target, which is registered again', () => {
    expect(printText(deregisterAdvice('weather', 'AllTraffic'))).toBe(
      'Take its target away first, and register it again afterwards: aws application-autoscaling deregister-scalable-target --service-namespace sagemaker --resource-id endpoint/weather/variant/AllTraffic --scalable-dimension sagemaker:variant:DesiredInstanceCount',
    );
  });
});

describe('inference experiments', () => {
  const running = { name: 'e', status: 'Running', startsAt: undefined, production: 'p', shadow: 's' };

  test('a running one blocks, a scheduled one warns', () => {
    expect(experimentFinding('weather', running)).toMatchObject({
      severity: 'blocking',
      check: 'in-experiment',
      subject: 'endpoint weather',
      message: `${experimentText(running)}.`,
    });
    expect(experimentText(running)).toContain('"e" has it (Running)');
    const scheduled = { ...running, status: 'Created', startsAt: Date.UTC(2026, 10, 30, 9) };
    expect(experimentFinding('weather', scheduled)).toMatchObject({
      severity: 'warning',
      check: 'experiment-scheduled',
      message: 'Inference experiment "e" will change it on its own at 2026-11-30T09:00:00.000Z.',
    });
  });

  test('it is stopped without production, and the command says so', () => {
    expect(stopExperiment(running)).toMatchObject({
      program: 'aws',
      incomplete: false,
      options: { name: 'e', 'model-variant-actions': 'p=Retain,s=Remove', 'desired-state': 'Cancelled' },
    });
    const { next } = experimentFinding('weather', running);
    expect(printText(next ?? '')).toContain('  aws sagemaker stop-inference-experiment --name e');
  });
});

describe('what a new instance would start', () => {
  const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
  const artifact = { kind: 'artifact', model: 'm', uri: 's3://b/a.tar.gz' } as const;

  test('an artifact that was written again, and a tag that names another digest', () => {
    const image = {
      kind: 'image',
      model: 'm',
      image: 'r/i:latest',
      before: digest('a'),
      after: digest('b'),
      gone: false,
    } as const;
    const changed = { ...artifact, before: `"${'0'.repeat(32)}"`, after: '"short"' };
    expect(changedText(changed)).toBe(
      's3://b/a.tar.gz, the artifact of model m, was written again since (ETag 000000000000…, now "short")',
    );
    expect(changedText(image)).toBe(
      'r/i:latest, the image of model m, names another digest since (aaaaaaaaaaaa…, now bbbbbbbbbbbb…)',
    );
    expect(changedFindings('weather', [changed, image])).toMatchObject([
      { severity: 'warning', check: 'artifact-changed', next: expect.stringContaining('an artifact of its own') },
      {
        severity: 'warning',
        check: 'image-changed',
        subject: 'endpoint weather',
        next: expect.stringContaining('--pin-image'),
      },
    ]);
    expect(changedFindings('weather', [])).toEqual([]);
  });

  test('what is gone has a name', () => {
    expect(lostText({ kind: 'model', model: 'm' })).toBe('model m');
    expect(lostText(artifact)).toBe('s3://b/a.tar.gz, the artifact of model m');
  });
});

describe('instances', () => {
  const variant = (VariantName: string, InstanceType: string | undefined, InitialInstanceCount?: number) =>
    ({ VariantName, InstanceType, InitialInstanceCount }) as never;

  test('both fleets count, a type once; serverless variants have none', () => {
    const before = {
      ProductionVariants: [variant('p', 'ml.m5.large', 2), variant('free', undefined)],
      ShadowProductionVariants: [variant('s', 'ml.m5.large', 1)],
    };
    const after = { ProductionVariants: [variant('p', 'ml.m5.xlarge', 2)] };
    expect(capacityOf([{ config: before }, { config: after }])).toEqual([
      { instanceType: 'ml.m5.large', count: 3 },
      { instanceType: 'ml.m5.xlarge', count: 2 },
    ]);
    expect(capacityOf([{ config: {} }])).toEqual([]);
    expect(capacityOf([{ config: { ProductionVariants: [variant('p', 'ml.m5.large')] } }])).toEqual([
      { instanceType: 'ml.m5.large', count: 0 },
    ]);
  });

  test('what has been scaled counts as it is now', () => {
    const config = { ProductionVariants: [variant('p', 'ml.m5.large', 2), variant('q', 'ml.m5.large', 1)] };
    const scaled = (name: string) => (name === 'p' ? 5 : undefined);
    expect(capacityOf([{ config, scaled }])).toEqual([{ instanceType: 'ml.m5.large', count: 6 }]);
  });

  test('in words', () => {
    const of = (...types: string[]) => capacityWords(types.map((instanceType, i) => ({ instanceType, count: i + 1 })));
    expect([of(), of('a'), of('a', 'b'), of('a', 'b', 'c')]).toEqual([
      '',
      '1 × a',
      '1 × a and 2 × b',
      '1 × a, 2 × b and 3 × c',
    ]);
  });

  test('a price is known of some types, in one region; what the user says comes first, in every region', () => {
    const list = (region: string, given: Record<string, number> = {}) => ({ region, given });
    const [home, abroad] = [list('us-east-1'), list('eu-west-1', { 'ml.m5.large': 0.2 })];
    expect(hourlyPrice(home, 'ml.m5.large')).toBe(0.115);
    expect(hourlyPrice(list('eu-west-1'), 'ml.m5.large')).toBeUndefined();
    expect(hourlyPrice(abroad, 'ml.m5.large')).toBe(0.2);
    expect(hourlyPrice(list('us-east-1', { 'ml.m5.large': 0.2 }), 'ml.m5.large')).toBe(0.2);
    expect([undefined, 'ml.none', 'toString'].map((type) => hourlyPrice(home, type))).toEqual(Array(3).fill(undefined));
    const fleets = (...types: string[]) => types.map((instanceType, i) => ({ instanceType, count: i + 1 }));
    expect(hourlySum(home, fleets('ml.c5.large', 'ml.m5.xlarge'))).toBeCloseTo(0.102 + 2 * 0.23);
    expect(hourlySum(home, fleets('ml.c5.large', 'ml.none'))).toBeUndefined();
    expect(unpriced(home, fleets('ml.c5.large', 'ml.none'))).toEqual(['ml.none']);
    expect(hourlyCost(home, fleets('ml.none'))).toBe('price not known (ml.none in us-east-1)');
    expect(hourlyCost(abroad, fleets('ml.m5.large'))).toBe('about $0.20 an hour (prices of shadowctl.yaml)');
    const both = pricesFrom(list('us-east-1', { 'ml.c5.large': 1 }), fleets('ml.c5.large', 'ml.m5.large'));
    expect(both).toMatch(/^estimate of .* for us-east-1, from public sources, and prices of shadowctl.yaml$/);
    expect(pricesFrom(home, fleets('ml.m5.large'))).not.toContain('shadowctl.yaml');
  });
});
