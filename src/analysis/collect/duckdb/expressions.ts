import type { Task } from '../../observations.ts';
import type { Shape } from '../../predictions/shape.ts';

/** SQL for load.sql that takes the column `answer` apart into lists, one entry a row of the answer. */
export interface AnswerExpressions {
  /** The answer as text. */
  answer: string;
  /** Lists as they come, perhaps with holes. */
  labels: string;
  numbers: string;
  /** Is `number_list` without holes? */
  numbers_whole: string;
  /** The labels, or null where they have holes; may be taken from `numbers`, which has none. */
  labels_whole: string;
}

export function answerExpressions(shape: Shape, task: Task): AnswerExpressions {
  const data = 'captureData.endpointOutput.data';
  const text = `if(captureData.endpointOutput.encoding = 'BASE64', try(decode(from_base64(${data}))), ${data})`;
  // JSON minds no white space, and trimming costs as much as reading the file.
  const answer = shape.format === 'json' ? text : `trim(${text}, e' \\t\\r\\n')`;
  const labels = shape.label === undefined ? 'null::varchar[]' : labelList(shape);
  const numbers = shape.number === undefined ? `null::double${shape.vector ? '[][]' : '[]'}` : numberList(shape);
  const flat = shape.vector ? 'flatten(number_list)' : 'number_list';
  let labels_whole =
    "if(len(label_list) > 0 and list_aggregate(label_list, 'count') = len(label_list), label_list, null)";
  if (shape.label === undefined && shape.vector) {
    labels_whole = 'list_transform(numbers, lambda scores: (list_position(scores, list_max(scores)) - 1)::varchar)';
  } else if (shape.label === undefined && task === 'multiclass') {
    labels_whole = 'list_transform(numbers, lambda x: if(x = floor(x), x::bigint::varchar, x::varchar))';
  }
  const holes = shape.vector ? " and list_aggregate(number_list, 'count') = len(number_list)" : '';
  return {
    answer,
    labels,
    numbers,
    labels_whole,
    numbers_whole: `list_aggregate(${flat}, 'count') = len(${flat})${holes}`,
  };
}

function labelList(shape: Shape): string {
  if (shape.format === 'json') return list(shape, `try(answer ->> ${quote(jsonPath(shape, shape.label ?? ''))})`);
  return `list_transform(string_split(answer, ${shape.format === 'csv-joined' ? "','" : 'chr(10)'}), lambda x: nullif(trim(x, e' \\t\\r"'), ''))`;
}

function numberList(shape: Shape): string {
  const cast = shape.vector ? 'double[]' : 'double';
  if (shape.format === 'json') {
    return `try_cast(${list(shape, `try(json_extract(answer, ${quote(jsonPath(shape, shape.number ?? ''))}))`)} as ${cast}[])`;
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
