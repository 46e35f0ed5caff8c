import { loadPolicy } from '../../analysis/observe/policy-file.ts';
import { minutesOf, readMetrics } from '../../analysis/observe/metrics.ts';
import { judgeErrors } from '../../analysis/judge/errors.ts';
import { judgeLatency } from '../../analysis/judge/latency.ts';
import { summarizeBoth } from '../../analysis/metrics.ts';
import type { Observations } from '../../analysis/observations.ts';
import { type Outcome, worst } from '../../analysis/judge/verdict.ts';
import type { App } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import type { Rollout } from '../../state/rollouts.ts';
import { MINUTE } from '../../base/units.ts';

/** What the evidence says so far. */
export interface StepVerdict {
  outcome: Outcome;
  /** A sentence for each gate that decides. */
  reasons: readonly string[];
  requests: number;
}

/** Metrics of a minute are published after its end. */
const SETTLE_MS = MINUTE;

/**
 * Judges the candidate against production over all steps so far, by errors and latency. The bounds hold however often
 * one looks. Predictions are left out: every request went to one of the two only.
 */
export async function judgeStep(
  app: App,
  aws: Aws,
  endpoint: string,
  rollout: Rollout,
  began: number,
  policyFile: string | undefined,
): Promise<StepVerdict> {
  const from = Math.floor(began / MINUTE) * MINUTE;
  const to = Math.floor((app.clock.now() - SETTLE_MS) / MINUTE) * MINUTE;
  if (to <= from) return { outcome: 'inconclusive', reasons: ['No whole minute has been measured yet.'], requests: 0 };
  const window = { from, to };
  const [production, candidate] = await readMetrics(
    aws,
    endpoint,
    [rollout.production, rollout.candidate],
    window,
    app.signal,
  );
  if (production === undefined || candidate === undefined) throw new Error('metrics of two variants were asked for');
  const { policy } = await loadPolicy(app.cwd, policyFile, () => app.project());
  const observations: Observations = {
    schema: 'shadowctl-observations/1',
    endpoint,
    region: aws.target.region,
    window,
    production: { name: rollout.production, model: rollout.previousModel },
    shadow: { name: rollout.candidate, model: rollout.model },
    sampling: undefined,
    metrics: { times: minutesOf(window), production, shadow: candidate },
    predictions: undefined,
    notes: [],
  };
  const minutes = production.invocations.filter((n) => (n ?? 0) > 0).length;
  const evidence = { observations, summaries: summarizeBoth(observations), policy, minutes };
  const gates = [...judgeErrors(evidence), ...judgeLatency(evidence)];
  const outcome = worst(gates);
  return {
    outcome,
    reasons: gates
      .filter((gate) => gate.gating && (outcome === 'pass' || gate.outcome === outcome))
      .map((gate) => asCandidate(`${gate.title} ${gate.reason}`)),
    requests: candidate.invocations.reduce<number>((sum, n) => sum + (n ?? 0), 0),
  };
}

/** The gates speak of a shadow; here it is a candidate that answers. */
function asCandidate(text: string): string {
  return text
    .replaceAll("the shadow's", "the candidate's")
    .replaceAll('The shadow', 'The candidate')
    .replaceAll('the shadow', 'the candidate');
}
