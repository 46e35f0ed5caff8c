import { judge } from '../../analysis/judge/judge.ts';
import type { Outcome } from '../../analysis/judge/verdict.ts';
import type { Observations } from '../../analysis/observations.ts';
import { minutesOf, readMetrics } from '../../analysis/observe/metrics.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import type { Aws } from '../../aws/clients.ts';
import { MINUTE, SECOND } from '../../base/units.ts';
import type { Rollout } from '../../state/rollouts.ts';
import { SETTLE_SECONDS } from './times.ts';

/** What the evidence says so far. */
export interface StepVerdict {
  outcome: Outcome;
  /** A sentence for each gate that decides. */
  reasons: readonly string[];
  /** On the candidate, over all steps so far. */
  requests: number;
}

/**
 * Judges the candidate against production over all steps so far, by errors and latency, with the judge of every report.
 * The bounds hold however often one looks. Predictions are left out: every request went to one of the two only.
 *
 * @param from when the first step began, milliseconds since the epoch
 * @param now likewise
 */
export async function judgeStep(
  aws: Aws,
  endpoint: string,
  rollout: Rollout,
  { from, now, policy, signal }: { from: number; now: number; policy: Policy; signal: AbortSignal },
): Promise<StepVerdict> {
  const wholeMinutes = (ms: number) => Math.floor(ms / MINUTE) * MINUTE;
  const window = { from: wholeMinutes(from), to: wholeMinutes(now - SETTLE_SECONDS * SECOND) };
  if (window.to <= window.from)
    return { outcome: 'inconclusive', reasons: ['No whole minute has been measured yet.'], requests: 0 };
  const [production, candidate] = await readMetrics(
    aws,
    endpoint,
    [rollout.production, rollout.candidate],
    window,
    signal,
  );
  if (production === undefined || candidate === undefined) throw new Error('metrics of two variants were asked for');
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
  const requests = candidate.invocations.reduce<number>((sum, n) => sum + (n ?? 0), 0);
  const { outcome, summary, gates } = judge(observations, policy, 'candidate', now) ?? {
    outcome: 'inconclusive',
    summary: '',
    gates: [],
  };
  const reasons = gates
    .filter((gate) => gate.gating && (outcome === 'pass' || gate.outcome === outcome))
    .map((gate) => `${gate.title} ${gate.reason}`);
  return { outcome, reasons: reasons.length === 0 ? [summary] : reasons, requests };
}
