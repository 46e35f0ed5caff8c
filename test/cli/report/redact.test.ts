import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { lacking } from '../../../src/analysis/merge/lacking.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { summarizeBoth } from '../../../src/analysis/judge/summaries.ts';
import type { Observations } from '../../../src/analysis/observations.ts';
import type { Predictions } from '../../../src/analysis/predictions.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { comparePredictions } from '../../../src/analysis/compare/memory/compare.ts';
import { redact } from '../../../src/analysis/redact.ts';
import { run } from '../../../src/cli/report/run.ts';
import { FORMATS, renderers } from '../../../src/report/render.ts';
import type { Report } from '../../../src/report/report.ts';
import { simulate, START } from '../../analysis/simulated.ts';
import { DATA, stage } from './endpoint.ts';
import { OPTIONS } from './options.ts';

/** Stands wherever a caller or a model could put a word. */
const CANARY = 'canary-4711';

/** Captured pairs in which inputs, ids and unreadable lines hold the canary, and answers are made by `answer`. */
function captured(answer: (i: number, shadow: boolean) => unknown): Predictions {
  const side = (shadow: boolean) => ({
    files: 1,
    unreadable: 1,
    outside: 0,
    examples: [`not JSON: {"data":"${CANARY}`],
    captures: Array.from({ length: 800 }, (_, i) => ({
      inferenceId: `${CANARY}-${i}`,
      eventId: undefined,
      at: START + i * 1000,
      input: { data: `${i},${i % 2 === 0 ? CANARY : 'other'}`, encoding: 'CSV' as const, contentType: 'text/csv' },
      output: {
        data: i === 3 ? `"${CANARY}` : JSON.stringify(answer(i, shadow)),
        encoding: 'JSON' as const,
        contentType: 'application/json',
      },
    })),
  });
  return comparePredictions(side(false), side(true), { sampling: 1, tolerance: undefined });
}

function reportOf(observations: Observations): Report {
  return {
    schema: 'shadowctl-report/1',
    created: START + 3_600_000,
    observations,
    summaries: summarizeBoth(observations),
    policy: DEFAULT_POLICY,
    policyFrom: 'shadowctl (the defaults)',
    verdict: judge(observations, DEFAULT_POLICY),
  };
}

const TASKS: [string, Predictions][] = [
  [
    'classes',
    captured((i, shadow) => ({ predicted_label: shadow && i % 2 === 0 && i % 3 === 0 ? 'rain' : 'sun', score: 0.5 })),
  ],
  ['numbers', captured((i, shadow) => ({ score: shadow && i % 2 === 0 ? i * 2 : i }))],
  ['free JSON', captured((i, shadow) => ({ text: `${CANARY} ${shadow ? i : i % 7}`, list: [CANARY] }))],
  ['free text as label', captured((i, shadow) => `${CANARY} says ${shadow && i % 3 === 0 ? 'no' : 'yes'} to ${i}`)],
  ['always the same text', captured((_, shadow) => ({ text: shadow ? CANARY : 'other' }))],
];

test('hidden values are counted, by numbers that say nothing in another window', () => {
  const [, seen] = TASKS.find(([name]) => name === 'free JSON') as [string, Predictions];
  const hidden = redact({ ...simulate({ minutes: 20, captured: false }), predictions: seen })
    .predictions as Predictions;
  const counts = ({ fields = [] }: Predictions) =>
    fields.flatMap(({ values = [] }) => values.map(({ production, shadow, both }) => [production, shadow, both]));
  expect(counts(hidden).length).toBeGreaterThan(0);
  expect(counts(hidden)).toEqual(counts(seen));
  expect(lacking(seen, seen)).not.toContain('fields');
  expect(lacking(seen, hidden)).toContain('fields');
});

describe.each(TASKS)('--redact, %s', (_, predictions) => {
  const seen: Observations = { ...simulate({ minutes: 20, captured: false }), predictions };

  test.each(FORMATS)('%s says nothing of what was sent', async (format) => {
    const render = await renderers[format]();
    const options = { columns: 300, color: false };
    if (format !== 'junit') expect(await render(reportOf(seen), options)).toContain(CANARY);
    expect(await render(reportOf(redact(seen)), options)).not.toContain(CANARY);
  });

  test('the verdict does not change by it', () => {
    const outcomes = (one: Observations) => judge(one, DEFAULT_POLICY)?.gates.map((gate) => [gate.id, gate.outcome]);
    expect(outcomes(redact(seen))).toEqual(outcomes(seen));
  });
});

test('class names and numbers stay, and so does what they are counted by', () => {
  const [[, classes], [, numbers]] = [TASKS[0], TASKS[1]] as [[string, Predictions], [string, Predictions]];
  const found = redact({ ...simulate({ minutes: 1, captured: false }), predictions: classes }).predictions;
  expect(found?.labels).toEqual(classes.labels);
  expect(found?.top[0]).toMatchObject({
    id: 'pair 1',
    production: 'sun (0.5)',
    shadow: 'rain (0.5)',
    input: undefined,
  });
  expect(found?.slices?.map((slice) => slice.part)).toEqual(classes.slices?.map((_, i) => `part ${i + 1}`));
  const other = redact({ ...simulate({ minutes: 1, captured: false }), predictions: numbers }).predictions;
  expect(other?.numbers).toEqual(numbers.numbers);
  expect(other?.top[0]?.production).toBe(numbers.top[0]?.production);
});

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-redact-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('keeps inputs and ids out of what it prints, writes and saves', async () => {
    const open = await stage('good');
    await open.traffic(60, 1_500);
    open.clock.advance(120_000);
    const save = join(folder, 'saved.json');
    const output = join(folder, 'report.html');
    const look = async (redacted: boolean) => {
      const { app, out, err } = open.app();
      await run(app, { ...OPTIONS, last: '15m', save, output, format: 'html', redact: redacted });
      return [...out, ...err, readFileSync(save, 'utf8'), readFileSync(output, 'utf8')].join('\n');
    };
    expect(await look(false)).toMatch(/request-\d+/);
    const closed = await look(true);
    expect(closed).not.toMatch(/request-\d/);
    const inputs = readFileSync(DATA, 'utf8').trim().split('\n').slice(1, 61);
    for (const line of inputs) expect(closed).not.toContain(line.split(',').slice(0, -1).join(','));
    await open.close();
  });
});
