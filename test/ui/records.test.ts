import { expect, test } from 'vitest';
import { records } from '../../src/ui/records.ts';
import { table } from '../../src/ui/table.ts';

const LONG = 'weather-prediction-endpoint-of-the-forecasting-team-in-europe-1';
const HEAD = ['when', 'command', 'config', 'by'];

test('a table where every name fits', async () => {
  expect(await records({ color: false, columns: 80 }, HEAD, [['09:00', 'deploy', 'a → b', 'me']])).toBe(
    'when   command  config  by\n09:00  deploy   a → b   me',
  );
});

test('names of 63 characters stay whole, in lines that fit', async () => {
  expect(LONG).toHaveLength(63);
  const row = ['2026-01-05 09:00', 'canary', `${LONG} → ${LONG.slice(0, -1)}2`, 'root@vm'];
  expect(await records({ color: false, columns: 80 }, HEAD, [row])).toBe(
    [
      '2026-01-05 09:00',
      '  command  canary',
      `  config   ${LONG} →`,
      `           ${LONG.slice(0, -1)}2`,
      '  by       root@vm',
    ].join('\n'),
  );
});

test('what has no title stands behind the name', async () => {
  const text = await records(
    { color: false, columns: 80 },
    ['variant', '', 'model', 'image'],
    [[LONG, 'shadow', LONG, LONG]],
    '  ',
  );
  expect(text.split('\n')[0]).toBe(`  ${LONG}, shadow`);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test.each([40, 60, 80, 120])('a table of long names fits %d columns, and nothing is lost', async (columns) => {
  const text = await table(
    { color: false, columns },
    ['a', 'n', 'b', 'c'],
    [[LONG, '12 345', LONG, `${LONG} ${LONG}`]],
    {
      right: [1],
    },
  );
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
  const letters = (words: string) => words.replace(/\s/g, '').split('').toSorted().join('');
  expect(letters(text)).toBe(letters(`anbc${LONG.repeat(4)}12345`));
});
