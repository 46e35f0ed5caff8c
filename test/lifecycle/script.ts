import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { connect } from '../../src/aws/clients.ts';
import type { LifecycleEvent } from '../../src/lifecycle/events.ts';
import type { Session } from '../../src/lifecycle/session.ts';
import { folderState } from '../../src/state/folder-state.ts';
import { openJournal } from '../../src/state/journal.ts';
import type { Stage } from '../support/stage.ts';

/** A session as a script makes one: no program, no flags, nothing drawn; every plan is approved. */
export function scriptSession(
  { clock, cwd, emulator }: Pick<Stage, 'clock' | 'cwd' | 'emulator'>,
  more: Partial<Session> = {},
): Session & { events: LifecycleEvent[] } {
  const aws = connect({
    region: 'us-east-1',
    endpointUrl: emulator.url,
    profile: undefined,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const stateDir = join(cwd, '.shadowctl');
  const events: LifecycleEvent[] = [];
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  return {
    clock,
    folder: cwd,
    signal,
    aws: async () => aws,
    state: async () => folderState(stateDir, clock),
    journal: (endpoint) =>
      openJournal(folderState(stateDir, clock), { account: '000000000000', region: 'us-east-1', endpoint }, clock),
    project: async () => ({
      name: 'script',
      stateDir,
      role: 'arn:aws:iam::000000000000:role/sagemaker',
      tags: {},
      prices: {},
      notify: [],
      policy: undefined,
    }),
    emit: (event) => void events.push(event),
    approve: async () => undefined,
    describe: (end) => ({ subject: end.kind, text: end.kind, facts: {} }),
    ...more,
    events,
  };
}
