import { expect, test } from 'vitest';
import { collapsed } from '../../../src/cli/views/event-lines.ts';
import { drawMinutes } from '../../../src/cli/views/minutes.ts';
import { appliedWords } from '../../../src/resources/steps.ts';
import { fitHelp } from '../../../src/ui/help.ts';

test('a line that containers say again and again is shown once, with how often', () => {
  expect(collapsed(['v/i-1: broken', 'v/i-1: other', 'v/i-2: broken', 'v/i-2: broken'])).toEqual([
    { text: 'v/i-1: other', times: 1 },
    { text: 'v/i-2: broken', times: 3 },
  ]);
});

test.each([
  [{ action: 'create', kind: 'alarm', name: 'a', input: { AlarmName: 'a' } }, 'set alarm a'],
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

test('errors that never were are a line, not an empty plot', () => {
  const at = Date.UTC(2026, 0, 5, 9);
  const minutes = [0, 1, 2].map((minute) => ({
    at: at + minute * 60_000,
    requests: 10,
    errors4xx: minute,
    errors5xx: 0,
    latencyMs: 2,
  }));
  const window = { start: at, end: at + 3 * 60_000 };
  const one = drawMinutes({ columns: 80, color: false }, [{ name: 'v', minutes }], window);
  expect(one).toContain('5XXError of v: none in 3 minutes');
  expect(one.filter((line) => line.includes('none in'))).toHaveLength(1);
  const two = drawMinutes(
    { columns: 80, color: false },
    [
      { name: 'old', minutes },
      { name: 'new', minutes },
    ],
    window,
  );
  expect(two).toContain('  5XXError: none in 3 minutes');
});
