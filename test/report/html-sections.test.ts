import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Observations } from '../../src/analysis/observations.ts';
import { ticks } from '../../src/report/html/pictures.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { HOSTILE, reportOn } from './sample.ts';
import { simulate } from '../analysis/simulated.ts';

/** Observations in which every optional section has something to say; `word` stands wherever a request or an answer could speak. */
function everything(word: string): Observations {
  const seen = simulate({ minutes: 60, rate: 20, differing: 0.1 });
  const predictions = seen.predictions;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  return {
    ...seen,
    metrics: { ...seen.metrics, before: { times: seen.metrics.times, production: seen.metrics.production } },
    noise: {
      model: 'weather-v1',
      window: { from: seen.window.from - 1_800_000, to: seen.window.from },
      pairs: 900,
      labels: { differing: 9, n: 900, factor: 1 },
      numbers: undefined,
    },
    notes: ['The clock of one container runs late.'],
    predictions: {
      ...predictions,
      production: { ...predictions.production, examples: [word] },
      shadow: { ...predictions.shadow, unparsed: 1, examples: [word] },
      repeats: {
        inputs: 365,
        known: predictions.rows,
        agreement: undefined,
        beyond: undefined,
        onlyProduction: undefined,
        onlyShadow: undefined,
        loss: undefined,
      },
      slices: [
        { column: 'column 1', part: `= ${word}`, rows: 300, hits: 100, inputs: 80 },
        { column: 'column 2', part: `≠ ${word}`, rows: 300, hits: 270, inputs: 80 },
      ],
      fields: [
        {
          path: '$.answer',
          rows: 1200,
          differing: 60,
          missing: 12,
          extra: 0,
          otherKind: 0,
          largest: 0.25,
          ignored: false,
          example: { production: word, shadow: word },
        },
      ],
      top: predictions.top.map((pair) => ({ ...pair, input: word, times: 17 })),
    },
  };
}

describe('the sections of the HTML report', () => {
  const html = renderHtml(reportOn(everything('quiet')));

  test.each([
    ['repeats', '1\u00a0200 pairs of 365 distinct inputs'],
    ['effect', '<h2>Production before and with the shadow</h2>'],
    ['effect, rows with their whole names', '<th scope="row">OverheadLatency p99</th>'],
    ['symmetry', 'whether labels change both ways alike (Bowker): p'],
    ['slices by label', '<h4>Agreement by label</h4>'],
    ['slices by input', '<td>= quiet</td><td class="number">300</td><td class="number">80</td>'],
    ['fields', '<th scope="row">$.answer</th><td class="number">1 200</td><td class="number">5 %</td>'],
    ['noise floor', 'weather-v1 differs from itself in 1\u00a0% of its labels'],
    ['how often a diverging pair came', '<td class="number">×17</td>'],
    ['notes', '<li>The clock of one container runs late.</li>'],
  ])('%s', (_, words) => {
    expect(html).toContain(words);
  });

  test('the verdict comes before anything else; headings skip no level; tables have captions and scopes', () => {
    const levels = [...html.matchAll(/<h([1-6])>/g)].map((match) => Number(match[1]));
    expect(levels[0]).toBe(1);
    for (const [i, level] of levels.entries()) expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1);
    expect(html.indexOf('Verdict: ')).toBe(html.indexOf('</span> ', html.indexOf('<h2>')) + '</span> '.length);
    const tables = [...html.matchAll(/<table[^>]*>(.*?)<\/table>/gs)].map((match) => match[1] ?? '');
    expect(tables.length).toBeGreaterThan(12);
    for (const table of tables) {
      expect(table).toMatch(/^<caption>[^<]+<\/caption>/);
      expect(table).not.toMatch(/<th(?![^>]*scope=)[ >]/);
    }
  });

  test('a chart says in words what it shows', () => {
    expect(renderHtml(reportOn(simulate({ minutes: 130 })))).toMatch(
      /aria-label="latency\.mean \(shadow against production, %\) over blocks: [^"]*at last [^"]*margin \+[\d.]+ % always \+[\d.]+ %"/,
    );
  });

  test.each(HOSTILE)('%s stays words in every section', (word) => {
    const hostile = renderHtml(reportOn(everything(word)));
    expect(hostile).not.toContain(word);
  });
});

test('Markdown has slices and symmetry in short, and only the slices that stand out', () => {
  const text = renderMarkdown(reportOn(everything('quiet')));
  expect(text).toContain('whether labels change both ways alike (Bowker): p');
  expect(text).toContain('| `column 1` | `= quiet` | 300 | 80 | 33.3 % | &lt; 0.0001 |');
  expect(text).not.toContain('column 2');
});

test('ticks are round and lie inside', () => {
  expect(ticks(0.33, 1)).toEqual([0.4, 0.6, 0.8, 1]);
  expect(ticks(-3, 12)).toEqual([0, 5, 10]);
  expect(ticks(7, 7)).toEqual([7]);
});

test("a ratio's axis is marked in even steps, unless they lie too far apart for that", () => {
  const script = readFileSync(new URL('../../src/report/html/browser.inline.js', import.meta.url), 'utf8');
  const source = /function evenChanges[\s\S]*?\n {2}\}/.exec(script)?.[0] ?? '';
  // oxlint-disable-next-line no-implied-eval
  const evenChanges = new Function(`return ${source}`)() as (low: number, high: number, most: number) => number[];
  expect(evenChanges(-0.072, 0.11, 8)).toEqual([-0.05, 0, 0.05, 0.1]);
  expect(evenChanges(-0.2, 0.25, 10)).toEqual([-0.2, -0.15, -0.1, -0.05, 0, 0.05, 0.1, 0.15, 0.2, 0.25]);
  expect(evenChanges(-0.4, 6, 8)).toEqual([]);
});
