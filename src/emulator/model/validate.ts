import type { Member, OperationModel, ServiceId, Shape } from './shapes.ts';
import { AwsError } from './aws-error.ts';

/** What each service calls an input that its own description forbids. */
const CODES: Partial<Record<ServiceId, string>> = {
  sagemaker: 'ValidationException',
  'sagemaker-runtime': 'ValidationError',
  cloudwatch: 'ValidationError',
  logs: 'InvalidParameterException',
  sts: 'ValidationError',
  sns: 'ValidationError',
  'application-autoscaling': 'ValidationException',
  scheduler: 'ValidationException',
  iam: 'ValidationError',
  ecr: 'InvalidParameterException',
  lambda: 'ValidationException',
  pricing: 'InvalidParameterException',
  events: 'ValidationException',
  cloudformation: 'ValidationError',
};

/** AWS names ten failures at the most (seen by kinesalite's conformance tests against Kinesis). */
const MAX_SHOWN = 10;

/** Beyond this a pattern is not tried: the length has been refused already, and a match could take long. */
const MAX_MATCHED = 100_000;

/**
 * Checks an input against required members, enumerations, patterns, lengths and ranges, and refuses it in the words
 * of AWS's own framework: `1 validation error detected: Value 'x' at 'endpointName' failed to satisfy constraint: …`.
 * S3 and SQS have no such check; their operations answer in codes of their own.
 */
export function validate(operation: OperationModel, input: Record<string, unknown>): void {
  const code = CODES[operation.service.id];
  if (code === undefined || operation.input === undefined) return;
  const failures: string[] = [];
  checkMembers(operation.input, input, '', failures);
  if (failures.length === 0) return;
  const shown = failures.slice(0, MAX_SHOWN);
  const count = `${shown.length} validation error${shown.length === 1 ? '' : 's'} detected`;
  throw new AwsError(code, `${count}: ${shown.join('; ')}`);
}

function checkMembers(shape: Shape, value: Record<string, unknown>, path: string, failures: string[]): void {
  for (const member of shape.members) {
    const inner = value[member.name];
    const at = path === '' ? lowerFirst(member.name) : `${path}.${lowerFirst(member.name)}`;
    if (inner === undefined || inner === null) {
      if (member.required) failures.push(`Value null at '${at}' failed to satisfy constraint: Member must not be null`);
    } else {
      checkValue(member.shape, inner, at, failures);
    }
  }
}

function checkValue(shape: Shape, value: unknown, at: string, failures: string[]): void {
  for (const constraint of broken(shape, value)) failures.push(failure(shape, value, at, constraint));
  switch (shape.type) {
    case 'structure':
      checkMembers(shape, value as Record<string, unknown>, at, failures);
      return;
    case 'list':
      if (shape.item !== undefined) checkItems(shape.item, value as unknown[], at, failures);
      return;
    case 'map':
      checkEntries(shape, value as Record<string, unknown>, at, failures);
      return;
    default:
  }
}

function checkItems(item: Member, values: unknown[], at: string, failures: string[]): void {
  if (isSimple(item.shape)) {
    if (values.some((one) => broken(item.shape, one).length > 0)) {
      const all = constraints(item.shape).join(', ');
      failures.push(
        `Value '${show(values)}' at '${at}' failed to satisfy constraint: Member must satisfy constraint: [${all}]`,
      );
    }
    return;
  }
  values.forEach((one, index) => {
    const place = `${at}.${index + 1}.member`;
    if (one === undefined || one === null) {
      failures.push(`Value null at '${place}' failed to satisfy constraint: Member must not be null`);
    } else checkValue(item.shape, one, place, failures);
  });
}

function checkEntries(shape: Shape, value: Record<string, unknown>, at: string, failures: string[]): void {
  const { key, value: inner } = shape;
  const entries = Object.entries(value);
  if (key !== undefined && entries.some(([name]) => broken(key.shape, name).length > 0)) {
    const all = constraints(key.shape).join(', ');
    failures.push(
      `Value '${show(value)}' at '${at}' failed to satisfy constraint: Map keys must satisfy constraint: [${all}]`,
    );
  }
  if (inner === undefined) return;
  if (isSimple(inner.shape)) {
    if (entries.some(([, one]) => broken(inner.shape, one).length > 0)) {
      const all = constraints(inner.shape).join(', ');
      failures.push(
        `Value '${show(value)}' at '${at}' failed to satisfy constraint: Map value must satisfy constraint: [${all}]`,
      );
    }
    return;
  }
  for (const [name, one] of entries) checkValue(inner.shape, one, `${at}.${name}.member`, failures);
}

function isSimple(shape: Shape): boolean {
  return shape.type !== 'structure' && shape.type !== 'list' && shape.type !== 'map';
}

/** The constraints that one value breaks, in the order of AWS's framework: enumeration, pattern, lengths. */
function broken(shape: Shape, value: unknown): string[] {
  const { min, max, pattern } = shape;
  if (shape.enum === undefined && min === undefined && max === undefined && pattern === undefined) return [];
  const failed: string[] = [];
  if (typeof value === 'string') {
    if (shape.enum !== undefined && !shape.enum.includes(value)) failed.push(enumeration(shape.enum));
    if (pattern?.test !== undefined && value.length <= MAX_MATCHED && !pattern.test.test(value)) {
      failed.push(`Member must satisfy regular expression pattern: ${pattern.source}`);
    }
  }
  const size = sizeOf(shape, value);
  if (size === undefined) return failed;
  if (min !== undefined && size < min) failed.push(bound(shape, 'greater', min));
  if (max !== undefined && size > max) failed.push(bound(shape, 'less', max));
  return failed;
}

/** All constraints of a shape, as AWS lists them for the items of a list. */
function constraints(shape: Shape): string[] {
  const all: string[] = [];
  if (shape.max !== undefined) all.push(bound(shape, 'less', shape.max));
  if (shape.min !== undefined) all.push(bound(shape, 'greater', shape.min));
  if (shape.pattern !== undefined) all.push(`Member must satisfy regular expression pattern: ${shape.pattern.source}`);
  if (shape.enum !== undefined) all.push(enumeration(shape.enum));
  return all;
}

function enumeration(values: readonly string[]): string {
  return `Member must satisfy enum value set: [${values.join(', ')}]`;
}

function bound(shape: Shape, side: 'greater' | 'less', limit: number): string {
  const what = isNumber(shape) ? 'value' : 'length';
  return `Member must have ${what} ${side} than or equal to ${limit}`;
}

function isNumber(shape: Shape): boolean {
  return shape.type === 'integer' || shape.type === 'long' || shape.type === 'float' || shape.type === 'double';
}

/** What `min` and `max` bound: a number's value, a text's characters, the bytes of a blob, the entries of a collection. */
function sizeOf(shape: Shape, value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.byteLength;
  if (shape.type === 'list' && Array.isArray(value)) return value.length;
  if (shape.type === 'map' && typeof value === 'object' && value !== null) return Object.keys(value).length;
  return undefined;
}

function failure(shape: Shape, value: unknown, at: string, constraint: string): string {
  const shown = shape.sensitive ? 'Value' : `Value '${show(value)}'`;
  return `${shown} at '${at}' failed to satisfy constraint: ${constraint}`;
}

/** A value as Java prints it: lists in brackets, maps and structures in braces. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) {
    return `java.nio.HeapByteBuffer[pos=0 lim=${value.byteLength} cap=${value.byteLength}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(([key, inner]) => `${key}=${show(inner)}`);
    return `{${parts.join(', ')}}`;
  }
  return String(value);
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
