import { describe, expect, test } from 'vitest';
import {
  parseLatencyGrowth,
  parseLatencyLimit,
  parseRate,
  parseSeconds,
  parseSize,
} from '../../src/guard/quantities.ts';

describe('what the user says', () => {
  test.each([
    ['1', { unit: 'instances', value: 1 }],
    ['10%', { unit: 'percent', value: 10 }],
  ])('size %s', (text, size) => expect(parseSize('--canary-size', text)).toEqual(size));

  test.each(['0', '0%', '-1', '1.5', '101%', 'half', ''])('no size: %s', (text) => {
    expect(() => parseSize('--canary-size', text)).toThrow(/--canary-size/);
  });

  test.each([
    ['0', 0],
    ['90s', 90],
    ['10m', 600],
    ['1h30m', 5400],
    ['0.5h', 1800],
    ['10 min', 600],
  ])('duration %s', (text, seconds) => expect(parseSeconds('--bake', text)).toBe(seconds));

  test.each(['', 'm', '5', '90', '1e3s', '0.3s'])('no duration: %s', (text) => {
    expect(() => parseSeconds('--bake', text)).toThrow(/--bake/);
  });

  test.each([
    ['1%', 0.01],
    ['0.01', 0.01],
    ['0', 0],
    ['2.5%', 0.025],
  ])('rate %s', (text, rate) => expect(parseRate('--max-5xx-rate', text)).toBeCloseTo(rate, 12));

  test('a rate of 1 is the mistake of the published examples: nothing can exceed it', () => {
    expect(() => parseRate('--max-5xx-rate', '1')).toThrow(
      '--max-5xx-rate 1: that is 100 % of the requests, so no canary can exceed it.',
    );
  });

  test.each([
    ['p99=250ms', { statistic: 'p99', milliseconds: 250 }],
    ['avg=1s', { statistic: 'Average', milliseconds: 1000 }],
    ['P99.9=800us', { statistic: 'p99.9', milliseconds: 0.8 }],
  ])('latency %s', (text, limit) => expect(parseLatencyLimit('--max-latency', text)).toEqual(limit));

  test.each(['250ms', 'p99=250', 'p0=1ms', 'p100=1ms', 'max=1ms', 'p99=60s', 'p99=0ms'])(
    'no latency limit: %s',
    (text) => {
      expect(() => parseLatencyLimit('--max-latency', text)).toThrow(/--max-latency/);
    },
  );

  test('an increase', () => {
    expect(parseLatencyGrowth('--max-latency-increase', 'p99=20%')).toEqual({ statistic: 'p99', share: 0.2 });
    expect(() => parseLatencyGrowth('--max-latency-increase', 'p99=20')).toThrow(/p99=20%/);
  });
});
