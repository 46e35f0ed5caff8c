import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCapture } from '../../../../src/analysis/answers/captures.ts';
import { answersOf } from '../../../../src/analysis/answers/read-answers.ts';
import type { Reading } from '../../../../src/analysis/answers/reading.ts';
import { readingsOf } from '../../../../src/analysis/compare/readings.ts';
import { learnForms } from '../../../../src/analysis/compare/warehouse/reading/learn.ts';
import type { LearnedForms } from '../../../../src/analysis/compare/warehouse/reading/learn.ts';
import { recordsSelect } from '../../../../src/analysis/compare/warehouse/reading/sql.ts';
import { capturesTable } from '../../../../src/analysis/compare/warehouse/tables.ts';
import type { WarehouseRow } from '../../../../src/analysis/compare/warehouse/warehouse.ts';
import { type AthenaStand, athenaStand } from '../../../emulator/services/athena/athena-stand.ts';
import { seededRandom } from '../../../support/random.ts';
import { sampled } from '../../../support/sizes.ts';
import { generated, KINDS, secondOf, WINDOW } from '../generated.ts';
import { athenaWarehouse } from './athena.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-reading-'));
let stand: AthenaStand;
let made = 0;
beforeAll(async () => {
  stand = await athenaStand();
});
afterAll(async () => {
  await stand.close();
  rmSync(folder, { recursive: true });
});

/** What SQL reads of lines. */
async function read(lines: string, { forms, reading }: { forms: LearnedForms; reading: Reading }) {
  made += 1;
  const root = join(folder, `read-${made}`);
  mkdirSync(join(root, 'production'), { recursive: true });
  writeFileSync(join(root, 'production/a.jsonl'), lines);
  const table = { ...capturesTable(`read_${made}_`, []), partitions: [], template: 'production/' };
  const { warehouse } = await athenaWarehouse(stand, root, [{ ...table, columns: [...table.columns] }]);
  const kept = { asked: { share: 1, longest: 1000 }, lines: 'unsure' } as const;
  const sql = recordsSelect(table.name, { variant: 'production', forms: forms.forms, reading, kept });
  // A list comes as text.
  const [rows = []] = await warehouse.rows([
    {
      sql: `select state, event_id, moment, why, place, row_count, label, number, array_join(scores, ' ') as scores, line from (${sql}) as records`,
      about: 'reads',
    },
  ]);
  return rows;
}

/** What JavaScript reads of a line, row by row. */
function readHere(line: string, reading: Reading): unknown[][] {
  const capture = readCapture(line);
  if (typeof capture === 'string') return [['lost', null, null, capture]];
  const { eventId = null, at, output } = capture;
  if (output === undefined || output.data === '') return [['empty', eventId, at, null]];
  const answers = answersOf(capture, reading);
  return answers === undefined
    ? [['unreadable', eventId, at, null]]
    : answers.map(({ label = null, number = null, scores }, i) => [
        ...['answered', eventId, at, null, i, answers.length, label, number, scores ?? null],
      ]);
}

const told = ({ state, event_id, moment, why, place, row_count, label, number, scores }: WarehouseRow) => [
  ...[state, event_id, moment, why],
  ...(state === 'answered'
    ? [place, row_count, label, number, typeof scores === 'string' ? scores.split(' ').map(Number) : null]
    : []),
];
const sorted = (rows: readonly unknown[][]) => rows.map((row) => JSON.stringify(row)).toSorted();

test.each(sampled(KINDS, 4))('SQL reads records as JavaScript does, or says that it does not: $title', async (kind) => {
  const files = generated(folder, kind, 'inferenceId');
  const sides = { production: { files: [files.production] }, shadow: { files: [files.shadow] } };
  const [chosen] = readingsOf({ ...sides, window: WINDOW, sampling: 1 }, {});
  if (chosen === undefined) return expect.unreachable();
  const reading = chosen.production;
  const forms = learnForms(sides.production, WINDOW, reading);
  const text = readFileSync(files.production, 'utf8');
  const rows = await read(text, { forms, reading });
  expect(rows.some(({ state }) => state === 'unsure')).toBe(forms.missing > 0);
  if (forms.missing > 0) return;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  expect(sorted(rows.map(told))).toEqual(sorted(lines.flatMap((line) => readHere(line, reading))));
});

function byEvent(rows: readonly WarehouseRow[]): Map<unknown, WarehouseRow[]> {
  const found = new Map<unknown, WarehouseRow[]>();
  for (const row of rows) found.set(row.event_id, [...(found.get(row.event_id) ?? []), row]);
  return found;
}

