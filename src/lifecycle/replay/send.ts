import { type Clock, stopwatch } from '../../base/clock.ts';
import { Copies, type CopyEnd } from '../../mirror/copies.ts';
import { Wire } from '../../mirror/wire.ts';
import type { Recorded, RecordedAnswer } from './recorded.ts';
import type { Recording } from './recording.ts';
import type { ReplayTarget } from './target.ts';

/** One sending of a recorded request. */
export interface Shot {
  /** Of the recording. */
  request: number;
  /** Milliseconds after the beginning at which it is to be sent; undefined: as soon as one of those under way has ended. */
  due: number | undefined;
}

/** How a sending ended. */
export interface ShotEnd {
  /** The number of this sending, and its id, which the target was told. */
  number: number;
  id: string;
  /** When it was due, milliseconds since the epoch. */
  at: number;
  /** The same after the beginning; and how much later it was sent. */
  due: number;
  lag: number;
  request: Recorded;
  answer: RecordedAnswer | undefined;
  /** `ms` counts from when it was due. */
  end: CopyEnd;
  /** So many others were under way that it was not sent. */
  unsent: boolean;
}

export interface SendBounds {
  /** Requests under way at the same time. */
  concurrency: number;
  /** Milliseconds after which an answer is given up. */
  timeout: number;
}

export interface SendHooks {
  /** Is told before a request goes out. */
  onBegin?: (id: string, at: number) => void;
  onEnd: (shot: ShotEnd) => void;
  /** Is called some times a second. */
  onTick?: () => Promise<void>;
  /** Why nothing more is to be sent; undefined: go on. */
  stop: () => string | undefined;
}

/** How the sending went, apart from single answers. */
export interface Sent {
  /** Requests that went out or were kept back by the bound. */
  due: number;
  /** Why it ended before the last one. */
  stopped: string | undefined;
  /** Milliseconds from the first request that was due to the last end. */
  elapsed: number;
}

const MB = 1024 * 1024;
const BOUNDS = { queue: 0, answer: 64 * MB, memory: 512 * MB };
const TICK = 50;
/** Timers of Node come up to a millisecond late, and more: the rest of a wait is spent looking. */
const COARSE = 2;
/** Servers close idle connections after some seconds: sooner than most. */
const IDLE = 4_000;

/**
 * Sends requests when they are due, whether or not those before were answered (open loop), so that a target that is slow is asked as
 * often as one that is fast, and the wait of later requests shows. What would be one too many under way is not sent, and told.
 * Ends when the last has ended; on the signal, what is under way counts as lost.
 */
export async function sendShots(
  clock: Clock,
  signal: AbortSignal,
  { recording, target, run }: { recording: Recording; target: ReplayTarget; run: string },
  shots: Iterable<Shot>,
  bounds: SendBounds,
  hooks: SendHooks,
): Promise<Sent> {
  const now = () => stopwatch(clock);
  const { url, connect } = target.place;
  const copies = new Copies(new Wire({ url, connect, idle: IDLE, now }), { ...BOUNDS, ...bounds }, now);
  let [number, open, over] = [0, 0, false];
  let freed: (() => void) | undefined;
  let failed: unknown;
  /** Waits for an end of one under way, or for the signal. */
  const change = () => new Promise<void>((resolve) => (freed = resolve));
  const onAbort = () => {
    copies.stop();
    freed?.();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  let stopped: string | undefined;
  let [began, wallBegan] = [now(), clock.now()];
  const send = async () => {
    for (const { request: index, due } of shots) {
      const request = await recording.request(index);
      const answer = await recording.answer(index);
      if (number === 0) [began, wallBegan] = [now(), clock.now()];
      // In simulated time requests take none.
      const most = clock.virtual ? 1 : due === undefined ? bounds.concurrency : Number.POSITIVE_INFINITY;
      while (open >= most && !signal.aborted) await change();
      if (due !== undefined) await until(clock, now, began + due, signal);
      stopped = hooks.stop();
      if (signal.aborted || stopped !== undefined || failed !== undefined) break;
      const own = due ?? now() - began;
      const lag = Math.max(0, now() - began - own);
      const at = Math.floor(wallBegan + own);
      const id = `${run}-${number.toString(36)}`;
      const shot = { number, id, at, due: own, lag, request, answer };
      const { method, target: path, headers, signed } = target.outgoing(request, id);
      number += 1;
      open += 1;
      hooks.onBegin?.(id, at);
      copies.offer({
        id,
        method,
        target: path,
        headers,
        signed,
        body: request.body,
        onEnd(end) {
          const unsent = end.outcome === 'too-slow' && end.began === undefined;
          try {
            hooks.onEnd({ ...shot, unsent, end: end.ms === undefined ? end : { ...end, ms: end.ms + lag } });
          } catch (error) {
            failed ??= error;
          }
          open -= 1;
          freed?.();
        },
      });
    }
    while (open > 0 && !signal.aborted) await change();
    if (failed !== undefined) throw failed;
  };
  const tick = async () => {
    while (!over) {
      await clock.sleep(TICK);
      copies.expire();
      await hooks.onTick?.();
    }
  };
  let elapsed = 0;
  try {
    await clock.all([
      () =>
        send().finally(() => {
          elapsed = now() - began;
          over = true;
        }),
      tick,
    ]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    copies.stop();
  }
  return { due: number, stopped: signal.aborted ? 'interrupted' : stopped, elapsed };
}

/** Waits for a moment on the stopwatch, to a fraction of a millisecond; or for the signal. */
async function until(clock: Clock, now: () => number, moment: number, signal: AbortSignal): Promise<void> {
  for (let left = moment - now(); left > 0 && !signal.aborted; left = moment - now()) {
    if (clock.virtual) await clock.sleep(left, signal).catch(() => undefined);
    else if (left > COARSE) await clock.sleep(left - COARSE, signal).catch(() => undefined);
    else await new Promise((resolve) => setImmediate(resolve));
  }
}
