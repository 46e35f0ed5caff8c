import { randomUUID } from 'node:crypto';
import { environmentError, interrupted, Problem, usageError } from '../../base/errors.ts';
import { lines, shown, type Text, text } from '../../base/text.ts';
import { duration, durationFlag, parsePercent } from '../../base/units.ts';
import { readBy } from '../../mirror/settings.ts';
import { parseSlice } from '../../mirror/slices.ts';
import type { JudgedBy, MirrorRollout, RolloutStep, RouterEntry } from '../../mirror/router/state.ts';
import type { Target } from '../events.ts';
import { notify, targetsOf } from '../notify.ts';
import type { MirrorChangePlan, MirrorRolloutPlan } from '../plans.ts';
import type { Router } from '../rollout/router.ts';
import { type RolloutStop, type RolloutWork, returnRollout, runRollout } from '../rollout/runner.ts';
import type { Session } from '../session.ts';
import { requireAnswered } from './earlier.ts';
import { judgeMirrorStep, type MirrorJudging } from './judge.ts';
import { sliceSteps } from './slice-steps.ts';
import type { MirrorStopped } from './stopped.ts';
import {
  candidateOf,
  lockMirror,
  type MirrorName,
  type OpenMirror,
  openMirrorOf,
  requireNoRollout,
  waysOn,
} from './look.ts';

/** How a rollout on a mirror is judged and told. */
export interface MirrorRolloutJudging {
  mirror: MirrorName;
  judging: MirrorJudging;
  /** The same as it was typed; undefined: by the records and the project's policy alone. */
  judgedBy?: JudgedBy | undefined;
  /** How much longer than the bake a step that is not decided is watched, seconds. */
  patienceSeconds: number;
  /** Who is told, in addition to the project's targets. */
  notify: readonly Target[];
  /** Decide only: nothing is changed. */
  plan: boolean;
}

/** How a rollout that has begun goes on: by what it began with, which its record tells. */
export interface MirrorResumeOptions extends Pick<MirrorRolloutJudging, 'mirror' | 'notify' | 'plan'> {
  judgedAgain(rollout: MirrorRollout): Promise<Pick<MirrorRolloutJudging, 'judging' | 'patienceSeconds'>>;
}

export interface MirrorRolloutOptions extends MirrorRolloutJudging {
  /** Undefined: the only one. */
  shadow: string | undefined;
  /** As they were written: rising shares, and slices, in the order given; the last is 100%. */
  steps: readonly string[];
  /** A field of the requests whose slices are the steps, in the order of their risk; undefined: `steps` are. */
  slicesBy?: string | undefined;
  /** What stays with one side; undefined: as it is divided already, else single requests. */
  by: string | undefined;
  bakeSeconds: number;
  limits: MirrorRollout['limits'];
}

/** What a promotion knows that a rollout does not. */
export interface MirrorPromotion {
  command: 'rollout' | 'promote';
  judging: MirrorRollout['judging'];
  /** The sides that the verdict is on, as `sideText` writes them. */
  judged?: { candidate: string; live: string };
  entry: Pick<RouterEntry, 'verdict' | 'waived'>;
}

export type MirrorRolloutResult =
  /** Nothing was changed. */
  { kind: 'planned'; plan: MirrorRolloutPlan | MirrorChangePlan } | MirrorStopped;

const ROLLOUT: MirrorPromotion = { command: 'rollout', judging: 'policy', entry: {} };

