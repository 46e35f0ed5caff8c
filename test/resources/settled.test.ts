import { printText } from '../../src/base/text.ts';
import { expect, test } from 'vitest';
import type { Problem } from '../../src/base/errors.ts';
import { type Live, requireSettled } from '../../src/resources/live.ts';
import { replay, type State } from '../../src/state/replay.ts';

function refusal(endpoint: Record<string, unknown>, state: State = replay([])): string {
  try {
    requireSettled({ name: 'k', endpoint } as unknown as Live, state);
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
    // AWS names the alarms of the update before, too: without a record of this one, nothing is advised that is refused.
    ['status --endpoint k --watch'],
    ['canary', 'abort'],
  ],
  [{ EndpointStatus: 'Failed', FailureReason: 'why' }, ['is Failed: why', 'cleanup --endpoint k'], ['--watch']],
])('%j', (endpoint, named, unnamed) => {
  const text = refusal(endpoint);
  for (const words of named) expect(text).toContain(words);
  for (const words of unnamed) expect(text).not.toContain(words);
});

const UPDATING = { EndpointStatus: 'Updating', EndpointConfigName: 'v1', LastDeploymentConfig: GUARDED };
const started = { previous: 'v1', requested: 'v2', ownAlarms: ['a'] };

/** What the journal says of an update that its run has asked for. */
function stateOf(value: object): State {
  return {
    ...replay([]),
    facts: [{ run: 'r', name: 'update-started', value }],
    configs: [{ run: 'r', config: 'v2' }],
  } as unknown as State;
}

test.each<[string, object, string | undefined, string[], string[]]>([
  ['guarded', started, 'v2', ['canary --endpoint k --resume', 'abort --endpoint k'], []],
  ["guarded by the team's alarms alone", { ...started, ownAlarms: [] }, 'v2', ['--resume'], ['abort']],
  ['another one', started, 'v3', ['status'], ['canary', 'abort']],
])('an update under way that is %s', (_, value, target, named, unnamed) => {
  const pending = { PendingDeploymentSummary: { EndpointConfigName: target } };
  const text = refusal({ ...UPDATING, ...pending }, stateOf(value));
  for (const words of named) expect(text).toContain(words);
  for (const words of unnamed) expect(text).not.toContain(words);
});
