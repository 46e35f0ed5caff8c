import { QueryFailure } from '../../sql/failure.ts';

/*
 * Partition projection (Athena User Guide, "Partition projection with Amazon Athena"): which partitions a table has is not kept
 * but computed, from the ranges and the template in its properties.
 */

type Properties = Readonly<Record<string, string>>;

/** How the values of a partition key are found in the names of objects. */
interface Key {
  name: string;
  /** A regular expression of what may stand in a key's place. */
  shape: string;
  /** Is it one of the values that the table's properties say there are? */
  has(value: string): boolean;
}

/** Finds the values of a table's partition keys in the URI of an object; undefined where it lies in none of its partitions. */
export type FindValues = (uri: string) => string[] | undefined;

/**
 * Reads the projection of a table.
 *
 * @param location of the table: without a template, partitions lie below it as `key=value/`
 * @throws QueryFailure where a property is missing or cannot be read
 */
export function readProjection(
  properties: Properties,
  keys: readonly string[],
  location: string,
  now: number,
): FindValues {
  const known = new Map(keys.map((name) => [name.toLowerCase(), readKey(properties, name.toLowerCase(), now)]));
  const template =
    properties['storage.location.template'] ??
    `${folder(location)}${keys.map((name) => `${name}=\${${name}}/`).join('')}`;
  const order: string[] = [];
  const pattern = template
    .split(/(\$\{[^}]*\})/)
    .map((part) => {
      const name = /^\$\{([^}]*)\}$/.exec(part)?.[1]?.toLowerCase();
      if (name === undefined) return part.replace(/[.?+^$()[\]{}|\\*]/g, '\\$&');
      const key = known.get(name);
      if (key === undefined) throw invalid(`storage.location.template names ${name}, which is no partition key`);
      if (order.includes(name)) return `\\k<p${order.indexOf(name)}>`;
      order.push(name);
      return `(?<p${order.length - 1}>${key.shape})`;
    })
    .join('');
  const missing = keys.find((name) => !order.includes(name.toLowerCase()));
  if (missing !== undefined) throw invalid(`storage.location.template does not name the partition key ${missing}`);
  if (!template.endsWith('/'))
    throw new QueryFailure(
      'NOT_SUPPORTED',
      'the emulator has not built a storage.location.template that does not end with /, where one partition may begin with the name of another',
    );
  const whole = new RegExp(`^${pattern}`);
  return (uri) => {
    const found = whole.exec(uri)?.groups;
    if (found === undefined) return undefined;
    const values = keys.map((name) => found[`p${order.indexOf(name.toLowerCase())}`] ?? '');
    return keys.every((name, index) => known.get(name.toLowerCase())?.has(values[index] ?? '') === true)
      ? values
      : undefined;
  };
}

/** A location with a slash at its end. */
export function folder(location: string): string {
  return location.endsWith('/') ? location : `${location}/`;
}

function invalid(words: string): QueryFailure {
  return new QueryFailure('INVALID_TABLE_PROPERTY', words);
}

function readKey(properties: Properties, name: string, now: number): Key {
  const property = (what: string) => properties[`projection.${name}.${what}`];
  const required = (what: string) => {
    const value = property(what);
    if (value === undefined) throw invalid(`Table property 'projection.${name}.${what}' is missing`);
    return value;
  };
  const type = required('type').toLowerCase();
  switch (type) {
    case 'enum': {
      const values = required('values')
        .split(',')
        .map((one) => one.trim());
      // The longest first: one may begin with another.
      const sorted = [...values].sort((a, b) => b.length - a.length);
      return {
        name,
        shape: sorted.map((one) => one.replace(/[.?+^$()[\]{}|\\*]/g, '\\$&')).join('|'),
        has: (value) => values.includes(value),
      };
    }
    case 'integer': {
      const [from = '', to = ''] = required('range')
        .split(',')
        .map((one) => one.trim());
      const digits = Number(property('digits') ?? '0');
      const interval = BigInt(property('interval') ?? '1');
      if (!/^-?\d+$/.test(from) || !/^-?\d+$/.test(to))
        throw invalid(`projection.${name}.range is no range of integers: ${required('range')}`);
      return {
        name,
        shape: '-?\\d+',
        has(value) {
          const number = BigInt(value);
          const text = String(number < 0n ? -number : number).padStart(digits, '0');
          if (value !== `${number < 0n ? '-' : ''}${text}`) return false;
          return number >= BigInt(from) && number <= BigInt(to) && (number - BigInt(from)) % interval === 0n;
        },
      };
    }
    case 'date':
      return dateKey(name, required('format'), required('range'), property('interval'), property('interval.unit'), now);
    case 'injected':
      throw new QueryFailure(
        'NOT_SUPPORTED',
        `the emulator has not built injected partition keys (projection.${name}.type)`,
      );
    default:
      throw invalid(`projection.${name}.type is none: ${type}`);
  }
}

