import { usageError } from '../../base/errors.ts';
import type { CanaryConfig, MirrorConfig } from '../config.ts';
import { readBy } from '../settings.ts';
import { parseSlice } from '../slices.ts';
import { rolesOf, sideText } from './roles.ts';
import type { DivisionWords, RouterEntry, RouterRequest, RouterState } from './state.ts';

/** Entries of the history that are kept. */
const MAX_HISTORY = 2_000;

/** The state with one line of history more. Pure. @param at milliseconds since the epoch */
export function noted(state: RouterState, entry: Omit<RouterEntry, 'at'>, at: number): RouterState {
  const history = [...state.history, { ...entry, at }].slice(-MAX_HISTORY);
  return { ...state, revision: state.revision + 1, history };
}

/**
 * The state after a change. Pure.
 *
 * @param config as it is configured, before roles
 * @param at milliseconds since the epoch
 * @throws Problem (usage) where the change does not fit what stands: nothing is changed then
 */
export function changed(state: RouterState, config: MirrorConfig, request: RouterRequest, at: number): RouterState {
  const { expect, change, entry } = request;
  if (expect !== undefined && expect !== state.revision)
    throw usageError('Somebody else has changed who answers meanwhile.', 'Look at it, and run the command again.');
  const { rollout } = state;
  const next = (more: Partial<RouterState>): RouterState => noted({ ...state, ...more }, entry, at);
  switch (change.kind) {
    case 'note':
      return next({});
    case 'divide':
      requireNoRollout(state);
      requireDivision(config, state, change.division);
      return next({ division: isNothing(change.division) ? undefined : placed(config, state, change.division) });
    case 'rollout-begin': {
      requireNoRollout(state);
      requireSides(config, state, change.rollout);
      return next({ rollout: change.rollout });
    }
    case 'rollout-step': {
      const running = requireRollout(state, change.id);
      const step = running.steps[change.step];
      if (step === undefined) throw usageError(`The rollout has no step ${change.step + 1}.`);
      requireSides(config, state, running);
      const division = { shadow: running.shadow, share: step.share, slices: step.slices, by: running.by };
      requireDivision(config, state, division);
      return next({
        division: placed(config, state, division),
        rollout: { ...running, step: change.step, since: at, began: running.began ?? at },
      });
    }
    case 'rollout-return':
      requireRollout(state, change.id);
      // Whoever is killed behind this has nothing to continue that would divide anew.
      return next({ division: undefined, rollout: undefined });
    case 'rollout-end':
      // One that returned, or promoted, ended with that; what is left is to say so.
      return next(rollout?.id === change.id ? { rollout: undefined } : {});
    case 'promote': {
      if (change.id === undefined) requireNoRollout(state);
      const running = change.id === undefined ? undefined : requireRollout(state, change.id);
      if (running !== undefined) requireSides(config, state, running);
      const shadow = requireShadow(config, state, running?.shadow ?? change.shadow);
      const { live } = rolesOf(config, state).config;
      const promoted = { side: sideText(shadow), before: sideText(live), at, shadow: shadow.name };
      return next({ division: undefined, rollout: undefined, promoted });
    }
    case 'undo': {
      requireNoRollout(state);
      const { promoted } = state;
      if (promoted === undefined || rolesOf(config, state).wayBack === undefined)
        throw usageError('The mirror has nothing to go back to.', 'See what was done in its history.');
      const { side, before } = promoted;
      // Where the configuration was not changed after the promotion, it says already what answers from now on.
      const asConfigured = sideText(config.live) === before;
      return next({
        division: undefined,
        promoted: asConfigured ? undefined : { side: before, before: side, at, undone: true },
      });
    }
    case 'end': {
      requireNoRollout(state);
      const shadow = requireShadow(config, state, change.shadow);
      const division = state.division?.shadow === change.shadow ? undefined : state.division;
      return next({ division, ended: [...state.ended, { name: change.shadow, side: sideText(shadow) }] });
    }
  }
}

/**
 * The state as a configuration that is read, at the start or anew, makes it: its canary counts where it is another than the one
 * that was taken over last, unless a rollout is under way; what was ended and is no longer configured is forgotten. Pure.
 *
 * @returns the same state where nothing is to be changed
 * @throws Problem (usage) where the share that was recorded cannot hold with this configuration
 */
