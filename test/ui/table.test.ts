import { expect, test } from 'vitest';
import { table } from '../../src/ui/table.ts';

const at = (columns: number, color = false) => ({ columns, color });

test('a head, rows, aligned; nothing but text off a terminal', async () => {
  expect(
    await table(
      at(80),
      ['name', 'count'],
      [
        ['a', '1'],
        ['longer', '20'],
      ],
      { right: [1] },
    ),
  ).toBe('name    count\na           1\nlonger     20');
});

test('the last column is broken at spaces; a name stays whole where it can', async () => {
  const text = await table(
    at(40),
    ['kind', 'names'],
    [['models', 'weather-model-1, weather-model-2, weather-model-3']],
  );
  expect(text.split('\n')).toEqual([
    'kind    names',
    'models  weather-model-1,',
    '        weather-model-2, weather-model-3',
  ]);
});

test('what has no space is broken where the room ends, and nothing gets lost', async () => {
  const name = 'x'.repeat(70);
  const text = await table(at(40), ['', ''], [['a', name]]);
  expect(text.replaceAll(/[\na ]/g, '')).toBe(name);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40);
});

test('no head, no line for it; an indent; control characters are taken out', async () => {
  expect(await table(at(80), ['', ''], [['a', 'b\u001b[31mc\nd']], { indent: '  ' })).toBe('  a  bc d');
});

test('no rows at all', async () => {
  expect(await table(at(80), ['a', 'b'], [])).toBe('a  b');
});

test('a row that belongs to the one above keeps its indent', async () => {
  const text = await table(
    at(80),
    ['', 'ms'],
    [
      ['ModelLatency mean', '2'],
      ['  p50', '1'],
    ],
    { right: [1] },
  );
  expect(text.split('\n')[2]).toBe('  p50               1');
});
