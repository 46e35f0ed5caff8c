import { createHash } from 'node:crypto';
import { type Loss, recordLine, type SideOutcome } from '../../analysis/mirrored/record.ts';
import type { Recorder } from '../record/recorder.ts';
import type { LoggedLine } from './line.ts';

/** The side that is judged, and its folder. */
export const SHADOW_SIDE = 'shadow';

type Side = LoggedLine['side'];

/** What becomes of a line. */
export type Taken =
  | 'recorded'
  /** It was recorded before, with the same answer: nothing is to be done. */
  | 'repeated'
  /** Its id was recorded with another answer. */
  | 'other-answer'
  /** Its side was given up before it came. */
  | 'late'
  /** So many ids are not remembered. */
  | 'full';

/** What was counted of lines and pairs. */
export interface LoggedCounts extends Record<Taken, number> {
  /** Requests that the shadow was never logged for: they count against it. */
  unanswered: number;
  /** Requests that the live side was never logged for: they count for neither. */
  unlogged: number;
}

interface Entry {
  event: string;
  at: number;
  live: string | undefined;
  shadow: string | undefined;
}

/** What stands in place of an answer that was waited for in vain. */
const ABSENT = 'absent';
/** About 300 bytes each. */
const MOST_IDS = 2_000_000;

/**
 * Makes pairs of what callers log, each side once: the first answer of an id stands. A shadow that is not heard of in time left its
 * request unanswered; a shadow whose live side is not heard of is no pair.
 */
export class Ledger {
  readonly #recorder: Pick<Recorder, 'begin' | 'end' | 'add'>;
  readonly #run: string;
  readonly #wait: number;
  readonly #ids = new Map<string, Entry>();
  /** Ids of which one side is there, oldest first, and when they came, on the stopwatch. */
  readonly #open = new Map<string, number>();
  #events = 0;
  readonly counts: LoggedCounts = {
    recorded: 0,
    repeated: 0,
    'other-answer': 0,
    late: 0,
    full: 0,
    unanswered: 0,
    unlogged: 0,
  };

  /** @param wait milliseconds in which the second side of a pair must come */
  constructor(recorder: Pick<Recorder, 'begin' | 'end' | 'add'>, { run, wait }: { run: string; wait: number }) {
    this.#recorder = recorder;
    this.#run = run;
    this.#wait = wait;
  }

  get waiting(): number {
    return this.#open.size;
  }

  /** Takes note of what an earlier run recorded. @param data of the answer that was kept */
  remember(
    id: string,
    side: Side,
    known: { event: string; at: number; status: number | undefined; data: string | undefined },
  ) {
    const entry = this.#ids.get(id) ?? { event: known.event, at: known.at, live: undefined, shadow: undefined };
    entry[side] = digestOf(known.status, known.data);
    this.#ids.set(id, entry);
  }

  /**
   * @param at when the request was made, milliseconds since the epoch; of a pair, that of its first line counts
   * @param now milliseconds on the stopwatch
   */
  take(line: LoggedLine, at: number, now: number): Taken {
    const taken = this.#take(line, at, now);
    this.counts[taken] += 1;
    return taken;
  }

  #take(line: LoggedLine, at: number, now: number): Taken {
    const { id, side, status, latency, answer } = line;
    const digest = digestOf(status, answer?.data);
    let entry = this.#ids.get(id);
    const before = entry?.[side];
    if (before !== undefined) return before === digest ? 'repeated' : before === ABSENT ? 'late' : 'other-answer';
    if (entry === undefined) {
      if (this.#ids.size >= MOST_IDS) return 'full';
      this.#events += 1;
      entry = { event: `${this.#run}-${this.#events.toString(36)}`, at, live: undefined, shadow: undefined };
      this.#ids.set(id, entry);
      this.#open.set(id, now);
      this.#recorder.begin(entry.event, at);
    }
    entry[side] = digest;
    const outcome = status !== undefined ? 'answered' : side === 'live' ? 'broken' : 'timeout';
    this.#add(id, entry, side, { outcome, status, ms: latency }, line);
    if (entry.live !== undefined && entry.shadow !== undefined) this.#settle(id, entry);
    return 'recorded';
  }

  /** Gives up the sides that were waited for long enough. */
  expire(now: number): void {
    for (const [id, since] of this.#open) {
      if (now - since < this.#wait) return;
      this.#giveUp(id, undefined);
    }
  }

  /** Nothing more will come. @param stopped it might have come, had nobody stopped: then nobody is to blame */
  finish(stopped: boolean): void {
    for (const id of [...this.#open.keys()]) this.#giveUp(id, stopped ? 'stopped' : undefined);
  }

  #giveUp(id: string, loss: Loss | undefined): void {
    const entry = this.#ids.get(id);
    if (entry === undefined) return;
    const side = entry.live === undefined ? 'live' : SHADOW_SIDE;
    const why = loss ?? (side === 'live' ? 'unlogged' : undefined);
    if (loss === undefined) this.counts[side === 'live' ? 'unlogged' : 'unanswered'] += 1;
    entry[side] = ABSENT;
    this.#add(
      id,
      entry,
      side,
      why === undefined ? { outcome: 'timeout', ms: this.#wait } : { outcome: 'lost', loss: why },
    );
    this.#settle(id, entry);
  }

  #add(
    key: string,
    { event: id, at }: Entry,
    side: Side,
    how: { outcome: SideOutcome; loss?: Loss; status?: number | undefined; ms?: number },
    line?: LoggedLine,
  ): void {
    const { outcome, loss, status, ms } = how;
    const copies = side === 'live' ? [SHADOW_SIDE] : [];
    const facts = { id, key, at, outcome, loss, status, ms, firstByteMs: undefined, copies };
    this.#recorder.add(side, recordLine(facts, line?.request, line?.answer), at);
  }

  #settle(id: string, { event }: Entry): void {
    this.#open.delete(id);
    this.#recorder.end(event);
  }
}

function digestOf(status: number | undefined, data: string | undefined): string {
  return createHash('sha256')
    .update(`${status ?? ''}\0${data ?? ''}`)
    .digest('base64url')
    .slice(0, 22);
}
