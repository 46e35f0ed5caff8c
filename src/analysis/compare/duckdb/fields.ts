import type { AnswerSums, FieldSums } from '../../predictions.ts';
import { DEFAULT_RULES } from '../../answers/compare-rules.ts';
import { FieldCounter } from '../../answers/fields.ts';
import type { ComparisonOptions } from '../options.ts';
import { answerSums, wholeCounter } from '../readings.ts';
import type { Engine } from './connection.ts';

const MINUTE = 60_000;

/**
 * Compares answers that are carried whole: free JSON field by field, other kinds by their own measures. They come out of the
 * engine a few thousand at a time, since what makes two of them alike is written down once, in the table of kinds; what is
 * alike gets one label.
 *
 * @param any false where no answer is carried whole
 */
export async function wholeSums(
  engine: Engine,
  any: boolean,
  { reading, rules = DEFAULT_RULES, signal }: Pick<ComparisonOptions, 'reading' | 'rules' | 'signal'>,
): Promise<{ fields: FieldSums[] | undefined; answers: AnswerSums | undefined }> {
  if (!any) return { fields: undefined, answers: answerSums(reading, undefined) };
  const fields = new FieldCounter(rules);
  const whole = wholeCounter(reading, rules);
  const alike: bigint[] = [];
  const answers = await engine.connection.stream(
    'select rowid, production_label, shadow_label, moment::double from cell where same_rows and free_json',
  );
  for await (const rows of answers.yieldRowsJs()) {
    signal?.throwIfAborted();
    for (const [row, production, shadow, moment] of rows as [bigint, string, string, number][]) {
      const left: unknown = JSON.parse(production);
      const same = production === shadow;
      const right: unknown = same ? left : JSON.parse(shadow);
      const minute = Math.floor(moment / MINUTE) * MINUTE;
      const isAlike = whole === undefined ? fields.add(left, right) === 0 : whole.add(left, right, minute);
      if (isAlike && !same) alike.push(row);
    }
  }
  await relabel(engine, alike);
  return { fields: fields.sums(), answers: answerSums(reading, whole) };
}

/** Gives answers that are alike the same label. */
async function relabel(engine: Engine, alike: readonly bigint[]): Promise<void> {
  if (alike.length === 0) return;
  await engine.run('create or replace table alike (row bigint)');
  const appender = await engine.connection.createAppender('alike');
  for (const row of alike) {
    appender.appendBigInt(row);
    appender.endRow();
  }
  appender.closeSync();
  await engine.run('update cell set shadow_label = production_label where rowid in (select row from alike)');
}
