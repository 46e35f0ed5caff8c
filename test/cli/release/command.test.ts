import { expect, test } from 'vitest';
import { releaseCommand } from '../../../src/cli/release.ts';
import { isQuiet, parseSpan, quietUntil } from '../../../src/lifecycle/release/hours.ts';
import { isNamed } from '../../../src/lifecycle/release/approvers.ts';
import { readReleaseSettings } from '../../../src/lifecycle/release/settings.ts';
import { parseTarget } from '../../../src/lifecycle/targets.ts';
import { optionsOf } from '../../support/parse.ts';

const ON = ['--endpoint', 'w'];
const COMMON = { plan: false, yes: false, format: 'text' };

test('words to options', async () => {
  expect(
    await optionsOf(releaseCommand, [...ON, '--artifact', 's3://b/k', '--once', '--approve', 'auto', '-y']),
  ).toEqual({
    endpoint: 'w',
    artifact: 's3://b/k',
    algorithm: undefined,
    image: undefined,
    model: undefined,
    modelPackage: undefined,
    allowMismatch: false,
    watch: undefined,
    once: true,
    approve: 'auto',
    again: false,
    adopt: false,
    allowCommand: false,
    ...COMMON,
    yes: true,
  });
  expect(await optionsOf(releaseCommand, ['approve', ...ON, '--question', '2', '--reason', 'so'])).toEqual({
    endpoint: 'w',
    answer: 'approve',
    question: 2,
    reason: 'so',
    allowCommand: false,
    ...COMMON,
  });
  expect(await optionsOf(releaseCommand, ['history', ...ON, '--format', 'json'])).toEqual({
    endpoint: 'w',
    show: 'history',
    format: 'json',
  });
  expect(await optionsOf(releaseCommand, ['serve'])).toEqual({ port: 8710, format: 'text' });
});

test.each([
  [['--artifact', 'a', '--model', 'm'], /--artifact and --model/],
  [['--artifact', 'a', '--watch', 's3://b/'], /--artifact and --watch/],
  [['--again'], /No candidate was named/],
  [['--watch', 's3://b/', '--again'], /--watch begins a release of each content once/],
  [['--approve', 'never'], /--approve/],
  [['approve', '--question', '0'], /--question/],
])('%j makes no sense', async (words, message) => {
  await expect(optionsOf(releaseCommand, [...words, ...ON])).rejects.toThrow(message);
});

test('what an endpoint says stands over what all have, key by key', () => {
  const read = readReleaseSettings(
    [
      { timeBox: '1d', maxLatency: 'p99=250ms', sampling: ['5%', '50%'] },
      { maxLatencyIncrease: 'p99=20%', bake: '10m' },
    ],
    'f',
  );
  expect(read).toMatchObject({ timeBox: 86_400_000, sampling: [0.05, 0.5], answer: 3 * 86_400_000 });
  expect(read.guard).toMatchObject({
    strategy: { bakeSeconds: 600 },
    limits: { maxLatency: undefined, maxLatencyIncrease: { statistic: 'p99', share: 0.2 } },
  });
});

test.each([
  [{ timebox: '1d' }, /timeBox/],
  [{ timeBox: 'soon' }, /timeBox: "soon" is not/],
  [{ sampling: ['50%', '10%'] }, /sampling/],
  [{ approvers: 'ann' }, /approvers/],
  [{ quiet: 'night' }, /quiet/],
  [{ timezone: 'Mars/Olympus' }, /timezone/],
  [{ bake: '5' }, /release.bake/],
  [{ link: 'http://example.com' }, /link/],
  [{ approve: 'auto', approvers: 'arn:aws:iam::123456789012:user/ann' }, /approvers/],
])('%j is no setting', (section, message) => {
  expect(() => readReleaseSettings([section], 'f')).toThrow(message);
});

test('hours of the week, by the clocks of a zone', () => {
  const weekend = { spans: parseSpan('Fri 16:00-Mon 08:00') ?? [], zone: 'Europe/Berlin' };
  const nights = { spans: parseSpan('22:00-06:00') ?? [], zone: 'UTC' };
  const at = (iso: string) => Date.parse(iso);
  // A Friday in summer: 15:59 and 16:00 in Berlin.
  expect(isQuiet(weekend, at('2026-07-03T13:59:00Z'))).toBe(false);
  expect(isQuiet(weekend, at('2026-07-03T14:00:00Z'))).toBe(true);
  expect(isQuiet(weekend, at('2026-07-05T12:00:00Z'))).toBe(true);
  expect(quietUntil(weekend, at('2026-07-05T12:00:00Z'))).toBe(at('2026-07-06T06:00:00Z'));
  expect(isQuiet(nights, at('2026-07-05T23:00:00Z'))).toBe(true);
  expect(isQuiet(nights, at('2026-07-06T05:59:00Z'))).toBe(true);
  expect(isQuiet(nights, at('2026-07-06T06:00:00Z'))).toBe(false);
  for (const wrong of ['Fri 16:00', 'Fri 16:00-08:00', '25:00-06:00', '22:61-06:00', 'x', '06:00-06:00'])
    expect(parseSpan(wrong)).toBeUndefined();
});

test('who is named: a role for its sessions, a session for itself, of this account alone', () => {
  const session = 'arn:aws:sts::123456789012:assumed-role/releasers/ann';
  expect(isNamed(['arn:aws:iam::123456789012:role/team/releasers'], session)).toBe(true);
  expect(isNamed([session], session)).toBe(true);
  expect(isNamed([session.replace('ann', 'bob')], session)).toBe(false);
  expect(isNamed(['arn:aws:iam::210987654321:role/releasers'], session)).toBe(false);
  expect(isNamed(['arn:aws:iam::123456789012:user/releasers'], session)).toBe(false);
  expect(isNamed(['arn:aws:iam::123456789012:user/ann'], 'arn:aws:iam::123456789012:user/ann')).toBe(true);
  expect(isNamed(['arn:aws:iam::123456789012:user/ann'], 'arn:aws:iam::123456789012:root')).toBe(false);
});

test('targets have a form by their host, or as it is said; a URL is not repeated whole', () => {
  const webhook = (url: string, form?: string) => ({ kind: 'webhook', url, ...(form !== undefined && { form }) });
  expect(parseTarget('https://hooks.slack.com/services/T/B/x')).toEqual(
    webhook('https://hooks.slack.com/services/T/B/x', 'slack'),
  );
  expect(parseTarget('https://a.b.logic.azure.com/w')).toEqual(webhook('https://a.b.logic.azure.com/w', 'teams'));
  expect(parseTarget('teams:https://own.example.com/w')).toEqual(webhook('https://own.example.com/w', 'teams'));
  expect(parseTarget('webhook:https://hooks.slack.com/x')).toEqual(webhook('https://hooks.slack.com/x'));
  expect(parseTarget('env:HOOK', { env: { HOOK: 'https://example.com/x' } })).toEqual(webhook('https://example.com/x'));
  expect(() => parseTarget('env:NONE')).toThrow(/NONE/);
  expect(() => parseTarget('ftp://example.com/secret')).toThrow(expect.not.stringContaining('secret') as Error);
});
