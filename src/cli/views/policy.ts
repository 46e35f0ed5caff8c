import { minutesToPass } from '../../analysis/judge/evidence.ts';
import { explainPolicy } from '../../analysis/judge/explain.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { explainRest } from '../../analysis/policy/words.ts';
import type { Io } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';

/** What a policy demands, for people. */
export async function policyLines(io: Io, policy: Policy, source: string): Promise<string[]> {
  const looks =
    policy.looks === 'always'
      ? 'Look as often as you like: the bounds are valid for all looks together (looks: always).'
      : 'The bounds are valid for a single look: decide in advance when to look (looks: once).';
  const rows = explainPolicy(policy).map((one) => [
    one.gate + (one.gating ? '' : ' (informs)'),
    `${one.demand} [${one.key}]. At least ${one.traffic}.`,
  ]);
  return [
    `Policy of ${source}`,
    `A gate may be wrong in ${Math.round(policy.alpha * 1000) / 10} of 100 cases (alpha: ${policy.alpha}). ${looks}`,
    'The shadow passes when every gate is proven; it fails when one is disproven; otherwise it is inconclusive.',
    `Answers pass no gate before ${minutesToPass(policy)} minutes with answers (minimumBlocks ${policy.minimumBlocks} × blockMinutes ${policy.blockMinutes}); slices of the inputs, and answers that differ in bursts, need ${minutesToPass(policy, 'parts')}.`,
    '',
    await table(io, ['gate', 'it is proven that [key: value]'], rows),
    '',
    ...explainRest(policy),
  ];
}