/** Lets a shadow of a mirror answer a growing part of the requests, judged after every step; in the end the sides are swapped. */
export async function startMirrorRollout(
  session: Session,
  options: MirrorRolloutOptions,
  promotion: MirrorPromotion = ROLLOUT,
): Promise<MirrorRolloutResult> {
  const { mirror, plan } = options;
  const targets = await targetsOf(session, options.notify);
  const open = await openMirrorOf(mirror);
  const { name, side } = requireMovable(open, options, promotion.command).candidate;
  if (promotion.command === 'rollout') await requireAnswered(session, mirror, { shadow: name, side }, options.judging);
  const sliced =
    options.slicesBy === undefined
      ? undefined
      : await sliceSteps(session, { mirror, shadow: name, judging: options.judging }, options.slicesBy);
  const decided = {
    ...decide(open, sliced === undefined ? options : { ...options, steps: sliced.steps }, promotion),
    ...(sliced === undefined ? {} : { ranking: sliced.ranking }),
  };
  session.emit({ kind: 'mirror-rollout-planned', plan: decided });
  if (plan) return { kind: 'planned', plan: decided };
  return lockMirror(mirror, promotion.command, session.clock, async () => {
    await session.approve(decided);
    const { rollout } = decided;
    await open.change(
      { kind: 'rollout-begin', rollout },
      {
        ...promotion.entry,
        command: promotion.command,
        rollout: rollout.id,
        what: 'began',
        shadow: rollout.shadow,
        side: rollout.candidate,
        before: rollout.production,
      },
    );
    return carryOn(session, open, rollout, options, targets);
  });
}

/** Goes on with a rollout that paused or was interrupted, and judges it by what it began with: less would be another verdict. */
export async function resumeMirrorRollout(
  session: Session,
  options: MirrorResumeOptions,
): Promise<MirrorRolloutResult> {
  return onRollout(session, options, {
    command: 'rollout --resume',
    planned(open, rollout) {
      const { fallback, state } = open.view;
      const plan = { kind: 'mirror-rollout', mirror: open.words, rollout, fallback, division: state.division } as const;
      session.emit({ kind: 'mirror-rollout-planned', plan });
      return plan;
    },
    async work(open, rollout, targets) {
      return carryOn(session, open, rollout, await options.judgedAgain(rollout), targets);
    },
  });
}

/** Returns all requests to the live side and ends the rollout. */
export async function cancelMirrorRollout(
  session: Session,
  options: MirrorRolloutJudging,
): Promise<MirrorRolloutResult> {
  return onRollout(session, options, {
    command: 'rollout --cancel',
    planned: ({ words, view: { live } }, { shadow }) => ({
      kind: 'mirror-change',
      mirror: words,
      what: 'returned',
      shadow,
      live,
      after: live,
    }),
    async work(open, rollout, targets) {
      const stop = await returnRollout(workOf(session, open, rollout, options), positionOf(rollout));
      return finish(session, open, rollout, stop, targets);
    },
  });
}

async function onRollout(
  session: Session,
  { mirror, plan, notify: named }: Pick<MirrorRolloutJudging, 'mirror' | 'plan' | 'notify'>,
  {
    command,
    planned,
    work,
  }: {
    command: string;
    planned: (open: OpenMirror, rollout: MirrorRollout) => MirrorRolloutPlan | MirrorChangePlan;
    work: (open: OpenMirror, rollout: MirrorRollout, targets: readonly Target[]) => Promise<MirrorRolloutResult>;
  },
): Promise<MirrorRolloutResult> {
  const targets = await targetsOf(session, named);
  const open = await openMirrorOf(mirror);
  const under = () => {
    const { rollout } = open.view.state;
    if (rollout !== undefined) return rollout;
    throw usageError(
      `No rollout is under way on the mirror of ${mirror.words}.`,
      text`See what was done: ${shown('history', { mirror: mirror.words })}`,
    );
  };
  const found = under();
  if (plan) return { kind: 'planned', plan: planned(open, found) };
  return lockMirror(mirror, command, session.clock, async () => {
    await open.look();
    return work(open, under(), targets);
  });
}

/**
 * All that can be told before anything is judged.
 * @throws Problem where another rollout or candidate is at work, or what was asked for cannot be done
 */
export function requireMovable(open: OpenMirror, options: MirrorRolloutOptions, command: MirrorPromotion['command']) {
  const { words, view } = open;
  const { division } = view.state;
  requireNoRollout(open);
  const candidate = candidateOf(open, options.shadow);
  if (division !== undefined && division.shadow !== candidate.name)
    throw environmentError(
      `${division.shadow} answers a part of the requests of this mirror already.`,
      text`Give them back first: ${shown('undo', { mirror: words })}`,
    );
  const steps = parseMirrorSteps(options.steps);
  if (command === 'rollout' && steps.length < 2)
    throw usageError(
      `--steps ${options.steps.join(',')}: a single step is not a rollout, and nothing would be judged before the candidate answers everybody.`,
      text`Name more steps. What was recorded is judged, and then promoted, by: ${shown('promote', { mirror: words, shadow: options.shadow, steps: '100%' })}`,
    );
  if (options.bakeSeconds < LEAST_BAKE_SECONDS)
    throw usageError(
      `A step of ${duration(options.bakeSeconds * 1000)} may not contain one whole minute of records, and steps are judged by whole minutes.`,
      `Use at least --bake ${durationFlag(LEAST_BAKE_SECONDS * 1000)}.`,
    );
  const by = options.by ?? division?.by ?? 'request';
  readBy(by, '--by');
  return { candidate, steps, by };
}

