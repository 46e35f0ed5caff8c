import { ageRule } from '../../analysis/answers/label-age.ts';
import type { Truth } from '../../analysis/answers/truth.ts';
import { judge } from '../../analysis/judge/judge.ts';
import { needsAdvice, NOTHING } from '../../analysis/judge/needs.ts';
import { type Gate, type Outcome, worst } from '../../analysis/judge/verdict.ts';
import { waive } from '../../analysis/judge/waivers.ts';
import { errorMinutes } from '../../analysis/judge/summaries.ts';
import type { MetricTable, Observations } from '../../analysis/observations.ts';
import { readMetrics } from '../../analysis/observe/metrics.ts';
import type { RoutedCaptures } from '../../analysis/observe/routed.ts';
import { gates as decides, type Policy } from '../../analysis/policy/policy.ts';
import { judgeRouted } from '../../analysis/routed/judge.ts';
import type { RoutedEvidence } from '../../analysis/routed/sums.ts';
import type { Aws } from '../../aws/clients.ts';
import { count, counted, percent } from '../../base/units.ts';
import { reasonsOf, requestsOf, type StepVerdict, variantsSince } from '../rollout/judge-step.ts';
import type { RoutedEndpoint } from './variants.ts';

/** A verdict on a slice, with its gates. */
export interface SliceVerdict extends StepVerdict {
  gates: readonly Gate[];
  notes: readonly string[];
}

/**
 * Judges the slice that callers send to the candidate: its answers to it beside production's of before, and the errors and latency of
 * the variants since it was moved. CloudWatch has these by variant, so that they are of every slice which the candidate answers.
 *
 * @param of.moved when the candidate answered its first request of the slice, milliseconds since the epoch; now likewise
 */
export async function judgeSlice(
  aws: Aws,
  endpoint: string,
  routed: RoutedEndpoint,
  captures: RoutedCaptures,
  of: { slice: string; moved: number; now: number; policy: Policy; truth: Truth | undefined; signal: AbortSignal },
): Promise<SliceVerdict> {
  const { slice, moved, now, policy, truth, signal } = of;
  const labels = truth && { truth, ages: ageRule(truth, { age: policy.maturity, now }, now) };
  const measured = await metricsSince(aws, endpoint, routed, { from: moved, now, signal });
  const ofMetrics = measured === undefined ? [] : (judge(measured.seen, policy, 'candidate', now)?.gates ?? []);
  const cases = captures.evidence(slice, moved, labels).map((evidence) => {
    const found = judgeRouted(evidence, policy, truth !== undefined).map(
      (gate): Gate => ({ ...gate, test: gate.test ?? 'bound' }),
    );
    const known =
      measured === undefined ? [] : [answered(measured, evidence.candidate.requests, routed.sampling, policy)];
    return { evidence, gates: waive([...ofMetrics, ...known, ...found], policy, now) };
  });
  const [first] = cases;
  if (first === undefined || measured === undefined)
    return {
      outcome: 'inconclusive',
      reasons: ['No whole minute has been measured yet.'],
      requests: 0,
      gates: [],
      notes: [],
    };
  const outcomes = new Set(cases.map((one) => outcomeOf(one.gates)));
  const gates = outcomes.size > 1 ? [...first.gates, readings(policy, cases.length)] : first.gates;
  const outcome = outcomes.size > 1 ? 'inconclusive' : outcomeOf(gates);
  return {
    outcome,
    reasons: reasonsOf(gates, outcome) ?? [
      'No bound decides: the policy makes every test informational, or waives it.',
    ],
    requests: first.evidence.candidate.requests,
    gates,
    notes: [...measured.notes, ...notesOf(first.evidence, truth)],
  };
}

/** Rules that hold prove nothing. */
function outcomeOf(gates: readonly Gate[]): Outcome {
  const found = worst(gates);
  return found === 'pass' && !gates.some((gate) => gate.gating && gate.test !== 'rule') ? 'inconclusive' : found;
}

