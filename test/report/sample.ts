import { judge } from '../../src/analysis/judge/judge.ts';
import { summarizeBoth } from '../../src/analysis/judge/summaries.ts';
import type { Observations } from '../../src/analysis/observations.ts';
import { DEFAULT_POLICY } from '../../src/analysis/policy/policy.ts';
import type { Report } from '../../src/report/report.ts';
import { START, simulate } from '../analysis/simulated.ts';

export function reportOn(observations: Observations): Report {
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

/** What a model, a caller or a log could say to hurt the reader. */
export const HOSTILE = [
  '<script>window.hacked = 1</script>',
  '</script><script>window.hacked = 1</script>',
  '<img src=x onerror="window.hacked = 1">',
  '"><svg onload=window.hacked=1>',
  '<!--<script>',
];

/** A report in which every word that comes from outside is hostile. */
export function hostileReport(): Report {
  const observations = simulate({ minutes: 30, rate: 20, differing: 0.2 });
  const word = (i: number) => `${HOSTILE[i % HOSTILE.length] ?? ''}\u001b[31m\u202e\u0000| \`${i}\` @someone`;
  const predictions = observations.predictions;
  if (predictions?.labels === undefined) throw new Error('the simulation has labels');
  return reportOn({
    ...observations,
    endpoint: word(1),
    production: { ...observations.production, name: word(2), model: word(3) },
    notes: [word(0), word(1), word(4)],
    predictions: {
      ...predictions,
      shadow: {
        ...predictions.shadow,
        unparsed: 600,
        examples: [word(0), word(2)],
        commonest: { answer: word(1), share: 0.5 },
      },
      labels: {
        ...predictions.labels,
        confusion: {
          ...predictions.labels.confusion,
          labels: predictions.labels.confusion.labels.map((_, i) => word(i)),
        },
      },
      top: predictions.top.map((pair, i) => ({
        ...pair,
        id: word(i),
        production: word(i + 1),
        shadow: word(i + 2),
        input: word(i + 3),
      })),
    },
  });
}
