import type { App, Outcome } from '../../app.ts';
import { batchStatus } from '../../lifecycle/batch/status.ts';
import { sessionOf } from '../session.ts';
import { batchStatusJson, batchStatusLines } from '../views/batch.ts';
import { writeJson } from '../views/json.ts';
import type { BatchStatusOptions } from './options.ts';

/** `batch status` */
export async function run(app: App, { batch, format }: BatchStatusOptions): Promise<Outcome> {
  const status = await batchStatus(sessionOf(app), batch);
  if (format === 'json') writeJson(app.io, 'batch status', batchStatusJson(status));
  else for (const line of await batchStatusLines(app.io, status)) app.io.out(line);
  return 'done';
}
