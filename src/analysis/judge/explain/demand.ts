import { number } from '../../../base/units.ts';
import { decides, GATES, gates, type Policy, policyFor, RULES } from '../../policy/policy.ts';
import { keyOf, SUPERSEDED_BY_LABELS } from '../../policy/words.ts';
import type { Task } from '../../predictions.ts';

/** One demand of a policy, in words, and what it takes to meet it. */
export interface Demand {
  gate: string;
  /** A rule holds what was seen against a limit as it is; a test bounds what is behind it. */
  sort: 'test' | 'rule';
  gating: boolean;
  demand: string;
  /** The policy's keys that say so, with their values: `latency.p99: 0.2`. */
  key: string;
  /** The least traffic with which it can be decided, if all goes well. */
  traffic: string;
}

/** The key of a demand that no key of the policy changes. */
export const NO_KEY = 'always';

/** Makes the demands of one policy, which says of each gate whether it decides. */
export function demandsOf(policy: Policy): (gate: string, words: string, traffic: string, key: string) => Demand {
  return (gate, words, traffic, key) => ({
    gate,
    sort: RULES.includes(gate) ? 'rule' : 'test',
    gating: isGating(policy, gate),
    demand: words,
    traffic,
    key,
  });
}

/** The demand that a key makes, where the policy sets that key. */
export function ifSet<T>(value: T | undefined, demand: (value: T) => Demand): Demand[] {
  return value === undefined ? [] : [demand(value)];
}

/** A difference of two shares: `1 percentage point`. */
export function inPoints(difference: number): string {
  const value = number(difference * 100, 3);
  return `${value} percentage ${value === '1' ? 'point' : 'points'}`;
}

function isGating(policy: Policy, gate: string): boolean {
  if (policy.answers.command !== undefined && SUPERSEDED_BY_LABELS.includes(gate)) return decides(policy, gate);
  // A number of a comparator may have any name; `truth` is one of three gates, by the kind of answers.
  if (gate.startsWith('answers.')) return gates(policy, gate);
  // Recall has a demand of its own.
  if (gate === 'truth') return ['truth.accuracy', 'truth.error', 'truth.score'].some((id) => gates(policy, id));
  return GATES.some((id) => (id === gate || id.startsWith(`${gate}.`)) && gates(policy, id));
}

/** Where in the policy the demand on a kind of answers stands. */
const OF_TASK = {
  agreement: { of: (policy: Policy) => policy.agreement, member: 'agreement' },
  'numbers.share': { of: (policy: Policy) => policy.numbers.share, member: 'share' },
  truth: { of: (policy: Policy) => policy.truth, member: 'truth' },
} as const;

/** Groups tasks of which the policy demands the same: names of the tasks, the value, and the keys that set it. */
export function byTask(
  policy: Policy,
  tasks: readonly Task[],
  what: keyof typeof OF_TASK,
): { tasks: string; value: number; key: string }[] {
  const { of, member } = OF_TASK[what];
  const groups = new Map<number, Task[]>();
  for (const task of tasks) {
    const value = of(policyFor(policy, task));
    groups.set(value, [...(groups.get(value) ?? []), task]);
  }
  const keyFor = (task: Task) =>
    policy.tasks[task]?.[member] === undefined ? keyOf(policy, what) : keyOf(policy, `tasks.${task}.${member}`);
  return [...groups].map(([value, names]) => ({
    tasks: names.length === 5 ? 'any task' : names.join(', '),
    value,
    key: [...new Set(names.map(keyFor))].join('; '),
  }));
}
