import type { Classes } from '../../answers/classes.ts';
import { className } from '../../answers/strata.ts';
import { quote } from './statements.ts';

/**
 * Brier scores of two classes, where one number stands beside the label (`probabilitiesOf`): of the probability p of the last class,
 * 2 (p − 1 if it is that class)²; and what they may differ by, half of it. Nothing where scores are lists, or belong to no class.
 *
 * @param numbers the columns of both
 */
export function chancesSql(
  classes: Classes | undefined,
  numbers: { production: string; shadow: string },
): Record<'number_apart' | 'number_production' | 'number_shadow', string> {
  const none = 'cast(null as double)';
  if (classes?.number === undefined) return { number_apart: none, number_production: none, number_shadow: none };
  const [first = '', last = ''] = classes.names;
  const chance = (side: 'production' | 'shadow') =>
    classes.number === 'last'
      ? numbers[side]
      : `(case when ${side}_label = ${quote(last)} then ${numbers[side]} else 1 - ${numbers[side]} end)`;
  const [p, s] = [chance('production'), chance('shadow')];
  const known = (side: 'production' | 'shadow') =>
    `${side}_label in (${quote(first)}, ${quote(last)}) and ${numbers[side]} >= 0 and ${numbers[side]} <= 1`;
  const usable = `${known('production')} and ${known('shadow')}`;
  const squares = (one: string) => `(${one} * ${one} + (1 - ${one}) * (1 - ${one}))`;
  const truth = `(case when told_name = ${quote(className(last))} then 1e0 else 0e0 end)`;
  const told = `told_name in (${quote(className(first))}, ${quote(className(last))})`;
  const brier = (one: string) =>
    `case when ${usable} and ${told} then 2 * (${one} - ${truth}) * (${one} - ${truth}) end`;
  return {
    number_apart: `case when ${usable} then abs(${squares(p)} - ${squares(s)}) / 2 + abs(${p} - ${s}) end`,
    number_production: brier(p),
    number_shadow: brier(s),
  };
}
