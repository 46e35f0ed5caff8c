import type { Aws } from '../../aws/clients.ts';
import { endpointLogGroup, logLines } from '../../aws/logs.ts';
import type { LogLine } from '../../aws/logs.ts';
import type { Window } from '../observations.ts';
import type { Capture, CaptureSet } from '../answers/captures.ts';
import { follow } from '../answers/path.ts';
import type { Path } from '../answers/path.ts';
import type { FoundLine } from './logs-query.ts';

/** More lines of one variant than this are left to data capture: CloudWatch Logs gives ten thousand a call. */
export const MAX_LINES = 500_000;
const EXAMPLES = 5;

/** Which lines of a container's log are predictions, and where in their JSON they lie. */
export interface LogSelector {
  /** A filter pattern of CloudWatch Logs, like `{ $.prediction = * }`. */
  pattern: string | undefined;
  prediction: Path;
  id: Path;
  /** A query of CloudWatch Logs Insights instead of the pattern, and its columns; the paths serve where it has none. */
  query?: { text: string; prediction: string; id: string } | undefined;
}

/** The lines that a variant's containers printed in the window, as CloudWatch Logs' FilterLogEvents finds them. */
export async function readLogLines(
  aws: Aws,
  source: { endpoint: string; variant: string; window: Window; pattern: string | undefined },
  signal?: AbortSignal,
): Promise<LogLine[]> {
  return logLines(
    aws,
    {
      group: endpointLogGroup(source.endpoint),
      streamPrefix: `${source.variant}/`,
      ...(source.pattern === undefined ? {} : { pattern: source.pattern }),
      start: source.window.from,
      end: source.window.to - 1,
      limit: MAX_LINES,
      orStreams: true,
    },
    signal,
  );
}

/** Log lines as if they were captures without inputs. Lines that are no JSON, or have no id or prediction, are counted. */
export function capturesFromLog(lines: readonly LogLine[], selector: LogSelector): CaptureSet {
  const captures: Capture[] = [];
  const examples: string[] = [];
  let unreadable = 0;
  for (const { at, message } of lines) {
    const read = readLine(message, at, selector);
    if (typeof read !== 'string') captures.push(read);
    else {
      unreadable += 1;
      if (examples.length < EXAMPLES) examples.push(`${read}: ${message.slice(0, 100)}`);
    }
  }
  return { files: 0, captures, unreadable, outside: 0, examples };
}

/** Captures in the results of a query: by its columns, or by the message where those are missing. */
export function capturesFromQuery(found: readonly FoundLine[], selector: LogSelector): CaptureSet {
  const columns = selector.query ?? { prediction: '', id: '' };
  const captures: Capture[] = [];
  const examples: string[] = [];
  let unreadable = 0;
  for (const { at, fields } of found) {
    const message = fields['@message'];
    const [id, prediction] = [fields[columns.id], fields[columns.prediction]];
    const read =
      id !== undefined && id !== '' && prediction !== undefined && prediction !== ''
        ? capture(id, at, columnData(prediction))
        : message === undefined
          ? `no column ${id ? columns.prediction : columns.id}`
          : readLine(message, at, selector);
    if (typeof read !== 'string') captures.push(read);
    else {
      unreadable += 1;
      if (examples.length < EXAMPLES) examples.push(`${read}: ${(message ?? JSON.stringify(fields)).slice(0, 100)}`);
    }
  }
  return { files: 0, captures, unreadable, outside: 0, examples };
}

/** Columns are text: what reads as JSON is that, anything else a label. */
function columnData(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

function capture(inferenceId: string, at: number, data: string): Capture {
  return {
    inferenceId,
    eventId: undefined,
    at,
    input: undefined,
    output: { data, encoding: 'JSON', contentType: 'application/json' },
  };
}

function readLine(message: string, at: number, { prediction, id }: LogSelector): Capture | string {
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return 'not JSON';
  }
  const [found] = follow(value, id);
  if (typeof found !== 'string' && typeof found !== 'number') return 'no id';
  const answers = follow(value, prediction);
  if (answers.length === 0) return 'no prediction';
  const data = JSON.stringify(answers.length === 1 ? answers[0] : answers);
  return capture(String(found), at, data);
}
