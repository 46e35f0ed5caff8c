import { expect, test } from 'vitest';
import { reportCommand } from '../../../src/cli/report/command.ts';
import type { ReportOptions } from '../../../src/cli/report/options.ts';
import { splitLabels } from '../../../src/cli/flags/labels.ts';
import { readMoment } from '../../../src/cli/flags/moment.ts';
import { readDuration } from '../../../src/base/units.ts';
import { decideWindow } from '../../../src/lifecycle/window.ts';

async function parse(...argv: string[]): Promise<ReportOptions> {
  let seen: ReportOptions | undefined;
  const host = { start: async (_: unknown, options: unknown) => void (seen = options as ReportOptions) };
  await reportCommand(host).exitOverride().parseAsync(argv, { from: 'user' });
  if (seen === undefined) throw new Error('nothing was started');
  return seen;
}

const DEFAULTS = {
  endpoint: 'weather',
  last: undefined,
  from: undefined,
  to: undefined,
  format: 'text',
  labels: undefined,
  labelNext: undefined,
  labelFile: 'label-next.csv',
  withAnswers: false,
  prediction: undefined,
  source: 'captures',
  logPattern: undefined,
  logsQuery: undefined,
  id: undefined,
  task: undefined,
  policy: undefined,
  output: undefined,
  full: false,
  waive: [],
  reason: undefined,
  predictions: true,
  files: undefined,
  variants: undefined,
  save: undefined,
  redact: false,
  allowCommand: false,
  watch: undefined,
  every: '1m',
  timeout: '12h',
  memory: '1GB',
};

test.each([
  [[], {}],
  [['--last', '2h', '--format', 'json'], { last: '2h', format: 'json' }],
  [['--from', '2026-01-05T09:00Z', '--to', '-5m'], { from: '2026-01-05T09:00Z', to: '-5m' }],
  [['--label-next', '200', '--with-answers'], { labelNext: '200', withAnswers: true }],
  [['--labels', 'truth.csv:label', '--prediction', '$.p'], { labels: 'truth.csv:label', prediction: '$.p' }],
  [
    ['--no-predictions', '--policy', 'p.yaml', '--output', 'r.json'],
    { predictions: false, policy: 'p.yaml', output: 'r.json' },
  ],
  [['--format', 'terminal'], { format: 'text' }],
  [['--task', 'regression'], { task: 'regression' }],
  [['--waive', 'errors', '--reason', 'so', '--full'], { waive: ['errors'], reason: 'so', full: true }],
  [
    ['--source', 'logs', '--log-pattern', '{ $.p = * }', '--id', '$.i'],
    { source: 'logs', logPattern: '{ $.p = * }', id: '$.i' },
  ],
  [
    ['--source', 'logs', '--logs-query', 'fields @timestamp, @message', '--id', 'request'],
    { source: 'logs', logsQuery: 'fields @timestamp, @message', id: 'request' },
  ],
  [['--watch', '--every', '5m'], { watch: 'show', every: '5m' }],
  [['--until-decided', '--timeout', '2h'], { watch: 'quiet', timeout: '2h' }],
  [
    ['--files', 'captures', '--variants', 'a,b', '--redact', '--save', 'o.json'],
    { files: 'captures', variants: 'a,b', redact: true, save: 'o.json' },
  ],
] as [string[], Partial<ReportOptions>][])('report %j', async (argv, expected) => {
  expect(await parse('--endpoint', 'weather', ...argv)).toEqual({ ...DEFAULTS, ...expected });
});

test('wrong times are named', () => {
  expect(() => readMoment('-soon', '--from')).toThrow("--from '-soon' is not a time.");
  expect(() => readMoment('-5', '--from')).toThrow('--from: "5" is not a duration.');
  expect(() => readMoment('05.01.2026', '--from')).toThrow("--from '05.01.2026' is not a time.");
});

test('windows are whole minutes, and end where metrics are published', () => {
  const now = Date.UTC(2026, 0, 5, 9, 30, 20);
  const minute = (h: number, m: number) => Date.UTC(2026, 0, 5, h, m);
  const decided = (words: { from?: string; to?: string }) =>
    decideWindow(
      {
        length: readDuration('30m', '--last'),
        from: words.from === undefined ? undefined : readMoment(words.from, '--from'),
        to: words.to === undefined ? undefined : readMoment(words.to, '--to'),
      },
      now,
    );
  expect(decided({})).toEqual({ from: minute(8, 59), to: minute(9, 29) });
  expect(decided({ to: '2026-01-05 09:00' })).toEqual({ from: minute(8, 30), to: minute(9, 0) });
  expect(decided({ from: '-2h' })).toEqual({ from: minute(7, 30), to: minute(9, 29) });
  expect(decided({ from: '2026-01-05T10:00+01:00' })).toEqual({
    from: minute(9, 0),
    to: minute(9, 29),
  });
  expect(() => decided({ from: '2026-01-05T09:29:30Z' })).toThrow('holds no whole minute');
});

test('FILE:COLUMN, unless the file is really called that', () => {
  const none = () => false;
  expect(splitLabels('a.csv:label', none)).toEqual({ file: 'a.csv', column: 'label' });
  expect(splitLabels('a.csv', none)).toEqual({ file: 'a.csv', column: undefined });
  expect(splitLabels('odd:name', () => true)).toEqual({ file: 'odd:name', column: undefined });
  expect(splitLabels('s3://bucket/key.csv', none)).toEqual({ file: 's3://bucket/key.csv', column: undefined });
  expect(splitLabels('s3://bucket/key.csv:y', none)).toEqual({ file: 's3://bucket/key.csv', column: 'y' });
});
