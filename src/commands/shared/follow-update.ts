import type { App, Outcome } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { interrupted, Problem } from '../../base/errors.ts';
import { type Aftermath, collectAftermath } from '../../lifecycle/guarded-update/evidence.ts';
import { restoreAlarm } from '../../lifecycle/guarded-update/alarm-override.ts';
import type { Ending } from '../../guard/outcome.ts';
import { recordUpdateEnded, recordedUpdates, type UpdateStarted } from '../../state/updates.ts';
import { type Snapshot, type Update, watchUpdate } from '../../lifecycle/guarded-update/await-update.ts';
import { startRun } from '../../resources/apply.ts';
import { replay } from '../../state/replay.ts';
import { drawLive } from '../../ui/live.ts';
import { changesSince, stageWords, viewOf } from '../../cli/views/update-live.ts';

/** How an update ended, with the evidence. */
export interface Followed {
  update: UpdateStarted;
  ending: Ending;
  aftermath: Aftermath;
  endedAt: number;
  /** What was seen to happen, and when it was first seen, ms since the epoch. */
  stages: readonly { at: number; words: string }[];
}

/**
 * Watches an update until it has ended, writes down how, and collects the evidence. No lock is held meanwhile: others
 * may watch too, or abort. An interrupt ends the watching only.
 */
export async function followUpdate(app: App, aws: Aws, update: UpdateStarted): Promise<Followed> {
  const surroundings = { aws, clock: app.clock, signal: app.signal };
  const view = liveView(app, update);
  const stages: { at: number; words: string }[] = [];
  const show = (snapshot: Snapshot) => {
    const words = stageWords(snapshot.stage);
    if (stages.at(-1)?.words !== words) stages.push({ at: snapshot.at, words });
    view(snapshot);
  };
  try {
    const ending = await watchUpdate(surroundings, update, show, () => wasAborted(app, update));
    const aftermath = await collectAftermath(surroundings, update, ending);
    const followed = { update, ending, aftermath, endedAt: app.clock.now(), stages };
    await record(app, aws, followed);
    return followed;
  } catch (error) {
    const goesOn = `The update of ${update.endpoint} to ${update.requested} goes on in SageMaker, guarded by ${update.alarms.length} alarms there.`;
    const next = `Watch again: shadowctl canary --endpoint ${update.endpoint} --resume\nStop it:     shadowctl abort --endpoint ${update.endpoint}`;
    if (app.signal.aborted) throw interrupted(`Stopped watching. ${goesOn}`, next);
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.kind, `${error.message} ${goesOn}`, { next, cause: error });
  }
}

/** What the exit code says: only the config that was asked for is `done`. */
export function outcomeOf(ending: Ending): Outcome {
  return ending.kind === 'updated' ? 'done' : 'no';
}

/** On a terminal a view that is drawn over itself; elsewhere a timestamped line for everything that changes. */
export function liveView(app: App, update: Update): (snapshot: Snapshot) => void {
  const { io } = app;
  let before: Snapshot | undefined;
  let drawn = 0;
  return (snapshot) => {
    if (io.interactive) {
      const lines = drawLive(viewOf(update, snapshot), io.columns, io.color);
      const up = drawn === 0 ? '' : `\u001b[${drawn}A\u001b[J`;
      io.err(`${up}${lines.join('\n')}`);
      drawn = lines.length;
    } else {
      for (const line of changesSince(before, snapshot)) io.err(line);
    }
    before = snapshot;
  };
}

async function wasAborted(app: App, update: UpdateStarted): Promise<boolean> {
  const journal = await app.journal(update.endpoint);
  const recorded = recordedUpdates(replay(journal.events())).find(
    (one) => one.started.requested === update.requested && one.started.startedAt === update.startedAt,
  );
  return recorded?.aborted ?? false;
}

const LOCK_ATTEMPTS = 12;
const LOCK_PAUSE_MS = 5_000;

/** Another command may hold the lock for a moment; what is known must not be lost for that. */
async function record(app: App, aws: Aws, followed: Followed): Promise<void> {
  const { update, ending, aftermath, endedAt } = followed;
  const journal = await app.journal(update.endpoint);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await journal.locked(`watching the update to ${update.requested}`, async () => {
        const known = recordedUpdates(replay(journal.events())).find(
          (one) => one.started.requested === update.requested && one.started.startedAt === update.startedAt,
        );
        const place = { aws, journal, clock: app.clock, signal: app.signal };
        await restoreAlarm(() => startRun(place, 'abort: alarm restored'), aws, journal);
        if (known?.ended !== undefined) return;
        const run = await startRun(place, `${update.command}: ended`);
        await recordUpdateEnded(run, {
          requested: update.requested,
          previous: update.previous,
          kind: ending.kind,
          sentence: ending.sentence,
          reason: ending.reason ?? null,
          alarms: ending.alarms,
          served: aftermath.served,
          startedAt: update.startedAt,
          endedAt,
        });
      });
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== 'cannot-run' || attempt >= LOCK_ATTEMPTS) throw error;
      await app.clock.sleep(LOCK_PAUSE_MS, app.signal);
    }
  }
}
