import { confidence, minutesToPass } from '../../analysis/judge/evidence.ts';
import type { Demand } from '../../analysis/judge/explain/demand.ts';
import { explainPolicy } from '../../analysis/judge/explain/explain.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import { explainRest } from '../../analysis/policy/words.ts';
import type { Io } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
import { wrap } from '../../ui/wrap.ts';
import { counted } from '../../base/units.ts';

/** What a policy demands, for people. */
export async function policyLines(io: Io, policy: Policy, source: string): Promise<string[]> {
  const looks =
    policy.looks === 'always'
      ? 'Look as often as you like: the bounds are valid for all looks together (looks: always).'
      : 'The bounds are valid for a single look: decide in advance when to look (looks: once). Those of latency and of the Wasserstein distance are as wide as for all looks.';
  const demands = explainPolicy(policy);
  const rows = (sort: Demand['sort']) =>
    demands
      .filter((one) => one.sort === sort)
      .map((one) => [
        one.gate + (one.gating ? '' : ' (informs)'),
        `${one.demand} [${one.key}]. At least ${one.traffic}.`,
      ]);
  const prose = (sentence: string) => wrap(sentence, io.columns, '  ');
  return [
    ...prose(`Policy of ${source}`),
    ...prose(
      `A test may be wrong in ${Math.round(policy.alpha * 1000) / 10} of 100 cases (alpha: ${policy.alpha}). ${looks}`,
    ),
    ...prose(
      'The shadow passes when every test passes and every rule holds; it fails when one of them fails; otherwise it is inconclusive.',
    ),
    ...prose(
      `Before a test on answers, or on failed requests, can pass, at least ${counted(minutesToPass(policy), 'minutes')} must have had traffic (minimumBlocks ${policy.minimumBlocks} × blockMinutes ${policy.blockMinutes}). A test on slices of the inputs, or of a limit by labels, takes ${counted(minutesToPass(policy, 'parts'), 'minutes')}, and so does any test whose cases come in bursts: where answers differ, or requests fail or are slow, in some minutes more often than chance explains.`,
    ),
    '',
    await table(io, ['test', `passes when this is shown with ${confidence(policy)} [key: value]`], rows('test')),
    '',
    await table(io, ['rule', 'holds when this was seen; it proves nothing [key: value]'], rows('rule')),
    '',
    ...explainRest(policy).flatMap(prose),
  ];
}
