import { notBuiltHere, QueryFailure } from './failure.ts';
import { type Call, call, cast, constant, isNode, type Node, operator } from './tree.ts';

/** What a call of one of Trino's functions becomes in DuckDB; its arguments have been gone over before. */
type Translation = string | ((given: Call) => Node);

/** DuckDB has it under the same name, and it means the same. */
const SAME =
  'abs acos asin atan atan2 ceil ceiling cos cosh degrees exp floor ln log10 log2 pi pow power radians random round sign sin sinh sqrt tan tanh trunc cbrt ' +
  'avg bool_and bool_or corr count covar_pop covar_samp histogram max min regr_intercept regr_slope stddev stddev_pop stddev_samp sum var_pop var_samp variance ' +
  'lower upper length reverse replace strpos starts_with lpad rpad chr translate ' +
  'date_trunc year month day hour minute second quarter week ' +
  'cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number ' +
  'map_keys map_values nullif row regexp_extract_all';

/** What DuckDB's parser makes of INTERVAL, EXTRACT, count(*) and ARRAY[…]: Trino has no functions of these names. */
export const INTERNAL = new Set(
  'count_star date_part list_value to_days to_hours to_microseconds to_milliseconds to_minutes to_months to_seconds to_years trunc'.split(
    ' ',
  ),
);

/** Those of Trino's functions that are built and sum up rows. */
export const AGGREGATES = new Set(
  (
    'any_value approx_distinct approx_percentile arbitrary array_agg avg bool_and bool_or corr count count_if count_star covar_pop ' +
    'covar_samp every histogram map_agg max max_by min min_by regr_intercept regr_slope stddev stddev_pop stddev_samp sum var_pop ' +
    'var_samp variance'
  ).split(' '),
);

/** Trino's operators that DuckDB has with the same meaning. */
export const OPERATORS = new Set(['+', '-', '*', '||', '~~', '!~~', 'like_escape', 'not_like_escape']);

