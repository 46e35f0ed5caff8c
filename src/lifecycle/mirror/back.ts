import { environmentError } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import type { Target } from '../events.ts';
import { notify, targetsOf } from '../notify.ts';
import type { MirrorChangePlan } from '../plans.ts';
import type { Session } from '../session.ts';
import { candidateOf, lockMirror, type MirrorName, type OpenMirror, openMirrorOf, requireNoRollout } from './look.ts';

export interface MirrorBackOptions {
  mirror: MirrorName;
  /** Decide only: nothing is changed. */
  plan: boolean;
}

export interface MirrorKeepOptions extends MirrorBackOptions {
  /** Undefined: the only one. */
  shadow: string | undefined;
  /** Why, for the history. */
  reason: string | undefined;
  notify: readonly Target[];
}

/** What was changed, or would be. */
export interface MirrorBackResult {
  kind: 'planned' | 'done';
  plan: MirrorChangePlan;
}

/**
 * Takes the last thing back that was done to who answers, at once: a candidate's part of the requests, of a rollout too, else a
 * promotion. What was taken back is a candidate as before, never the way back: another undo does not go forward.
 * @throws Problem (cannot-run) where there is nothing to go back to
 */
export async function undoMirror(session: Session, { mirror, plan }: MirrorBackOptions): Promise<MirrorBackResult> {
  return change(session, mirror, { command: 'undo', plan }, (open) => {
    const { view, words } = open;
    const { division, rollout, promoted } = view.state;
    const answering = rollout ?? division;
    if (answering !== undefined)
      return {
        kind: 'mirror-change',
        mirror: words,
        what: 'returned',
        shadow: answering.shadow,
        live: view.live,
        after: view.live,
      };
    const back = view.shadows.find(({ name }) => name === view.wayBack);
    if (back === undefined) {
      const answers =
        promoted === undefined
          ? 'as it is configured'
          : promoted.undone === true
            ? `since the promotion of ${promoted.before} was taken back`
            : `and ${promoted.before}, which was live before, is no longer a shadow in its configuration`;
      throw environmentError(
        `The mirror of ${words} has nothing to go back to: ${view.live} answers, ${answers}.`,
        text`See what was done: ${shown('history', { mirror: words })}`,
      );
    }
    return {
      kind: 'mirror-change',
      mirror: words,
      what: 'undone',
      shadow: back.name,
      live: view.live,
      after: back.side,
    };
  });
}

/** Ends a shadow: the live side answers everything, the shadow is sent nothing any more, and the history says why. */
export async function keepMirror(session: Session, options: MirrorKeepOptions): Promise<MirrorBackResult> {
  const { mirror, plan, shadow, reason } = options;
  const targets = await targetsOf(session, options.notify);
  const result = await change(session, mirror, { command: 'keep', plan, reason }, (open) => {
    requireNoRollout(open);
    const { name } = candidateOf(open, shadow);
    const { live } = open.view;
    return { kind: 'mirror-change', mirror: open.words, what: 'kept', shadow: name, live, after: live };
  });
  if (result.kind === 'done')
    await notify(session, targets, {
      kind: 'kept',
      endpoint: mirror.words,
      model: result.plan.shadow,
      production: result.plan.live,
      reason,
    });
  return result;
}

async function change(
  session: Session,
  mirror: MirrorName,
  { command, plan, reason }: { command: 'undo' | 'keep'; plan: boolean; reason?: string | undefined },
  decide: (open: OpenMirror) => MirrorChangePlan,
): Promise<MirrorBackResult> {
  const open = await openMirrorOf(mirror);
  if (plan) return { kind: 'planned', plan: decide(open) };
  const act = async (): Promise<MirrorBackResult> => {
    await open.look();
    const decided = decide(open);
    await session.approve(decided);
    const { what, shadow, live, after } = decided;
    const { rollout } = open.view.state;
    const entry = { command, what, shadow, side: after, ...(reason === undefined ? {} : { reason }) };
    if (what === 'returned' && rollout !== undefined)
      await open.change({ kind: 'rollout-return', id: rollout.id }, entry);
    else if (what === 'returned')
      await open.change({ kind: 'divide', division: { shadow, share: 0, by: 'request', slices: [] } }, entry);
    else if (what === 'kept') await open.change({ kind: 'end', shadow }, entry);
    else await open.change({ kind: 'undo' }, { ...entry, before: live });
    return { kind: 'done', plan: decided };
  };
  // Who runs a rollout holds the lock until its end, and nobody waits for that who wants to go back: its next step is refused.
  if (command === 'undo' && open.view.state.rollout !== undefined) return act();
  return lockMirror(mirror, command, session.clock, act);
}
