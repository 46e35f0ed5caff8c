import type { JournalFact } from '../../state/facts.ts';
import type { Position, Rollout } from '../../state/rollouts.ts';
import type { Session } from '../session.ts';
import type { StepVerdict } from './judge-step.ts';
import { nextMove, type RolloutEvent, type RolloutMove, type RolloutState, startOfRollout } from './machine.ts';
import type { Router, Shares } from './router.ts';

/** What carries a rollout out. */
export interface RolloutParts {
  session: Pick<Session, 'clock' | 'signal' | 'emit'>;
  /** Writes a fact into the journal. */
  record: (fact: JournalFact) => Promise<void>;
  rollout: Rollout;
  router: Router;
  /** Beyond the bake of each step. */
  patienceSeconds: number;
  /** Looks at the candidate, which took its first requests at `began` (ms since the epoch). */
  judge: (began: number) => Promise<StepVerdict>;
}

/** Where a rollout stops. */
export type RolloutStop = Extract<RolloutState, { at: 'paused' | 'ended' }>;

/** Goes on from where the journal says it stands, to its end or to a pause. */
export async function continueRollout(parts: RolloutParts, position: Omit<Position, 'rollout'>): Promise<RolloutStop> {
  return follow(parts, startOfRollout(position));
}

/** Returns all requests to production, wherever the rollout stands. */
export async function cancelFrom(parts: RolloutParts, position: Omit<Position, 'rollout'>): Promise<RolloutStop> {
  return follow(parts, nextMove(planOf(parts), startOfRollout(position).state, { kind: 'cancel' }));
}

/** Does what each move asks for and tells the machine what came of it. */
async function follow(parts: RolloutParts, first: RolloutMove): Promise<RolloutStop> {
  let move = first;
  for (;;) {
    const { state } = move;
    if (state.at === 'paused') return state;
    if (state.at === 'ended') {
      const { model } = parts.rollout;
      await parts.record({
        name: 'rollout-ended',
        value: { outcome: state.how, model, at: parts.session.clock.now() },
      });
      return state;
    }
    const event = await act(parts, move);
    move = nextMove(planOf(parts), state, event);
  }
}

function planOf({ rollout, patienceSeconds }: RolloutParts) {
  return { steps: rollout.steps, bakeSeconds: rollout.bakeSeconds, patienceSeconds };
}

async function act(parts: RolloutParts, { state, action }: RolloutMove): Promise<RolloutEvent> {
  const { session, router, rollout } = parts;
  const { clock, signal } = session;
  switch (action.kind) {
    case 'read-shares':
      return { kind: 'found', candidate: foundIn(await router.shares()) };
    case 'set-share': {
      const { step, share } = action;
      if ((await router.setShares(share)) === 'refused') return { kind: 'refused' };
      const at = clock.now();
      // The last share is the end, and no step that is watched.
      if (step < rollout.steps.length - 1) {
        await parts.record({ name: 'rollout-step', value: { step, share, since: at } });
        session.emit({ kind: 'rollout-step', rollout, step, at });
      }
      return { kind: 'moved', at };
    }
    case 'judge': {
      if (state.at !== 'watching') throw new Error(`a rollout that is ${state.at} is not judged`);
      await clock.sleep(Math.max(0, action.at - clock.now()), signal);
      const verdict = await parts.judge(state.began);
      const at = clock.now();
      const event: RolloutEvent = { kind: 'judged', outcome: verdict.outcome, at };
      const next = nextMove(planOf(parts), state, event).state.at;
      if (next !== 'watching') session.emit({ kind: 'rollout-judged', rollout, step: state.step, verdict, at });
      return event;
    }
    case 'give-back':
      await router.rollBack();
      return { kind: 'returned' };
    case 'none':
      throw new Error(`a rollout that is ${state.at} has nothing to do`);
  }
}

function foundIn(shares: Shares | undefined): 'absent' | 'attached' | 'production' {
  if (shares === undefined) return 'absent';
  return shares.production ? 'production' : 'attached';
}
