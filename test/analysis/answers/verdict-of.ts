import type { CaptureSet } from '../../../src/analysis/answers/captures.ts';
import { compareRecords } from '../../../src/analysis/compare/compare.ts';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { METRICS } from '../../../src/analysis/observations.ts';
import type { MetricTable, Observations } from '../../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import type { Policy } from '../../../src/analysis/policy/policy.ts';

export const START = Date.UTC(2026, 0, 5, 9);
export const RECORDS = 330;
/** As far as every gate on answers needs: 110 minutes. */
export const SECONDS = 20;

/** What a policy, by default the default one, says of captured answers alone, without metrics. */
export async function verdictOf(
  { production, shadow }: Record<'production' | 'shadow', CaptureSet>,
  policy: Policy = DEFAULT_POLICY,
) {
  const { predictions } = await compareRecords(
    {
      production: { captures: production },
      shadow: { captures: shadow },
      window: { from: 0, to: 8.64e15 },
      sampling: 1,
    },
    { tolerance: undefined, memory: '500MB', spill: '/nowhere', inMemory: true },
  );
  const none = Object.fromEntries(METRICS.map((name) => [name, []])) as unknown as MetricTable;
  const observations: Observations = {
    schema: 'shadowctl-observations/1',
    endpoint: 'fuzz',
    region: undefined,
    window: { from: START, to: START + RECORDS * SECONDS * 1000 },
    production: { name: 'production' },
    shadow: { name: 'shadow' },
    sampling: undefined,
    metrics: { times: [], production: none, shadow: none },
    predictions,
    notes: [],
  };
  const verdict = judge(observations, policy);
  return { outcome: verdict?.outcome, predictions, gates: verdict?.gates };
}
