import { expect, test } from 'vitest';
import { abortCommand } from '../../../src/cli/abort.ts';
import { doctorCommand } from '../../../src/cli/doctor.ts';
import { historyCommand } from '../../../src/cli/history.ts';
import { keepCommand } from '../../../src/cli/keep.ts';
import { promoteCommand } from '../../../src/cli/promote.ts';
import { rolloutCommand } from '../../../src/cli/rollout.ts';
import { optionsOf } from '../../support/parse.ts';

const ON = ['--endpoint', 'w'];

test('words to options, of the commands around a canary', async () => {
  expect(await optionsOf(abortCommand, [...ON, '-y'])).toEqual({
    endpoint: 'w',
    plan: false,
    yes: true,
    format: 'text',
  });
  expect(await optionsOf(historyCommand, [...ON, '--last', '3'])).toEqual({ endpoint: 'w', last: 3, format: 'text' });
  expect(await optionsOf(keepCommand, [...ON, '--reason', 'slow'])).toEqual({
    endpoint: 'w',
    reason: 'slow',
    configName: undefined,
    notify: [],
    plan: false,
    yes: false,
    format: 'text',
  });
  expect(
    await optionsOf(doctorCommand, [...ON, '--alarm', 'a', 'a', 'b', '--bake', '10m', '--canary-size', '10%']),
  ).toEqual({
    endpoint: 'w',
    alarms: ['a', 'b'],
    file: undefined,
    bakeSeconds: 600,
    canarySize: { unit: 'percent', value: 10 },
    configName: undefined,
    permissions: false,
    format: 'text',
  });
  expect(
    await optionsOf(promoteCommand, [...ON, '--labels', 'truth.csv', '--strategy', 'linear', '--force']),
  ).toMatchObject({
    endpoint: 'w',
    report: { from: undefined, labels: 'truth.csv', policy: undefined },
    guard: { strategy: { strategy: 'linear' }, unguarded: false },
    force: true,
    traffic: undefined,
  });
  expect(await optionsOf(promoteCommand, [...ON, '--waive', 'errors', 'slices', '--reason', 'so'])).toMatchObject({
    report: { waivers: { waive: ['errors', 'slices'], reason: 'so' } },
  });
  expect(await optionsOf(promoteCommand, [...ON, '--prediction', '$.y'])).toMatchObject({
    report: { prediction: '$.y' },
  });
  // Here --labels names those of the report.
  const own = ['--traffic', 'rows.csv', '--header', '--label-column', 'y', '--labels', 'truth.csv'];
  expect(await optionsOf(promoteCommand, [...ON, ...own])).toMatchObject({
    report: { labels: 'truth.csv' },
    traffic: { file: 'rows.csv', rate: 5, header: true, labels: 'y' },
  });
  expect(await optionsOf(rolloutCommand, [...ON, '--steps', '50%,100%', '--bake', '1h', '--resume'])).toMatchObject({
    steps: [0.5, 1],
    bakeSeconds: 3600,
    patienceSeconds: undefined,
    go: 'resume',
  });
});

test.each([
  [promoteCommand, ['--label-column', 'y'], /--label-column .* belongs to --traffic FILE/],
  [promoteCommand, ['--rate', '3'], /--rate belongs to --traffic/],
  [rolloutCommand, ['--resume', '--cancel'], /--resume continues and --cancel returns/],
  [rolloutCommand, ['--cancel', '--artifact', 'x'], /--cancel applies to the rollout under way/],
  [rolloutCommand, ['--resume', '--max-5xx-rate', '1%'], /--resume keeps the limits and alarms/],
  [rolloutCommand, ['--max-4xx-rate', '100%'], /no canary can exceed it/],
  [keepCommand, ['--notify', 'me'], /neither the ARN of an SNS topic nor an http/],
  [historyCommand, ['--last', '0'], /--last/],
  [doctorCommand, ['--bake', 'long'], /--bake long/],
  [abortCommand, ['--format', 'xml'], /--format/],
] as const)('%o %j makes no sense', async (command, words, message) => {
  await expect(optionsOf(command as typeof promoteCommand, [...ON, ...words])).rejects.toThrow(message);
});
