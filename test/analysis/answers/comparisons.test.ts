import { describe, expect, test } from 'vitest';
import { DEFAULT_RULES } from '../../../src/analysis/answers/compare-rules.ts';
import { rankBiasedOverlap } from '../../../src/analysis/answers/kinds/comparisons.ts';
import { counterOf } from '../../../src/analysis/answers/kinds/counter.ts';
import { kindOf } from '../../../src/analysis/answers/kinds/table.ts';
import { describePair } from '../../../src/analysis/answers/describe.ts';

function compare(kind: string, production: unknown, shadow: unknown, rules = {}) {
  const { comparison } = kindOf(kind);
  if (comparison === undefined) throw new Error(`${kind} is compared by its label`);
  return comparison.compare(production, shadow, { ...DEFAULT_RULES, ...rules });
}
const reply = (text: string, rest = {}) => ({ text, finish: 'stop', refusal: null, tools: [], ...rest });
const box = (x: number, label = 'cat', score = 0.9) => ({ label, score, box: [x, 0, x + 100, 100] });
const ten = Array.from({ length: 10 }, (_, i) => `item ${i}`);
const swapped = (i: number) => [...ten.slice(0, i), ten[i + 1], ten[i], ...ten.slice(i + 2)];
const TEXT =
  'The parcel was sent on Monday and will arrive at your door before the end of this week, most likely on Friday.';

describe('near enough is alike, and more is not', () => {
  test.each([
    ['a forecast a thousandth higher', 'numbers', [10, 20, 30], [10.01, 20.02, 30.03], true],
    ['a forecast a tenth higher', 'numbers', [10, 20, 30], [11, 22, 33], false],
    ['a forecast of another length', 'numbers', [10, 20], [10, 20, 30], false],
    ['an embedding with a little noise', 'vector', [0.5, -0.5, 0.7], [0.5001, -0.4999, 0.7], true],
    ['an embedding turned round', 'vector', [0.5, -0.5, 0.7], [-0.5, 0.5, -0.7], false],
    ['an embedding of twice the length', 'vector', [0.5, -0.5, 0.7], [1, -1, 1.4], false],
    ['vectors of nothing', 'vector', [0, 0], [0, 0], true],
    ['places nine and ten swapped', 'ranking', ten, swapped(8), true],
    ['another first place', 'ranking', ten, swapped(0), false],
    ['a list that is cut off', 'ranking', ten, ten.slice(0, 9), false],
    ['a list that is cut off behind the tenth', 'ranking', [...ten, 'x', 'y'], ten, true],
    ['other items', 'ranking', ten, ten.map((one) => `${one}x`), false],
    ['boxes half a pixel off', 'boxes', [box(0), box(200, 'dog')], [box(200.5, 'dog'), box(0.5)], true],
    ['a box a quarter off', 'boxes', [box(0)], [box(25)], false],
    ['a box of which it is much less sure', 'boxes', [box(0)], [box(0, 'cat', 0.6)], false],
    ['a box of which it is hardly less sure', 'boxes', [box(0, 'cat', 0.52)], [box(0, 'cat', 0.48)], true],
    ['two of three places swapped', 'ranking', ['a', 'b', 'c'], ['a', 'c', 'b'], false],
    ['two of five places swapped', 'ranking', ['a', 'b', 'c', 'd', 'e'], ['a', 'c', 'b', 'd', 'e'], true],
    ['a box that is missing', 'boxes', [box(0), box(200)], [box(0)], false],
    ['a box of another label', 'boxes', [box(0)], [box(0, 'dog')], false],
    ['a box that nobody was sure of', 'boxes', [box(0), box(200, 'cat', 0.1)], [box(0)], true],
    ['boxes of low scores, elsewhere', 'boxes', [box(0, 'cat', 0.4)], [box(200, 'cat', 0.4)], false],
    ['no box on either side', 'boxes', [], [], true],
    [
      'the same parts in another order',
      'spans',
      [
        { label: 'PER', start: 0, end: 3, text: 'a' },
        { label: 'LOC', start: 5, end: 9, text: 'b' },
      ],
      [
        { label: 'LOC', start: 5, end: 9, text: 'b' },
        { label: 'PER', start: 0, end: 3, text: 'a' },
      ],
      true,
    ],
    [
      'a part with another name',
      'spans',
      [{ label: 'PER', start: 0, end: 3, text: 'a' }],
      [{ label: 'LOC', start: 0, end: 3, text: 'a' }],
      false,
    ],
    ['line ends and quotation marks', 'text', 'He said “yes”\nand left.', 'He said "yes" \r\nand left.\n', true],
    ['spaces within a line', 'text', 'if a:\n    b', 'if a:\n  b', false],
    ['one word of many', 'text', TEXT, TEXT.replace('door', 'house'), false],
    ['a number of many words', 'text', TEXT.replace('Friday', 'day 5'), TEXT.replace('Friday', 'day 6'), false],
    ['a denial among many words', 'text', TEXT, TEXT.replace('will arrive', 'will not arrive'), false],
    ['other words', 'text', TEXT, 'I like trains.', false],
    ['a chat that says the same', 'chat', reply('Hello!'), reply('Hello!\n'), true],
    ['a chat that refuses', 'chat', reply('Hello!'), reply('Hello!', { refusal: 'no' }), false],
    [
      'a tool called with something else',
      'chat',
      reply('', { tools: [{ name: 'f', arguments: '{"a":1}' }] }),
      reply('', { tools: [{ name: 'f', arguments: '{"a":2}' }] }),
      false,
    ],
    [
      'a tool called with spaces',
      'chat',
      reply('', { tools: [{ name: 'f', arguments: '{"a":1}' }] }),
      reply('', { tools: [{ name: 'f', arguments: '{ "a": 1 }' }] }),
      true,
    ],
    ['other bytes', 'bytes', { bytes: 3, sha256: 'a' }, { bytes: 3, sha256: 'b' }, false],
  ])('%s', (_, kind, production, shadow, alike) => {
    expect(compare(kind, production, shadow).alike).toBe(alike);
    expect(compare(kind, production, production).alike).toBe(true);
  });
});

