import { expect, test } from 'vitest';
import { blocking, type Finding, worstFirst } from '../../src/guard/finding.ts';

const finding = (severity: Finding['severity'], check: string): Finding => ({
  severity,
  check,
  subject: 'endpoint weather',
  message: check,
});
const FOUND = [
  finding('ok', 'a'),
  finding('warning', 'b'),
  finding('note', 'c'),
  finding('blocking', 'd'),
  finding('warning', 'e'),
  finding('blocking', 'f'),
];

test('the worst first, and what is equally bad in the order it was found', () => {
  expect(worstFirst(FOUND).map(({ check }) => check)).toEqual(['d', 'f', 'b', 'e', 'c', 'a']);
  // The list that was given is another's.
  expect(FOUND.map(({ check }) => check)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('only what is blocking stops a canary', () => {
  expect(blocking(FOUND).map(({ check }) => check)).toEqual(['d', 'f']);
});