/** Answers, and what is put in place of a part of them. */
const BASES: readonly { type: string; encoding: string; of: (a: string, b: string) => string }[] = [
  {
    type: 'application/json',
    encoding: 'JSON',
    of: (a, b) => `{"predictions": [{"score": ${a}, "predicted_label": ${b}}]}`,
  },
  {
    type: 'application/json',
    encoding: 'JSON',
    of: (a, b) =>
      `{"predictions":[{"label":"${b === '1' ? 'sun' : 'rain'}","score":${a}},{"label":"fog","score":0.5}]}`,
  },
  { type: 'application/jsonlines', encoding: 'JSON', of: (a, b) => `{"score":${a}}\n{"score":0.${b}}` },
  { type: 'text/csv; charset=utf-8', encoding: 'CSV', of: (a, b) => `${b},${a}\n1,0.25` },
  { type: 'text/csv', encoding: 'CSV', of: (a, b) => `0.${b}\n${a}` },
  { type: 'text/csv', encoding: 'CSV', of: (_, b) => (b === '1' ? 'sun' : 'rain') },
];
const ODD = [
  ...['null', 'NaN', '-0', '-0.0', '1e5', '1E-7', '1e400', '1e-400', '2.50', '007', '+3', '.5', '5.', '0x10', '1_0'],
  ...[
    '12345678901234567',
    '1.000000000000000001',
    '123456789012345678901',
    'true',
    '"1"',
    '""',
    'inf',
    '[1]',
    '{}',
    '',
  ],
  ...[
    '1e151',
    '-1e149',
    '0.1234567890123456789',
    '1 ',
    '\u00a01',
    '1\u2003',
    '\t1',
    '1\r',
    ' ',
    ',',
    '\n',
    '"',
    "'",
    '\\',
    '1,2',
  ],
  ...[
    'nan',
    'Infinity',
    '1:2',
    'é',
    '\u0001',
    '{"score":1}',
    '{"score":1,"label":2}',
    '"a\\"b"',
    '"\\u0041"',
    '[0.1,0.9]',
  ],
];

const OTHER_TYPES: readonly Record<string, string>[] = [
  ...[{}, {}, {}],
  ...[{ observedContentType: 'text/html' }, { encoding: 'CSV' }],
];

test('odd answers are never read as something else than JavaScript reads', async () => {
  const random = seededRandom(21);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random.next() * list.length)] as T;
  let sure = 0;
  for (const [k, base] of BASES.entries()) {
    const record = (i: number, data: string, more: Record<string, string> = {}) =>
      JSON.stringify({
        captureData: {
          endpointInput: { data: '1,2', encoding: 'CSV', observedContentType: 'text/csv' },
          endpointOutput: {
            data: base.encoding === 'BASE64' ? Buffer.from(data).toString('base64') : data,
            ...{ encoding: base.encoding, observedContentType: base.type, ...more },
          },
        },
        eventMetadata: { eventId: `${k}-${i}`, inferenceTime: secondOf(i) },
      });
    const plain = Array.from({ length: 60 }, (_, i) => record(i, base.of(String(0.001 + i / 64), String(i % 2))));
    const path = join(folder, `odd-${k}.jsonl`);
    writeFileSync(path, `${plain.join('\n')}\n`);
    const sides = { production: { files: [path] }, shadow: { files: [path] } };
    const [chosen] = readingsOf({ ...sides, window: WINDOW, sampling: 1 }, {});
    if (chosen === undefined) return expect.unreachable();
    const reading = chosen.production;
    const forms = learnForms(sides.production, WINDOW, reading);
    expect(forms, base.of('0.5', '1')).toMatchObject({ missing: 0 });
    const odd = Array.from({ length: 240 }, (_, i) => {
      if (i < 2 * ODD.length)
        return record(
          100 + i,
          i % 2 === 0 ? base.of(ODD[i >> 1] as string, '1') : base.of('0.5', ODD[i >> 1] as string),
        );
      const text = base.of(String(random.next()), String(i % 2));
      const at = Math.floor(random.next() * (text.length + 1));
      const cut = Math.floor(random.next() * 3);
      const data = text.slice(0, at) + pick(ODD) + text.slice(at + cut);
      return record(100 + i, data, pick(OTHER_TYPES));
    });
    const lines = [
      ...plain,
      ...odd,
      '',
      ' ',
      '{',
      'null',
      '[]',
      '{"captureData":{},"eventMetadata":{}}',
      '{"captureData":1,"eventMetadata":{}}',
    ];
    const found = byEvent(await read(`${lines.join('\n')}\n`, { forms, reading }));
    for (const line of [...plain, ...odd]) {
      const expected = readHere(line, reading);
      const rows = found.get(String(expected[0]?.[1])) ?? [];
      if (rows[0]?.state === 'unsure') continue;
      sure += 1;
      expect(sorted(rows.map(told)), line).toEqual(sorted(expected));
    }
    expect(sorted((found.get(null) ?? []).map(told))).toEqual(
      sorted(lines.slice(-5).flatMap((line) => readHere(line, reading))),
    );
  }
  // It must not be by saying nothing.
  expect(sure).toBeGreaterThan(900);
});