test('the policy moves what is near enough', () => {
  expect(compare('numbers', [10, 20], [11, 22], { relative: 0.1 }).alike).toBe(true);
  expect(compare('numbers', [10, 20], [10.4, 20.6], { absolute: 0.5 }).alike).toBe(false);
  expect(compare('vector', [1, 0], [1, 0.2], { relative: 0.25 }).alike).toBe(true);
  expect(compare('ranking', ten, ten.toReversed(), { order: false }).alike).toBe(true);
  expect(compare('text', TEXT, TEXT.replace('door', 'house'), { similarity: 0.9 }).alike).toBe(true);
  expect(compare('text', TEXT, TEXT.replace('door', 'house'), { similarity: 0.99 }).alike).toBe(false);
  const said = { label: 'cat', tags: ['a', 'b'], why: TEXT };
  const written = (value: unknown) => JSON.stringify(value, undefined, 2);
  for (const least of [1, 0.5]) {
    const alike = (b: string) => compare('text', JSON.stringify(said), b, { similarity: least }).alike;
    expect(alike(written({ why: TEXT, tags: ['a', 'b'], label: 'cat' }))).toBe(true);
    expect(alike(`\`\`\`json\n${written(said)}\n\`\`\``)).toBe(true);
    expect(alike(written({ ...said, label: 'dog' }))).toBe(false);
    expect(alike(written({ ...said, tags: ['a'] }))).toBe(false);
    expect(alike(written({ ...said, more: 1 }))).toBe(false);
    expect(alike(written({ ...said, why: TEXT.replace('door', 'house') }))).toBe(least < 1);
  }
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  expect(compare('text', deep, deep).alike).toBe(true);
  expect(compare('text', TEXT, TEXT.replace('will', 'will not'), { similarity: 0.5 }).alike).toBe(false);
  expect(compare('text', TEXT, TEXT.replace('your', '-1'), { similarity: 0.5 }).alike).toBe(false);
  const spreads = { places: [0.1, 10], all: 5 };
  expect(compare('numbers', [100, 1000], [100.05, 1005], { spreads }).alike).toBe(true);
  expect(compare('numbers', [100, 1000], [100.2, 1000], { spreads }).alike).toBe(false);
  expect(compare('numbers', [100, 1000], [100.2, 1000], { spreads, absolute: 1 }).alike).toBe(true);
  expect(compare('vector', [100, 1000], [100, 1011], { spreads }).alike).toBe(false);
});

