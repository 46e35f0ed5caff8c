import type { NumberSums } from '../predictions.ts';
import { number, percent } from '../../base/units.ts';

/** By how much two numbers may differ and count as equal, in words: `0.5`, or `0.5 and 1 % of production's`. */
export function toleranceText({ tolerance, relative }: Pick<NumberSums, 'tolerance' | 'relative'>): string {
  if (relative === undefined) return number(tolerance);
  const share = `${percent(relative)} of production's`;
  return tolerance === 0 ? share : `${number(tolerance)} and ${share}`;
}
