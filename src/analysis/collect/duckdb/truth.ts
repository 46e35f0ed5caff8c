import type { Predictions } from '../../observations.ts';
import type { Truth } from '../../predictions/truth.ts';
import { hashText } from '../scan/hash.ts';
import { SUMS } from './asked.ts';
import type { Engine } from './connection.ts';

/**
 * Puts the labels into a table `truth` (key, place, label). A key like `id#2` is row 2 of request `id`, unless a
 * request is really called that.
 */
export async function loadTruth(engine: Engine, truth: Truth): Promise<void> {
  await engine.run('create or replace table truth_text (key ubigint, place uinteger, label varchar, exact boolean)');
  const appender = await engine.connection.createAppender('truth_text');
  const add = (key: string, place: number, label: string, exact: boolean) => {
    appender.appendUBigInt(hashText(key));
    appender.appendUInteger(place);
    appender.appendVarchar(label);
    appender.appendBoolean(exact);
    appender.endRow();
  };
  for (const [key, label] of truth.entries()) {
    add(key, 0, label, false);
    const row = truth.by === 'id' ? /^(.*)#(\d{1,9})$/s.exec(key) : null;
    if (row !== null) add(row[1] ?? '', Number(row[2]), label, true);
  }
  appender.closeSync();
  await engine.run(
    'create or replace table truth as select key, place, arg_max(label, exact) as label from truth_text group by key, place',
  );
}

/** Both models against the truth. @param of rows that were compared */
export async function truthSums(engine: Engine, truth: Truth, of: number): Promise<Predictions['truth']> {
  const [row] = await engine.rows(SUMS.truth ?? '');
  const value = (name: string) => Number(row?.[name] ?? 0);
  const rows = value('rows');
  const labelled = value('labelled') > 0;
  return {
    rows,
    of,
    labels: labelled
      ? {
          production: value('production'),
          shadow: value('shadow'),
          onlyProduction: value('onlyProduction'),
          onlyShadow: value('onlyShadow'),
        }
      : undefined,
    numbers:
      labelled || rows === 0
        ? undefined
        : {
            maeProduction: value('maeProduction'),
            maeShadow: value('maeShadow'),
            loss: value('maeShadow') - value('maeProduction'),
            lossDeviation: value('lossDeviation'),
          },
    unknown: Math.max(0, truth.size - rows),
  };
}
