import { expect, test } from 'vitest';
import { PatternError, readPattern } from '../../../../src/emulator/world/rules/pattern.ts';

const EVENT = {
  source: 'aws.s3',
  detail: {
    bucket: { name: 'b' },
    object: { key: 'models/m.tar.gz', size: 12 },
    tags: ['x', 'y'],
    none: null,
    deep: [{ a: 1 }, { a: 2 }],
  },
};

test.each<[boolean, object]>([
  [true, { source: ['aws.s3'] }],
  [false, { source: ['aws.s4', 'S3'] }],
  [true, { source: ['aws.s3', 'other'], detail: { bucket: { name: ['b'] } } }],
  [false, { source: ['aws.s3'], detail: { bucket: { name: ['c'] } } }],
  [true, { detail: { object: { key: [{ prefix: 'models/' }] } } }],
  [false, { detail: { object: { key: [{ prefix: 'other/' }] } } }],
  [true, { detail: { object: { key: [{ suffix: '.tar.gz' }] } } }],
  [true, { detail: { object: { key: [{ 'equals-ignore-case': 'MODELS/M.TAR.GZ' }] } } }],
  [true, { detail: { object: { size: [{ numeric: ['>', 10, '<=', 12] }] } } }],
  [false, { detail: { object: { size: [{ numeric: ['<', 12] }] } } }],
  [true, { detail: { object: { size: [12] } } }],
  [true, { detail: { tags: ['y'] } }],
  [false, { detail: { tags: ['z'] } }],
  [true, { detail: { none: [null] } }],
  [true, { detail: { deep: { a: [2] } } }],
  [true, { detail: { object: { version: [{ exists: false }] } } }],
  [false, { detail: { object: { version: [{ exists: true }] } } }],
  [true, { detail: { object: { key: [{ exists: true }] } } }],
  [false, { detail: { object: [{ exists: true }] } }],
  [true, { detail: { bucket: { name: [{ 'anything-but': ['c', 'd'] }] } } }],
  [false, { detail: { bucket: { name: [{ 'anything-but': 'b' }] } } }],
  [false, { detail: { bucket: { name: [{ 'anything-but': { prefix: 'b' } }] } } }],
  [false, { detail: { bucket: { region: [{ 'anything-but': 'x' }] } } }],
])('%s: %j', (fits, pattern) => {
  expect(readPattern(JSON.stringify(pattern))(EVENT)).toBe(fits);
});

test.each<[boolean, string]>([
  [false, 'no JSON'],
  [false, '{}'],
  [false, '{"source":"aws.s3"}'],
  [false, '{"source":[]}'],
  [false, '{"source":[{"like":"x"}]}'],
  [false, '{"source":[{"exists":"yes"}]}'],
  [true, '{"source":[{"wildcard":"a*"}]}'],
  [true, '{"source":[{"cidr":"10.0.0.0/8"}]}'],
  [true, '{"$or":[{"source":["a"]}]}'],
])('refused, for AWS takes it: %s: %s', (unbuilt, text) => {
  let caught: unknown;
  try {
    readPattern(text);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(PatternError);
  expect((caught as PatternError).unbuilt).toBe(unbuilt);
});
