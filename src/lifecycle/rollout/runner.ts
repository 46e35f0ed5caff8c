import type { JournalFact } from '../../state/facts.ts';
import type { Position, Rollout, RolloutEnd } from '../../state/rollouts.ts';
import type { Session } from '../session.ts';
import type { StepVerdict } from './judge-step.ts';
import {
  nextMove,
  type RolloutEvent,
  type RolloutMove,
  type RolloutPlan,
  type RolloutState,
  startOfRollout,
} from './machine.ts';
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

/** The same, whatever is rolled out: a plan, what divides the requests, what judges, and what is told and written down. */
export interface RolloutWork {
  session: Pick<Session, 'clock' | 'signal'>;
  plan: RolloutPlan;
  router: Router;
  judge: (began: number) => Promise<StepVerdict>;
  /** A step that is watched has its share since `at`. */
  stepBegan: (step: number, share: number, at: number) => Promise<void>;
  stepJudged: (step: number, verdict: StepVerdict, at: number) => void;
  ended: (how: RolloutEnd, at: number) => Promise<void>;
}

/** Where a rollout stops. */
export type RolloutStop = Extract<RolloutState, { at: 'paused' | 'ended' }>;

/** Goes on from where the journal says it stands, to its end or to a pause. */
export async function continueRollout(parts: RolloutParts, position: Omit<Position, 'rollout'>): Promise<RolloutStop> {
  return runRollout(workOf(parts), position);
}

/** Returns all requests to production, wherever the rollout stands. */
export async function cancelFrom(parts: RolloutParts, position: Omit<Position, 'rollout'>): Promise<RolloutStop> {
  return returnRollout(workOf(parts), position);
}

/** Goes on from this position to the end or to a pause. */
export function runRollout(work: RolloutWork, position: Omit<Position, 'rollout'>): Promise<RolloutStop> {
  return follow(work, startOfRollout(position));
}

/** Returns all requests to production from this position. */
export function returnRollout(work: RolloutWork, position: Omit<Position, 'rollout'>): Promise<RolloutStop> {
  return follow(work, nextMove(work.plan, startOfRollout(position).state, { kind: 'cancel' }));
}

/** A rollout on SageMaker: facts in the endpoint's journal, events for whoever looks on. */
function workOf({ session, record, rollout, router, patienceSeconds, judge }: RolloutParts): RolloutWork {
  return {
    session,
    plan: { steps: rollout.steps, bakeSeconds: rollout.bakeSeconds, patienceSeconds },
    router,
    judge,
    async stepBegan(step, share, at) {
      await record({ name: 'rollout-step', value: { step, share, since: at } });
      session.emit({ kind: 'rollout-step', rollout, step, at });
    },
    stepJudged: (step, verdict, at) => session.emit({ kind: 'rollout-judged', rollout, step, verdict, at }),
    ended: (outcome, at) => record({ name: 'rollout-ended', value: { outcome, model: rollout.model, at } }),
  };
}

/** Does what each move asks for and tells the machine what came of it. */
async function follow(work: RolloutWork, first: RolloutMove): Promise<RolloutStop> {
  let move = first;
  for (;;) {
    const { state } = move;
    if (state.at === 'paused') return state;
    if (state.at === 'ended') {
      await work.ended(state.how, work.session.clock.now());
      return state;
    }
    const event = await act(work, move);
    move = nextMove(work.plan, state, event);
  }
}

async function act(work: RolloutWork, { state, action }: RolloutMove): Promise<RolloutEvent> {
  const { session, router, plan } = work;
  const { clock, signal } = session;
  switch (action.kind) {
    case 'read-shares':
      return { kind: 'found', candidate: foundIn(await router.shares()), at: clock.now() };
    case 'set-share': {
      const { step, share } = action;
      if ((await router.setShares(share, step)) === 'refused') return { kind: 'refused' };
      const at = clock.now();
      // The last share is the end, and no step that is watched.
      if (step < plan.steps.length - 1) await work.stepBegan(step, share, at);
      return { kind: 'moved', at };
    }
    case 'judge': {
      if (state.at !== 'watching') throw new Error(`a rollout that is ${state.at} is not judged`);
      await clock.sleep(Math.max(0, action.at - clock.now()), signal);
      const verdict = await work.judge(state.began);
      const at = clock.now();
      const event: RolloutEvent = { kind: 'judged', outcome: verdict.outcome, at };
      const next = nextMove(plan, state, event).state.at;
      if (next !== 'watching') work.stepJudged(state.step, verdict, at);
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
