import { writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LabelNext, LabelRow } from '../../analysis/compare/label-next.ts';
import type { App } from '../../app.ts';
import { spreadsheetCell } from '../../base/csv.ts';
import { requireTarget } from '../../base/disk.ts';
import { usageError } from '../../base/errors.ts';
import { count, counted } from '../../base/units.ts';
import type { ReportOptions } from './options.ts';

/** So many rows are read again one by one. */
const MOST = 100_000;

/** What `--label-next` asks for: rows are kept until they are written. */
export interface LabelRequest {
  next: LabelNext;
  rows: () => readonly LabelRow[];
}

/**
 * What the flags ask for; undefined without `--label-next`.
 *
 * @throws Problem (usage) where nothing could be written
 */
export function labelRequest(cwd: string, options: ReportOptions): LabelRequest | undefined {
  const { labelNext, labelFile, withAnswers, watch, redact, predictions } = options;
  if (labelNext === undefined) {
    if (withAnswers) throw usageError('--with-answers belongs to --label-next.', 'Add --label-next N.');
    return undefined;
  }
  const most = Number(labelNext);
  if (!Number.isInteger(most) || most < 1 || most > MOST)
    throw usageError(
      `--label-next '${labelNext}' is not a number of rows.`,
      `Write a whole number from 1 to ${count(MOST)}, like --label-next 200.`,
    );
  const others = [watch !== undefined && '--watch', redact && '--redact', !predictions && '--no-predictions'];
  const other = others.find((flag) => flag !== false);
  if (other !== undefined)
    throw usageError(
      `--label-next writes what was sent to the endpoint, and ${other} does not go with it.`,
      'Leave one of them out.',
    );
  if (existsSync(resolve(cwd, labelFile)))
    throw usageError(
      `${labelFile} exists, and may hold labels.`,
      'Name another file with --label-file; --labels takes a folder of such files, too.',
    );
  requireTarget(resolve(cwd, labelFile), '--label-file');
  let rows: readonly LabelRow[] = [];
  return { next: { most, take: (found) => (rows = found) }, rows: () => rows };
}

/** Writes the rows, for nobody else to read, and says what they are. */
export async function writeLabelRows(app: App, options: ReportOptions, rows: readonly LabelRow[]): Promise<void> {
  const { labelFile, withAnswers } = options;
  if (rows.length === 0) {
    app.io.err(
      'No row is left to be labeled: wherever the models differ, the rows have a label, or no id that a label could name.',
    );
    return;
  }
  const header = ['inferenceId', 'label', ...(withAnswers ? ['production', 'shadow'] : []), 'input'];
  const lines = rows.map(({ id, input, production, shadow }) =>
    [id, '', ...(withAnswers ? [production, shadow] : []), input].map(spreadsheetCell).join(','),
  );
  // Never over labels that somebody has written.
  await writeFile(resolve(app.cwd, labelFile), `${[header.join(','), ...lines].join('\n')}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  app.io.err(
    `Wrote ${counted(rows.length, 'rows')} to ${labelFile}. It holds your customers' data: only you may read it. Fill in the column label, in this order as far as you get, and give it back with --labels ${labelFile}:label.`,
  );
}
