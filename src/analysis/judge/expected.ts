import { counted } from '../../base/units.ts';
import type { Evidence } from './evidence.ts';
import { needsAdvice } from './needs.ts';
import type { Gate } from './verdict.ts';

const TOLERANCE =
  'a policy that says how far apart numbers may lie (answers: { tolerance: { absolute: … } }, in their unit)';

/**
 * To differ from production is a fault only of what is expected to be the same: a model that was trained anew differs where it
 * is better, too. Unless the policy says `expect: same`, a gate that fails for differing alone is open, and labels of the rows
 * that differ settle it.
 *
 * @param differing rows
 */
export function differenceAlone(gate: Gate, differing: number, { policy, observations }: DifferenceSeen): Gate {
  if (gate.outcome !== 'fail' || policy.expect?.kind === 'same') return gate;
  const { rows = 0, of = 0 } = observations.predictions?.truth ?? {};
  const ways = [
    ...(rows > 0 && rows >= of ? [] : [`labels of the ${counted(differing, 'rows')} that differ (${HOW})`]),
    ...(gate.id === 'numbers.tolerance' ? [TOLERANCE] : []),
  ];
  return {
    ...gate,
    outcome: 'inconclusive',
    reason: `${gate.reason.replace(/\.$/, '')}; to differ is no fault unless the policy says expect: same.`,
    ...needsAdvice(
      [ways.join(', '), 'expect: same in the policy, if the shadow should answer as production does']
        .filter((way) => way !== '')
        .join(', or '),
    ),
  };
}

type DifferenceSeen = Pick<Evidence, 'policy' | 'observations'>;

const HOW = 'report --label-next lists them, --labels takes them';
