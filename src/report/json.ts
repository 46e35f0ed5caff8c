import type { Report } from './report.ts';

/** The whole report as JSON, for machines. Undefined members are null, so that every name is always there. */
export function renderJson(report: Report): string {
  const value = { ...report, created: new Date(report.created).toISOString() };
  const text = JSON.stringify(value, (_, inner: unknown) => (inner === undefined ? null : inner), 2);
  // JSON lets these through as they are; a terminal that shows the file would obey them.
  return text.replace(
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
