import { afterAll, describe, expect, test } from 'vitest';
import { createSqlEngine } from '../../../src/emulator/sql/execute.ts';
import { FUNCTIONS } from '../../../src/emulator/sql/functions.ts';
import { AGGREGATES, SCALARS, TABLE, WINDOWS } from './functions.ts';

const engine = createSqlEngine();
afterAll(() => engine.close());

const run = (select: string) =>
  engine.select(
    { select, database: 'db', now: Date.UTC(2026, 0, 5, 9), cutoff: undefined, lookUp: async () => undefined },
    new AbortController().signal,
  );

test('what functions give is what Athena prints', async () => {
  const { rows } = await run(`SELECT ${SCALARS.map(([one]) => one).join(', ')}`);
  expect(SCALARS.map(([one], index) => [one, rows[0]?.[index]])).toEqual(SCALARS);
});

test('so are aggregates, with FILTER, DISTINCT and ORDER BY', async () => {
  const { rows } = await run(`SELECT ${AGGREGATES.map(([one]) => one).join(', ')} ${TABLE}`);
  expect(AGGREGATES.map(([one], index) => [one, rows[0]?.[index]])).toEqual(AGGREGATES);
});

test('and functions over windows', async () => {
  const { rows } = await run(
    `SELECT ${WINDOWS.map(([one]) => one).join(', ')} ${TABLE} WHERE v IS NOT NULL ORDER BY v`,
  );
  expect(WINDOWS.map(([one], index) => [one, rows.map((row) => row[index] ?? 'null').join(' ')])).toEqual(WINDOWS);
});

test('every function that is built has been asked here', () => {
  const asked = [...SCALARS, ...AGGREGATES, ...WINDOWS].map(([one]) => one.toLowerCase()).join(' ');
  expect(FUNCTIONS.filter((name) => !asked.includes(`${name}(`))).toEqual([]);
});

describe('is refused, and says why:', () => {
  test.each([
    ['SELECT foo(1)', "FUNCTION_NOT_FOUND: line 1:8: Function 'foo' not registered"],
    ["SELECT url_encode('a')", /^NOT_SUPPORTED: .* the function url_encode/],
    ['SELECT to_days(1)', "FUNCTION_NOT_FOUND: line 1:8: Function 'to_days' not registered"],
    ['SELECT list_transform(ARRAY[1], x -> x)', /^FUNCTION_NOT_FOUND/],
    ['SELECT 1 / 0', 'DIVISION_BY_ZERO: Division by zero'],
    ['SELECT 1.0 / 3', /^NOT_SUPPORTED: .* decimals/],
    [
      'SELECT ARRAY[1][2]',
      'INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 2 > 1',
    ],
    ["SELECT CAST('x' AS BIGINT)", /^INVALID_CAST_ARGUMENT/],
    ["SELECT from_base64('!')", /^INVALID_FUNCTION_ARGUMENT/],
    ['SELECT 0x1F', /^SYNTAX_ERROR: line 1:9/],
    ['SELECT 1,', /^SYNTAX_ERROR: line 1:9/],
    ['SELECT [1, 2]', /^SYNTAX_ERROR: line 1:8/],
    ["SELECT e'a'", /^SYNTAX_ERROR: line 1:8/],
    ["SELECT lower('A').upper()", /^SYNTAX_ERROR: line 1:18/],
    ['SELECT 1::BIGINT', /^SYNTAX_ERROR: line 1:9/],
    ['SELECT 5 // 2', /^SYNTAX_ERROR: .*\/\//],
    ['SELECT 2 ** 3', /^SYNTAX_ERROR: .*\*\*/],
    ["SELECT 'a' ILIKE 'A'", /^SYNTAX_ERROR: .*~~\*/],
    ['SELECT * EXCLUDE (a) FROM (VALUES (1)) AS t(a)', /^SYNTAX_ERROR: .*EXCLUDE/],
    ['SELECT a FROM (VALUES (1)) AS t(a) GROUP BY ALL', /^SYNTAX_ERROR: .*GROUP BY ALL/],
    ['SELECT DISTINCT ON (a) a FROM (VALUES (1)) AS t(a)', /^SYNTAX_ERROR: .*DISTINCT ON/],
    ['SELECT a FROM (VALUES (1)) AS t(a) QUALIFY row_number() OVER () = 1', /^SYNTAX_ERROR: .*QUALIFY/],
    ['SELECT unnest(ARRAY[1])', /^SYNTAX_ERROR: .*unnest/],
    ['SELECT a FROM range(3) AS t(a)', /^SYNTAX_ERROR: .*range/],
    ['SELECT * FROM other.t', "TABLE_NOT_FOUND: line 1:21: Table 'awsdatacatalog.other.t' does not exist"],
    ['SELECT a FROM (VALUES (1)) AS t(b)', "COLUMN_NOT_FOUND: Column 'a' cannot be resolved"],
    [
      'SELECT a + 1 AS b FROM (VALUES (1)) AS t(a) GROUP BY a ORDER BY max(b)',
      'COLUMN_NOT_FOUND: Invalid reference to output projection attribute from ORDER BY aggregation',
    ],
    ['SELECT 1 +', /^SYNTAX_ERROR/],
  ])('%s', async (sql, words) => {
    await expect(run(sql)).rejects.toThrow(words);
  });
});