export function configured(state: RouterState, config: MirrorConfig, at: number): RouterState {
  const names = new Map(
    rolesOf(config, { ...state, ended: [] }).config.shadows.map((one) => [one.name, sideText(one)]),
  );
  const ended = state.ended.filter(({ name, side }) => names.get(name) === side);
  const words = config.canary === undefined ? undefined : JSON.stringify(config.canary);
  const kept = ended.length === state.ended.length ? state : { ...state, ended };
  if (words === state.configured || state.rollout !== undefined) {
    if (kept.rollout !== undefined) requireSides(config, kept, kept.rollout);
    if (kept.division !== undefined) requireDivision(config, kept, kept.division);
    return kept === state ? state : { ...kept, revision: state.revision + 1 };
  }
  const said = config.canary && wordsOf(config.canary);
  if (said !== undefined) requireDivision(config, kept, said);
  const division = said && placed(config, kept, said);
  const entry: RouterEntry = {
    at,
    by: 'the configuration',
    command: 'mirror',
    what: division === undefined ? 'returned' : 'divided',
    ...(division === undefined ? {} : { shadow: division.shadow, share: division.share, slices: [...division.slices] }),
  };
  const { division: _, configured: __, ...rest } = kept;
  return {
    ...rest,
    ...(division === undefined ? {} : { division }),
    ...(words === undefined ? {} : { configured: words }),
    revision: state.revision + 1,
    history: [...state.history, entry].slice(-MAX_HISTORY),
  };
}

function wordsOf({ shadow, share, by, slices }: CanaryConfig): DivisionWords {
  return { shadow, share, by, slices: [...slices] };
}

function isNothing({ share, slices }: DivisionWords): boolean {
  return share === 0 && slices.length === 0;
}

function requireNoRollout({ rollout }: RouterState): void {
  if (rollout !== undefined)
    throw usageError(
      `A ${rollout.command} of ${rollout.shadow} is under way on this mirror.`,
      'Continue it with rollout --resume, or return with rollout --cancel.',
    );
}

function requireRollout({ rollout }: RouterState, id: string): NonNullable<RouterState['rollout']> {
  if (rollout?.id === id) return rollout;
  throw usageError('This rollout is not under way on the mirror any more.', 'See what became of it in its history.');
}

function requireShadow(config: MirrorConfig, state: RouterState, name: string) {
  const { shadows } = rolesOf(config, state).config;
  const found = shadows.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw usageError(
    `The mirror has no shadow "${name}".`,
    shadows.length === 0 ? 'It has none.' : `It has ${shadows.map((one) => one.name).join(', ')}.`,
  );
}

/** The division, with what stands under its shadow's name now. */
function placed(config: MirrorConfig, state: RouterState, division: DivisionWords): DivisionWords {
  return { ...division, side: sideText(requireShadow(config, state, division.shadow)) };
}

/** @throws Problem (usage) where a side of the rollout is another server by now: what was judged is not what would answer */
function requireSides(config: MirrorConfig, state: RouterState, rollout: NonNullable<RouterState['rollout']>): void {
  const candidate = sideText(requireShadow(config, state, rollout.shadow));
  const live = sideText(rolesOf(config, state).config.live);
  if (candidate !== rollout.candidate) throw anotherSide(rollout.shadow, rollout.candidate, candidate);
  if (live !== rollout.production) throw anotherSide('live', rollout.production, live);
}

function anotherSide(name: string, before: string, now: string) {
  return usageError(
    `Side "${name}" was ${before} when it was decided who answers, and is ${now} in the configuration.`,
    'Give the other server another name; or return all requests first, with the configuration as it was: rollout --cancel, or undo.',
  );
}

/** @throws Problem (usage) where these words are no division of this mirror's requests */
function requireDivision(config: MirrorConfig, state: RouterState, { shadow, side, by, slices }: DivisionWords): void {
  const found = sideText(requireShadow(config, state, shadow));
  if (side !== undefined && side !== found) throw anotherSide(shadow, side, found);
  readBy(by, 'by');
  for (const slice of slices) parseSlice(slice, 'slices');
}
