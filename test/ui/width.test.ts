import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cut } from '../../src/ui/cut.ts';
import { records } from '../../src/ui/records.ts';
import { table } from '../../src/ui/table.ts';
import { graphemes, padEnd, padStart, takeEnd, takeStart, textWidth } from '../../src/ui/width.ts';
import { wrap } from '../../src/ui/wrap.ts';

const FAMILY = '👨‍👩‍👧';

test.each([
  ['weather', 7],
  ['–×…✓', 4],
  ['天気', 4],
  ['날씨', 4],
  ['\u1102\u1161\u11af\u110a\u1175', 4],
  ['é', 1],
  ['e\u0301', 1],
  ['☀️', 2],
  ['☀', 1],
  ['🌧', 1],
  ['🌧️', 2],
  ['🙂', 2],
  [FAMILY, 2],
  ['🇩🇪', 2],
  ['1️⃣', 2],
  ['ｶﾞ', 2],
  ['a\u200bb', 2],
  ['', 0],
])('"%s" takes %i columns', (text, columns) => expect(textWidth(text)).toBe(columns));

test('a text is filled up to columns, not to characters', () => {
  expect([padEnd('天気', 6), padStart('天気', 6), padEnd('天気', 3)]).toEqual(['天気  ', '  天気', '天気']);
});

describe('cut', () => {
  test.each([
    ['weather', 7, 'weather'],
    ['weather', 5, 'we…er'],
    ['天気予報', 8, '天気予報'],
    ['天気予報', 7, '天…予報'],
    ['天気予報', 6, '天…報'],
    ['天気予報', 2, '…'],
    ['ab🙂cd', 5, 'ab…cd'],
    [`a${FAMILY}${FAMILY}b`, 5, `a…${FAMILY}b`],
    ['xy', 1, '…'],
    ['xy', 0, ''],
  ])('%s to %i columns is %s', (text, width, expected) => expect(cut(text, width)).toBe(expected));

  test('no text is torn within a character, and none is wider than asked for', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (text, width) => {
        const found = cut(text, width);
        expect(textWidth(found)).toBeLessThanOrEqual(width);
        expect(found).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
        const whole = new Set([...graphemes(text), '…']);
        // A mark at the start of an end that is kept would join the ellipsis.
        if (!/^[\p{M}\u200d]/u.test(takeEnd(text, width)))
          expect(graphemes(found).every((one) => whole.has(one) || one.startsWith('…'))).toBe(true);
      }),
    );
  });
});

test('the start and the end are whole characters', () => {
  expect([takeStart('天気', 3), takeEnd('天気', 3), takeStart('ab', 1), takeEnd('ab', 1), takeEnd('ab', 0)]).toEqual([
    '天',
    '気',
    'a',
    'b',
    '',
  ]);
});

/** The columns before the first `|` of each line: equal where a table is aligned. */
const bars = (text: string) => text.split('\n').map((line) => textWidth(line.slice(0, line.indexOf('|'))));

test('columns of a table are aligned whatever is in them', async () => {
  const names = ['rain', '天気予報', '날씨', '🌧️', FAMILY, 'e\u0301te\u0301', '🇩🇪', '👍🏽', 'ｶﾞ', '\u{f0000}x'];
  const text = await table(
    { columns: 80, color: false },
    ['名前', '|'],
    names.map((name) => [name, '|']),
  );
  expect(new Set(bars(text))).toEqual(new Set([10]));
  for (const name of names) expect(text).toContain(name);
});

test('numbers to the right of wide names end in one column', async () => {
  const text = await table(
    { columns: 80, color: false },
    ['label', 'rows', ''],
    [
      ['天気', '1 234', '|'],
      ['rain', '5', '|'],
    ],
    { right: [1] },
  );
  expect(new Set(bars(text).slice(1))).toEqual(new Set([14]));
});

test('a table of wide names fits into the terminal, and nothing gets lost', async () => {
  const name = '天気予報'.repeat(20);
  const text = await table({ columns: 40, color: false }, ['', ''], [['a', name]]);
  expect(Math.max(...text.split('\n').map(textWidth))).toBeLessThanOrEqual(40);
  expect(text.replaceAll(/[\n a]/g, '')).toBe(name);
});

test('records under wide titles', async () => {
  const text = await records(
    { columns: 40, color: false },
    ['name', '説明', 'x'],
    [['a', 'b'.repeat(30), 'c'.repeat(30)]],
  );
  expect(text.split('\n')).toEqual(['a', `  説明  ${'b'.repeat(30)}`, `  x     ${'c'.repeat(30)}`]);
});

test('prose in a script without spaces is broken between characters; a name in ASCII stays whole', () => {
  const lines = wrap(`  見出し ${'天気'.repeat(20)} end`, 30, '    ');
  expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(30);
  expect(lines.join('').replaceAll(' ', '')).toBe(`見出し${'天気'.repeat(20)}end`);
  expect(wrap(`a ${'x'.repeat(50)}`, 30)).toEqual(['a', 'x'.repeat(50)]);
  expect(wrap('天気 天気 天気', 9)).toEqual(['天気 天気', '天気']);
});
