import type { Truth } from '../../answers/truth.ts';
import { hashText } from '../ingest/fast/hash.ts';
import { truthRows } from '../truth-rows.ts';
import type { Engine } from './connection.ts';

const CREATE =
  'create or replace table truth (key ubigint, place uinteger, label varchar, name varchar, number double, class double, came_at double)';

/** Puts the labels into a table `truth`, as `truthRows` has them; without any it is empty. */
export async function loadTruth(engine: Engine, truth: Truth | undefined): Promise<void> {
  await engine.run(CREATE);
  if (truth === undefined) return;
  const appender = await engine.connection.createAppender('truth');
  const double = (value: number | undefined) =>
    value === undefined ? appender.appendNull() : appender.appendDouble(value);
  for (const { key, place, label, name, number, class: own, at } of truthRows(truth)) {
    appender.appendUBigInt(hashText(key));
    appender.appendUInteger(place);
    appender.appendVarchar(label);
    appender.appendVarchar(name);
    for (const value of [number, own, at]) double(value);
    appender.endRow();
  }
  appender.closeSync();
}
