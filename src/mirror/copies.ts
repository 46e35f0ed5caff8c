import type { Loss, SideOutcome } from '../analysis/mirrored/record.ts';
import { Budget, KeptChunks } from './budget.ts';
import type { RawHeaders } from './headers.ts';
import { isNoConnection } from './live.ts';
import type { Arrivals } from './record/stream.ts';
import type { Wire } from './wire.ts';

/** A request that a shadow is to get. */
export interface Copy {
  id: string;
  method: string;
  /** Path with query, as this shadow has it. */
  target: string;
  /** Made when it is sent. */
  headers: () => RawHeaders | Promise<RawHeaders>;
  /** It goes to SageMaker with the mirror's own credentials. */
  signed?: boolean;
  body: Buffer;
  /** Called once. */
  onEnd: (end: CopyEnd) => void;
}

/** How a copy ended. `body` is there where the outcome is `answered`. */
export interface CopyEnd {
  outcome: SideOutcome;
  loss: Loss | undefined;
  status: number | undefined;
  headers: RawHeaders;
  body: Buffer | undefined;
  ms: number | undefined;
  firstByteMs: number | undefined;
  /** When it was sent, on the stopwatch; and when the bytes of the answer came. */
  began: number | undefined;
  arrivals: Arrivals;
}

export interface CopyBounds {
  /** Copies under way, and copies that wait. */
  concurrency: number;
  queue: number;
  /** Milliseconds from `offer` after which a copy is given up. */
  timeout: number;
  /** Bytes of an answer that are kept. */
  answer: number;
  /** Bytes of all bodies of this shadow, answers included. */
  memory: number;
}

/** SageMaker's own refusal of a caller: what a model answers with a failure comes as 424 (ModelError), whatever its status. */
const DENIED = 403;

/** Copies that are given up in one go. */
const MAX_GIVEN_UP = 32;

/** One that waits or is under way. */
interface Entry {
  copy: Copy;
  deadline: number;
  /** `late`: it waited until its time was over. */
  state: 'waiting' | 'late' | 'sent' | 'ended';
  /** Closes its connection. */
  drop: (() => void) | undefined;
  answer: KeptChunks | undefined;
  status: number | undefined;
  headers: RawHeaders;
  sentAt: number | undefined;
  firstAt: number | undefined;
}

/**
 * The copies of one shadow. What this shadow is too slow to take, within its own bounds, counts against it: they are filled by
 * nothing but what it has not answered. Nothing here is ever waited for.
 */
export class Copies {
  readonly #wire: Wire;
  readonly #bounds: CopyBounds;
  readonly #now: () => number;
  readonly #memory: Budget;
  #waiting: Entry[] = [];
  #head = 0;
  /** In the order of their deadlines, since all have the same time. */
  #open: Entry[] = [];
  #sent = 0;

  /** @param now milliseconds since some beginning */
  constructor(wire: Wire, bounds: CopyBounds, now: () => number) {
    this.#wire = wire;
    this.#bounds = bounds;
    this.#now = now;
    this.#memory = new Budget(bounds.memory);
  }

  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  get underWay(): number {
    return this.#sent;
  }

  get bytes(): number {
    return this.#memory.used;
  }

