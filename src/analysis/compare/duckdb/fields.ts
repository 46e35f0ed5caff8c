import type { FieldSums } from '../../predictions.ts';
import { FieldCounter } from '../../answers/fields.ts';
import type { FieldRules } from '../../answers/fields.ts';
import type { Engine } from './connection.ts';

/**
 * Compares free JSON field by field. The answers come out of the engine a few thousand at a time, since what makes two
 * of them equal is written down once, in `FieldCounter`; what is equal under its rules gets one label.
 */
export async function fieldSums(
  engine: Engine,
  rules: FieldRules | undefined,
  signal: AbortSignal | undefined,
): Promise<FieldSums[] | undefined> {
  const counter = new FieldCounter(rules ?? { ignore: [], tolerance: {} });
  const alike: bigint[] = [];
  const answers = await engine.connection.stream(
    'select rowid, production_label, shadow_label from cell where same_rows and free_json',
  );
  for await (const rows of answers.yieldRowsJs()) {
    signal?.throwIfAborted();
    for (const [row, production, shadow] of rows as [bigint, string, string][]) {
      const left: unknown = JSON.parse(production);
      const same = production === shadow;
      const differing = counter.add(left, same ? left : JSON.parse(shadow));
      if (differing === 0 && !same) alike.push(row);
    }
  }
  if (alike.length > 0) {
    await engine.run('create or replace table alike (row bigint)');
    const appender = await engine.connection.createAppender('alike');
    for (const row of alike) {
      appender.appendBigInt(row);
      appender.endRow();
    }
    appender.closeSync();
    await engine.run('update cell set shadow_label = production_label where rowid in (select row from alike)');
  }
  return counter.sums();
}
