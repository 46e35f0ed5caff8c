import type { Comparator } from '../../analysis/compare/comparator/compare.ts';
import type { AskedBy } from '../../analysis/judge/earlier.ts';
import { LIVE_FOLDER } from '../../analysis/mirrored/record.ts';
import type { Observations } from '../../analysis/observations.ts';
import { accepts } from '../../analysis/policy/policy.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { readPolicy } from '../../analysis/policy/schema.ts';
import { Problem } from '../../base/errors.ts';
import { MINUTE } from '../../base/units.ts';
import type { MirrorRollout } from '../../mirror/router/state.ts';
import type { Report } from '../../report/report.ts';
import type { MetricsMinute } from '../guarded-update/fleet-metrics.ts';
import { judgeEndpoint, type JudgeSession } from '../judge.ts';
import type { LabelSource } from '../labels.ts';
import type { StepVerdict } from '../rollout/judge-step.ts';
import { exceeded } from '../rollout/limits.ts';
import type { Moment } from '../window.ts';

/** By what a shadow of a mirror is judged. */
export interface MirrorJudging {
  policy: Policy;
  policyFrom: string;
  labels: LabelSource | undefined;
  comparator: Comparator | undefined;
  /** Where the window begins; undefined: since both sides are what they are. */
  from: Moment | undefined;
  /** By what it is asked for, as it was typed. */
  asked?: AskedBy | undefined;
}

/** What the records of a mirror say of a shadow beside the live side, by the same judge as every report. */
export function judgeShadowOf(
  session: JudgeSession,
  { folder, shadow }: { folder: string; shadow: string },
  { from, ...judging }: MirrorJudging,
): Promise<Report> {
  return judgeEndpoint(session, {
    source: { kind: 'files', path: folder, variants: [LIVE_FOLDER, shadow] },
    window: from === undefined ? undefined : { from },
    ...judging,
  });
}

/** A whole minute, and the half minute behind it that a window leaves out, until there is something to look at. */
const FIRST_LOOK_MS = 1.5 * MINUTE;

/** The first minute that lies whole behind this moment: what was answered before says nothing of a step. */
export function firstMinuteSince(began: number): number {
  return Math.ceil(began / MINUTE) * MINUTE;
}

/**
 * The verdict on a step: everything since both sides are what they are must say pass, and no whole minute since the first step may say
 * fail, so that what came before does not hide what the candidate does now. A limit decides before either. What cannot be judged
 * this time is not decided: live goes on as it is.
 *
 * @param began when the first step did, milliseconds since the epoch
 */
export async function judgeMirrorStep(
  session: JudgeSession,
  folder: string,
  rollout: MirrorRollout,
  { began, judging }: { began: number; judging: MirrorJudging },
): Promise<StepVerdict> {
  const from = firstMinuteSince(began);
  if (session.clock.now() - from < FIRST_LOOK_MS)
    return { outcome: 'inconclusive', reasons: ['No whole minute has been recorded yet.'], requests: 0 };
  try {
    const sides = { folder, shadow: rollout.shadow };
    const over = await beyondLimits(session, sides, rollout, { ...judging, from });
    if (over !== undefined) return over;
    const since = await judgeShadowOf(session, sides, { ...judging, from });
    const whole = await judgeShadowOf(session, sides, judging);
    return stepVerdict(since, whole, rollout);
  } catch (error) {
    if (!(error instanceof Problem) || session.signal.aborted) throw error;
    return { outcome: 'inconclusive', reasons: [error.message], requests: 0 };
  }
}

/** A limit needs the records alone: labels, a reference or a command that cannot be read keep no limit from deciding. */
async function beyondLimits(
  session: JudgeSession,
  sides: Parameters<typeof judgeShadowOf>[1],
  { limits }: MirrorRollout,
  judging: MirrorJudging,
): Promise<StepVerdict | undefined> {
  if (Object.keys(limits).length === 0) return undefined;
  const bare = { ...judging, policy: readPolicy({}, 'limits'), labels: undefined, comparator: undefined };
  const { observations } = await judgeShadowOf(session, sides, bare);
  const minutes = minutesOf(observations, limits.latency?.statistic);
  const over = exceeded(minutes, limits, 'Latency');
  if (over.length === 0) return undefined;
  return { outcome: 'fail', reasons: over, requests: minutes.reduce((sum, minute) => sum + minute.requests, 0) };
}

/** Pure. @param since of the time since the first step, `whole` of all evidence of these sides */
export function stepVerdict(
  since: Pick<Report, 'observations' | 'verdict' | 'policy'>,
  whole: Pick<Report, 'verdict' | 'policy'>,
  { judging, limits }: Pick<MirrorRollout, 'judging' | 'limits'>,
): StepVerdict {
  const minutes = minutesOf(since.observations, limits.latency?.statistic);
  const requests = minutes.reduce((sum, minute) => sum + minute.requests, 0);
  const over = exceeded(minutes, limits, 'Latency');
  if (over.length > 0) return { outcome: 'fail', reasons: over, requests };
  // Limits have nothing to say of a candidate that answered nothing.
  if (judging === 'forced' && requests === 0)
    return { outcome: 'inconclusive', reasons: ['The candidate has answered nothing since the first step.'], requests };
  if (judging === 'forced')
    return {
      outcome: 'pass',
      reasons: [
        `No limit is exceeded. The verdict, ${whole.verdict?.outcome ?? 'not known'}, does not decide, since it was promoted by --force.`,
      ],
      requests,
    };
  for (const { verdict } of [since, whole])
    if (verdict?.outcome === 'fail') return { outcome: 'fail', reasons: reasonsOf(verdict, 'fail'), requests };
  const { verdict, policy } = whole;
  if (verdict === undefined) return { outcome: 'inconclusive', reasons: ['There was nothing to compare.'], requests };
  if (verdict.outcome === 'pass') return { outcome: 'pass', reasons: [verdict.summary], requests };
  if (judging === 'accepted' && accepts(policy, verdict))
    return { outcome: 'pass', reasons: [`The policy accepts what holds in this window. ${verdict.summary}`], requests };
  return { outcome: 'inconclusive', reasons: reasonsOf(verdict, 'inconclusive'), requests };
}

function reasonsOf({ gates, summary }: NonNullable<Report['verdict']>, outcome: 'fail' | 'inconclusive'): string[] {
  const reasons = gates
    .filter((gate) => gate.gating && gate.outcome === outcome)
    .map((gate) => `${gate.title} ${gate.reason}`);
  return reasons.length === 0 ? [summary] : reasons;
}

/** Statistics of latency that the records have a minute, by the names that limits give them. */
const MIRROR_STATISTICS = {
  Average: 'latencyMean',
  p50: 'latencyP50',
  p90: 'latencyP90',
  p99: 'latencyP99',
} as const;

function minutesOf({ metrics }: Observations, statistic: string | undefined): MetricsMinute[] {
  const { times, shadow } = metrics;
  if (shadow === undefined) return [];
  const column = MIRROR_STATISTICS[statistic as keyof typeof MIRROR_STATISTICS] ?? 'latencyMean';
  return times.map((at, i) => ({
    at,
    requests: shadow.invocations[i] ?? 0,
    errors4xx: shadow.errors4xx[i] ?? 0,
    errors5xx: shadow.errors5xx[i] ?? 0,
    latencyMs: shadow[column][i] ?? undefined,
  }));
}