const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  ...Object.fromEntries([...SAME.split(' '), ...INTERNAL].map((name) => [name, name])),
  // Aggregates: renamed, so that FILTER, DISTINCT and ORDER BY go with them.
  arbitrary: 'any_value',
  any_value: 'any_value',
  array_agg: 'list',
  every: 'bool_and',
  max_by: 'arg_max_null',
  min_by: 'arg_min_null',
  count_if: (given) => ({
    ...given,
    function_name: 'count_star',
    children: [],
    filter: and(given.filter, only(given, 1)),
  }),
  // Exact where Trino estimates.
  approx_distinct: (given) => ({ ...given, function_name: 'count', children: [only(given, 1, 2)], distinct: true }),
  approx_percentile: (given) => {
    if (given.children.length !== 2) throw notBuiltHere('approx_percentile with weights or an accuracy');
    return { ...given, function_name: 'quantile_disc' };
  },
  map_agg: (given) => {
    const [key = constant(''), value = constant('')] = given.children;
    const pairs: Call = { ...given, alias: '', function_name: 'list', children: [call('row', [key, value])] };
    return { ...call('map_from_entries', [pairs]), alias: given.alias };
  },
  // Null where any argument is.
  greatest: (given) => unlessNull(given, 'greatest'),
  least: (given) => unlessNull(given, 'least'),
  concat: (given) => {
    const [first = constant(''), ...rest] = given.children;
    return { ...rest.reduce((all, one) => operator('||', all, one), first), alias: given.alias };
  },
  '/': 'trino_divide',
  '%': 'trino_modulus',
  mod: 'trino_modulus',
  truncate: 'trunc',
  rand: 'random',
  is_nan: 'isnan',
  is_infinite: 'isinf',
  is_finite: 'isfinite',
  nan: (given) => ({ ...cast(constant('NaN'), 'DOUBLE'), alias: given.alias }),
  infinity: (given) => ({ ...cast(constant('Infinity'), 'DOUBLE'), alias: given.alias }),
  codepoint: 'unicode',
  position: 'strpos',
  split_part: 'trino_split_part',
  split: 'trino_split',
  substr: 'trino_substr',
  substring: 'trino_substr',
  trim: 'trino_trim',
  ltrim: 'trino_ltrim',
  rtrim: 'trino_rtrim',
  regexp_like: 'regexp_matches',
  regexp_extract: 'trino_regexp_extract',
  regexp_replace: 'trino_regexp_replace',
  regexp_split: 'regexp_split_to_array',
  regexp_count: 'trino_regexp_count',
  to_utf8: 'encode',
  from_utf8: 'trino_from_utf8',
  to_hex: 'hex',
  from_hex: 'unhex',
  to_base64: 'to_base64',
  from_base64: 'trino_from_base64',
  md5: 'trino_md5',
  sha1: 'trino_sha1',
  sha256: 'trino_sha256',
  xxhash64: 'trino_xxhash64',
  from_big_endian_64: 'trino_from_big_endian_64',
  to_big_endian_64: 'trino_to_big_endian_64',
  bitwise_and: 'trino_bitwise_and',
  bitwise_or: 'trino_bitwise_or',
  bitwise_xor: 'xor',
  bitwise_not: 'trino_bitwise_not',
  bitwise_right_shift: 'trino_bitwise_right_shift',
  bitwise_right_shift_arithmetic: 'trino_bitwise_right_shift_arithmetic',
  bitwise_left_shift: 'trino_bitwise_left_shift',
  json_extract: 'trino_json_extract',
  json_extract_scalar: 'trino_json_extract_scalar',
  json_parse: 'trino_json_parse',
  json_format: 'trino_json_format',
  json_array_length: 'trino_json_array_length',
  from_iso8601_timestamp: 'trino_from_iso8601_timestamp',
  to_unixtime: 'epoch',
  from_unixtime: 'to_timestamp',
  date: (given) => ({ ...cast(only(given, 1), 'DATE'), alias: given.alias }),
  date_add: 'trino_date_add',
  date_diff: (given) => ({ ...given, function_name: 'date_sub' }),
  day_of_week: 'isodow',
  day_of_year: 'dayofyear',
  cardinality: 'trino_cardinality',
  contains: 'list_contains',
  element_at: 'trino_element_at',
  array_distinct: 'list_distinct',
  array_sort: 'list_sort',
  array_max: 'list_max',
  array_min: 'list_min',
  array_position: 'trino_array_position',
  array_join: 'array_to_string',
  sequence: 'generate_series',
  slice: 'trino_slice',
  flatten: 'flatten',
  transform: 'list_transform',
  filter: 'list_filter',
  map: 'map',
  map_from_entries: 'map_from_entries',
  any_match: (given) => ({ ...call('list_bool_or', [call('list_transform', given.children)]), alias: given.alias }),
  all_match: (given) => ({ ...call('list_bool_and', [call('list_transform', given.children)]), alias: given.alias }),
  reduce: (given) => {
    const [list = constant(''), start = constant(''), step = constant(''), last] = given.children;
    if (!isIdentity(last)) throw notBuiltHere('reduce whose last function changes the result');
    return { ...call('list_reduce', [list, step, start]), alias: given.alias };
  },
};

/** Names of functions that Athena has (Trino's reference) and the emulator's engine has not; more may be missing. */
const KNOWN = new Set(
  'approx_most_frequent approx_set array_except array_intersect array_remove array_union arrays_overlap at_timezone bar beta_cdf bitwise_and_agg bitwise_or_agg checksum combinations concat_ws cosine_similarity crc32 current_user date_format date_parse empty_approx_set evaluate_classifier_predictions features format format_datetime format_number from_iso8601_date from_iso8601_timestamp_nanos from_unixtime_nanos geometric_mean hamming_distance hmac_sha256 human_readable_seconds index inverse_normal_cdf is_json_scalar json_array_contains json_array_get json_exists json_query json_size json_value kurtosis last_day_of_month learn_classifier levenshtein_distance listagg luhn_check map_concat map_entries map_filter map_union map_zip_with merge multimap_agg multimap_from_entries murmur3 ngrams none_match normal_cdf normalize numeric_histogram parse_datetime parse_duration qdigest_agg reduce_agg regexp_position regr_count repeat sha512 shuffle skewness soundex split_to_map spooky_hash_v2_64 tdigest_agg timezone to_iso8601 transform_keys transform_values trim_array typeof url_decode url_encode url_extract_fragment url_extract_host url_extract_parameter url_extract_path url_extract_port url_extract_protocol url_extract_query uuid value_at_quantile version week_of_year width_bucket wilson_interval_lower wilson_interval_upper with_timezone word_stem year_of_week yow zip zip_with'.split(
    ' ',
  ),
);

