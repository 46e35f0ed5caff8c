import { csvValue } from '../../base/csv.ts';
import { isObject } from '../../base/json.ts';
import { jsonRecords } from '../../base/json-records.ts';
import { parseLiteral } from '../../base/literal.ts';

/**
 * The labels of a record of SageMaker Model Monitor, one a row of the request; undefined for any other value. Source of the
 * form: "Ingest Ground Truth labels and merge them with predictions", Amazon SageMaker Developer Guide:
 * `{"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": "…"}, "eventVersion": "0"}`, where
 * eventId is the caller's inferenceId if there is one. People also write `inferenceId` beside it, numbers and lists in
 * place of text, and JSON in the text; what has members is given with their names.
 */
export function groundTruth(value: unknown): Record<string, unknown>[] | undefined {
  if (!isObject(value) || !('groundTruthData' in value)) return undefined;
  const { groundTruthData: truth, eventMetadata: event } = value;
  const ids = isObject(event) ? event : value;
  const labels = isObject(truth) && 'data' in truth ? labelsOf(truth.data, String(truth.encoding)) : [truth];
  return labels.map((label, i) => {
    const rowId = (id: unknown) => (isId(id) && labels.length > 1 ? `${id}#${i}` : id);
    const members = isObject(label) ? label : { label };
    return { ...members, inferenceId: rowId(ids.inferenceId), eventId: rowId(ids.eventId) };
  });
}

function isId(id: unknown): id is string | number {
  return typeof id === 'number' || (typeof id === 'string' && id !== '');
}

function labelsOf(data: unknown, encoding: string): unknown[] {
  if (Array.isArray(data)) return data.length === 0 ? [null] : data;
  if (typeof data !== 'string') return [data];
  const base64 = /^base64$/i.test(encoding);
  const text = (base64 ? Buffer.from(data, 'base64').toString('utf8') : data).trim();
  if (/^[[{]/.test(text)) {
    const records = [...jsonRecords(text)];
    if (records.every(({ flaw }) => flaw === undefined)) return records.flatMap(({ value }) => value);
  }
  return text.split(/\r?\n/).map(unquoted);
}

/** A string as JSON or Python writes it, or a quoted cell of CSV. */
function unquoted(label: string): unknown {
  if (!/^\s*(".*"|'.*')\s*$/.test(label)) return label;
  try {
    return parseLiteral(label);
  } catch {
    return csvValue(label);
  }
}
