import { setMaxListeners } from 'node:events';
import { basename, join } from 'node:path';
import type { Aws } from '../aws/clients.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { openJournal } from '../state/journal.ts';
import type { StateRoot } from '../state/store.ts';
import type { LifecycleEnd, Message } from './events.ts';
import { openState, type StatePlace } from './open-state.ts';
import type { ProjectFacts, Session } from './session.ts';

/** What a script brings; the rest has a default. */
export interface SessionParts extends Partial<Pick<Session, 'emit' | 'approve' | 'describe'>> {
  aws: Aws;
  /** The project's folder: journals are kept in its `.shadowctl`, relative paths are taken from it. */
  folder: string;
  clock?: Clock;
  signal?: AbortSignal;
  project?: Partial<ProjectFacts>;
  /** Where journals are kept; without it, in the project's folder. */
  state?: StatePlace;
}

/**
 * A session without a command line: to call the lifecycle from a script. By default every plan is approved and events go
 * unheard.
 */
export function createSession(parts: SessionParts): Session {
  const { aws, folder, clock = systemClock, signal = new AbortController().signal } = parts;
  // Every request under way listens to it.
  setMaxListeners(0, signal);
  const project: ProjectFacts = {
    name: basename(folder),
    stateDir: join(folder, '.shadowctl'),
    role: undefined,
    tags: {},
    prices: {},
    notify: [],
    policy: undefined,
    ...parts.project,
  };
  let root: Promise<StateRoot> | undefined;
  const state = () => {
    root ??= openState(
      { ...(parts.state ?? { place: project.stateDir }), folder },
      { aws: async () => aws, clock, signal },
    );
    return root;
  };
  return {
    clock,
    signal,
    folder,
    aws: async () => aws,
    project: async () => project,
    state,
    async journal(endpoint) {
      const place = { account: await aws.account(endpoint), region: aws.target.region, endpoint };
      return openJournal(await state(), place, clock);
    },
    emit: parts.emit ?? (() => undefined),
    approve: parts.approve ?? (async () => undefined),
    describe: parts.describe ?? describe,
  };
}

function describe(end: LifecycleEnd): Message {
  const subject = `shadowctl: ${end.kind === 'update' ? end.ended.ending.sentence : end.kind}`;
  return { subject, text: subject, facts: { ...end } };
}
