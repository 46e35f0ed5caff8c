import type { LabelSums } from '../../observations.ts';
import { labelTable, SHOWN } from '../../answers/labels.ts';
import type { LabelCell } from '../../answers/labels.ts';
import { fill, statements } from './connection.ts';
import type { Engine } from './connection.ts';
import labelsSql from './labels.sql';

const SQL = statements(labelsSql);

/** How rows with labels agree, and how many have numbers alone; a million different labels are counted in the engine. */
export async function labels(engine: Engine): Promise<{ sums: LabelSums | undefined; labelled: number; bare: number }> {
  await engine.run(SQL.cells ?? '');
  const [agreement] = await engine.rows(SQL.agreement ?? '');
  const rows = Number(agreement?.rows ?? 0);
  const bare = Number(agreement?.bare ?? 0);
  if (rows === 0) return { sums: undefined, labelled: 0, bare };
  await engine.run(SQL.classes ?? '');
  await engine.run(fill(SQL.commonest ?? '', { shown: SHOWN }));
  const [whole] = await engine.rows(fill(SQL.chance ?? '', { rows: `${rows}::double` }));
  const commonest = (await engine.rows(SQL.shown ?? '')).map(({ label }) => String(label));
  const cells = (await engine.rows(SQL.table ?? '')) as unknown as LabelCell[];
  const [classes, chance] = [Number(whole?.classes), Number(whole?.chance)];
  const sums = labelTable({ rows, agree: Number(agreement?.agree), classes, chance, commonest, cells });
  return { sums, labelled: rows, bare };
}
