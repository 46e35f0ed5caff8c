import type { BatchDay } from '../../analysis/batch/day.ts';
import { counted } from '../../base/units.ts';
import type { BatchOn, BatchRun, LateDecision } from './decision.ts';

/** Adds what came too late to the account of its day; nothing of it is judged. */
export async function countLate({ store }: BatchOn, { day, late }: LateDecision): Promise<BatchRun> {
  const rows = late.reduce((sum, { scan }) => sum + scan.rows, 0);
  const before = day.rows.delivered - day.rows.late;
  const changed: BatchDay = {
    ...day,
    rows: { ...day.rows, delivered: before + rows, late: rows },
    notes: [
      ...day.notes.filter((note) => !note.endsWith(LATE)),
      `${counted(late.length, 'objects')} with ${counted(rows, 'rows')} ${LATE}`,
    ],
  };
  await store.write(changed);
  return { kind: 'late', day: changed, path: store.path, objects: late.length };
}

const LATE = 'came after the day had been run, and were not judged.';
