import { expect, test, vi } from 'vitest';
import { Problem } from '../../../src/base/errors.ts';
import { answerRelease } from '../../../src/lifecycle/release/release.ts';
import { ENDPOINT, openStage, type Stage } from '../../support/stage.ts';
import { isWhole, sampled } from '../../support/sizes.ts';
import { FAILS, KILLED, killedAt, MINUTE, outcomeOf, PASSES, releaseOn, running, type Script } from './support.ts';

// Hours of the virtual clock pass in seconds on a quiet machine; a busy one may take longer.
vi.setConfig({ testTimeout: 120_000 });

/*
 * A release by ticks, one of which is killed just before or after one of its calls to AWS, looks included: the next tick goes on,
 * and what it comes to is what an undisturbed release comes to. With the journal in a bucket every write of it is a call, too, of its lock as well; what only
 * looks is not counted there, for nothing is left behind between two changes.
 */

const SETTINGS = { sampling: ['50%', '100%'], settle: '2m' };
/** How many calls an undisturbed one makes; the first test counts them. */
const CALLS = { folder: { promoted: 141, kept: 104 }, bucket: { promoted: 120, kept: 80 } };
type Place = keyof typeof CALLS;
type End = keyof (typeof CALLS)['folder'];

const SCRIPTS = {
  promoted: PASSES,
  kept: (release) => (release.step === 0 ? PASSES(release) : FAILS(release)),
} satisfies Record<string, Script>;

async function play(
  end: End,
  place: Place,
  killAt: number,
  moment: 'before' | 'after' = 'after',
): Promise<{
  outcome: ReturnType<typeof outcomeOf>;
  runs: Awaited<ReturnType<typeof running>>;
  calls: number;
  killed: boolean;
}> {
  const stage = await openStage();
  try {
    return await playOn(stage, { script: SCRIPTS[end], place, killAt, moment });
  } finally {
    await stage.close();
  }
}

async function playOn(
  stage: Stage,
  { script, place, killAt, moment }: { script: Script; place: Place; killAt: number; moment: 'before' | 'after' },
) {
  const mortal = killedAt(stage, killAt, moment, place === 'bucket' ? 'changes' : 'all');
  let killed = false;
  let life = releaseOn(stage, SETTINGS, script, mortal.aws, place);
  /** Another process goes on after one that was killed. */
  const live = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error !== KILLED) throw error;
      killed = true;
      life = releaseOn(stage, SETTINGS, script, undefined, place);
      return work();
    }
  };
  await live(() => life.begin());
  for (let n = 0; n < 60; n += 1) {
    const result = await live(() => life.tick());
    if (result.kind === 'ended') break;
    if (result.kind === 'waits' && result.move.for === 'answer')
      await live(() =>
        answerRelease(life.session, { endpoint: ENDPOINT, answer: 'approve', question: 1, reason: undefined }),
      ).catch((error: unknown) => {
        // The killed one had written its answer down.
        if (!(error instanceof Problem) || error.kind !== 'no') throw error;
      });
    await stage.clock.sleep(2 * MINUTE);
  }
  return { outcome: outcomeOf(await life.events()), runs: await running(stage), calls: mortal.calls(), killed };
}

const PLACES = ['folder', 'bucket'] as const;
const ENDS = ['promoted', 'kept'] as const;
const BOUNDARIES = PLACES.flatMap((place) =>
  ENDS.flatMap((end) =>
    Array.from({ length: CALLS[place][end] }, (_, at) =>
      (place === 'folder' ? (['before', 'after'] as const) : (['after'] as const)).map((moment) => ({
        end,
        place,
        at: at + 1,
        moment,
      })),
    ).flat(),
  ),
);

const undisturbed = new Map<string, ReturnType<typeof play>>();
function whole(end: End, place: Place) {
  const key = `${end} ${place}`;
  const known = undisturbed.get(key) ?? play(end, place, Number.POSITIVE_INFINITY);
  undisturbed.set(key, known);
  return known;
}

const WHOLE = PLACES.flatMap((place) => ENDS.map((end) => ({ place, end })));

test.each(isWhole('matrix') ? WHOLE : WHOLE.filter(({ place, end }) => place === 'folder' || end === 'kept'))(
  'undisturbed it ends: $end, and the calls are as many as are killed, journal in a $place',
  async ({ place, end }) => {
    const { outcome, runs, calls } = await whole(end, place);
    expect(outcome.facts.at(-2)).toBe(`release-ended {"outcome":"${end}"}`);
    expect(runs.shadows).toBe(0);
    if (end === 'kept') expect(runs.artifact).toBe('s3://models/005.tar.gz');
    else expect(runs.artifact).toContain('/shadowctl/weather/artifacts/');
    expect(calls).toBe(CALLS[place][end]);
    expect(outcome).toEqual((await whole(end, 'folder')).outcome);
  },
);

test.each(sampled(BOUNDARIES, 2))(
  '$end: killed $moment call $at, journal in a $place',
  async ({ end, place, at, moment }) => {
    // It comes to the same, wherever its journal lies.
    const [one, disturbed] = [await whole(end, 'folder'), await play(end, place, at, moment)];
    expect(disturbed.killed).toBe(true);
    expect(disturbed.outcome).toEqual(one.outcome);
    expect(disturbed.runs).toEqual(one.runs);
  },
);
