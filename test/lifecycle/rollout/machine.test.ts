import { describe, expect, test } from 'vitest';
import {
  nextMove,
  type RolloutAction,
  type RolloutEvent,
  type RolloutPlan,
  type RolloutState,
  startOfRollout,
} from '../../../src/lifecycle/rollout/machine.ts';

const MIN = 60_000;
/** Ten minutes a step, five more where it is not decided. */
const PLAN: RolloutPlan = { steps: [0.1, 0.5, 1], bakeSeconds: 600, patienceSeconds: 300 };

const watching = (step: number): RolloutState => ({
  at: 'watching',
  step,
  since: 100 * MIN,
  began: 40 * MIN,
  from: 100 * MIN,
});
const setShare = (step: number): RolloutAction => ({ kind: 'set-share', step, share: PLAN.steps[step] ?? Number.NaN });
const BACK = { kind: 'give-back' } as const;
const NONE = { kind: 'none' } as const;

/** Every state, beside it what each event makes of it; an event that is left out cannot happen there. */
const TABLE: readonly {
  title: string;
  state: RolloutState;
  on: readonly [event: RolloutEvent, state: RolloutState, action: RolloutAction][];
}[] = [
  {
    title: 'resuming before the first step',
    state: { at: 'resuming', step: 0, since: undefined, began: undefined },
    on: [
      [
        { kind: 'found', candidate: 'attached', at: 100 * MIN },
        { at: 'moving', step: 0, began: undefined },
        setShare(0),
      ],
      [{ kind: 'found', candidate: 'absent', at: 100 * MIN }, { at: 'moving', step: 0, began: undefined }, setShare(0)],
      [{ kind: 'cancel' }, { at: 'returning', why: 'cancelled' }, BACK],
    ],
  },
  {
    title: 'resuming at a step',
    state: { at: 'resuming', step: 1, since: 100 * MIN, began: 40 * MIN },
    on: [
      [{ kind: 'found', candidate: 'attached', at: 100 * MIN }, watching(1), { kind: 'judge', at: 100 * MIN }],
      // All steps have passed already.
      [
        { kind: 'found', candidate: 'production', at: 100 * MIN },
        { at: 'moving', step: 2, began: 40 * MIN },
        setShare(2),
      ],
      // The candidate is not there: its share is taken anew, and so is the time it is watched.
      [{ kind: 'found', candidate: 'absent', at: 100 * MIN }, { at: 'moving', step: 1, began: 40 * MIN }, setShare(1)],
      [{ kind: 'cancel' }, { at: 'returning', why: 'cancelled' }, BACK],
    ],
  },
  {
    title: 'moving to the first step',
    state: { at: 'moving', step: 0, began: undefined },
    on: [
      [
        { kind: 'moved', at: 7 * MIN },
        { at: 'watching', step: 0, since: 7 * MIN, began: 7 * MIN, from: 7 * MIN },
        { kind: 'judge', at: 7 * MIN },
      ],
      [{ kind: 'refused' }, { at: 'ended', how: 'failed', refused: true }, NONE],
      [{ kind: 'cancel' }, { at: 'returning', why: 'cancelled' }, BACK],
    ],
  },
  {
    title: 'moving to a later step',
    state: { at: 'moving', step: 1, began: 40 * MIN },
    on: [
      [{ kind: 'moved', at: 100 * MIN }, watching(1), { kind: 'judge', at: 100 * MIN }],
      [{ kind: 'refused' }, { at: 'ended', how: 'failed', refused: true }, NONE],
      [{ kind: 'cancel' }, { at: 'returning', why: 'cancelled' }, BACK],
    ],
  },
  {
    title: 'moving to the last step',
    state: { at: 'moving', step: 2, began: 40 * MIN },
    on: [
      [{ kind: 'moved', at: 120 * MIN }, { at: 'ended', how: 'passed' }, NONE],
      [{ kind: 'refused' }, { at: 'ended', how: 'failed', refused: true }, NONE],
      [{ kind: 'cancel' }, { at: 'returning', why: 'cancelled' }, BACK],
    ],
  },
  {
    title: 'watching',
    state: watching(0),
    on: [
      // A failure counts at once.
      [{ kind: 'judged', outcome: 'fail', at: 100 * MIN + 1 }, { at: 'returning', why: 'failed' }, BACK],
      // A pass counts after the bake, not a moment before.
      [{ kind: 'judged', outcome: 'pass', at: 101 * MIN }, watching(0), { kind: 'judge', at: 102 * MIN }],
      [{ kind: 'judged', outcome: 'pass', at: 110 * MIN - 1 }, watching(0), { kind: 'judge', at: 110 * MIN + 999 }],
      [{ kind: 'judged', outcome: 'pass', at: 110 * MIN }, { at: 'moving', step: 1, began: 40 * MIN }, setShare(1)],
      // Undecided: looked at every minute, at the end of the bake, and until patience ends.
      [{ kind: 'judged', outcome: 'inconclusive', at: 101 * MIN }, watching(0), { kind: 'judge', at: 102 * MIN }],
      [{ kind: 'judged', outcome: 'inconclusive', at: 109.5 * MIN }, watching(0), { kind: 'judge', at: 110 * MIN }],
      [{ kind: 'judged', outcome: 'inconclusive', at: 110 * MIN }, watching(0), { kind: 'judge', at: 111 * MIN }],
      [{ kind: 'judged', outcome: 'pass', at: 113 * MIN }, { at: 'moving', step: 1, began: 40 * MIN }, setShare(1)],
      [{ kind: 'judged', outcome: 'inconclusive', at: 114.5 * MIN }, watching(0), { kind: 'judge', at: 115 * MIN }],
      [{ kind: 'judged', outcome: 'inconclusive', at: 115 * MIN }, { at: 'paused', step: 0 }, NONE],
      [{ kind: 'cancel' }, { at: 'returning', why: 'cancelled' }, BACK],
    ],
  },
  {
    title: 'watching the step before the last',
    state: watching(1),
    on: [
      [{ kind: 'judged', outcome: 'pass', at: 110 * MIN }, { at: 'moving', step: 2, began: 40 * MIN }, setShare(2)],
      [{ kind: 'cancel' }, { at: 'returning', why: 'cancelled' }, BACK],
    ],
  },
  {
    title: 'returning because it failed',
    state: { at: 'returning', why: 'failed' },
    on: [
      [{ kind: 'returned' }, { at: 'ended', how: 'failed' }, NONE],
      [{ kind: 'cancel' }, { at: 'returning', why: 'cancelled' }, BACK],
    ],
  },
  {
    title: 'returning because it was cancelled',
    state: { at: 'returning', why: 'cancelled' },
    on: [
      [{ kind: 'returned' }, { at: 'ended', how: 'cancelled' }, NONE],
      [{ kind: 'cancel' }, { at: 'returning', why: 'cancelled' }, BACK],
    ],
  },
  {
    title: 'paused',
    state: { at: 'paused', step: 1 },
    on: [[{ kind: 'cancel' }, { at: 'returning', why: 'cancelled' }, BACK]],
  },
  { title: 'passed', state: { at: 'ended', how: 'passed' }, on: [] },
  { title: 'failed', state: { at: 'ended', how: 'failed' }, on: [] },
  { title: 'cancelled', state: { at: 'ended', how: 'cancelled' }, on: [] },
];