function decide(open: OpenMirror, options: MirrorRolloutOptions, promotion: MirrorPromotion): MirrorRolloutPlan {
  const { words, view } = open;
  const { division } = view.state;
  const { candidate, steps, by } = requireMovable(open, options, promotion.command);
  const { judged } = promotion;
  if (judged !== undefined && (judged.candidate !== candidate.side || judged.live !== view.live))
    throw environmentError(
      `The sides of this mirror were changed while ${candidate.name} was being judged: nothing was changed.`,
      'Run the command again.',
    );
  const rollout: MirrorRollout = {
    id: randomUUID(),
    command: promotion.command,
    shadow: candidate.name,
    candidate: candidate.side,
    production: view.live,
    steps,
    by,
    bakeSeconds: options.bakeSeconds,
    judging: promotion.judging,
    ...(options.judgedBy === undefined ? {} : { judgedBy: options.judgedBy }),
    limits: options.limits,
  };
  return { kind: 'mirror-rollout', mirror: words, rollout, fallback: view.fallback, division };
}

/**
 * Steps in the order given: shares must rise, slices add up, and the last is 100%.
 * @throws Problem (usage) naming the step that is wrong
 */
export function parseMirrorSteps(words: readonly string[]): RolloutStep[] {
  const wrong = (why: string) => usageError(`--steps ${words.join(',')}: ${why}`);
  const steps: RolloutStep[] = [];
  let share = 0;
  const slices: string[] = [];
  for (const word of words.map((one) => one.trim())) {
    const next = parsePercent(word);
    if (next === undefined) {
      parseSlice(word, '--steps');
      slices.push(word);
    } else {
      if (!(next > 0) || next > 1) throw wrong(`"${word}" is not a share; write them like 10%,25%,50%,100%.`);
      if (next <= share) throw wrong('the shares must rise.');
      share = next;
    }
    steps.push({ share, slices: [...slices], words: word });
  }
  if (share !== 1 || steps.at(-1)?.words !== words.at(-1)?.trim() || parsePercent(steps.at(-1)?.words ?? '') !== 1)
    throw wrong('the last step must be 100%.');
  return steps;
}

/** A whole minute, wherever it begins, and the time until it is written. */
const LEAST_BAKE_SECONDS = 180;

/** From wherever it stands to the end, a pause or the way back. */
async function carryOn(
  session: Session,
  open: OpenMirror,
  rollout: MirrorRollout,
  options: Pick<MirrorRolloutJudging, 'judging' | 'patienceSeconds'>,
  targets: readonly Target[],
): Promise<MirrorRolloutResult> {
  try {
    const stop = await runRollout(workOf(session, open, rollout, options), positionOf(rollout));
    return await finish(session, open, rollout, stop, targets);
  } catch (error) {
    const { stays, next } = await standing(open, rollout);
    if (session.signal.aborted) throw interrupted(`Interrupted. ${stays}`, next);
    if (error instanceof Problem) throw environmentError(`${error.message} ${stays}`, next, error);
    throw error;
  }
}

/** What an end before its time leaves, in words, and what may be done about it. */
async function standing(open: OpenMirror, rollout: MirrorRollout): Promise<{ stays: string; next: Text }> {
  const { words } = open;
  const status = text`See who answers: ${shown('status', { mirror: words })}`;
  // Somebody who cannot be asked any more has told what stood last.
  const seen = await open.look().then(
    () => true,
    () => false,
  );
  if (isPromoted(open, rollout))
    return {
      stays: `All steps had passed: ${rollout.candidate} is live.`,
      next: lines(status, text`To go back: ${shown('undo', { mirror: words })}`),
    };
  if (!seen) return { stays: `What was written down last serves, once the mirror of ${words} runs.`, next: status };
  if (open.view.state.rollout?.id !== rollout.id)
    return { stays: `The ${rollout.command} is over: ${open.view.live} answers.`, next: status };
  return {
    stays: `The mirror of ${words} goes on as it is.`,
    next: waysOn(words),
  };
}

