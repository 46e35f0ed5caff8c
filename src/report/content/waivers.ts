import type { WaiverState } from '../../analysis/judge/verdict.ts';

/** What of the policy's demands was waived, a sentence each: none is silent. */
export function waiverTexts(waivers: readonly WaiverState[]): string[] {
  return waivers.map(waiverText);
}

/** Reason, owner and end of a waiver, in words. */
export function waiverWords({ reason, owner, until }: Pick<WaiverState, 'reason' | 'owner' | 'until'>): string {
  const who = [owner, until === undefined ? undefined : `until ${until}`].filter((part) => part !== undefined);
  return `${reason.replace(/\.$/, '')}${who.length === 0 ? '' : ` (${who.join(', ')})`}`;
}

function waiverText(waiver: WaiverState): string {
  const { gate, state, outcome, until } = waiver;
  switch (state) {
    case 'counts':
      return `Waived: ${gate}, which is ${outcome === 'fail' ? 'a fail' : 'inconclusive'}, does not decide: ${waiverWords(waiver)}.`;
    case 'unneeded':
      return `The waiver of ${gate} is not needed: the gate ${outcome === 'pass' ? 'passes' : 'informs only'}.`;
    case 'unasked':
      return `The waiver of ${gate} does nothing: the gate was not asked here.`;
    case 'expired':
      return `The waiver of ${gate} ended on ${until ?? ''} and no longer counts: the gate decides.`;
  }
}
