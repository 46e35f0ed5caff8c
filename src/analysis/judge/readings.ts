import type { Predictions } from '../predictions.ts';
import { kindNamed } from '../answers/kinds/table.ts';
import { gates as decides } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import { needsAdvice, NOTHING } from './needs.ts';
import { worstOf } from './verdict.ts';
import type { Gate, Verdict } from './verdict.ts';

/** The verdict of the records as read in one way. */
interface Read {
  predictions: Predictions;
  verdict: Verdict;
}

/** What answers were taken for, in words: `a score for each class`. */
function readAs({ answers }: Predictions): string {
  return kindNamed(answers?.kind)?.title ?? 'what each looks like';
}

/**
 * One verdict of several readings, the likeliest first. Where all have the same outcome, it is that of the first, and the
 * others are named. Where they differ nothing is decided: a guess must not decide, neither to pass nor to fail. Gates that
 * every reading decides alike, as those of latency, stand as they are.
 *
 * @returns no summary where that of the gates will do
 */
export function judgeReadings(
  reads: readonly Read[],
  policy: Policy,
): Omit<Verdict, 'summary' | 'waivers'> & { summary?: string } {
  const [first] = reads;
  if (first === undefined) throw new Error('there is no reading to judge by');
  const outcomes = reads.map(({ verdict }) => verdict.outcome);
  const same = outcomes.every((outcome) => outcome === outcomes[0]);
  const named = reads.map(({ predictions, verdict }) => `as ${readAs(predictions)}: ${verdict.outcome}`).join('; ');
  const options = reads.map(({ predictions }) => `--answers ${predictions.answers?.kind ?? 'json'}`).join(' or ');
  const gate: Gate = {
    id: 'output.reading',
    title: 'Is it known what its answers are?',
    outcome: same ? 'pass' : 'inconclusive',
    test: 'rule',
    gating: decides(policy, 'output.reading'),
    unit: 'count',
    estimate: reads.length,
    interval: undefined,
    margin: undefined,
    relation: '=',
    n: first.predictions.pairs,
    of: 'pairs',
    reason: same
      ? `The answers can be read in ${reads.length} ways, and all of them give the same verdict (${named}).`
      : `The answers can be read in ${reads.length} ways, which give different verdicts (${named}).`,
    ...(same ? NOTHING : needsAdvice(`a choice: ${options} (in the policy: answers: { kind: … })`)),
  };
  // A policy that lets this inform only takes the likeliest reading.
  const inWindow = worstOf(reads.map(({ verdict }) => verdict.inWindow));
  if (same || !gate.gating) return { outcome: first.verdict.outcome, gates: [gate, ...first.verdict.gates], inWindow };
  const gates = first.verdict.gates.map((one) => undecided(one, reads));
  return {
    outcome: 'inconclusive',
    gates: [gate, ...gates],
    inWindow: inWindow === 'fail' ? 'fail' : 'inconclusive',
    summary: `Not decided yet: ${gate.reason} Needs ${gate.needs ?? ''}.`,
  };
}

/** A gate as it is where every reading says the same of it; open where they do not. */
function undecided(gate: Gate, reads: readonly Read[]): Gate {
  if (gate.outcome === 'inconclusive') return gate;
  const others = reads.slice(1).map(({ verdict }) => verdict.gates.find(({ id }) => id === gate.id)?.outcome);
  if (others.every((outcome) => outcome === gate.outcome)) return gate;
  return { ...gate, outcome: 'inconclusive', ...needsAdvice('a choice among the ways in which answers can be read') };
}
