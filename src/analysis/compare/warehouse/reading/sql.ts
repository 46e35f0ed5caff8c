import type { Reading } from '../../../answers/reading.ts';
import type { Form, FormRow } from './forms.ts';
import { BROKEN_CELL, BROKEN_WORD, eachRowPattern, rowPattern, SPACES, WHOLE_CLASS, wholePattern } from './patterns.ts';

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
const like = (value: string, pattern: string) => `regexp_like(${value}, ${quote(pattern)})`;

/** Text without white space around it, as JavaScript trims it. */
const trimmed = (value: string) =>
  `regexp_replace(regexp_replace(${value}, ${quote(`\\A[${SPACES}]+`)}, ''), ${quote(`[${SPACES}]+\\z`)}, '')`;

/** 64 bits of a hash, as 16 hexadecimal digits. */
const hash = (value: string) => `substr(lower(to_hex(md5(to_utf8(${value})))), 1, 16)`;

const stringAt = (json: string, path: string) =>
  `case when substr(json_format(json_extract(${json}, '${path}')), 1, 1) = '"' then json_extract_scalar(${json}, '${path}') end`;

const isObject = (json: string) => `coalesce(substr(json_format(${json}), 1, 1) = '{', false)`;

const TIME =
  '\\A[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,3})?Z\\z';

/** Of which records more than their columns is kept. Shares are from 0 to 1, decided by hashes. */
export interface Kept {
  /** Of requests whose inputs are kept, which slices are made of; longer ones than `longest` characters, and base64, never are. */
  asked: { share: number; longest: number };
  /** Of records whose lines are kept as they are: those that only JavaScript can read, or a share of all that have an id or an input. */
  lines: 'unsure' | { share: number };
}

/** How the captures of one variant become records. */
export interface RecordsAsked {
  variant: string;
  /** Of its answers, all read by one reading. */
  forms: readonly Form[];
  reading: Reading;
  kept: Kept;
}

/**
 * A SELECT that reads captures into columns of records (`recordsTable`), exactly as JavaScript does: a line of which it is not
 * sure what JavaScript would read is `unsure`.
 *
 * @param from what gives the lines: a FROM clause without its keyword, of a column `line`
 */
