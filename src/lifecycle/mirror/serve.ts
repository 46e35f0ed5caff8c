import { join } from 'node:path';
import { mkdir, stat } from 'node:fs/promises';
import { connect } from '../../aws/clients.ts';
import type { Aws } from '../../aws/clients.ts';
import { type Clock, stopwatch } from '../../base/clock.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { claimLock } from '../../base/process-lock.ts';
import type { MirrorConfig, SideTarget } from '../../mirror/config.ts';
import { type Control, openControl } from '../../mirror/control.ts';
import type { RouterState } from '../../mirror/router/state.ts';
import type { MirrorEvent } from '../../mirror/events.ts';
import { openMirror } from '../../mirror/mirror.ts';
import type { Unreachable } from '../../mirror/reach.ts';
import { describeHolder, whoAmI } from '../../state/lock.ts';
import { defaultSocket, writePlace } from './place.ts';
import { fileRouterStore } from './router-store.ts';
import { httpPlace, type Place, sagemakerPlace } from '../../mirror/upstream.ts';

/** What a mirror needs of its caller. */
export interface MirrorSession {
  clock: Clock;
  /** Ends the mirror in an orderly way. */
  signal: AbortSignal;
  aws(): Promise<Aws>;
}

export interface MirrorStarted {
  /** Ports that were really taken. */
  port: number;
  controlPort: number | undefined;
  run: string;
  /** The sides with the roles that they have by now: after a promotion they are swapped. */
  roles: Pick<MirrorConfig, 'live' | 'shadows'>;
  /** Sides that take no connections at the moment: the mirror has begun all the same. */
  unreachable: readonly Unreachable[];
  /** What a shadow answers; undefined: nothing. */
  division: RouterState['division'];
}

export interface MirrorHooks {
  onStarted: (started: MirrorStarted) => void;
  onEvent: (event: MirrorEvent | UploadEvent) => void;
  /** Reads the configuration anew. @throws Problem where it is wrong: the mirror goes on with the one before */
  reread: () => Promise<MirrorConfig>;
  /** Calls back whenever the system asks to reload; gives what ends that. */
  onHangup: (reload: () => void) => () => void;
}

/** A finished file of records did not reach S3; it stays where it is. */
type UploadEvent = { kind: 'upload-failed'; file: string; error: string } | { kind: 'reload-failed'; error: string };

/** Runs a mirror until its session's signal aborts. @throws Problem where it cannot begin */
export async function serveMirror(session: MirrorSession, config: MirrorConfig, hooks: MirrorHooks): Promise<void> {
  const { records } = config;
  if (records === undefined) return serveAlone(session, config, hooks);
  const lock = await ownFolder(records.folder, session.clock);
  try {
    await serveAlone(session, config, hooks);
  } finally {
    await lock.release();
  }
}

/**
 * Two mirrors on one folder would write over each other who answers. One that was killed holds nothing.
 * @throws Problem (cannot-run) where another one has it
 */
async function ownFolder(folder: string, clock: Clock): Promise<{ release(): Promise<void> }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const claim = await claimLock(join(folder, 'mirror.lock'), {
    by: whoAmI(),
    why: 'mirror',
    now: clock.now(),
    takeDamaged: true,
  });
  if (claim.kind === 'taken') return claim.lock;
  throw environmentError(
    `Another mirror writes ${folder}${claim.kind === 'held' ? `: it is run by ${describeHolder(claim.holder)}` : ''}.`,
    'Stop it, or name another folder: --records FOLDER.',
  );
}

