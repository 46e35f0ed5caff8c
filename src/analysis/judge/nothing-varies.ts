import type { FieldSums, Predictions } from '../predictions.ts';
import { needsAdvice } from './needs.ts';
import type { Blocker } from './needs.ts';

/** The counter lists no more fields than this: those that it leaves out may vary. */
const MOST_FIELDS = 60;

/**
 * Why free JSON proves nothing that is compared but for what the policy leaves out: what is left is the same in every answer of
 * production, so that any model which repeats it agrees. Undefined where something that is compared varies, or may.
 */
export function nothingVaries({ task, fields, rows }: Predictions): Blocker | undefined {
  if (task !== 'json' || fields === undefined || fields.length >= MOST_FIELDS || rows < 2) return undefined;
  const compared = fields.filter(({ ignored }) => !ignored);
  if (compared.some(({ varies }) => varies !== false)) return undefined;
  const left = fields.filter(({ ignored, varies }) => ignored && varies === true);
  const [number] = left.filter(isNumber);
  const paths = (some: readonly FieldSums[]) => some.map(({ path }) => path).join(', ');
  const same =
    compared.length === 0
      ? 'the policy leaves out every field of the answers'
      : `what is compared is the same in every answer of production (${paths(compared)})`;
  return {
    reason: `${same}${compared.length > 0 && left.length > 0 ? `, and what varies is left out (${paths(left)})` : ''}: nothing that a model predicts is compared`,
    missing: 0,
    needs: needsAdvice(
      left.length === 0
        ? 'answers that differ from one another'
        : `a comparison of what is predicted (--prediction '${(number ?? left[0])?.path ?? '$'}', or answers: { path } in the policy)`,
    ),
  };
}

function isNumber({ largest }: FieldSums): boolean {
  return largest > 0;
}
