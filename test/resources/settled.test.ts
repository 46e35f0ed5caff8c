import { printText } from '../../src/base/text.ts';
import { expect, test } from 'vitest';
import type { Problem } from '../../src/base/errors.ts';
import { type Live, requireSettled } from '../../src/resources/live.ts';

function refusal(endpoint: Record<string, unknown>): string {
  try {
    requireSettled({ name: 'k', endpoint } as unknown as Live);
  } catch (error) {
    return `${(error as Problem).message}\n${printText((error as Problem).next ?? '')}`;
  }
  return 'settled';
}

const GUARDED = { AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'a' }] } };

test.each<[Record<string, unknown>, string[], string[]]>([
  [{ EndpointStatus: 'InService', LastDeploymentConfig: GUARDED }, ['settled'], []],
  [{ EndpointStatus: 'Creating' }, ['status --endpoint k --watch'], ['canary', 'abort']],
  [{ EndpointStatus: 'Updating' }, ['status --endpoint k --watch'], ['canary', 'abort']],
  [
    { EndpointStatus: 'Updating', LastDeploymentConfig: GUARDED },
    ['status --endpoint k --watch', 'canary --endpoint k --resume', 'abort --endpoint k'],
    [],
  ],
  [{ EndpointStatus: 'Failed', FailureReason: 'why' }, ['is Failed: why', 'cleanup --endpoint k'], ['--watch']],
])('%j', (endpoint, named, unnamed) => {
  const text = refusal(endpoint);
  for (const words of named) expect(text).toContain(words);
  for (const words of unnamed) expect(text).not.toContain(words);
});
