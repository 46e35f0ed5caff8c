import { expect, test } from 'vitest';
import { printCommand, shown, text } from '../../../src/base/text.ts';
import { afterStatus, nextLines } from '../../../src/cli/views/next.ts';
import type { EndpointStatus } from '../../../src/lifecycle/status.ts';

const variant = (role: 'production' | 'shadow') =>
  ({ role }) as NonNullable<EndpointStatus['live']>['variants'][number];

const live = (some: object = {}) =>
  ({ status: 'InService', progress: undefined, variants: [variant('production')], ...some }) as EndpointStatus['live'];

function after(some: Partial<EndpointStatus>): string | undefined {
  const next = afterStatus({ endpoint: 'weather', live: live(), lastRun: undefined, ...some } as EndpointStatus);
  return next && nextLines({ columns: 80, command: (line) => printCommand(line) }, next).join('\n');
}

const somebody = { by: 'them', why: undefined, since: '2026-01-05T09:00:00Z' };

test.each([
  [
    'production alone',
    {},
    'Next: compare a new model on copies of the requests:\n  shadowctl shadow --endpoint weather …',
  ],
  [
    'with a shadow',
    { live: live({ variants: [variant('production'), variant('shadow')] }) },
    'Next: shadowctl report --endpoint weather',
  ],
  ['an update', { live: live({ status: 'Updating' }) }, 'Next: shadowctl watch --endpoint weather'],
  ['somebody at work', { lock: somebody }, 'Next: shadowctl watch --endpoint weather'],
  ['a failed endpoint', { live: live({ status: 'Failed' }) }, 'Next: shadowctl doctor --endpoint weather'],
  [
    'an endpoint that is gone',
    { live: undefined, lastRun: { command: 'cleanup', by: 'them', at: '2026-01-05T09:00:00Z' } },
    'Next: shadowctl history --endpoint weather',
  ],
  [
    'a rollout that nobody follows',
    { rollout: { step: 1 } as EndpointStatus['rollout'] },
    'Next:\n  To continue the rollout: shadowctl rollout --endpoint weather --resume\n  To go back: shadowctl rollout --endpoint weather --cancel',
  ],
  [
    'a calibration that was stopped',
    { calibration: { text: '', next: text`To go back: ${shown('shadow detach', { endpoint: 'weather' })}` } },
    'Next: To go back: shadowctl shadow detach --endpoint weather',
  ],
  [
    'a calibration under way',
    { calibration: { text: '', next: '' }, lock: somebody },
    'Next: shadowctl watch --endpoint weather',
  ],
])('the next step after a look at %s', (_, some, expected) => {
  expect(after(some as Partial<EndpointStatus>)).toBe(expected);
});
