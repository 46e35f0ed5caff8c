import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_DEPTH, NoLiteral, parseLiteral } from '../../src/base/literal.ts';

describe('a literal of JSON or Python', () => {
  test('whatever JSON writes is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        // Longer integers stay text.
        fc.pre(!/\d{16}/.test(text));
        expect(parseLiteral(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  // The left side is what Python 3.11 and numpy 2 print for such values.
  test.each([
    [`{'a': True, 'b': None, 'c': False}`, { a: true, b: null, c: false }],
    [`{'it': "it's", 'said': 'a "b"', 'both': 'it\\'s "b"'}`, { it: "it's", said: 'a "b"', both: `it's "b"` }],
    [String.raw`'\x41\u00e9\U0001f600\t\\n'`, 'Aé😀\t\\n'],
    [String.raw`b'caf\xc3\xa9'`, 'café'],
    [`[u'old', 12L]`, ['old', 12]],
    [`(1, 'two', (3,))`, [1, 'two', [3]]],
    [`{'a', 'b'}`, ['a', 'b']],
    [`{0: 'no', 1: 'yes'}`, { 0: 'no', 1: 'yes' }],
    [`[nan, -inf, 1e-05, 1., .5, -0.25]`, [Number.NaN, Number.NEGATIVE_INFINITY, 1e-5, 1, 0.5, -0.25]],
    [`{'score': np.float64(0.5), 'label': np.int64(1), 'ok': np.True_}`, { score: 0.5, label: 1, ok: true }],
    [`array([[0.1, 0.9]], dtype=float32)`, [[0.1, 0.9]]],
    [`tensor([0.5, 1.0], device='cuda:0', grad_fn=<MulBackward0>)`, [0.5, 1]],
    [
      `[[0.1 0.9]\n [1.  0. ]]`,
      [
        [0.1, 0.9],
        [1, 0],
      ],
    ],
    [`OrderedDict([('a', 1), ('b', 2)])`, { a: 1, b: 2 }],
    [`Decimal('1.50')`, '1.50'],
    [`Row(label=1, score=0.5)`, { label: 1, score: 0.5 }],
    [`{'at': datetime.datetime(2026, 1, 5, 9, 0)}`, { at: 'datetime.datetime(2026, 1, 5, 9, 0)' }],
    [`{"id": 12345678901234567890, "n": 1.5, }`, { id: '12345678901234567890', n: 1.5 }],
  ])('%s', (text, value) => expect(parseLiteral(text)).toEqual(value));

  test.each([
    '',
    '{',
    `{'a' 1}`,
    `{'a': 1`,
    `{'a': 1} x`,
    `{'a': cat}`,
    `['a' 'b']`,
    '[0.1 0.2 ... 0.9]',
    '[1, ..., 3]',
    `'open`,
    `'two\nlines'`,
    '<Label.CAT: 1>',
    '12ab',
    String.raw`'\xZZ'`,
    `{1, 'a': 2}`,
  ])('%j is none', (text) => expect(() => parseLiteral(text)).toThrow(NoLiteral));

  test('nested too deep is none, and does not exhaust the stack', () => {
    expect(() => parseLiteral('['.repeat(1e6))).toThrow(NoLiteral);
    const deep = '['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH);
    expect(JSON.stringify(parseLiteral(deep))).toBe(deep);
  });

  test('a member may be called __proto__', () => {
    expect(Object.entries(parseLiteral(`{'__proto__': 1}`) as object)).toEqual([['__proto__', 1]]);
  });
});