/** A call of one of Trino's functions, in DuckDB's terms. @throws QueryFailure by name where there is none */
export function translate(given: Call, place: string): Node {
  const name = given.function_name.toLowerCase();
  const found = Object.hasOwn(TRANSLATIONS, name) ? TRANSLATIONS[name] : undefined;
  if (found === undefined) {
    if (KNOWN.has(name)) throw notBuiltHere(`the function ${name}`);
    throw new QueryFailure('FUNCTION_NOT_FOUND', `${place}: Function '${name}' not registered`);
  }
  return typeof found === 'string' ? { ...given, function_name: found, is_operator: false } : found(given);
}

/** Which functions of Trino's the engine runs: for the docs, and for tests. */
export const FUNCTIONS: readonly string[] = Object.keys(TRANSLATIONS)
  .filter((name) => /^[a-z]\w+$/.test(name) && !INTERNAL.has(name))
  .sort();

function only(given: Call, least: number, most = least): Node {
  const [first] = given.children;
  if (first === undefined || given.children.length < least || given.children.length > most)
    throw new QueryFailure(
      'FUNCTION_NOT_FOUND',
      `Unexpected parameters for function ${given.function_name.toLowerCase()}`,
    );
  return first;
}

function and(filter: Node | null, more: Node): Node {
  if (filter === null) return more;
  return { class: 'CONJUNCTION', type: 'CONJUNCTION_AND', alias: '', query_location: 0, children: [filter, more] };
}

function isIdentity(node: Node | undefined): boolean {
  if (node?.class !== 'LAMBDA' || !isNode(node.lhs) || !isNode(node.expr)) return false;
  return JSON.stringify(node.lhs.column_names) === JSON.stringify(node.expr.column_names);
}

/** `CASE WHEN a IS NULL OR b IS NULL … THEN NULL ELSE greatest(a, b, …) END` */
function unlessNull(given: Call, name: string): Node {
  const isNull = (child: Node) => ({
    class: 'OPERATOR',
    type: 'OPERATOR_IS_NULL',
    alias: '',
    query_location: 0,
    children: [child],
  });
  const nothing = {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias: '',
    query_location: 0,
    value: { type: { id: 'NULL', type_info: null }, is_null: true },
  };
  return {
    class: 'CASE',
    type: 'CASE_EXPR',
    alias: given.alias,
    query_location: 0,
    case_checks: [
      {
        when_expr: {
          class: 'CONJUNCTION',
          type: 'CONJUNCTION_OR',
          alias: '',
          query_location: 0,
          children: given.children.map(isNull),
        },
        then_expr: nothing,
      },
    ],
    else_expr: call(name, given.children),
  };
}

/**
 * What Trino's functions are made of in DuckDB; those that begin with `js_` are JavaScript's. A text in a CASE takes the type of
 * its other values, so that whole numbers stay whole.
 */
