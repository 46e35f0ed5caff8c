import { expect, test } from 'vitest';
import type { Observations } from '../../src/analysis/observations.ts';
import { reasonsOf } from '../../src/report/content/gates.ts';
import { effectSection } from '../../src/report/content/metrics.ts';
import { chartsOf } from '../../src/report/html/charts.ts';
import { renderers } from '../../src/report/render.ts';
import type { Report } from '../../src/report/report.ts';
import { judge } from '../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { simulate, START } from '../analysis/simulated.ts';
import { reportOn } from './sample.ts';

const OPTIONS = { columns: 80, color: false };

/** On one line, without escapes. */
async function read(report: Report, format: 'text' | 'markdown' | 'html'): Promise<string> {
  const render = await renderers[format]();
  const text = await render(report, OPTIONS);
  return text
    .replaceAll('\\', '')
    .replaceAll('\u00a0', ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replace(/\s+/g, ' ');
}

/** Labels are known, and the shadow is right more often; it agrees with production on `agree` of all. */
function withTruth(agree: number): Observations {
  const seen = simulate({ minutes: 100, rate: 60, differing: 1 - agree });
  const { predictions } = seen;
  if (predictions === undefined) throw new Error('the simulation has predictions');
  const { rows } = predictions;
  const only = Math.round(rows * (1 - agree));
  const blocks = predictions.blocks.map((block) => ({
    ...block,
    truth: block.rows,
    onlyProduction: 0,
    onlyShadow: block.rows - block.agree,
  }));
  // Both are wrong once: labels that are all the shadow's own answers would prove nothing.
  const labels = { production: rows - only - 1, shadow: rows - 1, onlyProduction: 0, onlyShadow: only };
  return {
    ...seen,
    predictions: { ...predictions, blocks, truth: { rows, of: rows, labels, numbers: undefined, unknown: 0 } },
  };
}

test.each(['text', 'markdown', 'html'] as const)(
  'warm-up is called that, once for all latencies (%s)',
  async (format) => {
    const words = await read(reportOn(simulate({ minutes: 2 })), format);
    expect(words.match(/the first 2 minutes with the shadow in this window are warm-up and left out/g)).toHaveLength(1);
    expect(words).toContain('no later minute in which both have a latency: 0 of the 8 blocks');
  },
);

test('gates that are open for different reasons stand alone', () => {
  const report = reportOn(simulate({ minutes: 30 }));
  const { verdict } = report;
  expect(reasonsOf(report)).toHaveLength(verdict?.gates.length ?? 0);
});

test('without anything but warm-up there is no time with the shadow to show', () => {
  const sectionAfter = (minutes: number) => {
    const seen = simulate({ minutes });
    const before = { times: seen.metrics.times, production: seen.metrics.production };
    return effectSection(reportOn({ ...seen, metrics: { ...seen.metrics, before } }));
  };
  expect(sectionAfter(2)).toBeUndefined();
  expect(sectionAfter(3)?.sentences.join()).toContain(
    'without the first 2 minutes of this window that have it: warm-up',
  );
});

test.each(['text', 'markdown', 'html'] as const)(
  'a difference of accuracies is points, and what they mean is said (%s)',
  async (format) => {
    const report = reportOn(withTruth(0.85));
    const gate = report.verdict?.gates.find((one) => one.id === 'truth.accuracy');
    expect(gate).toMatchObject({ outcome: 'pass', unit: 'share', margin: 0.02 });
    const words = await read(report, format);
    expect(words).toMatch(/-1[45](\.\d+)? pts/);
    expect(words).toContain('< 2 pts');
    expect(words).toMatch(/It is correct on 99\.9\d+ % and production/);
    expect(words).toContain('of truth.* what the shadow loses (below 0 it is better)');
  },
);

test.each(['text', 'markdown', 'html'] as const)(
  'what does not count because the truth is known says so (%s)',
  async (format) => {
    const agreed = reportOn(withTruth(0.99));
    const differing = reportOn(withTruth(0.8));
    const why = 'For information only: 100 % of the rows have a label, and on those accuracy decides.';
    for (const report of [agreed, differing]) {
      expect((await read(report, format)).split(why)).toHaveLength(4);
      expect(report.verdict?.summary).toMatch(/^All \d+ tests pass .* 3 more gates are for information\.$/);
    }
    expect(differing.verdict?.gates.find((gate) => gate.id === 'labels.agreement')?.outcome).toBe('inconclusive');
    expect(await read(reportOn(simulate()), format)).not.toContain(why);
  },
);

test('where nothing failed, the page says so instead of drawing zeros', () => {
  const report = reportOn(simulate({ minutes: 10 }));
  const page = (failed: number) => {
    const metrics = structuredClone(report.observations.metrics);
    const table = { errors5xx: metrics.times.map(() => failed), errors4xx: metrics.times.map(() => 0) };
    Object.assign(metrics.production ?? {}, table);
    Object.assign(metrics.shadow ?? {}, table);
    return chartsOf({ ...report, observations: { ...report.observations, metrics } });
  };
  expect(page(0)).toMatchObject({ zeros: ['Failed requests: none in 10 minutes.'] });
  expect(page(0).charts).not.toHaveProperty('errors');
  expect(page(1)).toMatchObject({ zeros: [], charts: { errors: { title: 'Failed requests' } } });
});

test('sequences are drawn from where the judge first decides', () => {
  const chart = chartsOf(reportOn(simulate({ minutes: 130 }))).charts['sequence-latency-mean'];
  expect(chart?.x[0]).toBe(8);
  expect(chartsOf(reportOn(simulate({ minutes: 70 }))).charts['sequence-latency-mean']).toBeUndefined();
});

test.each(['text', 'markdown', 'html'] as const)('the policy is named (%s)', async (format) => {
  const report = { ...reportOn(simulate({ minutes: 5 })), policyFrom: 'strict.yaml' };
  expect(await read(report, format)).toMatch(/policy:? +`?strict\.yaml/);
});

test.each(['text', 'markdown', 'html'] as const)('a waiver is never silent (%s)', async (format) => {
  const observations = simulate({ slower: 1.5 });
  const gates = ['latency.mean', 'latency.p50', 'latency.p90', 'latency.p99', 'errors'];
  const waivers = gates.map((gate) => ({ gate, reason: 'agreed', owner: 'ana', until: '2026-01-05' }));
  const policy = { ...DEFAULT_POLICY, waivers: [...waivers, { gate: 'slices', reason: 'old', until: '2025-12-31' }] };
  const verdict = judge(observations, policy, 'shadow', START);
  const report = { ...reportOn(observations), policy, verdict };
  expect(verdict?.outcome).toBe('pass');
  const words = await read(report, format);
  expect(words).toContain('Waived: latency.p99, which is a fail, does not decide: agreed (ana, until 2026-01-05).');
  expect(words).toContain('The waiver of errors is not needed: the gate passes.');
  expect(words).toContain('The waiver of slices ended on 2025-12-31 and no longer counts');
  const junit = await (await renderers.junit())(report, OPTIONS);
  expect(junit).toContain('<skipped message="waived, fail: agreed (ana, until 2026-01-05)"/>');
  const json = JSON.parse(await (await renderers.json())(report, OPTIONS)) as { verdict: { waivers: object[] } };
  expect(json.verdict.waivers).toHaveLength(6);
});

test('JUnit: without a shadow nothing is green', async () => {
  const render = await renderers.junit();
  const text = await render(reportOn({ ...simulate({ minutes: 5 }), shadow: undefined }), OPTIONS);
  expect(text).toContain('tests="1" failures="0" errors="1"');
  expect(text).toContain('<error type="inconclusive"');
});
