import type { AnswersAsked } from '../answers/choose.ts';
import type { CompareRules } from '../answers/compare-rules.ts';
import { parsePath } from '../answers/path.ts';
import type { Prices } from '../answers/prices.ts';
import type { Task } from '../predictions.ts';
import type { Policy } from './policy.ts';

/** What the policy says about where answers lie and what they are. */
function askedBy({ answers }: Pick<Policy, 'answers'>): AnswersAsked {
  const path = (words: string | undefined) => (words === undefined ? undefined : parsePath(words));
  return {
    kind: answers.kind,
    path: path(answers.path),
    label: path(answers.label),
    scores: path(answers.scores),
    largest: path(answers.largest),
  };
}

/** How answers are read and compared under the policy. @param task what the old flag `--task` said */
export function comparisonBy(
  policy: Pick<Policy, 'answers' | 'fields'> & Partial<Pick<Policy, 'cluster' | 'costs'>>,
  task: Task | undefined,
): {
  answers: AnswersAsked;
  task: Task | undefined;
  rules: CompareRules;
  cluster: string | undefined;
  prices: Prices | undefined;
} {
  const asked = askedBy(policy);
  return {
    answers: { ...asked, kind: asked.kind ?? (task === 'json' ? 'json' : undefined) },
    task,
    rules: rulesBy(policy),
    cluster: policy.cluster,
    prices: policy.costs,
  };
}

/** When two answers count as alike under the policy. */
function rulesBy({ answers, fields }: Pick<Policy, 'answers' | 'fields'>): CompareRules {
  const { absolute, relative, order, similarity, openings } = answers;
  return { ...fields, absolute, relative, order, similarity, refusals: openings };
}
