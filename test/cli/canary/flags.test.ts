import { describe, expect, test } from 'vitest';
import type { Host, Run } from '../../../src/app.ts';
import { canaryCommand, type CanaryOptions } from '../../../src/cli/canary.ts';

/** What the words of a call become; nothing is run. */
function parse(words: readonly string[]): CanaryOptions {
  const got: CanaryOptions[] = [];
  const host: Host = { start: async (_, options) => void got.push(options as CanaryOptions) };
  const run: Run<CanaryOptions> = async () => 'done';
  canaryCommand(host, run)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .parse([...words], { from: 'user' });
  const [options] = got;
  if (options === undefined) throw new Error('the command did not start');
  return options;
}

const ON = ['--endpoint', 'weather'];

describe('words to options', () => {
  test('by default', () => {
    expect(parse(ON)).toEqual({
      endpoint: 'weather',
      candidate: {},
      guard: {
        strategy: {
          strategy: 'canary',
          size: undefined,
          rollbackSize: undefined,
          bakeSeconds: undefined,
          finalBakeSeconds: undefined,
          maxSeconds: undefined,
        },
        limits: { max5xxRate: undefined, max4xxRate: undefined, maxLatency: undefined, maxLatencyIncrease: undefined },
        baselineMinutes: 60,
        alarms: [],
        unguarded: false,
        notify: [],
        metrics: true,
      },
      oldForce: false,
      traffic: undefined,
      adopt: false,
      resume: false,
      plan: false,
      yes: false,
      format: 'text',
    });
  });

  test.each<[string[], object]>([
    [
      ['--strategy', 'linear', '--step-size', '25%', '--bake', '10m', '--final-bake', '0', '--max-time', '2h'],
      {
        strategy: {
          strategy: 'linear',
          size: { unit: 'percent', value: 25 },
          rollbackSize: undefined,
          bakeSeconds: 600,
          finalBakeSeconds: 0,
          maxSeconds: 7200,
        },
      },
    ],
    [
      ['--strategy', 'rolling', '--batch-size', '2', '--rollback-batch-size', '100%'],
      {
        strategy: {
          strategy: 'rolling',
          size: { unit: 'instances', value: 2 },
          rollbackSize: { unit: 'percent', value: 100 },
        },
      },
    ],
    [
      ['--max-5xx-rate', '1%', '--max-4xx-rate', '0.1', '--max-latency', 'p99=250ms'],
      { limits: { max5xxRate: 0.01, max4xxRate: 0.1, maxLatency: { statistic: 'p99', milliseconds: 250 } } },
    ],
    [
      ['--max-latency-increase', 'p99=20%', '--baseline', '2h'],
      { limits: { maxLatencyIncrease: { statistic: 'p99', share: 0.2 } }, baselineMinutes: 120 },
    ],
    [['--alarm', 'a', 'b', '--alarm', 'a', '--unguarded'], { alarms: ['a', 'b'], unguarded: true }],
    [['--force'], { unguarded: true }],
    [
      ['--notify', 'https://hooks.example.com/x'],
      { notify: [{ kind: 'webhook', url: 'https://hooks.example.com/x' }] },
    ],
  ])('%j', (words, guard) => {
    expect(parse([...ON, ...words]).guard).toMatchObject(guard);
  });

  test('traffic of our own', () => {
    expect(parse([...ON, '--traffic', 'rows.csv']).traffic).toEqual({ file: 'rows.csv', rate: 5 });
    expect(parse([...ON, '--traffic', 'rows.csv', '--rate', '0.5']).traffic).toEqual({ file: 'rows.csv', rate: 0.5 });
    const described = ['--traffic', 'rows', '--header', '--labels', 'y', '--content-type', 'text/csv'];
    expect(parse([...ON, ...described]).traffic).toEqual({
      file: 'rows',
      rate: 5,
      header: true,
      labels: 'y',
      contentType: 'text/csv',
    });
  });
});

describe('words that make no sense', () => {
  test.each<[string[], RegExp]>([
    [['--strategy', 'bluegreen'], /--strategy "bluegreen" is not known/],
    [['--step-size', '10%'], /--step-size belongs to --strategy linear, and the strategy is canary/],
    [['--strategy', 'linear', '--canary-size', '1'], /--canary-size belongs to --strategy canary/],
    [['--canary-size', 'x'], /--canary-size x/],
    [['--bake', 'long'], /--bake long/],
    [['--max-5xx-rate', '1'], /no canary can exceed it/],
    [['--max-latency', 'p99=1ms', '--max-latency-increase', 'p99=1%'], /the limit of the same alarm/],
    [['--baseline', '1m'], /between 5m and 24h/],
    [['--rate', '3'], /--rate belongs to --traffic/],
    [['--header'], /--header belongs to --traffic FILE, which was not given/],
    [['--content-type', 'text/csv'], /--content-type belongs to --traffic/],
    [['--rate', '0', '--traffic', 'x'], /--rate: "0"/],
    [['--resume', '--artifact', 'x'], /--resume continues watching/],
    [['--alarm', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], /SageMaker accepts 10 alarms, and shadowctl uses 3 of them/],
    [['--notify', 'someone'], /neither the ARN of an SNS topic nor/],
  ])('%j', (words, message) => {
    expect(() => parse([...ON, ...words])).toThrow(message);
  });

  test('no endpoint', () => expect(() => parse([])).toThrow(/--endpoint/));
});
