import { describe, expect, test } from 'vitest';
import type { Gate } from '../../src/analysis/judge/verdict.ts';
import type { FieldSums } from '../../src/analysis/predictions.ts';
import { DEFAULT_RULES } from '../../src/analysis/answers/compare-rules.ts';
import { FieldCounter } from '../../src/analysis/answers/fields.ts';
import { fieldsSection } from '../../src/report/content/differences.ts';
import { reasonsOf } from '../../src/report/content/gates.ts';
import { escapeHtml, escapeJson } from '../../src/report/html/escape.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { simulate } from '../analysis/simulated.ts';
import { reportOn } from './sample.ts';

const field: FieldSums = {
  path: '$.score',
  rows: 200,
  differing: 100,
  missing: 40,
  extra: 20,
  otherKind: 10,
  largest: 0.25,
  ignored: true,
  example: { production: 'of production', shadow: 'of the shadow' },
};

test('each cell of a field stands under its title', () => {
  const table = fieldsSection([field, { ...field, path: '$.equal', differing: 0 }])?.tables[0];
  const cells = Object.fromEntries((table?.columns ?? []).map(({ title }, i) => [title, table?.rows[0]?.[i]]));
  expect(table?.rows).toHaveLength(1);
  expect(cells).toEqual({
    field: '$.score (ignored)',
    rows: '200',
    differs: '50 %',
    'only production': '20 %',
    'only shadow': '10 %',
    'other kind': '5 %',
    largest: '0.25',
    'e.g. production': 'of production',
    'e.g. shadow': 'of the shadow',
  });
});

describe('hostile words', () => {
  test.each(['</script x', '<!--', '<script', ']]>', '&lt;', '\u2028'])(
    '%s cannot end or begin anything in JSON',
    (word) => {
      const json = escapeJson({ [word]: word });
      expect(json).not.toMatch(/[<>&\u2028\u2029]/);
      expect(JSON.parse(json)).toEqual({ [word]: word });
    },
  );

  test.each([
    ['</script x', '&lt;/script x'],
    ["' onclick='x", '&#39; onclick=&#39;x'],
    ['" onclick="x', '&quot; onclick=&quot;x'],
    ['&amp;', '&amp;amp;'],
    ['a\u0000b\u202ec', 'a\ufffdb\ufffdc'],
  ])('%j in HTML is %s', (word, escaped) => expect(escapeHtml(word)).toBe(escaped));

  test.each([
    ['a`b', '`` a`b ``'],
    ['``', '``` `` ```'],
    ['a|b', '`a\\|b`'],
    ['plain', '`plain`'],
  ])('the endpoint %s is code in Markdown: %s', (endpoint, code) => {
    const text = renderMarkdown(reportOn({ ...simulate({ minutes: 5 }), endpoint }));
    expect(text.split('\n')[0]).toBe(`## Shadow report on ${code}`);
  });
});

describe('reasons stand together', () => {
  const open: Gate = {
    id: 'latency.p50',
    title: 'Is it slower (p50)?',
    outcome: 'inconclusive',
    gating: true,
    unit: 'ratio',
    estimate: undefined,
    interval: undefined,
    margin: 1.1,
    relation: '<',
    n: 0,
    of: 'blocks',
    reason: 'No minute yet.',
    needs: 'about 1 h more traffic',
    missing: { minutes: 60 },
  };
  const idsOf = (...gates: Gate[]) => {
    const report = reportOn(simulate({ minutes: 5 }));
    return reasonsOf({
      ...report,
      verdict: { outcome: 'inconclusive', summary: '', gates, inWindow: 'inconclusive', waivers: [] },
    }).map((one) => one.gates.map(({ id }) => id));
  };

  test('of neighbors that are open for the same reason', () => {
    expect(idsOf(open, { ...open, id: 'latency.p90' })).toEqual([['latency.p50', 'latency.p90']]);
  });

  test.each([
    ['one informs only', { gating: false }],
    ['the outcome differs', { outcome: 'fail' as const }],
    ['the words differ', { reason: 'Another.' }],
    ['the needs differ', { needs: 'about 2 h more traffic' }],
  ])('not where %s', (_, other) => {
    expect(idsOf(open, { ...open, ...other, id: 'b' }, { ...open, id: 'c' })).toEqual([['latency.p50'], ['b'], ['c']]);
  });

  test('of decided gates each has its own', () => {
    const passed = { ...open, outcome: 'pass' as const, needs: undefined, missing: undefined };
    expect(idsOf(passed, { ...passed, id: 'b' })).toEqual([['latency.p50'], ['b']]);
  });
});

test('a field of free JSON that differs everywhere is named with the line that leaves it out', () => {
  const all = { ...field, ignored: false, path: '$.items[*].id', rows: 400, differing: 399, largest: 0 };
  const some = { ...field, ignored: false, path: '$.title', rows: 400, differing: 300 };
  expect(fieldsSection([all, some])?.sentences.join()).toContain('answers: { ignore: [$.items.id] }');
  expect(fieldsSection([all, some])?.sentences.join()).toContain('in nearly every answer that has');
  expect(fieldsSection([all, some])?.sentences.join()).not.toContain('$.title');
  expect(fieldsSection([{ ...all, ignored: true }, some])?.sentences).toEqual([
    'The policy leaves out $.items[*].id (differs in 99.75 %).',
  ]);
  // A number may be what the model predicts: leaving that out would compare nothing.
  const number = fieldsSection([{ ...all, largest: 7 }])?.sentences.join();
  expect(number).toContain("--prediction '$.items[*].id'");
  const rules = { ...DEFAULT_RULES, ignore: ['$.items.id'] };
  expect(new FieldCounter(rules).add({ items: [{ id: 1 }] }, { items: [{ id: 2 }] })).toBe(0);
});
