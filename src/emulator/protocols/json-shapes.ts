import type { Member, Shape } from '../model/shapes.ts';
import { formatOf, readTimestamp, valid, writeTimestamp } from './timestamps.ts';
import { AwsError } from '../model/aws-error.ts';

type Reference = Pick<Member, 'shape' | 'timestampFormat'>;

/** The JSON of a body; an empty one is an empty object, as AWS reads it. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError('SerializationException', 'Unexpected content in the request body: it is not JSON.');
  }
}

/** A JSON value as the shape says; members that AWS does not know are left out, null is absence. Throws SerializationException. */
export function readJson(reference: Reference, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  const { shape } = reference;
  switch (shape.type) {
    case 'structure':
      return readStructure(shape, value);
    case 'list': {
      if (!Array.isArray(value)) throw mismatch(value, 'List');
      const { item } = shape;
      return item === undefined ? [] : value.map((one) => readJson(item, one));
    }
    case 'map':
      return Object.fromEntries(
        Object.entries(object(value, 'Map')).map(([key, one]) => [key, shape.value && readJson(shape.value, one)]),
      );
    case 'timestamp':
      return timestamp(value);
    case 'blob':
      return blob(value);
    default:
      return scalar(shape, value);
  }
}

function readStructure(shape: Shape, value: unknown): Record<string, unknown> {
  const source = object(value, 'Structure');
  const result: Record<string, unknown> = {};
  for (const member of shape.members) {
    if (!Object.hasOwn(source, member.wireName)) continue;
    const inner = readJson(member, source[member.wireName]);
    if (inner !== undefined) result[member.name] = inner;
  }
  return result;
}

function scalar(shape: Shape, value: unknown): string | number | boolean {
  switch (shape.type) {
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(value, 'Boolean');
      return value;
    case 'integer':
    case 'long':
      if (typeof value !== 'number') throw mismatch(value, shape.type === 'long' ? 'Long' : 'Integer');
      return Math.trunc(value);
    case 'float':
    case 'double': {
      if (typeof value === 'number') return value;
      if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
      throw mismatch(value, shape.type === 'float' ? 'Float' : 'Double');
    }
    default:
      if (typeof value !== 'string') throw mismatch(value, 'String');
      return value;
  }
}

function timestamp(value: unknown): Date {
  const date =
    typeof value === 'number'
      ? valid(Math.round(value * 1000))
      : typeof value === 'string'
        ? readTimestamp(value)
        : undefined;
  if (date === undefined) throw mismatch(value, 'Timestamp');
  return date;
}

function blob(value: unknown): Uint8Array {
  if (typeof value !== 'string') throw mismatch(value, 'Blob');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value) || value.length % 4 !== 0) {
    throw new AwsError('SerializationException', 'A blob in the request is not base64.');
  }
  return Buffer.from(value, 'base64');
}

function object(value: unknown, wanted: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw mismatch(value, wanted);
  return value as Record<string, unknown>;
}

/** What AWS's framework says to a scalar where a collection is due; the words are its own. */
const EXPECTED: Record<string, string> = {
  List: 'Expected list or null',
  Map: 'Expected map or null',
  Structure: 'Expected null',
};

function mismatch(value: unknown, wanted: string): AwsError {
  if (Array.isArray(value)) {
    return new AwsError('SerializationException', 'Start of list found where not expected');
  }
  if (typeof value === 'object')
    return new AwsError('SerializationException', 'Start of structure or map found where not expected.');
  const collection = EXPECTED[wanted];
  if (collection !== undefined) return new AwsError('SerializationException', collection);
  const found = typeof value === 'boolean' ? String(value).toUpperCase() : (typeof value).toUpperCase();
  const article = /^[AEIOU]/.test(wanted) ? 'an' : 'a';
  return new AwsError('SerializationException', `${found}_VALUE can not be converted to ${article} ${wanted}`);
}

/**
 * A value of an operation as JSON text, undefined for none: undefined members vanish, dates become epoch seconds unless
 * the shape says otherwise. Whole doubles keep their point (`7.0`, as the Java of AWS writes them): languages that tell
 * integers from floats read the same type whatever the number.
 */
export function writeJson(reference: Reference, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const { shape } = reference;
  switch (shape.type) {
    case 'structure': {
      const source = value as Record<string, unknown>;
      let text = '';
      for (const member of shape.members) {
        const inner = writeJson(member, source[member.name]);
        if (inner !== undefined) text += `${text === '' ? '' : ','}"${member.wireName}":${inner}`;
      }
      return `{${text}}`;
    }
    case 'list': {
      const { item } = shape;
      return item === undefined
        ? '[]'
        : `[${(value as unknown[]).map((one) => writeJson(item, one) ?? 'null').join()}]`;
    }
    case 'map': {
      const parts: string[] = [];
      for (const [key, one] of Object.entries(value)) {
        const inner = shape.value && writeJson(shape.value, one);
        if (inner !== undefined) parts.push(`${JSON.stringify(key)}:${inner}`);
      }
      return `{${parts.join()}}`;
    }
    case 'timestamp':
      return JSON.stringify(writeTimestamp(value as Date, formatOf(reference, 'unixTimestamp')));
    case 'blob':
      return `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
    case 'float':
    case 'double':
      return double(value as number);
    default:
      return JSON.stringify(value);
  }
}

function double(value: number): string {
  const text = String(value);
  if (!Number.isFinite(value)) return `"${text}"`;
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}