const UNITS: Readonly<Record<string, number>> = {
  SECONDS: 1_000,
  MINUTES: 60_000,
  HOURS: 3_600_000,
  DAYS: 86_400_000,
  WEEKS: 604_800_000,
};

/** A date's letters, how many digits they have, and which part of a moment they are. */
const LETTERS: readonly [RegExp, string][] = [
  [/^yyyy/, '(?<year>\\d{4})'],
  [/^MM/, '(?<month>\\d\\d)'],
  [/^dd/, '(?<day>\\d\\d)'],
  [/^HH/, '(?<hour>\\d\\d)'],
  [/^mm/, '(?<minute>\\d\\d)'],
  [/^ss/, '(?<second>\\d\\d)'],
];

function dateKey(
  name: string,
  format: string,
  range: string,
  interval: string | undefined,
  unit: string | undefined,
  now: number,
): Key {
  let pattern = '';
  for (let rest = format; rest !== ''; ) {
    const letters = LETTERS.find(([one]) => one.test(rest));
    const text = /^'([^']*)'/.exec(rest);
    const [plain = ''] = /^[^A-Za-z']/.exec(rest) ?? [];
    if (letters !== undefined) {
      pattern += letters[1];
      rest = rest.replace(letters[0], '');
    } else if (text !== null) {
      pattern += (text[1] ?? '').replace(/[.?+^$()[\]{}|\\*]/g, '\\$&');
      rest = rest.slice(text[0].length);
    } else if (plain !== '') {
      pattern += plain.replace(/[.?+^$()[\]{}|\\*]/g, '\\$&');
      rest = rest.slice(1);
    } else
      throw new QueryFailure(
        'NOT_SUPPORTED',
        `the emulator has not built the date format ${format} (projection.${name}.format): it knows yyyy MM dd HH mm ss`,
      );
  }
  const whole = new RegExp(`^${pattern}$`);
  const read = (text: string): number | undefined => {
    const found = whole.exec(text)?.groups;
    if (found === undefined) return undefined;
    const part = (of: string, least: number) => Number(found[of] ?? least);
    const [year, month, day] = [part('year', 1970), part('month', 1), part('day', 1)];
    const at = Date.UTC(year, month - 1, day, part('hour', 0), part('minute', 0), part('second', 0));
    const back = new Date(at);
    return back.getUTCMonth() === month - 1 && back.getUTCDate() === day ? at : undefined;
  };
  const [from, to] = range.split(',').map((one) => limitOf(one.trim(), read, now));
  if (from === undefined || to === undefined) throw invalid(`projection.${name}.range is no range of dates: ${range}`);
  const smallest = /s/.test(format)
    ? 'SECONDS'
    : /m/.test(format)
      ? 'MINUTES'
      : /H/.test(format)
        ? 'HOURS'
        : /d/.test(format)
          ? 'DAYS'
          : 'MONTHS';
  // "the default is 1 day or 1 month respectively"; for finer formats interval and unit are required.
  if ((interval === undefined || unit === undefined) && !['DAYS', 'MONTHS'].includes(smallest))
    throw invalid(`Table property 'projection.${name}.interval' and its unit are required for the format ${format}`);
  const step = Number(interval ?? '1');
  const by = (unit ?? smallest).toUpperCase();
  return {
    name,
    shape: pattern.replace(/\?<\w+>/g, '?:'),
    has(value) {
      const at = read(value);
      if (at === undefined || at < floor(from, smallest) || at > to) return false;
      return isStep(floor(from, smallest), at, step, by);
    },
  };
}

/** NOW is cut to what the format can say. */
function floor(at: number, unit: string): number {
  const size = UNITS[unit];
  if (size !== undefined) return Math.floor(at / size) * size;
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

function isStep(from: number, at: number, step: number, unit: string): boolean {
  const size = UNITS[unit];
  if (size !== undefined) return (at - from) % (step * size) === 0;
  const [a, b] = [new Date(from), new Date(at)];
  const months = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth();
  if (unit === 'MONTHS') return months % step === 0;
  if (unit === 'YEARS') return months % (12 * step) === 0;
  throw invalid(`no unit of time: ${unit}`);
}

/** `2026/11/01/00`, `NOW`, `NOW-3YEARS`, `NOW+1DAYS` */
function limitOf(text: string, read: (text: string) => number | undefined, now: number): number | undefined {
  const [, sign, count, unit] =
    /^NOW(?:\s*([+-])\s*(\d+)\s*(SECOND|MINUTE|HOUR|DAY|WEEK|MONTH|YEAR)S?)?$/i.exec(text) ?? [];
  if (!/^NOW/i.test(text)) return read(text);
  if (count === undefined) return /^NOW$/i.test(text) ? now : undefined;
  const by = Number(count) * (sign === '-' ? -1 : 1);
  const size = UNITS[`${unit?.toUpperCase()}S`];
  if (size !== undefined) return now + by * size;
  const date = new Date(now);
  const months = by * (unit?.toUpperCase() === 'YEAR' ? 12 : 1);
  return date.setUTCMonth(date.getUTCMonth() + months);
}
