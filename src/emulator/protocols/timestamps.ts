import type { Member, TimestampFormat } from '../model/shapes.ts';

/** The format of a timestamp member: its own, its shape's, else the protocol's. */
export function formatOf(
  member: Pick<Member, 'timestampFormat' | 'shape'>,
  otherwise: TimestampFormat,
): TimestampFormat {
  return member.timestampFormat ?? member.shape.timestampFormat ?? otherwise;
}

/** Epoch seconds keep their fraction down to the millisecond, as AWS's do. */
export function writeTimestamp(value: Date | number | string, format: TimestampFormat): string | number {
  // Operations may keep times as milliseconds since the epoch.
  const date = value instanceof Date ? value : new Date(value);
  if (format === 'unixTimestamp') return date.getTime() / 1000;
  return format === 'rfc822' ? date.toUTCString() : date.toISOString();
}

const RFC822 = /^[A-Za-z]{3},? \d{1,2} [A-Za-z]{3} \d{4} \d{2}:\d{2}:\d{2}(?:\.\d+)? (?:GMT|UTC|[+-]\d{4})$/;
const ISO8601 = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;

/** Reads any of AWS's three formats; undefined when it is none. Epoch seconds may carry a fraction. */
export function readTimestamp(text: string): Date | undefined {
  const trimmed = text.trim();
  if (/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(trimmed)) return valid(Math.round(Number(trimmed) * 1000));
  if (ISO8601.test(trimmed)) {
    const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(trimmed) && trimmed.includes(':') ? trimmed : `${trimmed}Z`;
    return valid(Date.parse(trimmed.length === 10 ? trimmed : zoned.replace(' ', 'T').replace(',', '.')));
  }
  return RFC822.test(trimmed) ? valid(Date.parse(trimmed)) : undefined;
}

/** A date from epoch milliseconds; undefined beyond what a Date can hold. */
export function valid(milliseconds: number): Date | undefined {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
