import { expect, test } from 'vitest';
import { collapsed } from '../../../src/commands/shared/await-endpoint.ts';
import { appliedWords } from '../../../src/resources/steps.ts';
import { fitHelp } from '../../../src/ui/help.ts';

test('a line that containers say again and again is shown once, with how often', () => {
  expect(collapsed(['v/i-1: broken', 'v/i-1: other', 'v/i-2: broken', 'v/i-2: broken'])).toEqual([
    { text: 'v/i-1: other', times: 1 },
    { text: 'v/i-2: broken', times: 3 },
  ]);
});

test.each([
  [{ action: 'create', kind: 'alarm', name: 'a', input: { AlarmName: 'a' } }, 'created alarm a'],
  [{ action: 'create', kind: 's3-bucket', name: 'b' }, 'created bucket b'],
  [{ action: 'delete', kind: 'model', name: 'm' }, 'deleted model m'],
  [{ action: 'create', kind: 'log-group', name: '/aws/x' }, undefined],
  [{ action: 'create', kind: 's3-prefix', name: 's3://b/p/' }, undefined],
] as const)('%j is told as "%s"', (step, words) => {
  expect(appliedWords(step as Parameters<typeof appliedWords>[0])).toBe(words);
});

test.each([
  ['what fits stays as it is', 'Usage: x\n\nshort\nlines', 'Usage: x\n\nshort\nlines'],
  ['prose is broken at words', 'one two three four five\nsix', 'one two three four\nfive six'],
  ['an example before a flag', '  $ run --aaaa 1 --bbbb 22', '  $ run --aaaa 1 \\\n      --bbbb 22'],
  ['a list under its last column', '  name  what it means here', '  name  what it\n        means here'],
])('a help page fits: %s', (_, text, fitted) => {
  expect(fitHelp(text, 20)).toBe(fitted);
});
