import type { Lacking } from '../predictions.ts';
import { decides, gates } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import { counted } from '../../base/units.ts';
import type { Evidence } from './evidence.ts';
import { needsAdvice } from './needs.ts';
import type { Gate } from './verdict.ts';

const WORDS: Record<Lacking, string> = {
  slices: 'the inputs by their columns, so that a slice in which it is worse would not be seen',
  missing: 'the requests that were not answered',
  classes: 'the rows of each class',
  others: 'the scores of the classes that were not chosen',
  fields: 'the values of each field, or the names in answers',
  repeats: 'how often inputs repeat',
  truth: 'the labels by what the models answered',
};

/** Gates that ask what a window may lack; where the policy lets none of them decide, nothing is missed. */
const ASKED: Record<Lacking, readonly string[]> = {
  slices: ['slices.apart', 'truth.slices', 'slices'],
  missing: ['output.answered', 'labels.agreement', 'numbers.tolerance'],
  classes: ['labels.classes', 'labels.byClass'],
  others: ['labels.others'],
  fields: ['output.values'],
  repeats: ['labels.agreement', 'numbers.tolerance', 'truth'],
  truth: ['truth'],
};

/**
 * Do all windows that were added say what is asked? What one of them does not, nobody knows of all of them together, and that a gate is
 * not asked must not let anything pass.
 */
export function judgeLacking({ observations, policy }: Evidence): Gate[] {
  const { lacks = [], merged = 1, rows = 0 } = observations.predictions ?? {};
  const open = lacks.filter((name) => ASKED[name].some((gate) => asks(policy, gate)));
  if (open.length === 0) return [];
  return [
    {
      id: 'windows.sums',
      title: 'Does every window say what is asked?',
      outcome: 'inconclusive',
      test: 'rule',
      gating: gates(policy, 'windows.sums'),
      unit: 'count',
      estimate: open.length,
      interval: undefined,
      margin: 0,
      relation: '=',
      n: rows,
      of: 'rows',
      reason: `Of ${counted(merged, 'windows')} that were added, some were saved by an older version or with --redact, and do not say: ${open.map((name) => WORDS[name]).join('; ')}.`,
      ...needsAdvice(
        'windows that this version saves anew (report --save) without --redact, or one report over all captures',
      ),
    },
  ];
}

function asks(policy: Policy, gate: string): boolean {
  return gates(policy, gate) || decides(policy, gate);
}
