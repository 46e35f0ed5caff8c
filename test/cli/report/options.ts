import type { ReportOptions } from '../../../src/cli/report/options.ts';

/** As the flags give it when nothing is said but the endpoint; JSON, so that a test can look into it. */
export const OPTIONS: ReportOptions = {
  endpoint: 'weather',
  last: '10m',
  from: undefined,
  to: undefined,
  format: 'json',
  labels: undefined,
  prediction: undefined,
  source: 'captures',
  logPattern: undefined,
  logsQuery: undefined,
  id: undefined,
  task: undefined,
  policy: undefined,
  output: undefined,
  predictions: true,
  files: undefined,
  variants: undefined,
  save: undefined,
  redact: false,
  schema: false,
  watch: undefined,
  every: '1m',
  timeout: '12h',
  memory: '1GB',
};
