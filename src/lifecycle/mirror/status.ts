import { Problem } from '../../base/errors.ts';
import { lockHolder } from '../../state/lock.ts';
import type { RouterView } from '../../mirror/control.ts';
import type { Unreachable } from '../../mirror/reach.ts';
import { NO_STATE, type RouterEntry, type RouterState } from '../../mirror/router/state.ts';
import { lastRun } from '../../analysis/observe/mirror/folder.ts';
import { askMirror, askRouter } from './ask.ts';
import { lockOf, type MirrorName } from './look.ts';
import { requireMirrorFolder, socketOf } from './place.ts';
import { loadRouterState } from './router-store.ts';

/** What stands of a mirror. */
export interface MirrorStatus {
  mirror: string;
  running: boolean;
  /** The side that answers, as far as it is known. */
  live: string;
  shadows: readonly { name: string; side: string; share: number }[];
  wayBack: string | undefined;
  fallback: string | undefined;
  state: RouterState;
  /** What a running mirror has counted since it began: by side, how requests ended. */
  counted:
    | {
        live: Readonly<Record<string, number>>;
        shadows: Readonly<Record<string, Readonly<Record<string, number>>>>;
        divided: Readonly<Record<string, number>>;
        fallbacks: Readonly<Record<string, number>>;
        /** POSTs that were answered and not mirrored, and the first paths of these. */
        unmirrored: { requests: number; paths: Readonly<Record<string, number>> };
        /** Sides that take no connections at the moment. */
        unreachable: readonly Unreachable[];
      }
    | undefined;
  /** Up to when its records are whole, milliseconds since the epoch. */
  wholeUntil: number | undefined;
  /** Who is at work on it at this moment, by which process and command, since when (ISO 8601). */
  lock: { by: string; pid: number; why: string | undefined; since: string } | undefined;
}

/**
 * Reads what there is to know about a mirror, running or not; changes nothing.
 * @throws Problem (usage) where the folder is none of a mirror; (cannot-run) where one listens and cannot be asked
 */
export async function mirrorStatus({ folder, words }: MirrorName): Promise<MirrorStatus> {
  await requireMirrorFolder(folder);
  const asked = await running(folder);
  const run = await lastRun(folder);
  const holder = await lockHolder(lockOf({ folder }));
  const common = {
    mirror: words,
    wholeUntil: run?.wholeUntil,
    lock: holder && { by: holder.by ?? 'unknown', pid: holder.pid, why: holder.why, since: holder.since },
  };
  if (asked !== undefined) {
    const { view, counted } = asked;
    const { live, shadows, wayBack, fallback, state } = view;
    return { ...common, running: true, live, shadows, wayBack, fallback, state, counted };
  }
  return {
    ...common,
    running: false,
    live: run?.live ?? 'unknown',
    shadows: (run?.shadows ?? []).map(({ name, url, share }) => ({ name, side: url, share })),
    wayBack: undefined,
    fallback: undefined,
    state: (await loadRouterState(folder)) ?? NO_STATE,
    counted: undefined,
  };
}

async function running(folder: string): Promise<{ view: RouterView; counted: MirrorStatus['counted'] } | undefined> {
  try {
    const socket = await socketOf(folder).catch(() => undefined);
    if (socket === undefined) return undefined;
    const view = await askRouter(socket);
    const told = (await askMirror(socket, 'status')) as {
      live: { outcomes: Record<string, number> };
      shadows: Record<string, { outcomes: Record<string, number> }>;
      divided: Record<string, number>;
      fallbacks: Record<string, number>;
      notMirrored: Record<string, number>;
      // A mirror of an older version does not tell these.
      unmirroredPaths?: Record<string, number>;
      unreachable?: readonly Unreachable[];
    };
    const shadows = Object.fromEntries(Object.entries(told.shadows).map(([name, { outcomes }]) => [name, outcomes]));
    return {
      view,
      counted: {
        live: told.live.outcomes,
        shadows,
        divided: told.divided,
        fallbacks: told.fallbacks,
        unmirrored: { requests: told.notMirrored.path ?? 0, paths: told.unmirroredPaths ?? {} },
        unreachable: told.unreachable ?? [],
      },
    };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** No mirror listens; whatever else keeps it from answering must not pass for one that has stopped. */
function isAbsent(error: unknown): boolean {
  const { code } = ((error instanceof Problem && error.cause) || {}) as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}

/** Everything that was decided about who answers, oldest first. @throws Problem (usage) where it is no folder of a mirror */
export async function mirrorHistory({ folder }: MirrorName): Promise<readonly RouterEntry[]> {
  await requireMirrorFolder(folder);
  return (await loadRouterState(folder))?.history ?? [];
}