function readings(policy: Policy, ways: number): Gate {
  return {
    id: 'output.reading',
    title: 'Is it known how the answers are to be read?',
    test: 'rule',
    gating: decides(policy, 'output.reading'),
    outcome: 'inconclusive',
    unit: 'count',
    estimate: ways,
    interval: undefined,
    margin: undefined,
    relation: '=',
    n: ways,
    of: 'answers',
    reason: `The answers can be read in ${ways} ways, which say different things.`,
    ...needsAdvice('answers.kind or answers.path in the policy'),
  };
}

/** What CloudWatch says of both variants since a slice was moved. */
interface Measured {
  seen: Observations;
  notes: string[];
  /** Failed requests of the candidate since, and as many as its share of failures of before would have made of its other slices. */
  failed(others: number): { all: number; expected: number };
}

/** Errors and latency of both since the slice was moved; of production, where it has hardly any requests left, of as long before. */
async function metricsSince(
  aws: Aws,
  endpoint: string,
  { production, candidate }: RoutedEndpoint,
  { from, now, signal }: { from: number; now: number; signal: AbortSignal },
): Promise<Measured | undefined> {
  const seen = await variantsSince(aws, { endpoint, production, candidate }, { from, now, signal });
  if (seen === undefined) return undefined;
  const { metrics, window } = seen;
  const earlier = { from: window.from - (window.to - window.from), to: window.from };
  const variants = [production.name, candidate.name];
  const [before, own] = await readMetrics(aws, endpoint, variants, earlier, signal);
  const sums = (table: MetricTable | undefined) =>
    (table === undefined ? [] : errorMinutes(table)).reduce(
      (sum, { successes, n }) => ({ failed: sum.failed + successes, n: sum.n + n }),
      { failed: 0, n: 0 },
    );
  const [since, ago] = [sums(metrics.shadow), sums(own)];
  const failed = (others: number) => ({ all: since.failed, expected: ago.n === 0 ? 0 : (ago.failed / ago.n) * others });
  const used = (table: MetricTable | undefined) => (table?.invocations ?? []).filter((n) => (n ?? 0) > 0).length;
  if (before === undefined || 2 * used(metrics.production) >= used(metrics.shadow)) return { seen, notes: [], failed };
  return {
    seen: { ...seen, metrics: { ...metrics, production: before } },
    failed,
    notes: [
      'Production has hardly any requests left: errors and latency are held against its own of before the slice was moved.',
    ],
  };
}

/**
 * Failed requests are not captured, and CloudWatch counts them by variant: beside large slices those of a small one would be lost.
 * Were all that came on top of this slice's, would there be too many? Then it is not known that it answers the slice.
 *
 * @param requests captured ones of the slice, of the share `sampling` of all
 */
function answered({ failed, seen }: Measured, requests: number, sampling: number, policy: Policy): Gate {
  const n = Math.round(requests / sampling);
  const { all, expected } = failed(Math.max(0, requestsOf(seen) - n));
  const most = Math.max(0, all - expected);
  const share = most / Math.max(1, n + most);
  const id = 'output.answered';
  const outcome = n > 0 && share <= policy.errors ? 'pass' : 'inconclusive';
  return {
    id,
    title: 'Did it answer the requests of the slice?',
    test: 'rule',
    gating: decides(policy, id),
    outcome,
    unit: 'share',
    estimate: share,
    interval: undefined,
    margin: policy.errors,
    relation: '<',
    n,
    of: 'requests',
    reason: `The candidate answered about ${counted(n, 'requests')} of the slice and failed ${count(all)} of all it was sent${expected > 0 ? `, where ${count(Math.round(expected))} would be as before` : ''}; if the others were all of this slice, that is ${percent(share)} of it, and the limit is ${percent(policy.errors)}. Failed requests are not captured, so that nobody can say.`,
    ...(outcome === 'pass'
      ? NOTHING
      : needsAdvice(
          'fewer failures, or more requests of the slice; inform: [output.answered] if these are known to be of others',
        )),
  };
}

function notesOf({ candidate, production }: RoutedEvidence, truth: Truth | undefined): string[] {
  return [
    `${candidate.requests} captured requests of the slice that the candidate answered, beside ${production.requests} that production did: no request went to both, so none is paired.`,
    ...(truth?.notes ?? []),
  ];
}
