import { printable } from '../base/json.ts';
import type { Report } from './report.ts';

/** The whole report as JSON, for machines. Undefined members are null, so that every name is always there. */
export function renderJson(report: Report): string {
  const value = { ...report, created: new Date(report.created).toISOString() };
  const text = JSON.stringify(value, (_, inner: unknown) => (inner === undefined ? null : inner), 2);
  return printable(text);
}
