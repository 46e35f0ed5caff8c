import type { Predictions } from '../predictions.ts';
import { gates } from '../policy/policy.ts';
import { count, counted, percent } from '../../base/units.ts';
import { shareInterval } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import { unansweredOf } from './unanswered.ts';
import type { Gate, Outcome } from './verdict.ts';

/**
 * Did the shadow answer what production answered? Requests of which it left no record may be just those that it cannot answer.
 * Those that its own failed requests explain count against it, those that it answered and that were not captured do not; and
 * of the rest nobody knows.
 */
export function judgeAnswered(predictions: Predictions, evidence: Evidence): Gate | undefined {
  const { policy } = evidence;
  const found = unansweredOf(predictions, evidence);
  if (found === undefined || found.expected < 1) return undefined;
  const { expected, failed, unknown, uncaptured, late } = found;
  const margin = policy.unparsed;
  const bounds = shareInterval(failed, expected, policy.alpha, policy);
  const lacking = failed + unknown;
  const outcome: Outcome = bounds[0] > margin ? 'fail' : lacking / expected > margin ? 'inconclusive' : 'pass';
  const asked = `${counted(Math.round(expected), 'requests')} that production answered and the shadow was to see`;
  const parts = [
    ...(failed > 0 ? [`${count(failed)} are as many as it failed`] : []),
    ...(uncaptured >= 1 ? [`${count(uncaptured)} it answered, but its answer was not captured`] : []),
    ...(unknown > 0 ? [`of ${count(unknown)} nobody knows whether it answered`] : []),
  ];
  const edge =
    late > 0 ? ` ${counted(late, 'requests')} at the ends of the window are left out: captures come late.` : '';
  const none = failed + uncaptured + unknown;
  const facts =
    none < 1
      ? `It left a record of each of ${asked}`
      : `It left no record of ${count(none)} of ${asked} (${percent(none / expected)}): ${parts.join(', ')}`;
  return {
    id: 'output.answered',
    title: 'Did it answer what production answered?',
    test: 'rule',
    gating: gates(policy, 'output.answered'),
    outcome,
    unit: 'share',
    estimate: lacking / expected,
    interval: undefined,
    margin,
    relation: '<',
    n: Math.round(expected),
    of: 'requests',
    reason: outcome === 'pass' ? `${facts}.${edge}` : `${facts}; at most ${percent(margin)} may be missing.${edge}`,
    ...(outcome === 'inconclusive'
      ? needsAdvice(
          'the captures that are missing, or metrics of the endpoint, which say whether the shadow answered (in the policy, inform: [output.answered] judges without)',
        )
      : NOTHING),
  };
}