  /**
   * Takes a copy, or tells at once that it cannot.
   * @returns ends it before its time, as lost, for that reason
   */
  offer(copy: Copy): (loss: Loss) => void {
    const entry: Entry = {
      copy,
      deadline: this.#now() + this.#bounds.timeout,
      state: 'waiting',
      drop: undefined,
      answer: undefined,
      status: undefined,
      headers: [],
      sentAt: undefined,
      firstAt: undefined,
    };
    const free = this.#sent < this.#bounds.concurrency;
    if (copy.body.length > this.#memory.limit) {
      // Not even alone would it fit: that is no doing of the shadow's.
      entry.state = 'ended';
      copy.onEnd({ ...ended('lost'), loss: 'memory' });
      return () => undefined;
    }
    if ((!free && this.waiting >= this.#bounds.queue) || !this.#memory.take(copy.body.length)) {
      entry.state = 'ended';
      copy.onEnd(ended('too-slow'));
      return () => undefined;
    }
    this.#open.push(entry);
    if (free) this.#send(entry);
    else this.#waiting.push(entry);
    return (loss) => this.#end(entry, { ...ended('lost'), loss });
  }

  /**
   * Gives up what is past its time, so many at a time: callers are answered between. To be called some times a second.
   */
  expire(): void {
    const now = this.#now();
    this.#wire.sweep();
    // Those that wait first: else each that ends would let one go whose time is over, too.
    for (let i = this.#head; i < this.#waiting.length; i += 1) {
      const entry = this.#waiting[i] as Entry;
      if (entry.deadline > now) break;
      if (entry.state === 'waiting') entry.state = 'late';
    }
    let kept = 0;
    let given = 0;
    for (; kept < this.#open.length && given < MAX_GIVEN_UP; kept += 1) {
      const entry = this.#open[kept] as Entry;
      if (entry.state === 'ended') continue;
      if (entry.deadline > now) break;
      given += 1;
      this.#end(entry, ended(entry.state === 'sent' ? 'timeout' : 'too-slow'));
    }
    if (kept > 0) this.#open = this.#open.slice(kept);
    if (given === MAX_GIVEN_UP) setImmediate(() => this.expire());
    // Behind one that goes on there may be thousands that have ended.
    if (this.#open.length > 2 * (this.#sent + this.waiting) + 1_024)
      this.#open = this.#open.filter(({ state }) => state !== 'ended');
  }

  /** Ends everything as lost: the mirror stops. */
  stop(): void {
    for (const entry of [...this.#open]) this.#end(entry, { ...ended('lost'), loss: 'stopped' });
    this.#open = [];
    this.#wire.close();
  }

  #send(entry: Entry): void {
    this.#sent += 1;
    entry.state = 'sent';
    entry.sentAt = this.#now();
    const headers = entry.copy.headers();
    if (!(headers instanceof Promise)) return this.#sendWith(entry, headers);
    headers.then(
      (ready) => {
        entry.sentAt = this.#now();
        this.#sendWith(entry, ready);
      },
      // What signs has no credentials: nothing of it is the shadow's doing.
      () => this.#end(entry, { ...ended('lost'), loss: 'credentials' }),
    );
  }

  #sendWith(entry: Entry, headers: RawHeaders): void {
    if (entry.state === 'ended') return;
    const { method, target, body } = entry.copy;
    entry.drop = this.#wire.send(requestHead(method, target, headers), body, {
      onHead: (status, answered) => {
        entry.firstAt = this.#now();
        entry.status = status;
        entry.headers = answered;
        entry.answer = new KeptChunks(this.#memory, this.#bounds.answer, this.#now);
      },
      onData: (chunk) => {
        const { answer } = entry;
        answer?.add(chunk);
        // Its own answers fill its own memory: a shadow whose many answers do not fit is not given more of it.
        if (answer?.lost !== undefined) this.#end(entry, ended(answer.lost === 'size' ? 'too-large' : 'too-slow'));
      },
      onEnd: () =>
        this.#end(
          entry,
          entry.copy.signed === true && entry.status === DENIED
            ? { ...ended('lost'), loss: 'credentials' }
            : { ...ended('answered'), body: entry.answer?.whole(), arrivals: entry.answer?.arrivals ?? [] },
        ),
      onError: (error) => this.#end(entry, ended(isNoConnection(error) ? 'refused' : 'broken')),
    });
  }

  #end(entry: Entry, end: CopyEnd): void {
    if (entry.state === 'ended') return;
    const { copy, sentAt, firstAt, status, headers, drop } = entry;
    if (entry.state === 'sent') this.#sent -= 1;
    entry.state = 'ended';
    this.#memory.give(copy.body.length);
    entry.answer?.release();
    entry.drop = undefined;
    entry.answer = undefined;
    if (end.outcome !== 'answered') drop?.();
    copy.onEnd({
      ...end,
      status,
      headers,
      began: sentAt,
      ms: sentAt === undefined ? undefined : this.#now() - sentAt,
      firstByteMs: sentAt === undefined || firstAt === undefined ? undefined : firstAt - sentAt,
    });
    // Its body must not be held by the list of those that are open.
    entry.copy = ENDED;
    this.#next();
  }

  #next(): void {
    while (this.#sent < this.#bounds.concurrency && this.#head < this.#waiting.length) {
      const entry = this.#waiting[this.#head] as Entry;
      this.#head += 1;
      if (entry.state === 'waiting') this.#send(entry);
    }
    if (this.#head > 1_024 || this.#head === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  }
}

function requestHead(method: string, target: string, headers: RawHeaders): string {
  let head = `${method} ${target} HTTP/1.1\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}Connection: keep-alive\r\n\r\n`;
}

const ENDED: Copy = {
  id: '',
  method: '',
  target: '',
  headers: () => [],
  body: Buffer.alloc(0),
  onEnd: () => undefined,
};

/** The end of a copy of which there is no answer. */
export function ended(outcome: SideOutcome): CopyEnd {
  return {
    outcome,
    loss: undefined,
    status: undefined,
    headers: [],
    body: undefined,
    ms: undefined,
    firstByteMs: undefined,
    began: undefined,
    arrivals: [],
  };
}
