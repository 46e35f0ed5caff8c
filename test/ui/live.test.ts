import { describe, expect, test } from 'vitest';
import { drawLive, type LiveView } from '../../src/ui/live.ts';
import { sparkline } from '../../src/ui/sparkline.ts';

const VIEW: LiveView = {
  endpoint: 'weather-prediction-endpoint',
  stage: 'baking with 33 % of the traffic',
  secondsLeft: 192,
  elapsed: 724,
  fleets: [
    {
      label: 'old',
      config: 'weather-config-v1-3',
      current: 3,
      desired: 3,
      share: 0.67,
      errorRate: [0, 0, 0, undefined, 0, 0],
      latencyMs: [4.1, 4.2, 4.0, undefined, 4.4, 4.15],
    },
    {
      label: 'new',
      config: 'weather-config-v2-1',
      current: 1,
      desired: 3,
      share: 0.33,
      errorRate: [0, 0.25, 1],
      latencyMs: [24.2, 4.3, 4.2],
    },
  ],
  alarms: [
    { name: 'weather-prediction-endpoint-5XXError', state: 'ALARM', last: '25 %', limit: '> 1 %' },
    { name: 'weather-prediction-endpoint-4XXError', state: 'OK', last: '0 %', limit: '> 5 %' },
    {
      name: 'weather-prediction-endpoint-ModelLatency',
      state: 'INSUFFICIENT_DATA',
      last: undefined,
      limit: '> 8.3 ms',
    },
  ],
};

describe('the live view', () => {
  test.each([80, 120])('at %i columns', (columns) => {
    const lines = drawLive(VIEW, columns, false);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(`\n${lines.join('\n')}\n`).toMatchSnapshot();
  });

  test('names as shadowctl makes them leave room for the counts, and keep their differing ends', () => {
    const fleets = VIEW.fleets.map((fleet, index) => ({ ...fleet, config: `weather-config-20261121-08450${index}` }));
    const lines = drawLive({ ...VIEW, fleets }, 80, false);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines[1]).toMatch(/…21-084500 +3 inst {2}/);
    expect(lines[2]).toMatch(/…21-084501 +1 of 3 inst {2}/);
  });

  test('at the narrowest, nothing overflows', () => {
    for (const line of drawLive(VIEW, 40, false)) expect(line.length).toBeLessThanOrEqual(40);
  });

  test('colour marks what fires, and nothing else', () => {
    const lines = drawLive(VIEW, 80, true);
    expect(lines.filter((line) => line.includes('\u001b[31m'))).toHaveLength(1);
  });

  test('hostile names are harmless', () => {
    const lines = drawLive({ ...VIEW, endpoint: 'a\u001b[2Jb' }, 80, false);
    expect(lines.join('')).not.toContain('\u001b');
  });
});

describe('sparkline', () => {
  test('from zero to the greatest, gaps where there is nothing, newest at the right', () => {
    expect(sparkline([0, 1, undefined, 4, 8], 6)).toBe(' ▁▁ ▄█');
  });
  test('nothing but zeros, and nothing', () => {
    expect(sparkline([0, 0], 3)).toBe(' ▁▁');
    expect(sparkline([], 3)).toBe('   ');
    expect(sparkline([Number.NaN, Number.POSITIVE_INFINITY], 2)).toBe('  ');
  });
  test('a fixed top keeps small values small', () => {
    expect(sparkline([0.01], 1, 0.08)).toBe('▁');
  });
});