export function recordsSelect(from: string, { variant, forms, reading, kept }: RecordsAsked): string {
  const formOf = forms.length === 0 ? 'cast(null as integer)' : `case ${forms.map(whenForm).join(' ')} end`;
  return `with raw as (
  select line, row_number() over (partition by line) as copy from ${from}
), parsed as (
  select line, copy, try(json_parse(line)) as record from raw
  where line is null or not ${like('line', `\\A[${SPACES}]*\\z`)}
), parts as (
  select
    line, copy, record,
    json_extract(record, '$.captureData') as capture, json_extract(record, '$.eventMetadata') as metadata,
    json_extract_scalar(record, '$.eventMetadata.inferenceTime') as time,
    json_extract(record, '$.captureData.endpointInput') as input,
    json_extract(record, '$.captureData.endpointOutput') as output
  from parsed
), named as (
  select
    ${hash(`coalesce(line, '') || '#' || cast(copy as varchar)`)} as record,
    line,
    case
      when record is null then 'not JSON'
      when not (${isObject('capture')} and ${isObject('metadata')}) then 'no captureData or eventMetadata'
      when time is null then 'no inferenceTime'
    end as why,
    case when ${like('time', TIME)} then cast(to_unixtime(try(from_iso8601_timestamp(time))) * 1000 as bigint) end as moment,
    nullif(${stringAt('metadata', '$.inferenceId')}, '') as inference_id,
    nullif(${stringAt('metadata', '$.eventId')}, '') as event_id,
    ${stringAt('input', '$.data')} as asked,
    case when ${stringAt('input', '$.encoding')} in ('CSV', 'BASE64') then json_extract_scalar(input, '$.encoding') else 'JSON' end as asked_encoding,
    coalesce(${stringAt('input', '$.observedContentType')}, '') as asked_type,
    ${stringAt('output', '$.data')} as data,
    case when ${stringAt('output', '$.encoding')} in ('CSV', 'BASE64') then json_extract_scalar(output, '$.encoding') else 'JSON' end as encoding,
    coalesce(${stringAt('output', '$.observedContentType')}, '') as type
  from parts
), texts as (
  select *, case when encoding = 'BASE64' then try(from_utf8(from_base64(data))) else data end as text from named
), formed as (
  select *, ${formOf} as form from texts
), judged as (
  select
    *,
    case
      when why is not null then 'lost'
      when moment is null then 'unsure'
      when data is null or data = '' then 'empty'
      when form is not null then 'answered'
      when ${surelyUnreadable(reading)} then 'unreadable'
      else 'unsure'
    end as state
  from formed
), apart as (
  select *, ${rowsOf(forms)} as row_texts from judged
), told as (
  select
    state, record, moment, inference_id, event_id, asked, asked_encoding, why, line, text, form, row_texts,
    case when asked is not null then ${hash('asked')} end as input_id,
    case when state = 'answered' then cast(cardinality(row_texts) as bigint) else cast(0 as bigint) end as row_count
  from apart
), listed as (
  select
    state, record, moment, inference_id, event_id, input_id, asked, asked_encoding, why, line, text, form, row_count, row_text,
    place - 1 as place,
    case when asked is not null and row_count > 1 then split(${trimmed('asked')}, chr(10)) end as asked_lines
  from told cross join unnest(row_texts) with ordinality as each_row(row_text, place)
), filled as (
  select listed.*, ${byForm(forms, holesOf, 'varchar array')} as holes from listed
)
select
  ${quote(variant)} as variant, state, inference_id, event_id,
  input_id,
  case
    when asked is null or state <> 'answered' then null
    when row_count = 1 then ${hash(trimmed('asked'))}
    when cardinality(asked_lines) = row_count then ${hash(trimmed('asked_lines[place + 1]'))}
    else ${hash(`${trimmed('asked')} || '#' || cast(place as varchar)`)}
  end as row_input,
  record, moment, cast(place as bigint) as place, row_count,
  ${byForm(forms, (form) => perPlace(form, (row) => labelOf(form, row)), 'varchar')} as label,
  ${byForm(forms, (form) => perPlace(form, ({ number }) => (number === undefined ? undefined : numberIn(number))), 'double')} as number,
  ${byForm(forms, (form) => perPlace(form, ({ scores }) => scores && `array[${scores.map((hole) => numberIn(hole)).join(', ')}]`), 'double array')} as scores,
  why,
  case
    when state = 'answered' and asked_encoding <> 'BASE64' and length(asked) <= ${kept.asked.longest} and ${below('record', kept.asked.share)}
      then asked
  end as asked,
  case when ${keepsLine(kept.lines)} then line end as line,
  case when state in ('unreadable', 'unsure') then substr(text, 1, 120) when state = 'lost' then substr(line, 1, 100) end as example
from filled`;
}

/** Whether a hash is among this share of all. */
export function below(digits: string, share: number): string {
  if (share >= 1) return 'true';
  return `${digits} < '${BigInt(Math.round(share * 2 ** 52))
    .toString(16)
    .padStart(13, '0')}000'`;
}

/** The hash of a key, by which requests are drawn. */
export function drawnBy(key: 'inference_id' | 'event_id' | 'input_id'): string {
  return key === 'input_id' ? key : hash(key);
}

function keepsLine(lines: Kept['lines']): string {
  if (lines === 'unsure') return "state = 'unsure'";
  const keys = (['inference_id', 'event_id', 'input_id'] as const).map(
    (key) => `coalesce(${below(drawnBy(key), lines.share)}, false)`,
  );
  return `place = 0 and state <> 'lost' and (${keys.join(' or ')})`;
}

function whenForm(form: Form, i: number): string {
  const conditions = [
    `encoding = '${form.encoding}'`,
    `type = ${quote(form.contentType ?? '')}`,
    like('text', wholePattern(form)),
  ];
  if (form.holes.includes('word')) conditions.push(`not ${like('lower(text)', BROKEN_WORD)}`);
  if (form.askedRows !== undefined) conditions.push(askedRows(form.askedRows));
  return `when ${conditions.join(' and ')} then ${i}`;
}

