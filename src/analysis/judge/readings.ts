import { counted, dateAndTime, timeOfDay } from '../../base/units.ts';
import type { Observations } from '../observations.ts';
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
 * others are named. Where they differ nothing is decided: a guess must not decide, neither to pass nor to fail.
 *
 * @returns no summary where that of the gates will do
 */
export function judgeReadings(reads: readonly Read[], policy: Policy): Common {
  const named = reads.map(({ predictions, verdict }) => `as ${readAs(predictions)}: ${verdict.outcome}`).join('; ');
  const options = reads.map(({ predictions }) => `--answers ${predictions.answers?.kind ?? 'json'}`).join(' or ');
  return inCommon(
    reads.map(({ verdict }) => verdict),
    {
      id: 'output.reading',
      title: 'Is it known what its answers are?',
      gating: decides(policy, 'output.reading'),
      estimate: reads.length,
      n: reads[0]?.predictions.pairs ?? 0,
      same: `The answers can be read in ${reads.length} ways, and all of them give the same verdict (${named}).`,
      different: `The answers can be read in ${reads.length} ways, which give different verdicts (${named}).`,
      needs: `a choice: ${options} (in the policy: answers: { kind: … })`,
      ofGate: 'a choice among the ways in which answers can be read',
    },
  );
}

/**
 * One verdict of all captures, and of those after a pause of the shadow's: files name no models, and another shadow may have
 * begun there. What differs is not decided.
 */
export function judgeGap(
  whole: Verdict,
  after: Verdict,
  gap: NonNullable<Observations['gap']>,
  policy: Policy,
): Common {
  const span = `From ${dateAndTime(gap.from)} to ${timeOfDay(gap.to)} UTC the shadow has no captures of the ${counted(gap.requests, 'requests')} that production answered: an outage, or another shadow after it`;
  const verdicts = `all captures: ${whole.outcome}; those after it: ${after.outcome}`;
  return inCommon([whole, after], {
    id: 'output.gap',
    title: 'Are these captures of one shadow?',
    gating: decides(policy, 'output.gap'),
    estimate: gap.requests,
    n: gap.requests,
    same: `${span}. Either way the verdict is the same (${verdicts}).`,
    different: `${span}. That makes a difference (${verdicts}).`,
    needs: `captures of one shadow alone: --from ${new Date(gap.to).toISOString()} leaves out what lies before the pause; or, if it was one shadow all the time, inform: [output.gap] in the policy`,
    ofGate: 'captures that are known to be of one shadow',
  });
}

/** What several verdicts on the same records have in common; no summary where that of the gates will do. */
export type Common = Omit<Verdict, 'summary' | 'waivers'> & { summary?: string };

/** The rule that says whether all of them are the same. */
interface Question extends Pick<Gate, 'id' | 'title' | 'gating' | 'estimate' | 'n'> {
  /** A sentence for either case, what is needed in the second, and what a single gate needs that they do not agree on. */
  same: string;
  different: string;
  needs: string;
  ofGate: string;
}

/** Gates that every verdict decides alike, as those of latency, stand as they are. */
function inCommon(verdicts: readonly Verdict[], question: Question): Common {
  const [first] = verdicts;
  if (first === undefined) throw new Error('there is no verdict to judge by');
  const { same: alike, different, needs, ofGate, ...about } = question;
  const same = verdicts.every(({ outcome }) => outcome === first.outcome);
  const gate: Gate = {
    ...about,
    outcome: same ? 'pass' : 'inconclusive',
    test: 'rule',
    unit: 'count',
    interval: undefined,
    margin: undefined,
    relation: '=',
    of: 'pairs',
    reason: same ? alike : different,
    ...(same ? NOTHING : needsAdvice(needs)),
  };
  // A policy that lets this inform only takes the first.
  const inWindow = worstOf(verdicts.map((one) => one.inWindow));
  if (same || !gate.gating) return { outcome: first.outcome, gates: [gate, ...first.gates], inWindow };
  const gates = first.gates.map((one) => undecided(one, verdicts, ofGate));
  return {
    outcome: 'inconclusive',
    gates: [gate, ...gates],
    inWindow: inWindow === 'fail' ? 'fail' : 'inconclusive',
    summary: `Not decided yet: ${gate.reason} Needs ${gate.needs ?? ''}.`,
  };
}

/** A gate as it is where every verdict says the same of it; open where they do not. */
function undecided(gate: Gate, verdicts: readonly Verdict[], needs: string): Gate {
  if (gate.outcome === 'inconclusive') return gate;
  const others = verdicts.slice(1).map(({ gates }) => gates.find(({ id }) => id === gate.id)?.outcome);
  if (others.every((outcome) => outcome === gate.outcome)) return gate;
  return { ...gate, outcome: 'inconclusive', ...needsAdvice(needs) };
}
