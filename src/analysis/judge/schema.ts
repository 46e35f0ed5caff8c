import type { Predictions } from '../predictions.ts';
import { gates } from '../policy/policy.ts';
import type { Gate } from './verdict.ts';
import type { Evidence } from './evidence.ts';
import { count, percent } from '../../base/units.ts';
import { needsAdvice, NOTHING } from './needs.ts';

const MIN_PAIRS = 50;
/** A field that production gives in nearly every answer belongs to its schema. */
const SCHEMA_SHARE = 0.99;

/**
 * Does the shadow answer in production's schema? Answers of another build cannot be compared, and silence about them
 * would look like agreement. As broken answers, they fail outright, by name.
 */
export function judgeSchema(predictions: Predictions, { policy }: Evidence): Gate[] {
  if (predictions.pairs === 0) return [];
  const found = [otherRows(predictions), otherAnswers(predictions), ...otherFields(predictions)].filter(
    (one) => one.share > policy.unparsed,
  );
  const worst = found.sort((a, b) => b.share - a.share)[0];
  // Fields of which no row was compared say nothing, and nothing is no pass.
  const open = worst === undefined ? predictions.rows === 0 : predictions.pairs < MIN_PAIRS;
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
      estimate: worst?.share ?? 0,
      interval: undefined,
      margin: policy.unparsed,
      relation: '<',
      n: predictions.pairs,
      of: 'pairs',
      reason:
        worst === undefined && predictions.rows === 0
          ? 'No row of an answer was compared.'
          : worst === undefined
            ? "Every field of production's answers is there, with the same type."
            : sentence(found.slice(0, 3).map((one) => one.words)),
      ...(outcome === 'inconclusive' ? needsAdvice('more captured answers') : NOTHING),
    },
  ];
}

function sentence(parts: readonly string[]): string {
  const text = parts.join('; ');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

interface Mismatch {
  share: number;
  words: string;
}

function otherRows({ pairs, differentRows }: Predictions): Mismatch {
  const share = differentRows / pairs;
  return {
    share,
    words: `In ${count(differentRows)} of ${count(pairs)} pairs (${percent(share)}) it answers with a different number of rows than production`,
  };
}

function otherAnswers({ rows, labels, numbers }: Predictions): Mismatch {
  const compared = Math.max(labels?.rows ?? 0, numbers?.rows ?? 0);
  const share = rows === 0 ? 0 : (rows - compared) / rows;
  return {
    share,
    words: `In ${count(rows - compared)} of ${count(rows)} rows (${percent(share)}) one of the two answers with a label and the other with a number, so they cannot be compared`,
  };
}

function otherFields({ fields, rows }: Predictions): Mismatch[] {
  return (fields ?? []).flatMap((field): Mismatch[] => {
    if (field.ignored || rows === 0) return [];
    // In production: everywhere but where only the shadow has it.
    const usual = (field.rows - field.extra) / rows >= SCHEMA_SHARE;
    if (field.missing > 0 && usual)
      return [{ share: field.missing / rows, words: `it lacks ${field.path} in ${percent(field.missing / rows)}` }];
    if (field.otherKind > 0) {
      const kinds = field.example === undefined ? '' : `, like ${field.example.shadow} for ${field.example.production}`;
      return [
        {
          share: field.otherKind / rows,
          words: `its ${field.path} has a different type in ${percent(field.otherKind / rows)}${kinds}`,
        },
      ];
    }
    return [];
  });
}
