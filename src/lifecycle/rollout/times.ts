import { BURSTY_FACTOR, minutesToPass } from '../../analysis/judge/evidence.ts';
import { gates } from '../../analysis/policy/policy.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { usageError } from '../../base/errors.ts';
import { duration, durationFlag, SECOND } from '../../base/units.ts';

/** How long the steps of a rollout take, in seconds. */
export interface RolloutTimes {
  /** The soonest that the policy can pass the first step, as `judgeStep` looks at it. */
  leastSeconds: number;
  /** How much longer than the bake a step that is not decided is watched. */
  patienceSeconds: number;
  /** Until the last share is set, if every step passes as soon as it can. */
  totalSeconds: number;
}

/** Metrics of a minute are published after its end, so the last one is not looked at. */
export const SETTLE_SECONDS = 60;

/**
 * When the policy can pass a candidate at the earliest, counted from its first requests: as many whole minutes as errors and
 * latency need, latency after its warm-up, and the minute until the last one is published. Pure.
 */
function leastSeconds(policy: Policy): number {
  return minutesWith(policy, 1) * 60 + SETTLE_SECONDS;
}

/**
 * The patience of a rollout that was told none: until the policy could have decided even if requests fail or are slow in
 * bursts, which takes three times as many minutes. Pure.
 */
export function patienceFor(policy: Policy, bakeSeconds: number): number {
  return Math.max(0, minutesWith(policy, BURSTY_FACTOR) * 60 + SETTLE_SECONDS - bakeSeconds);
}

function minutesWith(policy: Policy, factor: number): number {
  const timed = ['mean', 'p50', 'p90', 'p99'].some((name) => gates(policy, `latency.${name}`));
  return minutesToPass(policy) * factor + (timed ? policy.warmupMinutes : 0);
}

/**
 * The times of a rollout. The first step gathers all that the policy needs; later ones add to it, so each takes its bake
 * alone. The last share is the end, and is not watched.
 *
 * @param asked.patienceSeconds undefined: as long as the policy may need
 * @param asked.steps how many shares there are, the last included
 * @throws Problem (usage) where no step could be decided before it pauses
 */
export function rolloutTimes(
  policy: Policy,
  asked: { bakeSeconds: number; patienceSeconds: number | undefined; steps: number },
): RolloutTimes {
  const { bakeSeconds, steps } = asked;
  const least = leastSeconds(policy);
  const patience = asked.patienceSeconds ?? patienceFor(policy, bakeSeconds);
  requireEnough(policy, bakeSeconds + patience, 'the first step would be watched for');
  return {
    leastSeconds: least,
    patienceSeconds: patience,
    totalSeconds: Math.max(bakeSeconds, least) + Math.max(0, steps - 2) * bakeSeconds,
  };
}

/**
 * @param watched seconds from the candidate's first requests to the pause
 * @throws Problem (usage) where the policy decides nothing in that time
 */
export function requireEnough(policy: Policy, watched: number, what: string): void {
  const least = leastSeconds(policy);
  if (watched >= least) return;
  const missing = durationFlag((least - watched) * SECOND);
  throw usageError(
    `The policy cannot pass a step before ${duration(least * SECOND)} (minimumBlocks ${policy.minimumBlocks} × blockMinutes ${policy.blockMinutes}, warm-up, and the minute until metrics are there); ${what} ${duration(watched * SECOND)}, and then pause undecided.`,
    `Leave --patience out: it is then as long as the policy may need. Or make it ${missing} longer, or give a policy that needs fewer minutes.`,
  );
}