export const MACROS = `
CREATE MACRO trino_whole(type) AS type IN ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT');
CREATE MACRO trino_divisor(a, b) AS CASE
  WHEN (typeof(a) LIKE 'DECIMAL%' OR typeof(b) LIKE 'DECIMAL%') AND typeof(a) NOT IN ('DOUBLE', 'FLOAT') AND typeof(b) NOT IN ('DOUBLE', 'FLOAT')
    THEN CAST(js_fail('NOT_SUPPORTED: the emulator''s own engine has not built the division of decimals; cast one to DOUBLE') AS TINYINT)
  WHEN b = 0 AND trino_whole(typeof(a)) AND trino_whole(typeof(b)) THEN CAST(js_fail('DIVISION_BY_ZERO: Division by zero') AS TINYINT)
  ELSE b END;
CREATE MACRO trino_by_zero(a, b) AS b = 0 AND (typeof(a) IN ('DOUBLE', 'FLOAT') OR typeof(b) IN ('DOUBLE', 'FLOAT'));
CREATE MACRO trino_divide(a, b) AS CASE
  WHEN trino_by_zero(a, b) AND isnan(CAST(a AS DOUBLE)) THEN 'NaN'
  WHEN trino_by_zero(a, b) AND a > 0 THEN 'Infinity'
  WHEN trino_by_zero(a, b) AND a < 0 THEN '-Infinity'
  WHEN trino_by_zero(a, b) THEN 'NaN'
  ELSE a // trino_divisor(a, b) END;
CREATE MACRO trino_modulus(a, b) AS CASE WHEN trino_by_zero(a, b) THEN 'NaN' ELSE a % trino_divisor(a, b) END;
CREATE MACRO trino_split_part(s, d, n) AS CASE
  WHEN n < 1 THEN js_fail('INVALID_FUNCTION_ARGUMENT: Index must be greater than zero: ' || n) ELSE list_extract(string_split(s, d), n) END;
CREATE MACRO trino_split(s, d) AS string_split(s, CASE
  WHEN d = '' THEN js_fail('INVALID_FUNCTION_ARGUMENT: The delimiter may not be the empty string' || d) ELSE d END);
CREATE MACRO trino_substr(s, i) AS CASE WHEN s IS NOT NULL AND (i = 0 OR abs(i) > length(s)) THEN '' ELSE substr(s, i) END,
  (s, i, n) AS CASE WHEN s IS NOT NULL AND (i = 0 OR abs(i) > length(s)) THEN '' ELSE substr(s, i, n) END;
CREATE MACRO trino_blank() AS chr(32) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13);
CREATE MACRO trino_trim(s) AS trim(s, trino_blank()), (s, c) AS trim(s, c);
CREATE MACRO trino_ltrim(s) AS ltrim(s, trino_blank()), (s, c) AS ltrim(s, c);
CREATE MACRO trino_rtrim(s) AS rtrim(s, trino_blank()), (s, c) AS rtrim(s, c);
CREATE MACRO trino_regexp_extract(s, p) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END,
  (s, p, g) AS CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p, g) END;
CREATE MACRO trino_regexp_replace(s, p) AS regexp_replace(s, p, '', 'g'),
  (s, p, r) AS regexp_replace(s, p, regexp_replace(r, '\\$([0-9])', '\\\\\\1', 'g'), 'g');
CREATE MACRO trino_regexp_count(s, p) AS len(regexp_extract_all(s, p));
CREATE MACRO trino_from_utf8(b) AS js_from_utf8(b);
CREATE MACRO trino_from_base64(s) AS js_from_base64(s);
CREATE MACRO trino_md5(b) AS unhex(md5(CAST(b AS BLOB)));
CREATE MACRO trino_sha1(b) AS unhex(sha1(CAST(b AS BLOB)));
CREATE MACRO trino_sha256(b) AS unhex(sha256(CAST(b AS BLOB)));
CREATE MACRO trino_xxhash64(b) AS js_xxhash64(b);
CREATE MACRO trino_from_big_endian_64(b) AS js_from_big_endian_64(b);
CREATE MACRO trino_to_big_endian_64(n) AS js_to_big_endian_64(n);
CREATE MACRO trino_bitwise_and(a, b) AS CAST(a AS BIGINT) & CAST(b AS BIGINT);
CREATE MACRO trino_bitwise_or(a, b) AS CAST(a AS BIGINT) | CAST(b AS BIGINT);
CREATE MACRO trino_bitwise_not(a) AS ~CAST(a AS BIGINT);
CREATE MACRO trino_bigint(a) AS CASE
  WHEN typeof(a) <> 'BIGINT' THEN CAST(js_fail('NOT_SUPPORTED: the emulator''s own engine has not built shifts of ' || typeof(a) || ', whose bits are fewer; cast it to BIGINT') AS BIGINT)
  ELSE a END;
CREATE MACRO trino_bitwise_right_shift(a, n) AS js_right_shift(trino_bigint(a), n);
CREATE MACRO trino_bitwise_left_shift(a, n) AS js_left_shift(trino_bigint(a), n);
CREATE MACRO trino_bitwise_right_shift_arithmetic(a, n) AS CAST(a AS BIGINT) >> n;
CREATE MACRO trino_json_extract(j, p) AS CAST(js_json_extract(CAST(j AS VARCHAR), p) AS JSON);
CREATE MACRO trino_json_extract_scalar(j, p) AS js_json_extract_scalar(CAST(j AS VARCHAR), p);
CREATE MACRO trino_json_parse(s) AS CAST(js_json_parse(s) AS JSON);
CREATE MACRO trino_json_format(j) AS CAST(j AS VARCHAR);
CREATE MACRO trino_json_array_length(j) AS js_json_array_length(CAST(j AS VARCHAR));
CREATE MACRO trino_text(x) AS CASE
  WHEN typeof(x) IN ('DOUBLE', 'FLOAT', 'JSON', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE') THEN js_text(typeof(x), CAST(x AS VARCHAR))
  ELSE CAST(x AS VARCHAR) END;
CREATE MACRO trino_from_iso8601_timestamp(s) AS CASE
  WHEN regexp_full_match(s, '\\d{4}-\\d\\d-\\d\\d(T\\d\\d(:\\d\\d(:\\d\\d([.,]\\d+)?)?)?(Z|[+-]00(:?00)?)?)?')
    THEN date_trunc('millisecond', CAST(s AS TIMESTAMP WITH TIME ZONE))
  WHEN s IS NULL THEN NULL
  WHEN regexp_matches(s, '[+-]\\d\\d(:?\\d\\d)?$')
    THEN CAST(js_fail('NOT_SUPPORTED: the emulator''s own engine has not built time zones other than UTC: ' || s) AS TIMESTAMP WITH TIME ZONE)
  ELSE CAST(js_fail('INVALID_FUNCTION_ARGUMENT: Invalid format: "' || s || '"') AS TIMESTAMP WITH TIME ZONE) END;
CREATE MACRO trino_date_add(unit, n, t) AS t + CASE lower(unit)
  WHEN 'millisecond' THEN to_milliseconds(n) WHEN 'second' THEN to_seconds(n) WHEN 'minute' THEN to_minutes(n) WHEN 'hour' THEN to_hours(n)
  WHEN 'day' THEN to_days(CAST(n AS INTEGER)) WHEN 'week' THEN to_days(CAST(7 * n AS INTEGER)) WHEN 'month' THEN to_months(CAST(n AS INTEGER))
  WHEN 'year' THEN to_years(CAST(n AS INTEGER)) ELSE CAST(js_fail('INVALID_FUNCTION_ARGUMENT: ''' || unit || ''' is not a valid Timestamp field') AS INTERVAL) END;
CREATE MACRO trino_cardinality(x) AS CAST(json_array_length(CASE WHEN typeof(x) LIKE 'MAP(%' THEN json_keys(to_json(x)) ELSE to_json(x) END) AS BIGINT);
CREATE MACRO trino_array_position(a, x) AS CASE WHEN a IS NULL OR x IS NULL THEN NULL ELSE coalesce(list_position(a, x), 0) END;
CREATE MACRO trino_slice(a, start, n) AS CASE WHEN start < 0 THEN list_slice(a, len(a) + start + 1, len(a) + start + n) ELSE list_slice(a, start, start + n - 1) END;
CREATE MACRO trino_element_at(a, i) AS a[i];
CREATE MACRO trino_subscript(a, i) AS a[CASE
  WHEN i < 1 THEN CAST(js_fail('INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1') AS BIGINT)
  WHEN i > len(a)
    THEN CAST(js_fail('INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: ' || i || ' > ' || len(a)) AS BIGINT)
  ELSE i END];
CREATE MACRO trino_map_subscript(m, k) AS m[CASE
  WHEN m IS NOT NULL AND NOT map_contains(m, k) THEN js_fail('INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || k)
  ELSE k END];
`;
