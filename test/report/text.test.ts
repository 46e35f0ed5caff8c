import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import { renderTerminal } from '../../src/report/terminal/terminal.ts';
import { textWidth } from '../../src/ui/width.ts';
import { FORMATS, renderers } from '../../src/report/render.ts';
import { simulate } from '../analysis/simulated.ts';
import { hostileReport, reportOn } from './sample.ts';

const OPTIONS = { columns: 80, color: false };
const hostile = hostileReport();

describe.each(FORMATS)('%s', (format) => {
  test.each([
    ['nothing captured', reportOn(simulate({ minutes: 5, captured: false }))],
    ['no minute at all', reportOn(simulate({ minutes: 0 }))],
    ['hostile words', hostile],
  ])('%s gives a report without holes', async (_, report) => {
    const render = await renderers[format]();
    const text = await render(report, OPTIONS);
    expect(text.length).toBeGreaterThan(200);
    if (format !== 'html') expect(text).not.toMatch(/\bNaN\b|\bundefined\b|\bInfinity\b|\[object/);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0008\u001b\u202e]/);
  });
});

test('the terminal rendering fits 80 columns, and 120', async () => {
  const render = await renderers.text();
  for (const columns of [80, 120]) {
    for (const report of [hostile, reportOn(simulate({ differing: 0.1, failing: { production: 0, shadow: 0.1 } }))]) {
      const lines = (await render(report, { columns, color: false, full: true })).split('\n');
      // A command is never broken: it is there to be copied.
      expect(lines.filter((line) => line.length > columns && !line.startsWith('  shadowctl '))).toEqual([]);
    }
  }
});

test('JSON: the schema is named, and every gate has every member', async () => {
  const render = await renderers.json();
  const value = JSON.parse(await render(reportOn(simulate()), OPTIONS));
  expect(value.schema).toBe('shadowctl-report/1');
  expect(value.verdict.outcome).toBe('pass');
  for (const gate of value.verdict.gates) {
    expect(Object.keys(gate)).toEqual(
      expect.arrayContaining([
        'id',
        'title',
        'outcome',
        'gating',
        'estimate',
        'interval',
        'margin',
        'n',
        'reason',
        'needs',
      ]),
    );
  }
});

test('JUnit: a test case per gate, well-formed whatever the words', async () => {
  const render = await renderers.junit();
  const text = await render(hostile, OPTIONS);
  expect(XMLValidator.validate(text)).toBe(true);
  const parsed = new XMLParser({ ignoreAttributes: false }).parse(
    await render(reportOn(simulate({ minutes: 30, failing: { production: 0, shadow: 1 } })), OPTIONS),
  );
  const suite = parsed.testsuites.testsuite;
  expect(suite['@_failures']).toBe('1');
  const errors = suite.testcase.find((one: Record<string, unknown>) => one['@_name'] === 'errors');
  expect(errors.failure['@_message']).toContain("100 % of the shadow's requests failed");
});

test('Markdown: no markup, no mention and no table cell comes from outside', async () => {
  const render = await renderers.markdown();
  const text = await render(hostile, OPTIONS);
  expect(text.replace(/`` [^\n]*? ``|`[^`\n]*`/g, '')).not.toMatch(/<script|<img|@someone/);
  const tables = text.split('\n\n').map((block) => block.split('\n').filter((line) => line.startsWith('|')));
  for (const rows of tables) {
    const cells = new Set(rows.map((row) => row.replaceAll('\\|', '').split('|').length));
    expect(cells.size).toBeLessThanOrEqual(1);
  }
});

test('labels in wide characters keep the terminal report within 80 columns, and its matrix aligned', async () => {
  const found = simulate({ minutes: 100, rate: 20, differing: 0.2 });
  const names = ['晴れ', 'rain', '🌧️', '大雪警報が出ている地域', 'e\u0301claircie'];
  const report = reportOn(JSON.parse(JSON.stringify(found)) as typeof found);
  const labels = report.observations.predictions?.labels;
  if (labels === undefined) throw new Error('no labels');
  Object.assign(labels.confusion, { labels: labels.confusion.labels.map((_, i) => names[i % names.length]) });
  report.observations.notes = [`${'天気予報の容器の時計が遅れている。'.repeat(5)} end`];
  const text = await renderTerminal(report, { columns: 80, color: false, full: true });
  const lines = text.split('\n');
  expect(lines.filter((line) => textWidth(line) > 80)).toEqual([]);
  const start = lines.findIndex((line) => line.includes('production ↓'));
  const matrix = lines.slice(start + 1, start + 1 + labels.confusion.labels.length);
  expect(new Set(matrix.map((line) => textWidth(line))).size).toBe(1);
});