/** How many rows the request had, where its text leaves no doubt. */
function askedRows({ cells, equal }: NonNullable<Form['askedRows']>): string {
  const rows = `case
    when asked_encoding = 'BASE64' or ${like('lower(asked_type)', 'image/|audio/|video/|x-image|recordio|protobuf|npy|npz|parquet|octet-stream|triton\\.binary')} then null
    when ${like('asked', `\\A[${SPACES}]*(?:[{\\[]|\\z)`)} or strpos(asked, '"') > 0 then null
    when asked_encoding = 'CSV' or ${like('lower(asked_type)', 'csv|libsvm|jsonlines|ndjson')} then cardinality(split(${trimmed('asked')}, chr(10)))
    when strpos(${trimmed('asked')}, chr(10)) = 0 then 1
  end`;
  return equal ? `coalesce(${rows} = ${cells}, false)` : `(asked is null or coalesce(${rows} <> ${cells}, false))`;
}

/** Answers that no reader can read, whatever the reading; and those that this one cannot. */
function surelyUnreadable({ shape }: Reading): string {
  const blank = `encoding <> 'BASE64' and ${like('text', `\\A[${SPACES}]*\\z`)}`;
  const page = `encoding <> 'BASE64' and strpos(lower(type), 'html') > 0`;
  const isCsv = `(strpos(lower(type), 'csv') > 0 or (encoding = 'CSV' and not ${like('lower(type)', 'json|event-stream|plain')}))`;
  const noJson = `encoding <> 'BASE64' and strpos(lower(type), 'json') > 0 and not ${isCsv} and strpos(lower(type), 'event-stream') = 0
        and strpos(${trimmed('text')}, chr(10)) = 0 and not ${like('text', `\\A[${SPACES}]*(?:data|event|id):|[0-9]{16}`)} and try(json_parse(text)) is null`;
  const broken = `encoding <> 'BASE64' and ${isCsv} and strpos(text, '"') = 0 and strpos(text, '[') = 0 and ${like(`lower(${trimmed('text')})`, BROKEN_CELL)}`;
  return [blank, page, noJson, ...(shape === 'csv' ? [broken] : [])].map((one) => `(${one})`).join(' or ');
}

/** The texts of the rows; one of a record without an answer that can be read. */
function rowsOf(forms: readonly Form[]): string {
  const cases = forms.map((form, i) => {
    const rows =
      form.most === undefined
        ? `regexp_extract_all(regexp_extract(text, ${quote(wholePattern(form, true))}, 1), ${quote(eachRowPattern(form))})`
        : `array[${form.rows.map(() => 'text').join(', ')}]`;
    return `when ${i} then ${rows}`;
  });
  return `case when state <> 'answered' then array[''] ${cases.length === 0 ? '' : `else case form ${cases.join(' ')} end`} end`;
}

function byForm(forms: readonly Form[], of: (form: Form) => string | undefined, type: string): string {
  const cases = forms.flatMap((form, i) => {
    const value = of(form);
    return value === undefined ? [] : [`when ${i} then ${value}`];
  });
  return cases.length === 0
    ? `cast(null as ${type})`
    : `case when state = 'answered' then case form ${cases.join(' ')} end end`;
}

/** What a row says, which of a form with a fixed number of rows goes by its place. */
function perPlace({ most, rows }: Form, of: (row: FormRow) => string | undefined): string | undefined {
  if (most === undefined || rows.length === 1) return of(rows[0] as FormRow);
  const cases = rows.flatMap((row, place) => {
    const value = of(row);
    return value === undefined ? [] : [`when ${place} then ${value}`];
  });
  return cases.length === 0 ? undefined : `case place ${cases.join(' ')} end`;
}

/** What stands in the holes of a row. */
function holesOf(form: Form): string {
  const pattern = quote(rowPattern(form));
  return `array[${form.holes.map((_, i) => `regexp_extract(row_text, ${pattern}, ${i + 1})`).join(', ')}]`;
}

const inHole = (hole: number) => `holes[${hole + 1}]`;
const numberIn = (hole: number) => `cast(${inHole(hole)} as double)`;

function labelOf(form: Form, { label, scores }: FormRow): string | undefined {
  if (label === undefined) return undefined;
  if (label === 'largest') {
    const all = (scores ?? []).map((hole) => numberIn(hole));
    return `case greatest(${all.join(', ')}) ${all.map((one, i) => `when ${one} then '${i}'`).join(' ')} end`;
  }
  if ('text' in label) return quote(label.text);
  const text = inHole(label.hole);
  return form.holes[label.hole] === 'class-number'
    ? `case when ${like(text, WHOLE_CLASS)} then cast(cast(cast(${text} as double) as bigint) as varchar) else ${text} end`
    : text;
}