/** The candidate is the live side: the last step was done. */
function isPromoted({ view }: OpenMirror, { candidate, production }: MirrorRollout): boolean {
  return view.live === candidate && candidate !== production;
}

function positionOf({ step, since, began }: MirrorRollout) {
  return { step, since, began };
}

/** The rollout as the machine takes it: a slice alone is a step whose share has not grown, which the machine need not know. */
function workOf(
  session: Session,
  open: OpenMirror,
  rollout: MirrorRollout,
  { judging, patienceSeconds }: Pick<MirrorRolloutJudging, 'judging' | 'patienceSeconds'>,
): RolloutWork {
  const { command, shadow } = rollout;
  return {
    session,
    // The promotion comes behind the last step, which is watched as every other.
    plan: { steps: [...rollout.steps.map(({ share }) => share), 1], bakeSeconds: rollout.bakeSeconds, patienceSeconds },
    router: mirrorRouter(session, open, rollout),
    judge: (began) => judgeMirrorStep(session, open.folder, rollout, { began, judging }),
    stepBegan: async (step, _, at) => session.emit({ kind: 'mirror-rollout-step', rollout, step, at }),
    stepJudged: (step, verdict, at) => session.emit({ kind: 'mirror-rollout-judged', rollout, step, verdict, at }),
    async ended(outcome) {
      const { id } = rollout;
      await open.change({ kind: 'rollout-end', id, outcome }, { command, rollout: id, what: 'ended', shadow, outcome });
    },
  };
}

/** The two sides of a mirror: what divides their requests is the mirror itself. */
function mirrorRouter(session: Session, open: OpenMirror, rollout: MirrorRollout): Router {
  const { id, command, shadow, candidate, production } = rollout;
  const isDone = () => isPromoted(open, rollout);
  return {
    async shares() {
      const { state } = await open.look();
      if (isDone()) return { candidate: 1, production: true };
      return state.division?.shadow === shadow ? { candidate: state.division.share, production: false } : undefined;
    },
    async setShares(_, step) {
      const { state } = await open.look();
      if (isDone()) return 'set';
      const to = rollout.steps[step];
      // Whoever is asked from then on is the candidate, under the name of the live side.
      if (to === undefined)
        await open.change(
          { kind: 'promote', shadow, id },
          { command, rollout: id, what: 'promoted', shadow, side: candidate, before: production },
        );
      else if (state.rollout?.step !== step || state.division === undefined)
        await open.change(
          { kind: 'rollout-step', id, step },
          { command, rollout: id, what: 'step', shadow, share: to.share, slices: to.slices },
        );
      return 'set';
    },
    async rollBack() {
      const { state } = await open.look();
      if (isDone())
        throw environmentError(
          `${candidate} is live already: all steps had passed.`,
          text`To go back: ${shown('undo', { mirror: open.words })}`,
        );
      if (state.division === undefined) return;
      await open.change(
        { kind: 'rollout-return', id },
        { command, rollout: id, what: 'returned', shadow, side: production },
      );
      session.emit({ kind: 'mirror-returned', side: production, at: session.clock.now() });
    },
  };
}

async function finish(
  session: Session,
  open: OpenMirror,
  rollout: MirrorRollout,
  stop: RolloutStop,
  targets: readonly Target[],
): Promise<MirrorStopped> {
  const { live, wayBack } = open.view;
  const ended = stop.at === 'paused' ? 'paused' : stop.how;
  const now = stop.at === 'paused' ? (rollout.steps[stop.step]?.words ?? '0%') : stop.how === 'passed' ? '100%' : '0%';
  const stopped: MirrorStopped = { kind: 'stopped', mirror: open.words, ended, rollout, now, live, wayBack };
  await notify(session, targets, { kind: 'mirror-rollout', stopped });
  return stopped;
}
