import type { BatchDataCaptureConfig, DataProcessing } from '@aws-sdk/client-sagemaker';
import { isRoot, type Path, readPath, select, type SliceEnd } from './path.ts';
import { readCells, readJson, RowError, type RowFormat, writeCells, writeJson } from './rows.ts';

/** What of the switches decides about rows. */
interface RowSwitches {
  sliceEnd: SliceEnd;
  joinedDigits: number;
  unequalJoin: 'fail' | 'shorten';
}

/** What is done to the rows of a job; `format` is undefined where neither input nor output is read. */
export interface Processing {
  format: RowFormat | undefined;
  input: Path;
  output: Path;
  join: boolean;
  /** Ids and times are put to every row: the id's maker, and the job's start. */
  inferenceIds: { next(): string; time: string } | undefined;
  switches: RowSwitches;
}

/** Is anything of it asked for, beyond the defaults? */
export function processes(data: DataProcessing | undefined, capture: BatchDataCaptureConfig | undefined): boolean {
  return (
    (data?.InputFilter ?? '$') !== '$' ||
    (data?.OutputFilter ?? '$') !== '$' ||
    data?.JoinSource === 'Input' ||
    capture?.GenerateInferenceId === true
  );
}

/** @throws PathError */
export function readFilters(data: DataProcessing | undefined): Pick<Processing, 'input' | 'output' | 'join'> {
  return {
    input: readPath(data?.InputFilter ?? '$'),
    output: readPath(data?.OutputFilter ?? '$'),
    join: data?.JoinSource === 'Input',
  };
}

/** A record as the container is given it: all of it, or what the InputFilter leaves. @throws RowError, PathError */
export function filterRecord(record: string, { format, input, switches }: Processing): string {
  if (format === undefined || isRoot(input)) return record;
  const chosen = select(input, read(record, format), switches.sliceEnd);
  return write(chosen, format, undefined);
}

/** Has the output to be read at all? */
export function readsOutput({ format, output, join, inferenceIds }: Processing): boolean {
  return format !== undefined && (join || !isRoot(output) || inferenceIds !== undefined);
}

/**
 * The rows of the output for one request: joined to their records, filtered, with ids.
 * @param records as they stand in the object, before any filter
 * @throws RowError, PathError
 */
export function joinRows(records: readonly string[], answer: string, processing: Processing): string[] {
  const { format = 'csv', join, switches } = processing;
  const answers = format === 'json' ? [answer] : linesOf(answer);
  if (join && answers.length !== records.length) {
    const all = `has ${answers.length} rows for ${records.length} records`;
    if (switches.unequalJoin === 'fail') throw new RowError(`cannot be joined: it ${all}`);
  }
  const count = join ? Math.min(answers.length, records.length) : answers.length;
  return answers.slice(0, count).map((row, index) => {
    const output = read(row, format);
    const joined = join ? combine(read(records[index] ?? '', format), output, format) : output;
    const chosen = select(processing.output, joined, switches.sliceEnd);
    return withId(chosen, processing);
  });
}

/** Lines without their ends; what follows the last newline is a line only if there is something. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** CSV: the input's cells, then the output's. JSON: the output as an attribute of the input (API_DataProcessing). */
function combine(input: unknown, output: unknown, format: RowFormat): unknown {
  if (format === 'csv') return [input, output].flat();
  return isObject(input) ? { ...input, SageMakerOutput: output } : { SageMakerInput: input, SageMakerOutput: output };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && value.constructor === Object;
}

function read(text: string, format: RowFormat): unknown {
  return format === 'csv' ? readCells(text) : readJson(text);
}

/** Cells as they are; of JSON, numbers by `digits`. A single cell is a row of one. */
function write(value: unknown, format: RowFormat, digits: number | undefined): string {
  if (format === 'csv') return writeCells([value].flat().map(String));
  return writeJson(value, digits);
}

function withId(row: unknown, { format = 'csv', inferenceIds, switches }: Processing): string {
  if (inferenceIds === undefined) return write(row, format, switches.joinedDigits);
  const { next, time } = inferenceIds;
  // As the Developer Guide shows it, with a space ("Capture data from batch transform job").
  if (format === 'csv') return `${write(row, format, undefined)}, ${next()},${time}`;
  const ids = { SageMakerInferenceId: next(), SageMakerInferenceTime: time };
  return write({ ...(isObject(row) ? row : { SageMakerOutput: row }), ...ids }, format, switches.joinedDigits);
}
