import type { Predictions } from '../predictions.ts';
import { gates } from '../policy/policy.ts';
import type { Gate } from './verdict.ts';
import type { Evidence } from './evidence.ts';
import { count, counted, percent } from '../../base/units.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import { pairedDifference } from './paired.ts';

const MIN_PAIRS = 50;
/** A field that production gives in nearly every answer belongs to its schema. */
const SCHEMA_SHARE = 0.99;

/**
 * Does the shadow answer in production's schema? Answers of another build cannot be compared, and silence about them
 * would look like agreement. What the shadow lacks counts less what production lacks: the difference is bounded,
 * so that two models that leave a field out by chance are alike.
 */
export function judgeSchema(predictions: Predictions, { policy }: Evidence): Gate[] {
  if (predictions.pairs === 0) return [];
  const inputs = predictions.repeats;
  // A model answers a repeated input as before.
  const copies = inputs === undefined || inputs.inputs === 0 ? 1 : Math.max(1, predictions.rows / inputs.inputs);
  const found = [otherRows(predictions), otherAnswers(predictions), ...otherFields(predictions)].flatMap((one) => {
    const share = (one.worse - one.better) / one.n;
    if (!(share > policy.unparsed)) return [];
    const bounds = pairedDifference({ first: one.worse, second: one.better, n: one.n, factor: copies }, policy);
    return [{ ...one, share, bounds, proven: bounds[0] > policy.unparsed }];
  });
  const worst = found.sort((a, b) => Number(b.proven) - Number(a.proven) || b.share - a.share)[0];
  // Fields of which no row was compared say nothing, and nothing is no pass.
  const open = worst === undefined ? predictions.rows === 0 : predictions.pairs < MIN_PAIRS || !worst.proven;
  const outcome = open ? 'inconclusive' : worst === undefined ? 'pass' : 'fail';
  // Where all is well there is only something to say about free JSON.
  if (worst === undefined && predictions.fields === undefined) return [];
  return [
    {
      id: 'output.schema',
      title: 'Does it answer in the same schema?',
      outcome,
      test: 'rule',
      gating: gates(policy, 'output.schema'),
      unit: 'share',
      difference: true,
      estimate: worst?.share ?? 0,
      interval: worst?.bounds,
      margin: policy.unparsed,
      relation: '<',
      n: predictions.pairs,
      of: 'pairs',
      reason:
        worst === undefined && predictions.rows === 0
          ? 'No row of an answer was compared.'
          : worst === undefined
            ? "Every field of production's answers is there as often as in production's, with the same type."
            : sentence(found.slice(0, 3).map((one) => one.words)),
      ...(outcome === 'inconclusive' ? needsAdvice('more captured answers') : NOTHING),
    },
  ];
}

function sentence(parts: readonly string[]): string {
  const text = parts.join('; ');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** Of n rows, those in which the shadow does not keep to the schema, and those in which production does not. */
interface Mismatch {
  worse: number;
  better: number;
  n: number;
  words: string;
}

function otherRows({ pairs, differentRows }: Predictions): Mismatch {
  return {
    worse: differentRows,
    better: 0,
    n: pairs,
    words: `In ${count(differentRows)} of ${counted(pairs, 'pairs')} (${percent(differentRows / pairs)}) it answers with a different number of rows than production`,
  };
}

function otherAnswers({ rows, labels, numbers }: Predictions): Mismatch {
  const compared = Math.max(labels?.rows ?? 0, numbers?.rows ?? 0);
  const share = rows === 0 ? 0 : (rows - compared) / rows;
  return {
    worse: rows - compared,
    better: 0,
    n: rows,
    words: `In ${count(rows - compared)} of ${counted(rows, 'rows')} (${percent(share)}) one of the two answered with a label and the other with a number, so they cannot be compared`,
  };
}

function otherFields({ fields, rows }: Predictions): Mismatch[] {
  return (fields ?? []).flatMap((field): Mismatch[] => {
    if (field.ignored || rows === 0) return [];
    const { path, missing, extra, otherKind, otherKindBack = 0, example } = field;
    // In production: everywhere but where only the shadow has it.
    const usual = (field.rows - extra) / rows >= SCHEMA_SHARE;
    const back = extra === 0 ? '' : `, and production in ${percent(extra / rows)}`;
    if (missing > 0 && usual)
      return [
        {
          worse: missing,
          better: extra,
          n: rows,
          words: `it lacks ${path} in ${percent(missing / rows)} of ${counted(rows, 'answers')}${back}`,
        },
      ];
    // Of a field that is rarely there, the rows that have it.
    const own = field.rows === rows ? '' : ` that have it (${percent(field.rows / rows)} of all)`;
    if (otherKind === 0) return [];
    const kinds = example === undefined ? '' : `, like ${example.shadow} for ${example.production}`;
    return [
      {
        worse: otherKind - otherKindBack,
        better: otherKindBack,
        n: rows,
        words: `its ${path} has a different type in ${count(otherKind)} of ${counted(field.rows, 'answers')}${own}${kinds}`,
      },
    ];
  });
}
