import { kindNamed } from '../answers/kinds/table.ts';
import type { Predictions } from '../predictions.ts';
import type { Policy } from '../policy/policy.ts';
import { count } from '../../base/units.ts';
import { needsAdvice } from './needs.ts';
import type { Blocker } from './needs.ts';

/** Characters of an answer that are shown. */
const SHOWN = 120;

/**
 * Not one answer of either side can be read: then nothing is known of the models, and what is wrong is how answers are
 * read (the path or the kind that was asked for), or what was captured. Undefined where one can.
 */
export function nothingRead(
  { production, shadow }: Predictions,
  { answers }: Pick<Policy, 'answers'>,
): Blocker | undefined {
  const sides = [production, shadow];
  const unparsed = sides.reduce((sum, side) => sum + side.unparsed, 0);
  if (unparsed === 0 || sides.some((side) => side.answers > 0)) return undefined;
  const { kind, path } = answers;
  const [example] = sides.flatMap((side) => side.examples);
  const what = kind === undefined ? 'a prediction' : (kindNamed(kind)?.title ?? kind);
  const where = path === undefined ? '' : ` at ${path}`;
  const such = example === undefined ? '' : `, for example ${example.slice(0, SHOWN)}`;
  return {
    reason: `none of the ${count(unparsed)} answers of both sides holds ${what}${where}${such}`,
    missing: 0,
    needs: needsAdvice(
      kind === undefined && path === undefined
        ? 'to know what answers are: --answers KIND, and where they lie: --prediction PATH (shadowctl help answers)'
        : 'a --prediction or --answers that fits the answers, or neither: then they are read by their look (shadowctl help answers)',
    ),
  };
}

/** The same as a sentence. */
export function nothingReadText({ reason }: Blocker): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}
