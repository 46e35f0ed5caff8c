import { gates as decidesUnder } from '../../analysis/policy/policy.ts';
import type { Gate } from '../../analysis/judge/verdict.ts';
import type { Report } from '../report.ts';
import { isDifference } from '../words.ts';

/** What is said about one gate, or about several in a row of which the same is to be said. */
export interface GateReason {
  gates: readonly Gate[];
  words: string;
  needs: string | undefined;
}

/** Comparisons with production, which only inform where the truth is known. */
const SUPERSEDED_BY_LABELS = ['labels.agreement', 'numbers.tolerance'];

/** Why a gate does not decide although the policy has nothing against it; empty where there is nothing to say. */
function whyInforms(gate: Gate, { observations, policy }: Report): string {
  const known = (observations.predictions?.truth?.rows ?? 0) > 0;
  return !gate.gating && known && SUPERSEDED_BY_LABELS.includes(gate.id) && decidesUnder(policy, gate.id)
    ? 'For information only: labels are available, and being right decides.'
    : '';
}

/** The reasons of all gates, in their order; neighbours that are undecided for the same reason stand together. */
export function reasonsOf(report: Report): GateReason[] {
  const said: GateReason[] = [];
  for (const gate of report.verdict?.gates ?? []) {
    const words = [gate.reason, whyInforms(gate, report)].filter((part) => part !== '').join(' ');
    const last = said.at(-1);
    const same =
      last !== undefined &&
      gate.outcome === 'inconclusive' &&
      last.gates.every((one) => one.outcome === gate.outcome && one.gating === gate.gating) &&
      last.words === words &&
      last.needs === gate.needs;
    if (same) said[said.length - 1] = { ...last, gates: [...last.gates, gate] };
    else said.push({ gates: [gate], words, needs: gate.needs });
  }
  return said;
}

/**
 * Reasons where there is room for few: of what is open, and of passes that a row of numbers does not explain. How right
 * both are is no difference to guess at; and what passes without counting needs a word.
 */
export function reasonsToSay(report: Report): GateReason[] {
  return reasonsOf(report).flatMap((one) => {
    const [gate] = one.gates;
    if (gate === undefined) return [];
    if (gate.outcome !== 'pass' || gate.id.startsWith('truth.')) return [one];
    const informs = whyInforms(gate, report);
    return informs === '' ? [] : [{ ...one, words: informs }];
  });
}

/** What the marks and units of the gates' rows mean. */
export function unitsText({ verdict }: Report): string {
  const differences = (verdict?.gates ?? []).filter((gate) => isDifference(gate));
  if (differences.length === 0) return '';
  const lost = differences.some((gate) => gate.id === 'truth.accuracy');
  return `pts: percentage points, a difference of two shares${lost ? '; of truth.accuracy what the shadow loses (below 0 it is better)' : ''}`;
}
