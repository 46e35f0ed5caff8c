import { connect } from 'node:net';
import { LIVE_FOLDER } from '../analysis/mirrored/record.ts';
import type { Sides } from './sides.ts';
import type { Place } from './upstream.ts';

/** A side to whose server no connection comes about. */
export interface Unreachable {
  /** `live`, or the name of a shadow. */
  side: string;
  /** The system's code, such as ECONNREFUSED or ENOTFOUND; or `timeout`. */
  why: string;
}

/** Which sides take no connections at the moment. */
export interface Reach {
  /** Tries all of them; takes as long as `PATIENCE_MS` at most. */
  look(): Promise<readonly Unreachable[]>;
  /** What was found last, at once; where that is old, they are tried again for whoever asks next. Undefined: nothing is known yet. */
  known(): readonly Unreachable[] | undefined;
}

/** How long a connection may take to come about. */
const PATIENCE_MS = 2_000;
/** For so long what was found counts as new. */
const NEW_MS = 5_000;

/** @param now milliseconds since some beginning */
export function openReach(sides: () => Pick<Sides, 'live' | 'shadows'>, now: () => number): Reach {
  let found: readonly Unreachable[] | undefined;
  let at = Number.NEGATIVE_INFINITY;
  const look = async () => {
    at = now();
    const { live, shadows } = sides();
    const tried = await Promise.all(
      [{ name: LIVE_FOLDER, upstream: live.upstream }, ...shadows].map(async ({ name, upstream }) => ({
        side: name,
        why: await troubleWith(upstream),
      })),
    );
    found = tried.flatMap(({ side, why }) => (why === undefined ? [] : [{ side, why }]));
    return found;
  };
  return {
    look,
    known() {
      if (now() - at >= NEW_MS) void look();
      return found;
    },
  };
}

/** Connects, sends nothing and hangs up. Of a way through a proxy nothing is known. @returns why no connection came about */
function troubleWith({ url, connect: through }: Pick<Place, 'url' | 'connect'>): Promise<string | undefined> {
  if (through !== undefined) return Promise.resolve(undefined);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: PATIENCE_MS });
    const done = (why: string | undefined) => {
      socket.destroy();
      resolve(why);
    };
    socket.once('timeout', () => done('timeout'));
    socket.once('connect', () => done(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}
