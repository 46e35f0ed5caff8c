import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { chart } from '../../src/ui/chart.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 5, 9);

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => stripVTControlCharacters(line).length));
}

describe('chart', () => {
  test('draws two series apart without colour, with a time axis', () => {
    const times = Array.from({ length: 21 }, (_, minute) => START + minute * MINUTE);
    const text = chart(
      [
        { name: 'production', values: times.map((_, i) => (i < 10 ? 2 : 4)) },
        { name: 'shadow', values: times.map((_, i) => 8 - i * 0.2) },
      ],
      { width: 60, height: 6, unit: 'ms', times },
    );
    expect(text).toMatchInlineSnapshot(`
      "  ── production   ━━ shadow  [ms]
      10 ┤
       8 ┤━━━━━━━━━━━━━┓
       6 ┤             ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
       4 ┤                          ╭──────────────┗━━━━━━━━━━━━━━
       2 ┤──────────────────────────╯
       0 ┤
         └────────────────────────────────────────────────────────
         09:00       09:05         09:10         09:15   09:20 UTC"
    `);
  });

  test('says no data, for no series, no values and values that are no numbers', () => {
    expect(chart([], { width: 80, height: 5 })).toContain('no data');
    expect(chart([{ name: 'a', values: [] }], { width: 80, height: 5 })).toBe('  ── a (no data)\n  no data');
    expect(
      chart([{ name: 'a', values: [Number.NaN, Number.POSITIVE_INFINITY, undefined] }], { width: 80, height: 5 }),
    ).toContain('no data');
  });

  test('a gap breaks the line and is no zero', () => {
    const text = chart([{ name: 'a', values: [5, 5, 5, undefined, undefined, undefined, 5, 5, 5] }], {
      width: 40,
      height: 4,
    });
    const drawn = text.split('\n').filter((line) => line.includes('┤'));
    expect(drawn.some((line) => /─ {5,}─/.test(line))).toBe(true);
    expect(drawn.at(-1)).not.toContain('─');
  });

  test('constants, zeros, negative, tiny and huge values keep the height and the width', () => {
    for (const values of [
      [3],
      [3, 3, 3],
      [0, 0],
      [-2, -2],
      [-1, 1],
      [1e-9, 3e-9],
      [1e12, 2e12],
      [5e-324],
      [1, 1 + 1e-15],
    ]) {
      for (const width of [40, 80, 120]) {
        const text = chart([{ name: 'a', values }], {
          width,
          height: 7,
          times: values.map((_, i) => START + i * MINUTE),
        });
        expect(text.split('\n').filter((line) => line.includes('┤'))).toHaveLength(7);
        expect(widest(text)).toBeLessThanOrEqual(width);
        expect(text).not.toMatch(/NaN|Infinity|undefined/);
      }
    }
  });

  test('tiny values are told apart on the axis', () => {
    const text = chart([{ name: 'a', values: [0.0001, 0.0009] }], { width: 50, height: 5 });
    const labels = text.split('\n').flatMap((line) => /^ *(\S+) ┤/.exec(line)?.[1] ?? []);
    expect(new Set(labels).size).toBe(labels.length);
  });

  test('ten thousand values fit the width as means', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => Math.sin(i / 500));
    expect(widest(chart([{ name: 'wave', values }], { width: 80, height: 9 }))).toBeLessThanOrEqual(80);
  });

  test('a hostile name cannot reach the terminal', () => {
    const text = chart([{ name: '\u001b[31mred\nline\u0007\u202e', values: [1, 2] }], { width: 60, height: 3 });
    expect(text).not.toContain('\u001b');
    expect(text.split('\n')[0]).toContain('red line');
  });

  test('colour changes nothing but colour', () => {
    const series = [
      { name: 'a', values: [1, 2, 3] },
      { name: 'b', values: [3, 1] },
    ];
    const colored = chart(series, { width: 60, height: 5, color: true });
    expect(colored).toContain('\u001b[');
    expect(stripVTControlCharacters(colored)).toBe(chart(series, { width: 60, height: 5 }));
  });
});
