import { isObject } from '../../base/json.ts';
import { payloadText } from './captures.ts';
import type { Payload } from './captures.ts';
import { csvRecords } from './csv.ts';
import { jsonValues } from './json.ts';

/** Pictures, sounds and films come one a request. */
const ONE_OBJECT = /^(?:image|audio|video)\/|^application\/x-image\b/i;
/** Binary forms of which one request may hold many rows. */
const BINARY = /recordio|protobuf|npy|npz|parquet|octet-stream|triton\.binary/i;
const ROWS_AS_LINES = /csv|libsvm|jsonlines|ndjson/i;

/** Rows of a request: those of a JSON document, lines of CSV or JSON Lines; undefined where it does not show them. */
export function countRows(payload: Payload): number | undefined {
  const type = payload.contentType ?? '';
  if (ONE_OBJECT.test(type)) return 1;
  if (BINARY.test(type)) return undefined;
  const text = payloadText(payload).trim();
  if (text === '') return undefined;
  if (/^[{[]/.test(text)) {
    const values = jsonValues(text);
    if (values !== undefined) return values.length === 1 ? rowsOfJson(values[0]) : values.length;
  }
  if (payload.encoding === 'CSV' || ROWS_AS_LINES.test(type)) return csvRecords(text).length;
  // Plain text is one document, or a row a line: only one line leaves no doubt.
  return text.includes('\n') ? undefined : 1;
}

/** Members whose list has an entry for each row, by the protocols that name them. */
const ROWS_UNDER = ['instances', 'dataframe_records'];
/** Members that belong to one request for one answer. */
const ONE_ANSWER = ['messages', 'prompt', 'question', 'features', 'text', 'query', 'url', 's3_image_key'];

function rowsOfJson(json: unknown): number | undefined {
  if (Array.isArray(json)) {
    const nested = json.every((one) => Array.isArray(one) || isObject(one));
    return nested && json.length > 0 ? json.length : undefined;
  }
  if (!isObject(json)) return 1;
  for (const name of ROWS_UNDER) if (Array.isArray(json[name])) return json[name].length;
  if (isObject(json.dataframe_split) && Array.isArray(json.dataframe_split.data))
    return json.dataframe_split.data.length;
  if (Array.isArray(json.columns) && Array.isArray(json.data)) return json.data.length;
  if ('inputs' in json) return rowsOfInputs(json.inputs);
  if (ONE_ANSWER.some((name) => name in json)) return 1;
  // A document without lists asks one question.
  return Object.values(json).some((one) => Array.isArray(one)) ? undefined : 1;
}

/** `inputs` is HuggingFace's text, or list of them; or the list of tensors of the Open Inference Protocol. */
function rowsOfInputs(inputs: unknown): number | undefined {
  if (!Array.isArray(inputs)) return 1;
  const [first] = inputs as unknown[];
  if (isObject(first) && Array.isArray(first.shape)) return typeof first.shape[0] === 'number' ? first.shape[0] : 1;
  return inputs.every((one) => typeof one === 'string' || isObject(one) || Array.isArray(one))
    ? inputs.length
    : undefined;
}
