import { expect, test, vi } from 'vitest';
import { Problem } from '../../../src/base/errors.ts';
import { answerRelease } from '../../../src/lifecycle/release/release.ts';
import { ENDPOINT, openStage, type Stage } from '../../support/stage.ts';
import { sampled } from '../../support/sizes.ts';
import { FAILS, KILLED, killedAfter, MINUTE, outcomeOf, PASSES, releaseOn, running, type Script } from './support.ts';

// Hours of the virtual clock pass in seconds on a quiet machine; a busy one may take longer.
vi.setConfig({ testTimeout: 120_000 });

/*
 * A release by ticks, one of which is killed just after one of its calls to AWS, looks included: the next tick goes on, and
 * what it comes to is what an undisturbed release comes to.
 */

const SETTINGS = { sampling: ['50%', '100%'], settle: '2m' };
/** How many calls an undisturbed one makes; the first test counts them. */
const CALLS = { promoted: 130, kept: 94 };

const SCRIPTS = {
  promoted: PASSES,
  kept: (release) => (release.step === 0 ? PASSES(release) : FAILS(release)),
} satisfies Record<string, Script>;

async function play(
  script: Script,
  killAt: number,
): Promise<{
  outcome: ReturnType<typeof outcomeOf>;
  runs: Awaited<ReturnType<typeof running>>;
  calls: number;
  killed: boolean;
}> {
  const stage = await openStage();
  try {
    return await playOn(stage, script, killAt);
  } finally {
    await stage.close();
  }
}

async function playOn(stage: Stage, script: Script, killAt: number) {
  const mortal = killedAfter(stage, killAt);
  let killed = false;
  let life = releaseOn(stage, SETTINGS, script, mortal.aws);
  /** Another process goes on after one that was killed. */
  const live = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error !== KILLED) throw error;
      killed = true;
      life = releaseOn(stage, SETTINGS, script);
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

const BOUNDARIES = (['promoted', 'kept'] as const).flatMap((end) =>
  Array.from({ length: CALLS[end] }, (_, at) => ({ end, at: at + 1 })),
);

const undisturbed = new Map<string, ReturnType<typeof play>>();
function whole(end: keyof typeof SCRIPTS) {
  const known = undisturbed.get(end) ?? play(SCRIPTS[end], Number.POSITIVE_INFINITY);
  undisturbed.set(end, known);
  return known;
}

test.each(['promoted', 'kept'] as const)(
  'undisturbed it ends: %s, and the calls are as many as are killed',
  async (end) => {
    const { outcome, runs, calls } = await whole(end);
    expect(outcome.facts.at(-2)).toBe(`release-ended {"outcome":"${end}"}`);
    expect(runs.shadows).toBe(0);
    if (end === 'kept') expect(runs.artifact).toBe('s3://models/005.tar.gz');
    else expect(runs.artifact).toContain('/shadowctl/weather/artifacts/');
    expect(calls).toBe(CALLS[end]);
  },
);

test.each(sampled(BOUNDARIES, 4))('$end: killed after call $at', async ({ end, at }) => {
  const [one, disturbed] = [await whole(end), await play(SCRIPTS[end], at)];
  expect(disturbed.killed).toBe(true);
  expect(disturbed.outcome).toEqual(one.outcome);
  expect(disturbed.runs).toEqual(one.runs);
});
