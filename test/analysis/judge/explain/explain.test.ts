import { expect, test } from 'vitest';
import { explainPolicy } from '../../../../src/analysis/judge/explain/explain.ts';
import { DEFAULT_POLICY } from '../../../../src/analysis/policy/policy.ts';
import type { Policy } from '../../../../src/analysis/policy/policy.ts';

/** Every clause of a policy in words, with its traffic and its key. */

const all = { ks: 0.1, wasserstein: 0.5, psi: 0.1, jensenShannon: 0.02 };
const policies: [string, Partial<Policy>][] = [
  ['the default', {}],
  ['everything is limited', { slices: 0.9, distances: all, numbers: { tolerance: 0.25, share: 0.1 } }],
  [
    'limits of its own',
    {
      costs: { 'fraud→ok': 100, '*→*': 1 },
      limits: { latency: { mean: 50, p99: 1500 }, errors: 0.01, accuracy: 0.85, recall: { fraud: 0.8 }, cost: 0.5 },
      resources: { memory: 0.2, cpu: 0.1 },
      regressions: 0.02,
      decide: ['stability'],
    },
  ],
  ['for one look', { looks: 'once', slices: 0.9, distances: all }],
  [
    'stricter',
    {
      alpha: 0.001,
      errors: 0.001,
      agreement: 0.999,
      tasks: {},
      truth: 0.001,
      slices: 0.999,
      effect: { latency: 0.01, overhead: 0.02, errors: 0.001 },
    },
  ],
  [
    'what cannot be reached',
    {
      errors: 0,
      agreement: 1,
      tasks: {},
      numbers: { tolerance: 0, share: 0 },
      slices: 1,
      effect: { latency: 0.1, overhead: 0.1, errors: 0 },
    },
  ],
  [
    'other minutes, and few pairs',
    {
      minimumBlocks: 3,
      blockMinutes: 7,
      warmupMinutes: 0,
      minimumPairs: 2,
      agreement: 0.5,
      truth: 0.5,
      slices: 0.5,
      errors: 0.5,
    },
  ],
  [
    'each task its own',
    {
      tasks: {
        regression: { share: 0.2, truth: 0.1 },
        scores: { share: 0.2 },
        binary: { agreement: 0.99, truth: 0.1 },
        multiclass: { truth: 0.3 },
        json: { agreement: 0.9 },
      },
    },
  ],
  [
    'some inform and some decide',
    {
      inform: ['latency', 'errors', 'output.schema', 'distance.ks', 'effect.errors'],
      decide: ['effect'],
      distances: all,
    },
  ],
  ['one kind of truth informs', { inform: ['truth.error'] }],
  ['no truth decides', { inform: ['truth'], decide: ['effect.latency'] }],
];

test('every clause says what it demands, with what, and whether it decides', async () => {
  const text = policies.flatMap(([name, changed]) => [
    `# ${name}`,
    ...explainPolicy({ ...DEFAULT_POLICY, ...changed }).map(
      ({ gate, gating, demand, traffic, key }) =>
        `${gate} ${gating ? 'decides' : 'informs'}: ${demand}\n  ${traffic} [${key}]`,
    ),
    '',
  ]);
  await expect(text.join('\n')).toMatchFileSnapshot('explain.txt');
});

test('under expect: same nothing says that labels would take it out of the verdict', () => {
  const words = (policy: Partial<Policy>) =>
    explainPolicy({ ...DEFAULT_POLICY, ...policy }).filter(({ demand }) => demand.includes('labels are available'));
  expect(words({})).not.toHaveLength(0);
  expect(words({ expect: { kind: 'same' } })).toHaveLength(0);
});

test('limits say how much evidence they take', () => {
  const { limits } = DEFAULT_POLICY;
  const traffic = (changed: Partial<Policy['limits']>) =>
    Object.fromEntries(
      explainPolicy({ ...DEFAULT_POLICY, limits: { ...limits, ...changed } }).map((one) => [one.gate, one.traffic]),
    );
  const found = traffic({ errors: 0.01, accuracy: 0.99, recall: { 4: 0.9 } });
  expect(found['limits.errors']).toMatch(/^\d+ requests without a failure, in 80 minutes$/);
  const [, rows] = /^(\d+) rows with a label, in 240 minutes$/.exec(found['limits.accuracy'] ?? '') ?? [];
  expect(Number(rows)).toBeGreaterThan(300);
  expect(found['limits.recall']).toBe('300 rows of class 4 with a label, in 240 minutes');
  expect(traffic({ accuracy: 1 })['limits.accuracy']).toContain('cannot be reached');
});
