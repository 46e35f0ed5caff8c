import type { PairBlock } from '../../predictions.ts';
import type { Questions } from './questions.ts';
import { fill, sqlNumber } from './statements.ts';
import { SUMS } from './sums.ts';

/** A minute as SQL sums it. */
type SummedBlock = Required<Pick<PairBlock, 'at' | 'rows' | 'agree' | 'd' | 'dd' | 'abs' | 'beyond' | 'others'>>;

/**
 * Rows of pairs by the minute, oldest first; and of all of them those whose other scores are known, and lie further apart.
 *
 * @param within SQL of what numbers may differ by; and what other scores may, undefined where they are not asked about
 */
export async function blockSums(
  engine: Questions,
  within: { tolerance: string; others: number | undefined },
): Promise<{ minutes: SummedBlock[]; others: { rows: number; beyond: number } }> {
  const others = within.others === undefined ? 'false' : `others_apart > ${sqlNumber(within.others)}`;
  const rows = await engine.rows(fill(SUMS.blocks, { tolerance: within.tolerance, others }));
  const found = rows as unknown as (SummedBlock & { others_known: number })[];
  const minutes = found.map(
    ({ at, rows: n, agree, d, dd, abs, beyond, others: apart }): SummedBlock => ({
      at,
      rows: n,
      agree,
      d,
      dd,
      abs,
      beyond,
      others: apart,
    }),
  );
  return {
    minutes,
    others: {
      rows: found.reduce((sum, { others_known: known }) => sum + known, 0),
      beyond: minutes.reduce((sum, block) => sum + block.others, 0),
    },
  };
}
