import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { constants, createGunzip } from 'node:zlib';
import { csvCell } from '../../base/csv.ts';
import { isObject } from '../../base/json.ts';
import { readCapture } from '../answers/captures.ts';
import { countRows } from '../answers/row-count.ts';
import { inputRows } from '../answers/truth.ts';
import type { Truth } from '../answers/truth.ts';

/**
 * Capture files of what was decided: the same requests, with the decision in place of the model's answer. A request of which
 * not every row was decided has no answer; lines that are no capture records are left out, as they count on the other side.
 *
 * @param files capture files of the model that is judged
 * @returns files below `folder`, how many requests were decided, and of how many
 */
export async function decidedCaptures(
  files: readonly string[],
  decisions: Truth,
  folder: string,
): Promise<{ files: string[]; requests: number; of: number }> {
  const written: string[] = [];
  let [requests, of] = [0, 0];
  for (const [i, path] of files.entries()) {
    const into = join(folder, `decided-${i}.jsonl`);
    const file = await open(into, 'w');
    try {
      for await (const line of linesOf(path)) {
        const capture = readCapture(line);
        if (typeof capture === 'string') continue;
        of += 1;
        const { inferenceId, eventId, input } = capture;
        const rows = (input && countRows(input)) ?? 1;
        const inputs = decisions.by === 'input' && input !== undefined ? inputRows(input) : [];
        const found = Array.from(
          { length: Math.max(1, rows) },
          (_, row) =>
            decisions.of(inferenceId ?? '', row, inputs[row]) ??
            (eventId === undefined ? undefined : decisions.of(eventId, row, inputs[row])),
        );
        const complete = found.every((decision) => decision !== undefined);
        if (complete) requests += 1;
        await file.write(
          `${withOutput(line, complete ? found.map((one) => csvCell(one ?? '')).join('\n') : undefined)}\n`,
        );
      }
    } finally {
      await file.close();
    }
    written.push(into);
  }
  return { files: written, requests, of };
}

/** The record with another answer, or without one. */
function withOutput(line: string, data: string | undefined): string {
  const record = JSON.parse(line) as { captureData: Record<string, unknown> };
  const { endpointOutput: _, ...rest } = isObject(record.captureData) ? record.captureData : {};
  const endpointOutput = { observedContentType: 'text/csv', mode: 'OUTPUT', data, encoding: 'CSV' };
  return JSON.stringify({ ...record, captureData: data === undefined ? rest : { ...rest, endpointOutput } });
}

function linesOf(path: string): AsyncIterable<string> {
  const bytes = createReadStream(path);
  const input = path.endsWith('.gz') ? bytes.pipe(createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })) : bytes;
  return createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}
