import { usageError } from '../../base/errors.ts';
import type { CanaryConfig, MirrorConfig } from '../config.ts';
import { readBy } from '../settings.ts';
import { parseSlice } from '../slices.ts';
import { rolesOf, sideText } from './roles.ts';
import type { DivisionWords, RouterEntry, RouterRequest, RouterState } from './state.ts';

/** Entries of the history that are kept. */
const MAX_HISTORY = 2_000;

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
  const next = (more: Partial<RouterState>): RouterState => ({
    ...without(state, more),
    ...more,
    revision: state.revision + 1,
    history: [...state.history, { ...entry, at }].slice(-MAX_HISTORY),
  });
  switch (change.kind) {
    case 'note':
      return next({});
    case 'divide':
      requireNoRollout(state);
      requireDivision(config, state, change.division);
      return next({ division: isNothing(change.division) ? undefined : change.division });
    case 'rollout-begin': {
      requireNoRollout(state);
      requireShadow(config, state, change.rollout.shadow);
      return next({ rollout: change.rollout });
    }
    case 'rollout-step': {
      const running = requireRollout(state, change.id);
      const step = running.steps[change.step];
      if (step === undefined) throw usageError(`The rollout has no step ${change.step + 1}.`);
      const division = { shadow: running.shadow, share: step.share, slices: step.slices, by: running.by };
      requireDivision(config, state, division);
      return next({
        division,
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
      if (rollout !== undefined && rollout.shadow !== change.shadow) requireNoRollout(state);
      const shadow = requireShadow(config, state, change.shadow);
      const { live } = rolesOf(config, state).config;
      const promoted = { side: sideText(shadow), before: sideText(live), at };
      return next({ division: undefined, rollout: undefined, promoted });
    }
    case 'end': {
      requireNoRollout(state);
      const shadow = requireShadow(config, state, change.shadow);
      const division = state.division?.shadow === change.shadow ? undefined : state.division;
      return next({ division, ended: [...state.ended, { name: change.shadow, side: sideText(shadow) }] });
    }
  }
}

/** Keys that are to be gone are left out, not undefined. */
function without(state: RouterState, more: Partial<RouterState>): RouterState {
  return Object.fromEntries(
    Object.entries(state).filter(([key]) => !(key in more) || more[key as keyof RouterState] !== undefined),
  ) as RouterState;
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
    if (kept.division !== undefined) requireDivision(config, kept, kept.division);
    return kept === state ? state : { ...kept, revision: state.revision + 1 };
  }
  const division = config.canary && wordsOf(config.canary);
  if (division !== undefined) requireDivision(config, kept, division);
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

/** @throws Problem (usage) where these words are no division of this mirror's requests */
function requireDivision(config: MirrorConfig, state: RouterState, { shadow, by, slices }: DivisionWords): void {
  requireShadow(config, state, shadow);
  readBy(by, 'by');
  for (const slice of slices) parseSlice(slice, 'slices');
}
