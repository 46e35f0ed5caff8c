import type { Task } from '../../observations.ts';
import type { Shape } from '../../predictions/shape.ts';

/** SQL that takes an answer (the column `answer`) apart into lists, one entry a row; null where it is no such answer. */
export function answerExpressions(shape: Shape, task: Task): { labels: string; numbers: string } {
  const numbers = shape.number === undefined ? undefined : numberList(shape);
  const known = numbers === undefined ? undefined : whole(numbers, shape.vector);
  let labels: string | undefined;
  if (shape.label !== undefined) labels = whole(labelList(shape), false);
  else if (shape.vector && known !== undefined) {
    labels = `list_transform(${known}, lambda scores: (list_position(scores, list_max(scores)) - 1)::varchar)`;
  } else if (task === 'multiclass' && known !== undefined) {
    labels = `list_transform(${known}, lambda x: if(x = floor(x), x::bigint::varchar, x::varchar))`;
  }
  const type = shape.vector ? 'double[][]' : 'double[]';
  return { labels: labels ?? 'null::varchar[]', numbers: known ?? `null::${type}` };
}

/** A list counts only where every entry could be read. */
function whole(list: string, vector: boolean): string {
  const bad = vector
    ? 'lambda one: one is null or list_contains(list_transform(one, lambda x: x is null or isnan(x)), true)'
    : 'lambda one: one is null';
  return `(case when len(${list}) > 0 and len(list_filter(${list}, ${bad})) = 0 then ${list} end)`;
}

function labelList(shape: Shape): string {
  if (shape.format === 'json') return list(shape, `try(answer ->> ${quote(jsonPath(shape, shape.label ?? ''))})`);
  return `list_transform(string_split(answer, ${shape.format === 'csv-joined' ? "','" : 'chr(10)'}), lambda x: nullif(trim(x, e' \\t\\r"'), ''))`;
}

function numberList(shape: Shape): string {
  const cast = shape.vector ? 'double[]' : 'double';
  if (shape.format === 'json') {
    const values = list(shape, `try(json_extract(answer, ${quote(jsonPath(shape, shape.number ?? ''))}))`);
    return `list_transform(${values}, lambda x: try_cast(x as ${cast}))`;
  }
  const cell = (text: string) =>
    `if(isfinite(try_cast(trim(${text}) as double)), try_cast(trim(${text}) as double), null)`;
  if (shape.vector)
    return `list_transform(string_split(answer, chr(10)), lambda line: list_transform(string_split(line, ','), lambda x: ${cell('x')}))`;
  return `list_transform(string_split(answer, ${shape.format === 'csv-joined' ? "','" : 'chr(10)'}), lambda x: ${cell('x')})`;
}

function jsonPath(shape: Shape, member: string): string {
  return member === '' ? shape.rows : `${shape.rows}.${member}`;
}

/** A path with a wildcard gives a list; any other gives one value, put into a list here. */
function list(shape: Shape, values: string): string {
  return shape.rows.includes('*') ? values : `[${values}]`;
}

/** An SQL string. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
