import { usageError } from '../../base/errors.ts';
import { readDuration } from '../../base/units.ts';
import type { Moment } from '../../lifecycle/window.ts';

/** Is this written as a time is, right or wrong? */
export function isTime(text: string): boolean {
  return /^-\d|^\d{4}-\d\d-\d\d/.test(text);
}

/**
 * The value of a flag that takes a time: ISO 8601 (UTC where no zone is given), or `-30m` for half an hour before now.
 * @throws Problem (usage) naming flag and value
 */
export function readMoment(text: string, option: string): Moment {
  if (/^-\d/.test(text)) return { ago: readDuration(text.slice(1), option) };
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) || !/T|\d \d/.test(text) ? text : `${text.replace(' ', 'T')}Z`;
  const ms = Date.parse(zoned);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(ms)) {
    throw usageError(
      `${option} '${text}' is not a time.`,
      `Write it like 2026-01-05T09:30Z, 2026-01-05 09:30 (UTC), or -30m for half an hour ago${option === '--from' && !isTime(text) ? '; there is no file or folder with that name either' : ''}.`,
    );
  }
  return ms;
}
