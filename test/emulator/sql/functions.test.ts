import { describe, expect, test } from 'vitest';
import { runSelect } from '../../../src/emulator/sql/execute.ts';
import { FUNCTIONS } from '../../../src/emulator/sql/functions.ts';

const run = (select: string) =>
  runSelect(
    { select, database: 'db', now: Date.UTC(2026, 0, 5, 9), cutoff: undefined, lookUp: async () => undefined },
    new AbortController().signal,
  );

/** Expressions and what Athena prints of them. */
const SCALARS: readonly [string, string | null][] = [
  // Numbers: whole ones are divided whole, and doubles print as in Java.
  ['7 / 2', '3'],
  ['-7 / 2', '-3'],
  ['7e0 / 2', '3.5'],
  ['-7 % 3', '-1'],
  ['mod(7, 3)', '1'],
  ['1e7', '1.0E7'],
  ['1e-5', '1.0E-5'],
  ['123456e0', '123456.0'],
  ['9223372036854775807', '9223372036854775807'],
  ['abs(-2)', '2'],
  ['ceil(1.2e0) + ceiling(1.2e0) + floor(1.8e0)', '5.0'],
  ['round(2.5e0)', '3.0'],
  ['round(2.345e0, 2)', '2.35'],
  ['truncate(-2.5e0)', '-2.0'],
  ['sqrt(4e0) + cbrt(8e0) + exp(0e0) + ln(1e0) + log2(8e0) + log10(100e0)', '10.0'],
  ['pow(2e0, 3e0) + power(2e0, 3e0)', '16.0'],
  ['sign(-3)', '-1'],
  ['round(pi(), 2)', '3.14'],
  ['round(degrees(radians(90e0)))', '90.0'],
  [
    'sin(0e0) + tan(0e0) + asin(0e0) + atan(0e0) + atan2(0e0, 1e0) + sinh(0e0) + tanh(0e0) + cos(0e0) + cosh(0e0) + acos(1e0)',
    '2.0',
  ],
  ['is_nan(nan())', 'true'],
  ['is_infinite(infinity())', 'true'],
  ['is_finite(1e0)', 'true'],
  ['random() < 1 AND rand() < 1', 'true'],
  ['greatest(1, 3, 2)', '3'],
  ['greatest(1, NULL)', null],
  ['least(1, NULL)', null],
  ['bitwise_and(6, 3)', '2'],
  ['bitwise_or(6, 3)', '7'],
  ['bitwise_xor(6, 3)', '5'],
  ['bitwise_not(0)', '-1'],
  ['bitwise_left_shift(1, 4)', '16'],
  ['bitwise_right_shift(-1, 63)', '1'],
  ['bitwise_right_shift_arithmetic(-8, 1)', '-4'],
  // Texts.
  ["concat('a', 'b', 'c')", 'abc'],
  ["concat('a', NULL)", null],
  ["lower('A') || upper('b')", 'aB'],
  ["length('aé🦆')", '3'],
  ["reverse('abc')", 'cba'],
  ["replace('abab', 'a', 'x')", 'xbxb'],
  ["translate('abc', 'ab', 'xy')", 'xyc'],
  ["strpos('abc', 'c')", '3'],
  ["position('c' IN 'abc')", '3'],
  ["starts_with('abc', 'ab')", 'true'],
  ["trim('  a ') || ltrim(' b') || rtrim('c ')", 'abc'],
  ["lpad('a', 3, '0') || rpad('b', 3, '0')", '00ab00'],
  ["substr('abc', 2) || substring('abc', 1, 1)", 'bca'],
  ["split('a,b,', ',')", '[a, b, ]'],
  ["split_part('a,b', ',', 2)", 'b'],
  ["split_part('a,b', ',', 3)", null],
  ['chr(65)', 'A'],
  ["codepoint('A')", '65'],
  ["regexp_like('a1', '[0-9]')", 'true'],
  ["regexp_extract('a12', '[0-9]+')", '12'],
  ["regexp_extract('a', '[0-9]+')", null],
  ["regexp_extract('k=v', '(.)=(.)', 2)", 'v'],
  ["regexp_extract_all('a1b2', '[0-9]')", '[1, 2]'],
  ["regexp_replace('a1b2', '[0-9]')", 'ab'],
  ["regexp_replace('k=v', '(.)=(.)', '$2=$1')", 'v=k'],
  ["regexp_split('1, 2,3', ' *, *')", '[1, 2, 3]'],
  ["regexp_count('a1b2', '[0-9]')", '2'],
  // Bytes; the hash is that of https://xxhash.com's reference for "abc" with seed 0.
  ["to_utf8('aé')", '61 c3 a9'],
  ["from_utf8(X'61 FF')", 'a�'],
  ["to_hex(X'0aff')", '0AFF'],
  ["from_hex('0AFF')", '0a ff'],
  ["to_base64(to_utf8('a'))", 'YQ=='],
  ["from_utf8(from_base64('eyJhIjoxfQ'))", '{"a":1}'],
  ["TRY(from_base64('!'))", null],
  ["to_hex(md5(to_utf8('')))", 'D41D8CD98F00B204E9800998ECF8427E'],
  ["to_hex(sha1(to_utf8('')))", 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709'],
  ["to_hex(sha256(to_utf8('')))", 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855'],
  ["to_hex(xxhash64(to_utf8('abc')))", '44BC2CF5AD770999'],
  ["from_big_endian_64(xxhash64(to_utf8('abc')))", '4952883123889572249'],
  ['to_big_endian_64(-2)', 'ff ff ff ff ff ff ff fe'],
  // JSON: along a path, and no further; numbers as they stand there.
  [`json_extract_scalar('{"a":[1.50,{"b":"x"}]}', '$.a[0]')`, '1.50'],
  [`json_extract_scalar('{"a":[1.50,{"b":"x"}]}', '$.a[1]["b"]')`, 'x'],
  [`json_extract_scalar('{"a":{}}', '$.a')`, null],
  [`json_extract_scalar('{"a":null}', '$.a')`, null],
  [`json_extract_scalar('{"a":1, no', '$.a')`, '1'],
  [`json_extract_scalar('no', '$.a')`, null],
  [`json_extract('{"b": 1, "a": [1.0, true]}', '$')`, '{"a":[1.0,true],"b":1}'],
  [`json_format(json_parse('{"b": 1, "a": 2}'))`, '{"a":2,"b":1}'],
  [`json_array_length('[1, [2, 3]]')`, '2'],
  [`json_array_length('{}')`, null],
  [`CAST(json_parse('[1, 2.5, null]') AS ARRAY(DOUBLE))`, '[1.0, 2.5, null]'],
  [`CAST(json_extract('{"a":"x"}', '$.a') AS VARCHAR)`, 'x'],
  [`CAST(MAP(ARRAY['a'], ARRAY[1]) AS JSON)`, '{"a":1}'],
  [`TRY(json_parse('{'))`, null],
  // Times, in UTC.
  ["from_iso8601_timestamp('2026-01-05T09:00:00.1239+01:00')", '2026-01-05 08:00:00.123 UTC'],
  ["TRY(from_iso8601_timestamp('2026-01-05 09:00:00'))", null],
  ["to_unixtime(from_iso8601_timestamp('2026-01-05T00:00:00Z'))", '1.7675712E9'],
  ['from_unixtime(1767571200)', '2026-01-05 00:00:00.000 UTC'],
  ['current_timestamp', '2026-01-05 09:00:00.000 UTC'],
  ["date('2026-01-05')", '2026-01-05'],
  ['current_date', '2026-01-05'],
  ["date_trunc('hour', TIMESTAMP '2026-01-05 09:30:00')", '2026-01-05 09:00:00.000'],
  ["date_add('minute', 90, TIMESTAMP '2026-01-05 09:00:00')", '2026-01-05 10:30:00.000'],
  ["date_diff('hour', TIMESTAMP '2026-01-05 00:30:00', TIMESTAMP '2026-01-05 02:00:00')", '1'],
  ["TIMESTAMP '2026-01-05 09:00:00' + INTERVAL '1' DAY", '2026-01-06 09:00:00.000'],
  ["year(DATE '2026-01-05') + quarter(DATE '2026-01-05') + month(DATE '2026-01-05') + week(DATE '2026-01-05')", '2030'],
  ["day(DATE '2026-01-05') + day_of_week(DATE '2026-01-04') + day_of_year(DATE '2026-02-01')", '44'],
  [
    "hour(TIMESTAMP '2026-01-05 09:08:07') + minute(TIMESTAMP '2026-01-05 09:08:07') + second(TIMESTAMP '2026-01-05 09:08:07')",
    '24',
  ],
  ["EXTRACT(HOUR FROM TIMESTAMP '2026-01-05 09:08:07')", '9'],
  // Arrays, maps, rows: from 1, and not beyond their ends.
  ["ARRAY['a', 'b'][2]", 'b'],
  ['TRY(ARRAY[1][2])', null],
  ['element_at(ARRAY[1], 2)', null],
  ["MAP(ARRAY['a'], ARRAY[1])['a']", '1'],
  ["TRY(MAP(ARRAY['a'], ARRAY[1])['b'])", null],
  ["element_at(MAP(ARRAY['a'], ARRAY[1]), 'b')", null],
  ["cardinality(ARRAY[1, 2]) + cardinality(MAP(ARRAY['a'], ARRAY[1]))", '3'],
  ['contains(ARRAY[1, 2], 2)', 'true'],
  ['array_sort(array_distinct(ARRAY[2, 1, 2]))', '[1, 2]'],
  ['array_max(ARRAY[1, 2]) - array_min(ARRAY[1, 2])', '1'],
  ["array_position(ARRAY['a'], 'b')", '0'],
  ["array_join(ARRAY['a', NULL, 'b'], ',')", 'a,b'],
  ['sequence(1, 3)', '[1, 2, 3]'],
  ['slice(ARRAY[1, 2, 3, 4], 2, 2)', '[2, 3]'],
  ['slice(ARRAY[1, 2, 3, 4], -2, 2)', '[3, 4]'],
  ['flatten(ARRAY[ARRAY[1], ARRAY[2]])', '[1, 2]'],
  ['transform(ARRAY[1, 2], x -> x + 1)', '[2, 3]'],
  ['filter(ARRAY[1, 2], x -> x > 1)', '[2]'],
  ['reduce(ARRAY[1, 2], 0, (s, x) -> s + x, s -> s)', '3'],
  ['any_match(ARRAY[1, 2], x -> x > 1)', 'true'],
  ['all_match(ARRAY[1, 2], x -> x > 1)', 'false'],
  ["map_keys(MAP(ARRAY['a'], ARRAY[1]))", '[a]'],
  ["map_values(MAP(ARRAY['a'], ARRAY[1]))", '[1]'],
  ["map_entries(map_from_entries(ARRAY[ROW('a', 1)]))", '[{key=a, value=1}]'],
  ["CAST(ROW(1, 'a') AS ROW(x BIGINT, y VARCHAR)).y", 'a'],
  ['CAST(ARRAY[1] AS ARRAY(VARCHAR))', '[1]'],
  // The rest.
  ['nullif(1, 1)', null],
  ["coalesce(NULL, 'a')", 'a'],
  ["IF(1 > 2, 'a', 'b')", 'b'],
  ["TRY_CAST('x' AS DOUBLE)", null],
  ['TRY(1 / 0)', null],
  ['CAST(true AS VARCHAR)', 'true'],
];

const AGGREGATES: readonly [string, string | null][] = [
  ['count(*)', '4'],
  ['count(v)', '3'],
  ['count(DISTINCT k)', '2'],
  ['count(*) FILTER (WHERE v > 1)', '2'],
  ['count_if(v > 1)', '2'],
  ['sum(v)', '6'],
  ['avg(v)', '2.0'],
  ['min(v) + max(v)', '4'],
  ['min_by(k, v) || max_by(k, v)', 'ab'],
  ['bool_and(v > 0)', 'true'],
  ['bool_or(v > 2)', 'true'],
  ['every(v > 1)', 'false'],
  ['arbitrary(1) + any_value(1)', '2'],
  ['array_agg(v ORDER BY v DESC)', '[3, 2, 1, null]'],
  ['approx_distinct(k)', '2'],
  ['approx_percentile(v, 0.5)', '2'],
  ['approx_percentile(v, ARRAY[0.0, 1.0])', '[1, 3]'],
  ['map_agg(v, k) FILTER (WHERE v = 1)', '{1=a}'],
  ['histogram(k)', '{a=2, b=2}'],
  ['stddev(v) + stddev_samp(v) + variance(v) + var_samp(v)', '4.0'],
  ['round(stddev_pop(v) * stddev_pop(v) - var_pop(v), 9)', '0.0'],
  [
    'round(corr(v, v), 9) + round(covar_samp(v, v), 9) + round(regr_slope(v, v) + regr_intercept(v, v) + regr_r2(v, v), 9)',
    '4.0',
  ],
  ['round(covar_pop(v, v), 3)', '0.667'],
];

const WINDOWS: readonly [string, string][] = [
  ['row_number() OVER (ORDER BY v)', '1 2 3'],
  ['rank() OVER (ORDER BY k)', '1 1 3'],
  ['dense_rank() OVER (ORDER BY k)', '1 1 2'],
  ['percent_rank() OVER (ORDER BY v)', '0.0 0.5 1.0'],
  ['cume_dist() OVER (ORDER BY k)', '0.6666666666666666 0.6666666666666666 1.0'],
  ['ntile(3) OVER (ORDER BY v)', '1 2 3'],
  ['lag(v) OVER (ORDER BY v)', 'null 1 2'],
  ['lead(v) OVER (ORDER BY v)', '2 3 null'],
  ['first_value(v) OVER (ORDER BY v)', '1 1 1'],
  ['last_value(v) OVER (ORDER BY v)', '1 2 3'],
  ['nth_value(v, 1) OVER (ORDER BY v)', '1 1 1'],
  ['sum(v) OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)', '1 3 5'],
];

test('what functions give is what Athena prints', async () => {
  const { rows } = await run(`SELECT ${SCALARS.map(([one]) => one).join(', ')}`);
  expect(SCALARS.map(([one], index) => [one, rows[0]?.[index]])).toEqual(SCALARS);
});

test('so are aggregates, with FILTER, DISTINCT and ORDER BY', async () => {
  const { rows } = await run(
    `SELECT ${AGGREGATES.map(([one]) => one).join(', ')} FROM (VALUES ('a', 1), ('a', 2), ('b', 3), ('b', NULL)) AS t(k, v)`,
  );
  expect(AGGREGATES.map(([one], index) => [one, rows[0]?.[index]])).toEqual(AGGREGATES);
});

test('and functions over windows', async () => {
  const { rows } = await run(
    `SELECT ${WINDOWS.map(([one]) => one).join(', ')} FROM (VALUES ('a', 1), ('a', 2), ('b', 3)) AS t(k, v) ORDER BY v`,
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
    ['SELECT 1e0 / 0', /^NOT_SUPPORTED: .* a double by zero/],
    ['SELECT 1.0 / 3', /^NOT_SUPPORTED: .* decimals/],
    [
      'SELECT ARRAY[1][2]',
      'INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: 2 > 1',
    ],
    ["SELECT CAST('x' AS BIGINT)", /^INVALID_CAST_ARGUMENT/],
    ["SELECT from_base64('!')", /^INVALID_FUNCTION_ARGUMENT/],
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
    ['SELECT 1 +', /^SYNTAX_ERROR/],
  ])('%s', async (sql, words) => {
    await expect(run(sql)).rejects.toThrow(words);
  });
});