test('measures', () => {
  expect(compare('numbers', [10, 30], [11, 31]).measures).toEqual({ 'relative distance': 0.05, bias: 0.05 });
  expect(compare('vector', [3, 4], [4, 3]).measures).toMatchObject({ cosine: 24 / 25 });
  expect(compare('boxes', [box(0)], [box(50)]).measures).toEqual({ 'matched boxes (F1)': 0 });
  expect(compare('text', 'a b c', 'a b d').measures).toMatchObject({ equal: 0, similarity: 0.6 });
  // Webber, Moffat, Zobel 2010, equation 32, by hand: 0.1 / 0.9 * (0 + 0.81) + 0.81.
  expect(rankBiasedOverlap(ten, ten)).toBeCloseTo(1, 12);
  expect(rankBiasedOverlap(['a', 'b', 'c'], ['x', 'y', 'z'])).toBe(0);
  expect(rankBiasedOverlap(['a', 'b'], ['b', 'a'])).toBeCloseTo(0.9, 12);
});

test('refusals are counted on both sides, minute by minute', () => {
  const { comparison } = kindOf('chat');
  const counter = counterOf(comparison as NonNullable<typeof comparison>, { ...DEFAULT_RULES, refusals: ['Nope'] });
  const pairs = [
    [reply('Hello'), reply('I’m sorry, but I can’t help with that.')],
    [reply('Nope.'), reply('Hello')],
    [reply('x', { finish: 'content_filter' }), reply('', { refusal: 'no' })],
    [reply('Hello'), reply('He said: I cannot help with it')],
  ];
  for (const [i, [production, shadow]] of pairs.entries()) counter.add(production, shadow, i < 2 ? 0 : 60_000);
  expect(counter.flags().find(({ name }) => name === 'refuses')).toEqual({
    name: 'refuses',
    rows: 4,
    production: 2,
    shadow: 2,
    minutes: [
      { at: 0, rows: 2, onlyProduction: 1, onlyShadow: 1 },
      { at: 60_000, rows: 2, onlyProduction: 0, onlyShadow: 0 },
    ],
  });
});

test('two long answers are shown from where they part', () => {
  const other = (text: string) => ({ other: JSON.stringify(text) });
  const shown = describePair(other(`${TEXT} Yes.`), other(`${TEXT} No.`));
  expect(shown.production).toMatch(/^….{16}Yes\."$/);
  expect(shown.shadow).toMatch(/^….{16}No\."$/);
  expect(describePair({ label: 'a' }, { label: 'b' })).toEqual({ production: 'a', shadow: 'b' });
});

test('scores of ranked items may lie as far apart as those beside labels', () => {
  const { comparison } = kindOf('ranking');
  const list = (scale: number) => ['a', 'b', 'c'].map((id, i) => [id, scale * (0.9 - 0.3 * i)]);
  const spreads = comparison?.learn?.(Array.from({ length: 20 }, (_, i) => list(1 - i / 40)));
  const rules = { ...DEFAULT_RULES, spreads };
  expect(comparison?.compare(list(1), list(0.9), rules).alike).toBe(true);
  expect(comparison?.compare(list(1), list(0.3), rules).alike).toBe(false);
});

test('a reply that is cut off is another', () => {
  const reply = (finish: string) => ({ text: 'Yes.', finish, refusal: null, tools: [] });
  const alike = (a: string, b: string) => kindOf('chat').comparison?.compare(reply(a), reply(b), DEFAULT_RULES).alike;
  expect([alike('stop', 'end_turn'), alike('length', 'max_tokens'), alike('stop', 'length')]).toEqual([
    true,
    true,
    false,
  ]);
});
