import { printable } from '../base/json.ts';
import { sliceRanking } from '../analysis/statistics/slice-risk.ts';
import type { Report } from './report.ts';

/** The whole report as JSON, for machines. Undefined members are null, so that every name is always there. */
export function renderJson(report: Report): string {
  const { predictions, live } = report.observations;
  const value = {
    ...report,
    created: new Date(report.created).toISOString(),
    // Beside nothing there is nothing to differ from.
    sliceRanking: predictions === undefined || live === 'nothing' ? undefined : sliceRanking(predictions),
  };
  const text = JSON.stringify(value, (_, inner: unknown) => (inner === undefined ? null : inner), 2);
  return printable(text);
}
