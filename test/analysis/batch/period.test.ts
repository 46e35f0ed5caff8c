import { expect, test } from 'vitest';
import {
  checkPattern,
  checkZone,
  dayAt,
  dayNamed,
  dayPlus,
  hasDate,
  periodOf,
  placesOf,
} from '../../../src/analysis/batch/period.ts';

const HOUR = 3_600_000;
const hours = (day: string, zone: string) => {
  const { from, to } = periodOf(day, zone);
  return [new Date(from).toISOString(), (to - from) / HOUR];
};

test('a day has as many hours as its clocks show', () => {
  expect(hours('2026-11-29', 'UTC')).toEqual(['2026-11-29T00:00:00.000Z', 24]);
  expect(hours('2026-03-29', 'Europe/Berlin')).toEqual(['2026-03-28T23:00:00.000Z', 23]);
  expect(hours('2026-10-25', 'Europe/Berlin')).toEqual(['2026-10-24T22:00:00.000Z', 25]);
  expect(hours('2026-11-01', 'America/New_York')).toEqual(['2026-11-01T04:00:00.000Z', 25]);
  expect(hours('2026-04-05', 'Australia/Lord_Howe')).toEqual(['2026-04-04T13:00:00.000Z', 24.5]);
  // Where clocks are put forward at midnight, the day begins at one.
  expect(hours('2018-11-04', 'America/Sao_Paulo')).toEqual(['2018-11-04T03:00:00.000Z', 23]);
  expect(hours('2026-01-01', 'Pacific/Kiritimati')).toEqual(['2025-12-31T10:00:00.000Z', 24]);
});

test('days are named by their zone', () => {
  const now = Date.parse('2026-11-29T23:30:00Z');
  expect(dayAt(now, 'Asia/Tokyo')).toBe('2026-11-30');
  expect(dayNamed('yesterday', 'Asia/Tokyo', now)).toBe('2026-11-29');
  expect(dayNamed('today', 'UTC', now)).toBe('2026-11-29');
  expect(dayNamed('2024-02-29', 'UTC', now)).toBe('2024-02-29');
  expect(dayPlus('2026-03-01', -1)).toBe('2026-02-28');
  for (const words of ['2026-02-29', '2026-1-1', 'monday']) expect(() => dayNamed(words, 'UTC', now)).toThrow('--day');
  expect(checkZone('europe/berlin')).toBe('Europe/Berlin');
  expect(() => checkZone('Mars/Olympus')).toThrow('--zone');
});

test('places follow the clock: an hour that is skipped has no folder, one that comes twice has one', () => {
  const pattern = 's3://b/{yyyy}/{MM}/{dd}/{HH}/';
  expect(placesOf('s3://b/{yyyy}-{MM}-{dd}/', periodOf('2026-11-29', 'UTC'))).toEqual(['s3://b/2026-11-29/']);
  const forward = placesOf(pattern, periodOf('2026-03-29', 'Europe/Berlin'));
  expect(forward).toHaveLength(23);
  expect(forward).not.toContain('s3://b/2026/03/29/02/');
  expect(placesOf(pattern, periodOf('2026-10-25', 'Europe/Berlin'))).toHaveLength(24);
  // Folders of UTC, of a day in Berlin.
  const utc = placesOf(pattern, periodOf('2026-10-25', 'Europe/Berlin'), 'UTC');
  expect([utc[0], utc.at(-1), utc.length]).toEqual(['s3://b/2026/10/24/22/', 's3://b/2026/10/25/22/', 25]);
});

test('a pattern is whole, or is none', () => {
  expect(hasDate('s3://b/{yyyy}/')).toBe(true);
  expect(hasDate('s3://b/in/')).toBe(false);
  expect(() => checkPattern('s3://b/in/', '--input')).not.toThrow();
  expect(() => checkPattern('s3://b/{yyyy}/{MM}/', '--input')).toThrow('{dd} is missing');
  expect(() => checkPattern('s3://b/{yyyy}/{mm}/{dd}/', '--input')).toThrow('{mm}');
});
