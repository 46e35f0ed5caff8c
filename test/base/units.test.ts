import { describe, expect, test } from 'vitest';
import {
  bytes,
  change,
  count,
  counted,
  dateAndTime,
  DAY,
  duration,
  durationFlag,
  HOUR,
  isoSeconds,
  milliseconds,
  MINUTE,
  number,
  parseDuration,
  parsePercent,
  percent,
  points,
  readDuration,
  SECOND,
  timeOfDay,
} from '../../src/base/units.ts';

describe('shares', () => {
  test.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.01, '1 %'],
    [0.012345, '1.23 %'],
    [0.34567, '34.6 %'],
    [0.00012345, '0.0123 %'],
    [1e-9, '0.0000001 %'],
    [-0.034567, '-3.46 %'],
    [2.5, '250 %'],
    [12.345, '1235 %'],
  ])('%f is %s', (share, text) => expect(percent(share)).toBe(text));

  test.each([
    [0.9999, '99.99 %'],
    [0.99966, '99.966 %'],
    [0.999999, '99.9999 %'],
    [0.999, '99.9 %'],
    [0.9525, '95.3 %'],
  ])('%f is not rounded up to 100 %%: %s', (share, text) => expect(percent(share)).toBe(text));

  test.each([
    [1.125, '+13 %'],
    [1.0996, '+10 %'],
    [1.0994, '+9.9 %'],
    [0.95, '-5 %'],
    [0.123, '-88 %'],
    [1.0004, '0 %'],
    [0.9996, '0 %'],
    [1.0006, '+0.1 %'],
  ])('a ratio of %f is a change of %s', (ratio, text) => expect(change(ratio)).toBe(text));

  test('percentage points', () => {
    expect([0.01, -0.01, 0.0254, 0].map(points)).toEqual(['1 pt', '-1 pt', '2.54 pts', '0 pts']);
  });
});

test('what is missing or not finite is a dash', () => {
  for (const format of [percent, change, points, count, number, milliseconds])
    expect([undefined, Number.NaN, Infinity].map((value) => format(value))).toEqual(['–', '–', '–']);
});

test('numbers', () => {
  expect([0, 999, 1000, 1_234_567, 12.6].map(count)).toEqual(['0', '999', '1 000', '1 234 567', '13']);
  expect(counted(1, 'more rows with truth')).toBe('1 more row with truth');
  expect(counted(4100, 'more pairs')).toBe('4 100 more pairs');
  expect([Math.PI, 0.1 + 0.2, 123_456].map((value) => number(value))).toEqual(['3.142', '0.3', '123500']);
  expect([12.345, 1234.5, 999.6, 0.01234, 0].map(milliseconds)).toEqual([
    '12.3 ms',
    '1.23 s',
    '1 s',
    '0.0123 ms',
    '0 ms',
  ]);
  expect([512, 1536, 2_000_000, 5e12].map(bytes)).toEqual(['512 bytes', '1.5 kB', '2.0 MB', '5000.0 GB']);
});

describe('durations', () => {
  test.each([
    [0, '0 s'],
    [250, '250 ms'],
    [45 * SECOND, '45 s'],
    [59.6 * SECOND, '1 min'],
    [90 * SECOND, '1 min 30 s'],
    [330 * SECOND, '5 min 30 s'],
    [59 * MINUTE + 59.7 * SECOND, '1 h'],
    [130 * MINUTE, '2 h 10 min'],
    [47 * HOUR, '47 h'],
    [48 * HOUR, '2 days'],
    [76 * HOUR, '3 days 4 h'],
  ])('%i ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  test.each([
    [0, '0s'],
    [330 * SECOND, '5m30s'],
    [HOUR, '1h'],
    [90 * MINUTE, '1h30m'],
    [30 * HOUR, '30h'],
  ])('%i ms is the flag %s, and is read as the same', (ms, text) => {
    expect(durationFlag(ms)).toBe(text);
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    ['250ms', 250],
    ['90s', 90 * SECOND],
    ['30m', 30 * MINUTE],
    ['30min', 30 * MINUTE],
    ['1h30m', 90 * MINUTE],
    ['2 h 10 min', 130 * MINUTE],
    ['1h 30m', 90 * MINUTE],
    ['0.5h', 30 * MINUTE],
    ['1d', DAY],
    ['800us', 0.8],
  ])('%s is read', (text, ms) => expect(parseDuration(text)).toBeCloseTo(ms, 9));

  test.each(['', '5', 'm', '-5m', 'soon', '5m soon', '5 m m', '1h30', '5mm', '1.h', '1e3s', 'm5'])(
    '"%s" is not a duration',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
      expect(() => readDuration(text, '--last')).toThrow(`--last: "${text}" is not a duration.`);
    },
  );

  test('a flag needs a time above zero', () => {
    expect(readDuration('1h30m', '--last')).toBe(5_400_000);
    expect(() => readDuration('0s', '--last')).toThrow('--last: "0s" is not a duration.');
  });
});

test('percentages are read', () => {
  expect(['10%', ' 2.5 % ', '0%'].map(parsePercent)).toEqual([0.1, 0.025, 0]);
  expect(['10', '%', '-1%', '1.%', '10%%'].map(parsePercent)).toEqual(Array.from({ length: 5 }, () => undefined));
});

test('clock times are in UTC', () => {
  const at = Date.UTC(2026, 0, 5, 9, 5, 12, 345);
  expect([timeOfDay(at), timeOfDay(at, 'seconds'), dateAndTime(at)]).toEqual(['09:05', '09:05:12', '2026-01-05 09:05']);
  expect([isoSeconds(at), isoSeconds('2026-01-05T09:05:12.3Z'), isoSeconds('never')]).toEqual([
    '2026-01-05T09:05:12Z',
    '2026-01-05T09:05:12Z',
    'never',
  ]);
});
