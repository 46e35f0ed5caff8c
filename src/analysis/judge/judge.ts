import { overDays } from './days.ts';
import { judgeDistances } from './distances.ts';
import { DAY, MINUTE } from '../../base/units.ts';
import { judgeEffect } from './effect.ts';
import { hasLimits, judgeAlone } from './alone.ts';
import { judgeErrors } from './errors.ts';
import { confidence } from './evidence.ts';
import type { Challenger, Evidence } from './evidence.ts';
import { NOTHING } from './needs.ts';
import { nothingRead, nothingReadText } from './nothing-read.ts';
import { judgeLacking } from './lacking.ts';
import { judgeLatency } from './latency.ts';
import { judgeLimits } from './limits.ts';
import { judgeAnswers } from './predictions.ts';
import { type Common, judgeGap, judgeReadings } from './readings.ts';
import { judgeReference } from './reference.ts';
import { judgeSlices } from './slices.ts';
import { judgeSlicesApart } from './slices-apart.ts';
import { clustered } from './clusters.ts';
import { judgeCover } from './cover.ts';
import { judgeStability } from './stability.ts';
import { judgeTraffic } from './traffic.ts';
import { judgeTruth } from './truth.ts';
import { summarizeBoth } from './summaries.ts';
import type { Observations } from '../observations.ts';
import type { Policy } from '../policy/policy.ts';
import { policyFor } from '../policy/policy.ts';
import { inWindow, withWindow } from './in-window.ts';
import { waive, waiverStates } from './waivers.ts';
import type { Gate, Outcome, Verdict } from './verdict.ts';
import { worst } from './verdict.ts';

/**
 * Is the shadow safe to promote? Where the records can be read in several ways, or may be of two shadows, all cases must say so:
 * what nobody has chosen must not decide.
 *
 * @param challenger what the words call the new model
 * @param now milliseconds since the epoch, for waivers that end; where it is not said, they count as ended
 * @returns undefined where there is no new model beside production: nothing to compare
 */
export function judge(
  observations: Observations,
  demanded: Policy,
  challenger: Challenger = 'shadow',
  now: number = Number.POSITIVE_INFINITY,
): Verdict | undefined {
  const { gap } = observations;
  const whole = judgeRecords(observations, demanded, challenger, now);
  const after =
    gap && judgeRecords({ ...observations, predictions: gap.after, gap: undefined }, demanded, challenger, now);
  if (whole === undefined || after === undefined || gap === undefined) return whole;
  return asOne(judgeGap(whole, after, gap, demanded), demanded, challenger, now);
}

/** The verdict that several have in common, in words. */
function asOne(common: Common, policy: Policy, challenger: Challenger, now: number): Verdict {
  const { outcome, gates } = common;
  return {
    ...common,
    summary: common.summary ?? summary(outcome, gates, policy, challenger),
    waivers: waiverStates(gates, policy, now),
  };
}

/** The verdict on all records together, in all ways in which they can be read. */
function judgeRecords(
  observations: Observations,
  demanded: Policy,
  challenger: Challenger,
  now: number,
): Verdict | undefined {
  const { predictions, labelled } = observations;
  const verdict = judgeReading(observations, demanded, challenger, now);
  if (verdict === undefined || predictions === undefined) return verdict;
  const others = (predictions.alternatives ?? []).flatMap((alternative, i) => {
    const seen = { ...observations, predictions: alternative, labelled: labelled?.alternatives?.[i] };
    const other = judgeReading(seen, demanded, challenger, now);
    return other === undefined ? [] : [{ predictions: alternative, verdict: other }];
  });
  if (others.length === 0) return verdict;
  return asOne(judgeReadings([{ predictions, verdict }, ...others], demanded), demanded, challenger, now);
}

/**
 * Is the shadow safe to promote by these sums? Every gate asks one question; the worst answer is the verdict. All must hold, so no
 * gate needs a stricter alpha for there being many (intersection-union test).
 *
 * @param challenger what the words call the new model
 * @returns undefined where there is no new model beside production: nothing to compare
 */
