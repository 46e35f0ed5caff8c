import { expect, test } from 'vitest';
import { renderJson } from '../../src/report/json.ts';
import { judge } from '../../src/analysis/judge/judge.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import { simulate } from '../analysis/simulated.ts';
import { hostileReport, reportOn } from './sample.ts';
import { violations } from './schema.ts';

const plain = simulate({ minutes: 100, rate: 20, differing: 0.05, failing: { production: 0.01, shadow: 0.02 } });

test.each([
  ['labels', reportOn(plain)],
  ['hostile words', hostileReport()],
  [
    'waivers',
    {
      ...reportOn(plain),
      verdict: judge(plain, {
        ...DEFAULT_POLICY,
        waivers: [
          { gate: 'errors', reason: 'so' },
          { gate: 'slices', reason: 'so', owner: 'ana', until: '2026-12-31' },
        ],
      }),
    },
  ],
  [
    'chats of one side',
    reportOn({
      ...plain,
      streams: {
        production: {
          ...{ answers: 3, timed: 2, firstMs: 200, apartMs: undefined, counted: 0 },
          ...{ completionTokens: undefined, allCompletionTokens: 0, promptTokens: 0 },
        },
        shadow: undefined,
      },
    }),
  ],
  ['nothing captured', reportOn(simulate({ minutes: 5, captured: false }))],
  ['no minute at all', reportOn(simulate({ minutes: 0 }))],
  [
    'no shadow',
    reportOn({ ...plain, shadow: undefined, predictions: undefined, metrics: { ...plain.metrics, shadow: undefined } }),
  ],
])('a report keeps to the schema that is shipped: %s', (_, report) => {
  expect(violations(JSON.parse(renderJson(report)))).toEqual([]);
});

test('a report that does not keep to it is found out', () => {
  const report = JSON.parse(renderJson(reportOn(plain)));
  report.verdict.gates[0].outcome = 'perhaps';
  report.observations.predictions.pairs = 'many';
  delete report.observations.window.to;
  report.extra = 1;
  expect(violations(report)).toEqual([
    '$.observations.window: lacks to',
    '$.observations.predictions.pairs: is string, not number',
    '$.verdict.gates[0].outcome: is "perhaps"',
    '$: has extra, which is not described',
  ]);
});
