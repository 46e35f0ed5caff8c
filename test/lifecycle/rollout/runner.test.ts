import { expect, test } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import type { LifecycleEvent } from '../../../src/lifecycle/events.ts';
import type { StepVerdict } from '../../../src/lifecycle/rollout/judge-step.ts';
import type { Router } from '../../../src/lifecycle/rollout/router.ts';
import { cancelFrom, continueRollout, type RolloutParts } from '../../../src/lifecycle/rollout/runner.ts';
import type { Rollout } from '../../../src/state/rollouts.ts';

const MIN = 60_000;
const FRESH = { step: undefined, since: undefined, began: undefined };
const ROLLOUT: Rollout = {
  previous: 'v1',
  config: 'both',
  final: 'both-final',
  model: 'm2',
  previousModel: 'm1',
  production: 'AllTraffic',
  candidate: 'candidate',
  steps: [0.1, 0.5, 1],
  bakeSeconds: 600,
  finalInput: { EndpointConfigName: 'both-final', ProductionVariants: [] },
  limits: undefined,
};

/** A router that is no SageMaker: three verbs in memory, what was asked of it in order. */
function rig(
  outcomes: readonly StepVerdict['outcome'][],
  attached: number | undefined,
  takes: 'set' | 'refused' = 'set',
) {
  const clock = new VirtualClock(0);
  const asked: string[] = [];
  const facts: unknown[] = [];
  const events: LifecycleEvent[] = [];
  const router: Router = {
    async shares() {
      asked.push('shares');
      return attached === undefined ? undefined : { candidate: attached, production: attached === 1 };
    },
    async setShares(share) {
      asked.push(`set ${share} at ${clock.now() / MIN}`);
      return takes;
    },
    async rollBack() {
      asked.push('give back');
    },
  };
  let looks = 0;
  const parts: RolloutParts = {
    session: { clock, signal: new AbortController().signal, emit: (event) => void events.push(event) },
    record: async ({ name, value }) => void facts.push([name, value]),
    rollout: ROLLOUT,
    router,
    patienceSeconds: 0,
    judge: async () => {
      const outcome = outcomes[Math.min(looks, outcomes.length - 1)] ?? 'pass';
      looks += 1;
      return { outcome, reasons: [], requests: looks };
    },
  };
  return { parts, asked, facts, events };
}

test('every share in its order, each watched for its bake; the journal has every step and the end', async () => {
  const { parts, asked, facts, events } = rig(['pass'], undefined);
  expect(await continueRollout(parts, FRESH)).toEqual({ at: 'ended', how: 'passed' });
  expect(asked).toEqual(['shares', 'set 0.1 at 0', 'set 0.5 at 10', 'set 1 at 20']);
  expect(facts).toEqual([
    ['rollout-step', { step: 0, share: 0.1, since: 0 }],
    ['rollout-step', { step: 1, share: 0.5, since: 10 * MIN }],
    ['rollout-ended', { outcome: 'passed', model: 'm2', at: 20 * MIN }],
  ]);
  // Of the looks of a step only the one that decides is told.
  expect(events.map((event) => event.kind)).toEqual([
    'rollout-step',
    'rollout-judged',
    'rollout-step',
    'rollout-judged',
  ]);
});

test('a failure gives back at once, and nothing is set after it', async () => {
  const { parts, asked, facts } = rig(['inconclusive', 'fail'], undefined);
  expect(await continueRollout(parts, FRESH)).toEqual({ at: 'ended', how: 'failed' });
  expect(asked).toEqual(['shares', 'set 0.1 at 0', 'give back']);
  expect(facts.at(-1)).toEqual(['rollout-ended', { outcome: 'failed', model: 'm2', at: 1 * MIN }]);
});

test('what is not decided pauses, and the journal keeps it under way', async () => {
  const { parts, asked, facts } = rig(['inconclusive'], undefined);
  expect(await continueRollout(parts, FRESH)).toEqual({ at: 'paused', step: 0 });
  expect(asked).toEqual(['shares', 'set 0.1 at 0']);
  expect(facts).toHaveLength(1);
});

test('resumed, it sets no share that holds', async () => {
  const { parts, asked } = rig(['pass'], 0.5);
  const stop = await continueRollout(parts, { step: 1, since: -20 * MIN, began: -40 * MIN });
  expect(stop).toEqual({ at: 'ended', how: 'passed' });
  expect(asked).toEqual(['shares', 'set 1 at 0']);
});

test('resumed where the candidate is production already, its steps are not judged again', async () => {
  const { parts, asked } = rig(['fail'], 1);
  const stop = await continueRollout(parts, { step: 1, since: -20 * MIN, began: -40 * MIN });
  expect(stop).toEqual({ at: 'ended', how: 'passed' });
  expect(asked).toEqual(['shares', 'set 1 at 0']);
});

test('a router that refuses ends it: there is nothing to give back', async () => {
  const { parts, asked, facts } = rig(['pass'], undefined, 'refused');
  expect(await continueRollout(parts, FRESH)).toEqual({ at: 'ended', how: 'failed', refused: true });
  expect(asked).toEqual(['shares', 'set 0.1 at 0']);
  expect(facts).toEqual([['rollout-ended', { outcome: 'failed', model: 'm2', at: 0 }]]);
});

test('cancelled, it gives back and asks for nothing else', async () => {
  const { parts, asked, facts } = rig(['pass'], 0.1);
  expect(await cancelFrom(parts, { step: 0, since: 0, began: 0 })).toEqual({ at: 'ended', how: 'cancelled' });
  expect(asked).toEqual(['give back']);
  expect(facts).toEqual([['rollout-ended', { outcome: 'cancelled', model: 'm2', at: 0 }]]);
});
