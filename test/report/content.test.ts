import { describe, expect, test } from 'vitest';
import type { Observations } from '../../src/analysis/observations.ts';
import { effectSection, summarySection } from '../../src/report/content/metrics.ts';
import { noData } from '../../src/report/content/no-data.ts';
import { predictionContent } from '../../src/report/content/predictions.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderTerminal } from '../../src/report/terminal/terminal.ts';
import { simulate, START } from '../analysis/simulated.ts';
import { reportOn } from './sample.ts';

const MINUTE = 60_000;
const seen = simulate({ minutes: 30, rate: 10, differing: 0.2 });
const before = { times: seen.metrics.times.map((at) => at - 60 * MINUTE), production: seen.metrics.production };
const report = reportOn({ ...seen, metrics: { ...seen.metrics, before } });

/** The same with a shadow that saw nothing, and as many requests of production as are given minute by minute. */
function unseen(requests: readonly (number | null)[], changed: Partial<Observations> = {}) {
  const { production, shadow } = seen.metrics;
  if (shadow === undefined) throw new Error('the simulation has a shadow');
  const times = requests.map((_, i) => START + i * MINUTE);
  const none = requests.map(() => null);
  return reportOn({
    ...seen,
    window: { from: START, to: START + requests.length * MINUTE },
    metrics: { times, production: { ...production, invocations: requests }, shadow: { ...shadow, invocations: none } },
    predictions: undefined,
    ...changed,
  });
}

describe('a row says by its name alone what it is', () => {
  test('within every table', () => {
    const sections = [summarySection(report), effectSection(report), ...predictionContent(report)];
    for (const section of sections.slice(0, 3))
      for (const table of section?.tables ?? []) {
        const names = table.rows.map(([name]) => name);
        expect(new Set(names).size).toBe(names.length);
        expect(names.filter((name) => name?.startsWith(' '))).toEqual([]);
      }
  });

  test('in Markdown and HTML; the terminal puts it under the row it belongs to', async () => {
    expect(renderMarkdown(report).match(/^\| OverheadLatency p99 \|/gm)).toHaveLength(2);
    expect(renderHtml(report).match(/<th scope="row">OverheadLatency p99<\/th>/g)).toHaveLength(2);
    const terminal = await renderTerminal(report, { columns: 80, color: false });
    expect(terminal).toMatch(/ {2}OverheadLatency mean +.*\n( {4}p50 +.*\n {4}p90 +.*\n)? {4}p99 +/);
    expect(terminal).not.toContain('OverheadLatency p99');
  });
});

test('free JSON is compared by fields: whole documents are no classes', () => {
  const { predictions } = seen;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  const titles = predictionContent(reportOn({ ...seen, predictions: { ...predictions, task: 'json' } })).map(
    (section) => section.title,
  );
  expect(titles).toContain('Answers');
  expect(titles).not.toContain('Agreement by label');
});

describe('nothing to compare', () => {
  test.each([
    ['both had requests', report, undefined],
    ['no request at all', unseen([null, null]), /^weather received no requests in this window\.$/],
    [
      'the shadow missed them',
      unseen([10, 20]),
      /^The shadow received none of production's 30 requests in this window\.$/,
    ],
    [
      'the shadow missed those since it came',
      unseen([30, 40], { since: START - 30_000 }),
      /^The shadow received none of production's 70 requests/,
    ],
    [
      'requests came before it only, which is cut off',
      unseen([null, null], { since: START - 30_000 }),
      /since it started running with this shadow \(09:00 UTC\)\.$/,
    ],
    ['no shadow', reportOn({ ...seen, shadow: undefined }), /^weather has no shadow variant\.$/],
  ])('%s', (_, one, why) => {
    const found = noData(one);
    if (why === undefined) expect(found).toBeUndefined();
    else expect(found?.why).toMatch(why);
  });

  test('in its first minute: when to look again; later, which window to choose', () => {
    const attached = unseen([10, 20], { since: START + 90_000 });
    const early = noData({ ...attached, created: START + 150_000 });
    expect(early?.next).toContain('from 09:03:30 UTC on: look again then');
    const late = noData({ ...attached, created: START + 60 * MINUTE });
    expect(late?.next).toBe('Choose a later one: --from 2026-01-05T09:02Z');
  });

  test('captures alone can be compared without any metric', () => {
    const none = { ...seen.metrics, times: [], shadow: undefined };
    expect(noData(reportOn({ ...seen, metrics: none }))).toBeUndefined();
  });
});
