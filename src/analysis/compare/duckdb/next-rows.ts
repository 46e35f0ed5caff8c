import type { PairingMethod, Task } from '../../predictions.ts';
import { answersOf } from '../../answers/read-answers.ts';
import type { ReadingPair } from '../../answers/choose.ts';
import { CLASSES, OTHERS } from '../../answers/strata.ts';
import { AGREEING, labelRow, LEAST_SHARE } from '../label-next.ts';
import type { LabelRow } from '../label-next.ts';
import type { Records } from '../options.ts';
import type { Engine } from './connection.ts';
import nextRowsSql from './next-rows.sql';
import { recordsOf } from './records.ts';
import { fill, statements } from '../sql/statements.ts';

const SQL = statements(nextRowsSql, ['next_rows']);

/** Which rows should get a label next, `most` of them at the most; they are read again from where they stand. */
export async function nextRows(
  engine: Engine,
  { method, task, tolerance }: { method: PairingMethod | undefined; task: Task; tolerance: string },
  records: Records,
  reading: ReadingPair,
  most: number,
): Promise<LabelRow[]> {
  if (method === undefined) return [];
  const asked = {
    tolerance,
    classes: task !== 'json',
    others: OTHERS,
    kept: 2 * CLASSES,
    least_share: LEAST_SHARE,
    agreeing: AGREEING,
    most,
  };
  const rows = await engine.rows(fill(SQL.next_rows, asked));
  if (rows.length === 0) return [];
  const found = await recordsOf(engine, method, records, rows);
  return rows.flatMap((one, i) => {
    const { production, shadow } = found[i] ?? {};
    if (production === undefined) return [];
    const row = Number(one.place);
    const answers = answersOf(production, reading.production) ?? [];
    const other = shadow && answersOf(shadow, reading.shadow);
    return labelRow(production, { production: answers[row], shadow: other?.[row] }, row, answers.length) ?? [];
  });
}
