import { join } from 'node:path';
import type { PairingMethod, Task } from '../../observations.ts';
import type { Truth } from '../../answers/truth.ts';
import type { Scanned } from '../ingest/scan.ts';
import aloneSql from './alone.sql';
import { KEYS, one, quote, SUMS } from './asked.ts';
import bothSql from './both.sql';
import cellsSql from './cells.sql';
import { fill } from './connection.ts';
import type { Engine } from './connection.ts';
import loadSql from './load.sql';
import noneSql from './none.sql';
import numbersAloneSql from './numbers-alone.sql';
import numbersOrScoresSql from './numbers-or-scores.sql';
import pairsByInputSql from './pairs-by-input.sql';
import pairsSql from './pairs.sql';
import { loadTruth, showTold } from './truth.ts';
import twiceSql from './twice.sql';

/** Makes the columns that a scan left in `folder` visible to SQL, as `production` and `shadow`. */
export async function showSides(engine: Engine, folder: string, scanned: Scanned): Promise<void> {
  for (const side of ['production', 'shadow'] as const) {
    const source = scanned[side].answered === 0 ? noneSql : `read_parquet(${quote(join(folder, `${side}-*.parquet`))})`;
    await engine.run(fill(loadSql, { side, source }));
  }
}

/**
 * Makes a `cell` of each row of each pair.
 *
 * @returns how many pairs there are, and of how many the answers have not as many rows as each other
 */
export async function pairSides(
  engine: Engine,
  scanned: Scanned,
  { method, task, truth }: { method: PairingMethod; task: Task; truth: Truth | undefined },
): Promise<{ pairs: number; different: number }> {
  const key = KEYS[method];
  const scored = scanned.production.scored > 0 && scanned.shadow.scored > 0;
  // Where every answer is one row, there is nothing to find within them.
  const single = [scanned.production, scanned.shadow].every(({ answers, answered }) => answers === answered);
  const both = fill(bothSql, {
    same: single ? 'true' : 'ours.row_count = theirs.row_count',
    numbers: scored ? numbersOrScoresSql : numbersAloneSql,
    key,
    free: task === 'json' ? 'ours.other is not null and theirs.other is not null as free,' : '',
    feature: truth?.by === 'input' ? 'ours.feature_id,' : '',
    our_label: labelSql('ours.', task),
    their_label: labelSql('theirs.', task),
  });
  if (method === 'input') await engine.run(fill(pairsByInputSql, { both }));
  else {
    await engine.run(fill(twiceSql, { key }));
    // Looking for each id among none costs as much as among many.
    const alone = (await one(engine, 'twice')) > 0 ? fill(aloneSql, { key }) : '';
    await engine.run(fill(pairsSql, { key, both, alone, place: single ? '' : 'and ours.place = theirs.place' }));
  }
  if (truth !== undefined) await loadTruth(engine, truth);
  const on =
    truth?.by === 'id' ? 'truth.key = joined.key and truth.place = joined.place' : 'truth.key = joined.feature_id';
  await engine.run(
    fill(cellsSql, {
      truth: truth === undefined ? '' : ', truth.label as truth, truth.number as truth_number',
      truth_join: truth === undefined ? '' : `left join truth on ${on}`,
      apart: scored ? '' : ', coalesce(abs(d), 0) as apart',
    }),
  );
  if (truth !== undefined) await showTold(engine);
  const [row] = await engine.rows(SUMS.different ?? '');
  return { pairs: Number(row?.pairs ?? 0), different: Number(row?.different ?? 0) };
}

/** SQL for the label of a row under this task, as `labelOf` in compare.ts decides. @param of whose row, like `ours.` */
export function labelSql(of: string, task: Task): string {
  const number = `if(${of}number = floor(${of}number) and abs(${of}number) < 1e15, ${of}number::bigint::varchar, ${of}number::varchar)`;
  if (task === 'json') return `coalesce(${of}other, ${of}label, ${number}, 'undefined')`;
  return task === 'multiclass' ? `coalesce(${of}label, ${number})` : `${of}label`;
}
