import type { Judgement } from '../../lifecycle/judge.ts';

/** A verdict that keeps a promotion from beginning, for machines. */
export function refusalFacts({ outcome, summary, reasons, earlier }: Judgement) {
  return { promoted: false, verdict: outcome, summary, reasons, earlier };
}
