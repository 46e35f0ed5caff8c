import { isLeftOut } from '../answers/fields.ts';
import type { LostMember, Predictions } from '../predictions.ts';
import { gates } from '../policy/policy.ts';
import { count } from '../../base/units.ts';
import type { Evidence } from './evidence.ts';
import { needsAdvice } from './needs.ts';
import type { Gate } from './verdict.ts';

/** So many are named. */
const NAMED = 3;

/**
 * Could whoever reads production's answers read the shadow's? The two may say the same under other names, in another nesting or
 * type, and are then compared all the same; but a program that asks for the old name finds nothing. Whether there is such a
 * program nobody here knows, so this is at most inconclusive, but where the policy says `expect: same`.
 */
export function judgeForm({ answers, pairs }: Predictions, { policy }: Evidence): Gate[] {
  const lost = (answers?.lost ?? []).filter(({ path }) => !isLeftOut(path, policy.fields.ignore));
  if (lost.length === 0) return [];
  const outcome = policy.expect?.kind === 'same' ? 'fail' : 'inconclusive';
  const more = lost.length > NAMED ? `; and ${count(lost.length - NAMED)} more` : '';
  return [
    {
      id: 'output.form',
      title: "Can it be read as production's answers are?",
      outcome,
      test: 'rule',
      gating: gates(policy, 'output.form'),
      unit: 'count',
      estimate: lost.length,
      interval: undefined,
      margin: undefined,
      relation: '=',
      n: pairs,
      of: 'pairs',
      reason: `Its answers have another form than production's: ${lost.slice(0, NAMED).map(words).join('; ')}${more}. A program that reads production's may not find them.`,
      ...needsAdvice(
        "answers in production's form, or, where all who read them can read both, inform: [output.form] in the policy",
      ),
    },
  ];
}

function words({ path, production, shadow }: LostMember): string {
  return shadow === undefined
    ? `${path} (${production}) is in nearly all of production's answers and in none of its own`
    : `${path}: ${production} in production's answers, ${shadow} in its own`;
}
