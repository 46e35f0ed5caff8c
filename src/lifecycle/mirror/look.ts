import { join } from 'node:path';
import { claimLock, type LockHolder } from '../../base/process-lock.ts';
import type { Clock } from '../../base/clock.ts';
import { environmentError, Problem, usageError } from '../../base/errors.ts';
import { lines, shown, type Text, text } from '../../base/text.ts';
import type { RouterView } from '../../mirror/control.ts';
import { NO_STATE, type RouterEntry, type RouterRequest, type RouterState } from '../../mirror/router/state.ts';
import { describeHolder, lockHolder, whoAmI } from '../../state/lock.ts';
import { askRouter, changeRouter } from './ask.ts';
import { socketOf } from './place.ts';
import { loadRouterState } from './router-store.ts';

/** A mirror as commands name it: by the folder of its records. */
export interface MirrorName {
  /** The whole path. */
  folder: string;
  /** As it was typed, for what is to be typed next. */
  words: string;
}

/** A running mirror that commands may change. */
export interface OpenMirror extends MirrorName {
  /** Who answers, as it was when last looked at. */
  view: RouterView;
  /** Whose process was at work on it when it was opened; undefined where nobody's was, and once it was looked at again. */
  atWork: LockHolder | undefined;
  /** Changes who answers, where nobody else has meanwhile. @throws Problem where it was refused: nothing has changed then */
  change(change: RouterRequest['change'], entry: Omit<RouterEntry, 'at' | 'by'>): Promise<RouterView>;
  /** Looks again. */
  look(): Promise<RouterView>;
}

/** The file that says who is at work on a mirror. */
export const lockOf = ({ folder }: Pick<MirrorName, 'folder'>): string => join(folder, 'router.lock');

/** @throws Problem (cannot-run) where no mirror runs on this folder */
export async function openMirrorOf(name: MirrorName): Promise<OpenMirror> {
  const socket = await socketOf(name.folder);
  const open: OpenMirror = {
    ...name,
    view: await askRouter(socket),
    atWork: await lockHolder(lockOf(name)),
    async change(change, given) {
      const { revision } = open.view.state;
      const entry = { ...given, by: whoAmI() };
      try {
        open.view = await changeRouter(socket, { expect: revision, change, entry });
      } catch (error) {
        // What was refused changed nothing. But a reply may be lost behind a change that was made.
        if (!(error instanceof Problem) || error.kind === 'usage') throw error;
        const after = await askRouter(socket).catch(() => undefined);
        if (after !== undefined) open.view = after;
        const state = after?.state ?? (await loadRouterState(name.folder)) ?? NO_STATE;
        if (!isMade(state, revision, entry)) throw error;
        if (after === undefined)
          throw environmentError(
            `${error.message} The change had been written down by then, and serves as soon as it runs again.`,
            text`Start it, and see who answers: ${shown('status', { mirror: name.words })}`,
            error,
          );
      }
      return open.view;
    },
    async look() {
      open.atWork = undefined;
      open.view = await askRouter(socket);
      return open.view;
    },
  };
  return open;
}

/** Whether the state of this revision was changed by what this entry tells, and by nothing else. */
function isMade({ revision, history }: RouterState, before: number, entry: Omit<RouterEntry, 'at'>): boolean {
  const { at: _, ...last } = history.at(-1) ?? { at: 0 };
  return revision === before + 1 && JSON.stringify(sorted(last)) === JSON.stringify(sorted(entry));
}

function sorted(entry: object): unknown[] {
  return Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Does `work` as the only command that changes who answers at this mirror; a lock whose process has ended is taken over.
 * @throws Problem (cannot-run) naming the holder where another is at work
 */
export async function lockMirror<T>(
  { folder, words }: MirrorName,
  command: string,
  clock: Clock,
  work: () => Promise<T>,
): Promise<T> {
  const claim = await claimLock(lockOf({ folder }), {
    by: whoAmI(),
    why: `${command} --mirror ${words}`,
    now: clock.now(),
    takeDamaged: true,
  });
  if (claim.kind !== 'taken')
    throw environmentError(
      claim.kind === 'held'
        ? `The mirror of ${words} is locked by ${describeHolder(claim.holder)}.`
        : `The lock of the mirror of ${words} is damaged.`,
      text`Wait until it has ended. See what it does: ${shown('watch', { mirror: words })}`,
    );
  try {
    return await work();
  } finally {
    await claim.lock.release();
  }
}

/**
 * The shadow that is meant.
 * @throws Problem (usage) where there is none, or several and none was named
 */
export function candidateOf({ view, words }: OpenMirror, named: string | undefined): RouterView['shadows'][number] {
  const { shadows, wayBack, state } = view;
  const names = shadows.map(({ name }) => name);
  // What was live before is no candidate by itself.
  const candidates = shadows.filter(({ name }) => name !== wayBack);
  const wanted = named ?? state.division?.shadow ?? (candidates.length === 1 ? candidates[0]?.name : undefined);
  const found = shadows.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  if (named !== undefined)
    throw usageError(`The mirror of ${words} has no shadow "${named}".`, `It has ${names.join(', ') || 'none'}.`);
  throw candidates.length === 0
    ? environmentError(
        `The mirror of ${words} has no candidate: ${view.live} answers${wayBack === undefined ? '' : `, and ${wayBack} is the way back`}.`,
        'Name a shadow in its configuration, and start it again.',
      )
    : usageError(`The mirror of ${words} has several shadows.`, `Name one with --shadow: ${names.join(', ')}.`);
}

/** What may be done about a rollout that is under way. @param words as the mirror was named */
export function waysOn(words: string): Text {
  return lines(
    text`To continue: ${shown('rollout', { mirror: words, resume: true })}`,
    text`To go back: ${shown('rollout', { mirror: words, cancel: true })}`,
  );
}

/** The ways on while a living process carries a rollout out, which alone continues it. @param words as the mirror was named */
function whileAtWork(words: string): Text {
  return lines(
    text`To watch it: ${shown('watch', { mirror: words })}`,
    text`To go back: ${shown('undo', { mirror: words })}`,
  );
}

/** @throws Problem (cannot-run) */
export function requireNoRollout({ view, words, atWork }: OpenMirror): void {
  const { rollout } = view.state;
  if (rollout === undefined) return;
  const what = `A ${rollout.command} of ${rollout.shadow} on the mirror of ${words} is under way`;
  if (atWork === undefined) throw environmentError(`${what}.`, waysOn(words));
  throw environmentError(`${what}: ${describeHolder(atWork)} is at work on it.`, whileAtWork(words));
}
