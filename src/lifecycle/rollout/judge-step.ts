import { judge } from '../../analysis/judge/judge.ts';
import type { Gate, Outcome } from '../../analysis/judge/verdict.ts';
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
  const seen = await variantsSince(aws, { endpoint, ...variantsOf(rollout) }, { from, now, signal });
  if (seen === undefined)
    return { outcome: 'inconclusive', reasons: ['No whole minute has been measured yet.'], requests: 0 };
  const { outcome, summary, gates } = judge(seen, policy, 'candidate', now) ?? {
    outcome: 'inconclusive',
    summary: '',
    gates: [],
  };
  return { outcome, reasons: reasonsOf(gates, outcome) ?? [summary], requests: requestsOf(seen) };
}

function variantsOf({ production, candidate, model, previousModel }: Rollout): TwoVariants {
  return { production: { name: production, model: previousModel }, candidate: { name: candidate, model } };
}

/** Two production variants of an endpoint. */
export interface TwoVariants {
  production: { name: string; model: string };
  candidate: { name: string; model: string };
}

/** The metrics of both since a moment; undefined before there is a whole minute. Times are milliseconds since the epoch. */
export async function variantsSince(
  aws: Aws,
  { endpoint, production, candidate }: TwoVariants & { endpoint: string },
  { from, now, signal }: { from: number; now: number; signal: AbortSignal },
): Promise<Observations | undefined> {
  const window = { from: wholeMinute(from), to: wholeMinute(now - SETTLE_SECONDS * SECOND) };
  if (window.to <= window.from) return undefined;
  const [ours, theirs] = await readMetrics(aws, endpoint, [production.name, candidate.name], window, signal);
  if (ours === undefined || theirs === undefined) throw new Error('metrics of two variants were asked for');
  return {
    schema: 'shadowctl-observations/1',
    endpoint,
    region: aws.target.region,
    window,
    production,
    shadow: candidate,
    sampling: undefined,
    metrics: { times: minutesOf(window), production: ours, shadow: theirs },
    predictions: undefined,
    notes: [],
  };
}

function wholeMinute(ms: number): number {
  return Math.floor(ms / MINUTE) * MINUTE;
}

/** Requests of the candidate. */
export function requestsOf({ metrics }: Observations): number {
  return (metrics.shadow?.invocations ?? []).reduce<number>((sum, n) => sum + (n ?? 0), 0);
}

/** A sentence for each gate that decides, and led to the outcome; undefined where there is none. */
export function reasonsOf(gates: readonly Gate[], outcome: Outcome): string[] | undefined {
  const reasons = gates
    .filter((gate) => gate.gating && (outcome === 'pass' || gate.outcome === outcome))
    .map((gate) => `${gate.title} ${gate.reason}`);
  return reasons.length === 0 ? undefined : reasons;
}
