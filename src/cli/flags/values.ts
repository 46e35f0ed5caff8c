import { usageError } from '../../base/errors.ts';
import { nearest } from '../../base/schema.ts';
import { readDuration } from '../../base/units.ts';

/** Parser of a flag that takes a whole number. @throws Problem (usage) naming flag, value and range */
export function wholeNumber(option: string, low: number, high = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    const range = high === Number.MAX_SAFE_INTEGER ? `of at least ${low}` : `from ${low} to ${high}`;
    throw usageError(`${option}: "${text}" is not a whole number ${range}.`);
  };
}

/** Parser of a flag that takes a positive number. @throws Problem (usage) naming flag and value */
export function positiveNumber(option: string) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
    throw usageError(`${option}: "${text}" is not a number above zero.`);
  };
}

/** Parser of a flag that takes one word of several, which completion reads from it. @throws Problem (usage) listing them */
export function oneOf<Word extends string>(option: string, words: readonly Word[]) {
  const parse = (text: string): Word => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw usageError(`${option}: "${text}" is not known.`, `Known: ${words.join(', ')}.`);
    return found;
  };
  return Object.assign(parse, { words });
}

/** Collects the values of a flag that may be given several times, in their order. */
export function repeated(value: string, before: string[] = []): string[] {
  return [...before, value];
}

/** Parser of a flag that takes an amount of memory as DuckDB reads it, such as `500MB` or `1GiB`. @throws Problem (usage) */
export function memorySize(option: string) {
  return (text: string): string => {
    if (/^\d+(\.\d+)?\s*(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/i.test(text)) return text;
    throw usageError(`${option} '${text}' is not a size.`, 'Write it like 1GB or 500MB.');
  };
}

/** Parser of a flag that takes a length of time (`90s`, `30m`, `2h`, `1h30m`); gives milliseconds. @throws Problem (usage) */
export function duration(option: string) {
  return (text: string): number => readDuration(text, option);
}

const SIZES = [
  'medium',
  'large',
  'xlarge',
  '2xlarge',
  '4xlarge',
  '8xlarge',
  '12xlarge',
  '16xlarge',
  '24xlarge',
  '48xlarge',
];
const SIZE = /^(medium|large|\d*xlarge|metal[a-z0-9-]*)$/;

/** Parser of a flag that takes a SageMaker instance type. @throws Problem (usage) naming flag and value, also where its size is mistyped */
export function instanceType(option: string) {
  return (text: string): string => {
    const [, kind, size] = /^(ml\.[a-z0-9-]+)\.([a-z0-9-]+)$/.exec(text) ?? [];
    // Families come and go; sizes are few words, and one that is nearly one of these is none that AWS will add.
    const meant = size === undefined || SIZE.test(size) ? undefined : nearest(size, SIZES);
    if (size !== undefined && meant === undefined) return text;
    if (meant !== undefined)
      throw usageError(`${option}: "${text}" is not an instance type of SageMaker.`, `Did you mean ${kind}.${meant}?`);
    const family = /^(?:ml\.)?([a-z]+\d[a-z0-9-]*)$/.exec(text)?.[1];
    if (family !== undefined)
      throw usageError(
        `${option}: "${text}" names a family of instances without a size.`,
        `Give both, as in ml.${family}.xlarge.`,
      );
    const near = /^[a-z0-9-]+\.[a-z0-9-]+$/.test(text) ? `Did you mean ml.${text}?` : 'Give one like ml.m5.large.';
    throw usageError(`${option}: "${text}" is not an instance type of SageMaker.`, near);
  };
}