/** Runs a mirror whose folder is its own. */
async function serveAlone(session: MirrorSession, config: MirrorConfig, hooks: MirrorHooks): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([session.signal, stop.signal]);
  const uploads = uploader(session, config, hooks);
  const socket = config.socket ?? (config.records && (await defaultSocket(config.records.folder)));
  const mirror = await openMirror(config, {
    clock: session.clock,
    stopwatch: () => stopwatch(session.clock),
    placeOf: placesOf(session),
    finished: uploads?.finished,
    onEvent: hooks.onEvent,
    router: config.records && fileRouterStore(config.records.folder),
  });
  const reload = async () => {
    const next = await hooks.reread();
    requireSamePlaces(config, next);
    await mirror.reload(next);
  };
  let control: Control | undefined;
  try {
    control = await openControl(
      { ...config, socket },
      {
        mirror,
        draining: () => signal.aborted,
        reload,
        stop: () => stop.abort(),
      },
    );
    if (config.records !== undefined && socket !== undefined) await writePlace(config.records.folder, { socket });
  } catch (error) {
    await control?.close();
    // It answers already: end it as if it had been asked to.
    await mirror.serve(AbortSignal.abort());
    throw error;
  }
  const offHangup = hooks.onHangup(() => {
    reload().catch((error: unknown) =>
      hooks.onEvent({ kind: 'reload-failed', error: error instanceof Error ? error.message : String(error) }),
    );
  });
  try {
    const { config: roles, state } = mirror.router();
    const { division } = state;
    const unreachable = await mirror.reach.look();
    hooks.onStarted({ port: mirror.port, controlPort: control.port, run: mirror.run, roles, division, unreachable });
    await mirror.serve(signal);
    await uploads?.settled();
  } finally {
    offHangup();
    await control.close();
  }
}

/** What cannot change while a mirror runs. @throws Problem (usage) naming it */
function requireSamePlaces(running: MirrorConfig, next: MirrorConfig): void {
  const fixed: [name: string, of: (config: MirrorConfig) => unknown][] = [
    ['listen', ({ listen }) => listen],
    ['control', ({ control }) => control],
    ['socket', ({ socket }) => socket],
    ['records', ({ records }) => records],
    ['bounds.memory', ({ bounds }) => bounds.memory],
    ['tls', ({ tls }) => tls !== undefined],
    ['the names of the shadows', ({ shadows }) => shadows.map(({ name }) => name)],
  ];
  const changed = fixed.filter(([, of]) => JSON.stringify(of(running)) !== JSON.stringify(of(next)));
  if (changed.length > 0)
    throw usageError(
      `These cannot change while the mirror runs: ${changed.map(([name]) => name).join(', ')}. It goes on as before.`,
      'Stop it, and start it with the new configuration.',
    );
}

function placesOf(session: MirrorSession): (target: SideTarget, path: string | undefined) => Promise<Place> {
  const connections = new Map<string, Promise<Aws>>();
  const connected = (region: string | undefined, profile: string | undefined) => {
    const key = `${region ?? ''} ${profile ?? ''}`;
    const made =
      connections.get(key) ??
      (async () => {
        const aws = await session.aws();
        if (region === undefined && profile === undefined) return aws;
        return connect({
          ...aws.target,
          region: region ?? aws.target.region,
          ...(profile === undefined ? {} : { profile, profileInUse: profile, credentials: undefined }),
        });
      })();
    connections.set(key, made);
    return made;
  };
  return async (target, path) => {
    if (target.kind === 'http') return httpPlace(target.url, path);
    const { signedRuntime } = await import('../../aws/sign.ts');
    const aws = await connected(target.region, target.profile);
    const { url, sign } = await signedRuntime(aws);
    const { network } = aws.target;
    const connect = network && (await import('../../aws/proxy.ts')).connector(network);
    return sagemakerPlace(url, target.endpoint, { sign, connect });
  };
}

/** Puts finished files into S3, one after the other. */
function uploader(session: MirrorSession, { records }: MirrorConfig, { onEvent }: MirrorHooks) {
  const { folder, upload } = records ?? {};
  if (folder === undefined || upload === undefined) return undefined;
  let queue: Promise<void> = Promise.resolve();
  const put = async (file: string) => {
    try {
      const { putFile } = await import('../../aws/s3-upload.ts');
      const path = join(folder, file);
      const { size } = await stat(path);
      await putFile(await session.aws(), `${upload.replace(/\/$/, '')}/${file}`, { path, bytes: size, metadata: {} });
    } catch (error) {
      onEvent({ kind: 'upload-failed', file, error: error instanceof Error ? error.message : String(error) });
    }
  };
  return {
    finished: (file: string) => void (queue = queue.then(() => put(file))),
    settled: () => queue,
  };
}
