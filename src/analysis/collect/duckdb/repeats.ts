import type { InputSums, Repeats } from '../../observations.ts';
import { SUMS } from './asked.ts';
import { fill } from './connection.ts';
import type { Engine } from './connection.ts';

const equal = (who: 'our' | 'their') =>
  `coalesce(${who}_label = truth or try_cast(${who}_label as double) = try_cast(truth as double), false)`;
const ONLY_PRODUCTION = `(${equal('our')} and not ${equal('their')})`;
const ONLY_SHADOW = `(${equal('their')} and not ${equal('our')})`;
const LOSS = 'abs(their_number - try_cast(truth as double)) - abs(our_number - try_cast(truth as double))';
const LABELLED = 'truth is not null and our_label is not null and their_label is not null';
const UNLABELLED = `truth is not null and (our_label is null or their_label is null) and ${LOSS} is not null`;

/** Columns of a block about the truth. */
export const JUDGED = `,
  count(*) filter ((${LABELLED}) or (${UNLABELLED}))::double as truth,
  count(*) filter (${LABELLED} and ${ONLY_PRODUCTION})::double as "onlyProduction",
  count(*) filter (${LABELLED} and ${ONLY_SHADOW})::double as "onlyShadow",
  coalesce(sum(${LOSS}) filter (${UNLABELLED}), 0)::double as loss,
  coalesce(sum((${LOSS}) * (${LOSS})) filter (${UNLABELLED}), 0)::double as "lossSquared"`;
export const UNJUDGED = `, 0::double as truth, 0::double as "onlyProduction", 0::double as "onlyShadow", 0::double as loss, 0::double as "lossSquared"`;

/** How often rows repeat an input, and what rows of one input have in common. */
export async function repeats(engine: Engine, tolerance: string, told: boolean): Promise<Repeats> {
  const [row] = await engine.rows(SUMS.inputs ?? '');
  const sums = async (value: string, of: string): Promise<InputSums | undefined> => {
    const [found] = await engine.rows(fill(SUMS.repeats ?? '', { value, of }));
    return found === undefined || Number(found.inputs) === 0 ? undefined : (found as unknown as InputSums);
  };
  return {
    inputs: Number(row?.inputs ?? 0),
    known: Number(row?.known ?? 0),
    agreement: await sums('our_label = their_label', 'our_label is not null and their_label is not null'),
    beyond: await sums(`abs(d) > ${tolerance}`, 'd is not null and (our_label is null or their_label is null)'),
    onlyProduction: told ? await sums(ONLY_PRODUCTION, LABELLED) : undefined,
    onlyShadow: told ? await sums(ONLY_SHADOW, LABELLED) : undefined,
    loss: told ? await sums(LOSS, UNLABELLED) : undefined,
  };
}
