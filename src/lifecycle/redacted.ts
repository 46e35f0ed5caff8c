import { redact } from '../analysis/redact.ts';
import type { BatchFacts, Report } from '../report/report.ts';

const HIDDEN = 'hidden';

/** What a model says of an object that it refuses may repeat what it was asked. Pure. */
export function redactedBatch(facts: BatchFacts): BatchFacts {
  const days = facts.days.map((day) => ({
    ...day,
    failedObjects: day.failedObjects.map((one) => ({ ...one, reason: HIDDEN })),
  }));
  return { ...facts, days };
}

/** A report without what was sent, who sent it, and free answers; its verdict is still that of the whole. Pure. */
export function redactedReport(report: Report): Report {
  const { observations, batch } = report;
  return { ...report, observations: redact(observations), ...(batch !== undefined && { batch: redactedBatch(batch) }) };
}
