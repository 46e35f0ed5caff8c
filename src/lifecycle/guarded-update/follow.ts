import { interrupted, Problem } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import { counted } from '../../base/units.ts';
import { samePhase, type Phase } from '../../guard/phase.ts';
import { startRun } from '../../resources/apply.ts';
import { replay } from '../../state/replay.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { recordStanding } from '../drift.ts';
import { recordParts } from '../restorable.ts';
import { recordUpdateEnded, type UpdateStarted, recordedUpdates } from '../../state/updates.ts';
import type { Endpoint } from '../../resources/wait.ts';
import { notSeen, type Session } from '../session.ts';
import { restoreAlarm } from './alarm-override.ts';
import { type Snapshot, awaitUpdate } from './await-update.ts';
import type { EndedUpdate } from './ended.ts';
import { collectEvidence } from './evidence.ts';

/**
 * Watches an update until it has ended, collects the evidence and writes down how it ended. It takes a session, not a
 * locked endpoint: nobody holds the lock while SageMaker works for an hour, so others may watch too, or abort; for the
 * record at the end the lock is taken again. An interrupt ends the watching only.
 * @param ownTraffic requests of our own flow meanwhile, and end with this
 */
export async function followUpdate(session: Session, update: UpdateStarted, ownTraffic = false): Promise<EndedUpdate> {
  const { signal, clock } = session;
  const surroundings = { aws: await session.aws(), clock, signal };
  const stages: { at: number; stage: Phase }[] = [];
  const see = (snapshot: Snapshot) => {
    const before = stages.at(-1)?.stage;
    if (before === undefined || !samePhase(before, snapshot.stage))
      stages.push({ at: snapshot.at, stage: snapshot.stage });
    session.emit({ kind: 'update-seen', update, snapshot });
  };
  try {
    const { store } = await session.journal(update.endpoint);
    const why = `${update.command}: the update to ${update.requested}`;
    const ending = await store.watching(why, () =>
      awaitUpdate(surroundings, update, see, () => wasAborted(session, update)),
    );
    const evidence = await collectEvidence(surroundings, update, ending);
    const ended = { update, ending, evidence, endedAt: clock.now(), stages };
    return await recordEnd(session, ended);
  } catch (error) {
    const { endpoint } = update;
    const goesOn =
      `The update of ${endpoint} to ${update.requested} continues in SageMaker, guarded by ${counted(update.alarms.length, 'alarms')} there.` +
      (ownTraffic
        ? ' The requests that shadowctl sent have stopped: without others the alarms see nothing. Give --traffic again with --resume.'
        : '');
    const next = lines(
      text`Watch again: ${shown('canary', { endpoint, resume: true })}`,
      text`Stop it:     ${shown('abort', { endpoint })}`,
    );
    if (signal.aborted) throw interrupted(`Stopped watching. ${goesOn}`, next);
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.kind, `${error.message} ${goesOn}`, { next, cause: error });
  }
}

/** Whether an abort of this update was asked for, by whichever process. */
async function wasAborted(session: Session, update: UpdateStarted): Promise<boolean> {
  return (await recorded(session, update))?.aborted ?? false;
}

async function recorded(session: Session, { endpoint, requested, startedAt }: UpdateStarted) {
  const journal = await session.journal(endpoint);
  return recordedUpdates(replay(journal.events())).find(
    ({ started }) => started.requested === requested && started.startedAt === startedAt,
  );
}

const MAX_LOCK_ATTEMPTS = 12;
const LOCK_PAUSE_MS = 5_000;

/** Another command may hold the lock for a moment; what is known must not be lost for that. */
/**
 * @returns how it ended, with what the endpoint captures where it runs what was asked for: it may have been deleted since it was
 * seen, and before the lock was free
 */
async function recordEnd(session: Session, seen: EndedUpdate): Promise<EndedUpdate> {
  const { clock, signal } = session;
  const { update } = seen;
  const aws = await session.aws();
  const journal = await session.journal(update.endpoint);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await journal.locked(`watching the update to ${update.requested}`, async () => {
        const parts = { aws, journal, clock, signal };
        await restoreAlarm(() => startRun(parts, 'abort: alarm rule restored'), aws, journal);
        const known = (await recorded(session, update))?.ended !== undefined;
        const run = known ? undefined : await startRun(parts, `${update.command}: ended`);
        const updated = seen.ending.kind === 'updated';
        const live = updated ? await describeEndpoint(aws, update.endpoint, signal) : undefined;
        const gone = updated && (live === undefined || live.EndpointStatus === 'Deleting');
        const ended = gone ? { ...seen, ending: goneSince(seen) } : seen;
        if (run !== undefined) await recordUpdateEnded(run, factsOf(ended));
        if (live === undefined || gone) return ended;
        const told = { ...ended, capture: captureOf(live) };
        if (run === undefined) return told;
        await recordParts(aws, run, replay(journal.events()), live, notSeen(session), signal);
        if (live.EndpointConfigName === update.requested) await recordStanding(run, live);
        return told;
      });
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== 'cannot-run' || attempt >= MAX_LOCK_ATTEMPTS) throw error;
      await clock.sleep(LOCK_PAUSE_MS, signal);
    }
  }
}

/** It was updated, and deleted since: nothing of it runs. */
function goneSince({ update, ending }: EndedUpdate): EndedUpdate['ending'] {
  const { endpoint, requested } = update;
  const sentence = `${endpoint} was deleted as soon as it ran ${requested}: nothing of it runs any more.`;
  return { ...ending, kind: 'deleted', sentence, running: undefined };
}

/** What an endpoint captures at this moment, where it does. */
function captureOf({ DataCaptureConfig: capture }: Endpoint): EndedUpdate['capture'] {
  if (capture?.EnableCapture !== true || capture.DestinationS3Uri === undefined) return undefined;
  return { percent: capture.CurrentSamplingPercentage, destination: capture.DestinationS3Uri };
}

/** What the journal keeps of an end. */
function factsOf({ update, ending, evidence, endedAt }: EndedUpdate): Parameters<typeof recordUpdateEnded>[1] {
  return {
    requested: update.requested,
    previous: update.previous,
    kind: ending.kind,
    sentence: ending.sentence,
    reason: ending.reason ?? null,
    alarms: ending.alarms,
    served: evidence.served,
    startedAt: update.startedAt,
    endedAt,
  };
}