const ANY_EVENT: readonly RolloutEvent[] = [
  { kind: 'found', candidate: 'attached', at: 100 * MIN },
  { kind: 'moved', at: 0 },
  { kind: 'refused' },
  { kind: 'judged', outcome: 'pass', at: 0 },
  { kind: 'returned' },
  { kind: 'cancel' },
];

describe.each(TABLE)('$title', ({ state, on }) => {
  test('every event that can happen', () => {
    for (const [event, next, action] of on)
      expect(nextMove(PLAN, state, event), JSON.stringify(event)).toEqual({ state: next, action });
  });

  test('no other event can happen', () => {
    const known = new Set(on.map(([event]) => event.kind));
    const others = ANY_EVENT.filter((event) => !known.has(event.kind));
    for (const event of others) expect(() => nextMove(PLAN, state, event), event.kind).toThrow('does not expect');
    expect(known.size + others.length).toBe(ANY_EVENT.length);
  });
});

test('the router is asked first, whether a rollout begins or goes on', () => {
  expect(startOfRollout({ step: undefined, since: undefined, began: undefined })).toEqual({
    state: { at: 'resuming', step: 0, since: undefined, began: undefined },
    action: { kind: 'read-shares' },
  });
  expect(startOfRollout({ step: 1, since: 5, began: 3 })).toEqual({
    state: { at: 'resuming', step: 1, since: 5, began: 3 },
    action: { kind: 'read-shares' },
  });
});

test('without patience a step that is not decided pauses at the end of its bake', () => {
  const event: RolloutEvent = { kind: 'judged', outcome: 'inconclusive', at: 110 * MIN };
  expect(nextMove({ ...PLAN, patienceSeconds: 0 }, watching(0), event).state).toEqual({ at: 'paused', step: 0 });
});

test('resumed, a step that is not decided is watched for the patience again, from then on', () => {
  const found: RolloutEvent = { kind: 'found', candidate: 'attached', at: 200 * MIN };
  const { state } = nextMove(PLAN, { at: 'resuming', step: 1, since: 100 * MIN, began: 40 * MIN }, found);
  const judged = (at: number) => nextMove(PLAN, state, { kind: 'judged', outcome: 'inconclusive', at }).state.at;
  expect([judged(200 * MIN), judged(205 * MIN - 1), judged(205 * MIN)]).toEqual(['watching', 'watching', 'paused']);
});
