import { expect, test } from 'vitest';
import { batchDayText, readBatchDay } from '../../../src/analysis/batch/day.ts';
import { someBatchDay } from '../../support/batch-day.ts';

test('a day is read as it was written', () => {
  const day = someBatchDay({ cost: 0.02, pairs: { production: 's3://b/p.gz', candidate: 's3://b/c.gz' } });
  expect(readBatchDay(batchDayText(day))).toEqual(day);
});

test('rows that do not add up to those delivered are no account', () => {
  const { rows } = someBatchDay();
  const text = batchDayText(someBatchDay({ rows: { ...rows, judged: 9 } }));
  expect(readBatchDay(text)).toEqual({ wrong: expect.stringContaining('rows') });
});

test('what is no day is told by what is wrong with it', () => {
  const day = someBatchDay();
  expect(readBatchDay('{')).toEqual({ wrong: 'it is not JSON' });
  expect(readBatchDay(JSON.stringify({ ...day, zone: 3 }))).toEqual({ wrong: expect.stringContaining('zone') });
  expect(readBatchDay(JSON.stringify({ ...day, schema: 'shadowctl-batch-day/2' }))).toEqual({
    wrong: expect.stringContaining('schema'),
  });
  expect(readBatchDay(JSON.stringify({ ...day, observations: {} }))).toEqual({
    wrong: expect.stringContaining('observations'),
  });
});
