import { expect, test } from 'vitest';
import { LINES } from './lines/lines.ts';
import { SCENARIOS } from './scenarios.ts';

const lines = new Map(LINES.map((line) => [line.title, line]));

test('every scenario is a line of the calibration, and of the class that it is said to be', () => {
  expect(SCENARIOS.map(({ line, class: of }) => `${of}: ${line}`)).toEqual(
    SCENARIOS.map(({ line }) => `${lines.get(line)?.class ?? 'no line'}: ${line}`),
  );
  expect(SCENARIOS.length).toBeGreaterThan(150);
});

test('what no window shows is held by a line of the policy, and that is a line that must hold', () => {
  // What a batch of fourteen days does not show, only more days do: docs/judging.md says so.
  const unknowable = LINES.filter(
    (line) => line.class === 'not knowable' && line.wrong.includes('pass') && !line.title.startsWith('batch: '),
  );
  const by = new Map(SCENARIOS.map(({ line, by: policy }) => [line, policy]));
  expect(
    unknowable.map(({ title }) => title).filter((title) => !isHeld(`${title}, ${by.get(title) ?? 'cover: 24h'}`)),
  ).toEqual([]);
  expect(unknowable.length).toBeGreaterThan(15);
});

test('lines have names of their own, and those that are noticed may neither pass nor fail', () => {
  expect(lines.size).toBe(LINES.length);
  for (const { title, class: of, wrong } of LINES) {
    expect(wrong.length > 0, title).toBe(of !== 'power');
    if (of === 'noticed') expect(wrong, title).toEqual(['pass', 'fail']);
  }
});

function isHeld(title: string): boolean {
  return lines.get(title)?.class === 'held';
}