function judgeReading(seen: Observations, demanded: Policy, challenger: Challenger, now: number): Verdict | undefined {
  if (seen.shadow === undefined) return undefined;
  const predictions = seen.predictions && clustered(seen.predictions, demanded);
  const labelled = seen.labelled && clustered(seen.labelled, demanded);
  const observations = { ...seen, predictions, labelled };
  const { days } = observations;
  const own = predictions === undefined ? demanded : policyFor(demanded, predictions.task);
  const policy = days === undefined ? own : { ...own, over: 'days' as const };
  const summaries = summarizeBoth(observations);
  const minutes =
    days === undefined
      ? observations.metrics.production.invocations.filter((n) => (n ?? 0) > 0).length
      : (days.length * DAY) / MINUTE;
  const evidence = { challenger, observations, summaries, policy, minutes };
  // Captures alone (from files) say nothing about traffic, errors and latency: these questions are not asked then.
  const measured = days === undefined && (observations.metrics.times.length > 0 || predictions === undefined);
  const alone = observations.live === 'nothing';
  const compared = () => [
    ...(measured ? [...judgeTraffic(evidence), ...judgeErrors(evidence)] : []),
    // A recording that does not say how long its answers took has no latency to compare with.
    ...(measured && observations.replayed?.latencies !== false ? judgeLatency(evidence) : []),
    ...judgeCover(evidence),
    ...judgeLacking(evidence),
    ...judgeAnswers(evidence),
    ...judgeSlices(evidence),
    ...judgeSlicesApart(evidence),
    ...judgeDistances(evidence),
    ...judgeReference(evidence),
    ...judgeTruth(evidence),
    ...judgeStability(evidence),
    ...judgeLimits(evidence),
    // A candidate costs production nothing: it takes requests off it.
    ...(challenger === 'shadow' ? judgeEffect(evidence) : []),
  ];
  const asked = (alone ? judgeAlone(evidence) : compared()).map(
    (gate): Gate => ({ ...gate, test: gate.test ?? 'bound' }),
  );
  // Of days there is no claim about these alone: what a batch is asked for is how things go on.
  const told = days === undefined ? asked.map((gate) => withWindow(gate, evidence)) : overDays(asked, evidence);
  const gates = waive(told, policy, now).map(withoutNeeds);
  // Nothing that was asked is nothing that was proven, and rules that hold prove nothing.
  const proven = (found: Outcome) => (found === 'pass' && !gates.some(isTest) ? 'inconclusive' : found);
  const outcome = proven(worst(gates));
  return {
    outcome,
    summary:
      alone && !hasLimits(evidence)
        ? NO_LIMITS
        : (unreadSummary(evidence) ?? summary(outcome, gates, policy, challenger)),
    gates,
    inWindow: proven(inWindow(gates)),
    waivers: waiverStates(gates, policy, now),
  };
}

/** What does not decide needs nothing, whatever it came to. */
function withoutNeeds(gate: Gate): Gate {
  return gate.gating ? gate : { ...gate, ...NOTHING };
}

const NO_LIMITS =
  'Nothing is live, and the policy has no limits: there is nothing to hold the model against. Say what it must hold (limits: { accuracy: 0.9 }), and give labels (--labels).';

/** Where no answer could be read, that comes before anything else. */
function unreadSummary({ observations: { predictions }, policy }: Evidence): string | undefined {
  const unread = predictions && nothingRead(predictions, policy);
  return unread && `${nothingReadText(unread)} Needs ${unread.needs?.needs ?? ''}.`;
}

/** Does it decide, and by a bound? */
function isTest(gate: Gate): boolean {
  return gate.gating && gate.test !== 'rule';
}

function summary(outcome: Verdict['outcome'], gates: Verdict['gates'], policy: Policy, challenger: Challenger): string {
  const deciding = gates.filter((gate) => gate.gating);
  if (outcome === 'inconclusive' && deciding.length > 0 && worst(gates) === 'pass')
    return 'No test decides, and rules that hold prove nothing: the policy makes every test informational, or waives it.';
  const deciders = deciding.filter((gate) => gate.outcome === outcome);
  const first = deciders[0];
  if (first === undefined)
    return gates.length === 0
      ? `There is nothing to judge: the ${challenger} has neither metrics nor answers.`
      : 'No gate decides: the policy makes every gate informational.';
  if (outcome === 'pass') return allHold(gates, policy);
  const others = deciders.length > 1 ? ` (and ${deciders.length - 1} more)` : '';
  if (outcome === 'fail') return `${first.title} ${first.reason}${others}`;
  const open = deciders.map((gate) => gate.id).join(', ');
  const waits = deciders.filter((gate) => (gate.missing?.minutes ?? 0) > 0);
  const longest = waits.toSorted((a, b) => (b.missing?.minutes ?? 0) - (a.missing?.minutes ?? 0))[0];
  // What more of the same traffic does not give must not be passed over for what it does.
  const advised = deciders.find((gate) => gate.missing === undefined && gate.needs !== undefined);
  const needs = [
    ...(longest?.needs === undefined ? [] : [longest.needs]),
    ...(advised?.needs === undefined
      ? []
      : [longest === undefined ? advised.needs : `for ${advised.id} ${advised.needs}`]),
  ];
  return `Not decided yet: ${open}.${needs.length === 0 ? '' : ` Needs ${needs.join('; and ')}.`}`;
}

/** How many tests passed, how many rules hold, and how many gates did not count. */
function allHold(gates: readonly Gate[], policy: Policy): string {
  const deciding = gates.filter((gate) => gate.gating);
  const rules = deciding.filter((gate) => gate.test === 'rule').length;
  const tests = deciding.length - rules;
  const waived = gates.filter((gate) => gate.waived !== undefined);
  const informing = gates.length - deciding.length - waived.length;
  const passed =
    tests === 0
      ? []
      : [
          tests === 1
            ? `the one test passes (${confidence(policy)})`
            : `${tests === 2 ? 'both' : `all ${tests}`} tests pass (${confidence(policy)} each)`,
        ];
  const held =
    rules === 0 ? [] : [rules === 1 ? 'the one rule holds' : `${rules === 2 ? 'both' : `all ${rules}`} rules hold`];
  const both = [...passed, ...held].join(', and ');
  const rest =
    informing === 0 ? '' : `; ${informing} more ${informing === 1 ? 'gate is' : 'gates are'} for information`;
  const without =
    waived.length === 0 ? '' : `; waived: ${waived.map(({ id, outcome }) => `${id} (${outcome})`).join(', ')}`;
  return `${both.charAt(0).toUpperCase()}${both.slice(1)}${without}${rest}.`;
}
