import type { ClassSums, LabelSums } from '../../predictions.ts';
import { labelTable, MOST_CLASSES, SHOWN } from '../../answers/labels.ts';
import type { LabelCell } from '../../answers/labels.ts';
import type { Questions } from './questions.ts';
import labelsSql from './labels.sql';
import { fill, statements } from './statements.ts';

const SQL = statements(labelsSql, ['cells', 'sides', 'whole', 'commonest', 'confusion', 'classes']);

/**
 * How rows with labels agree; a million different labels are counted in the engine.
 *
 * @param areClasses false where labels are whole answers
 */
export async function labels(engine: Questions, areClasses: boolean): Promise<LabelSums | undefined> {
  await engine.define('label_cell', SQL.cells);
  await engine.define('label_class', SQL.sides);
  const [whole] = await engine.rows(SQL.whole);
  const rows = Number(whole?.rows ?? 0);
  if (rows === 0) return undefined;
  const shown = { shown: SHOWN };
  const commonest = (await engine.rows(fill(SQL.commonest, shown))).map(({ label }) => String(label));
  const cells = (await engine.rows(fill(SQL.confusion, shown))).map(
    ({ production, shadow, count }): LabelCell => ({
      production: String(production),
      shadow: String(shadow),
      count: Number(count),
    }),
  );
  const [agree, classes, chance] = [Number(whole?.agree), Number(whole?.classes), Number(whole?.chance)];
  const byClass = areClasses
    ? (await engine.rows(fill(SQL.classes, { most: MOST_CLASSES }))).map(
        (row): ClassSums => ({
          label: String(row.label),
          production: Number(row.production),
          shadow: Number(row.shadow),
          both: Number(row.both),
          onlyProduction: { inputs: Number(row.production_inputs), minutes: Number(row.production_minutes) },
          onlyShadow: { inputs: Number(row.shadow_inputs), minutes: Number(row.shadow_minutes) },
        }),
      )
    : undefined;
  return labelTable({ rows, agree, classes, chance, commonest, cells, byClass });
}
