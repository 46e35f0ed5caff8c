import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readCapture } from '../../../../src/analysis/answers/captures.ts';
import { answersOf } from '../../../../src/analysis/answers/read-answers.ts';
import { readingsOf } from '../../../../src/analysis/compare/readings.ts';
import { learnForms } from '../../../../src/analysis/compare/warehouse/reading/learn.ts';
import { recordsSelect } from '../../../../src/analysis/compare/warehouse/reading/sql.ts';
import { capturesTable } from '../../../../src/analysis/compare/warehouse/tables.ts';
import { sampled } from '../../../support/sizes.ts';
import { generated, KINDS, WINDOW } from '../generated.ts';
import { trinoOnDuckdb } from './trino-on-duckdb.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-warehouse-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(sampled(KINDS, 4))('SQL reads records as JavaScript does, or says that it does not: $title', async (kind) => {
  const files = generated(folder, kind, 'inferenceId');
  const records = {
    production: { files: [files.production] },
    shadow: { files: [files.shadow] },
    window: WINDOW,
    sampling: 1,
  };
  const root = join(folder, `lake-${kind.title.replaceAll(/\W/g, '-')}`);
  const hour = join(root, 'production/2026/01/05/09');
  mkdirSync(hour, { recursive: true });
  writeFileSync(join(hour, 'a.jsonl'), readFileSync(files.production));
  const { warehouse, close } = await trinoOnDuckdb(root, [capturesTable('', ['production'])]);
  const [first] = readingsOf(records, {});
  const reading = first!.production;
  const forms = learnForms(records.production, WINDOW, reading);
  const kept = { asked: { share: 1, longest: 1000 }, lines: 'unsure' } as const;
  const sql = recordsSelect('captures', { variant: 'production', forms: forms.forms, reading, kept });
  const [rows = []] = await warehouse.rows([{ sql, about: 'reads' }]);
  close();
  const lines = readFileSync(files.production, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const expected = lines.flatMap((line) => {
    const capture = readCapture(line);
    if (typeof capture === 'string') return [JSON.stringify(['lost', null, null, capture])];
    if (!capture.output?.data) return [JSON.stringify(['empty', capture.eventId ?? null, capture.at, null])];
    const answers = answersOf(capture, reading);
    if (answers === undefined) return [JSON.stringify(['unreadable', capture.eventId ?? null, capture.at, null])];
    return answers.map((answer, i) =>
      JSON.stringify([
        'answered',
        capture.eventId ?? null,
        capture.at,
        null,
        i,
        answers.length,
        answer.label ?? null,
        answer.number ?? null,
        answer.scores ?? null,
      ]),
    );
  });
  const got = rows.map((row) =>
    row.state === 'answered'
      ? JSON.stringify([
          row.state,
          row.event_id,
          row.moment,
          row.why,
          row.place,
          row.row_count,
          row.label,
          row.number,
          row.scores,
        ])
      : JSON.stringify([row.state, row.event_id, row.moment, row.why]),
  );
  expect(got.some((one) => one.startsWith('["unsure'))).toBe(forms.missing > 0);
  if (forms.missing === 0) expect(got.toSorted()).toEqual(expected.toSorted());
});
