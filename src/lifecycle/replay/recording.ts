import type { Flaw, Found, Recorded, RecordedAnswer } from './recorded.ts';
import { goReplayLatency } from './goreplay.ts';
import type { Place, Spool } from './spool.ts';
import { MINUTE, SECOND } from '../../base/units.ts';
import { headerValue, isCredential } from '../../mirror/headers.ts';

/** What of a recording cannot be sent again. */
export interface Left {
  count: number;
  /** Of the first: the file, which of its parts, from 1, and the end of a sentence. */
  first: { file: string; part: number; why: string };
}

/** What is known of a recording before any of it is sent. */
export interface RecordingFacts {
  /** For people: files, folders. */
  sources: readonly string[];
  /** That can be sent. */
  requests: number;
  /** That `--only` leaves out. */
  unwanted: number;
  left: Partial<Record<Flaw, Left>>;
  /** Milliseconds since the epoch of the first and the last request; undefined where the times of some are not recorded. */
  span: { from: number; to: number } | undefined;
  /** All times are whole seconds, as in captures: requests of one second are spread over it evenly. */
  wholeSeconds: boolean;
  /** How many requests have each method; and which paths there are, the most frequent first, undefined without any. */
  methods: readonly { method: string; requests: number }[];
  targets: readonly { path: string; requests: number }[];
  withoutTarget: number;
  withoutType: number;
  /** Requests that carried what lets somebody in. */
  withCredentials: number;
  /** Requests whose answer is recorded; with a status; and, of those that were answered, with how long it took. */
  answers: number;
  statuses: boolean;
  latencies: boolean;
  /** The busiest sixty seconds: when they began, and their requests. Undefined where the recording is shorter, or has no times. */
  peak: { from: number; requests: number } | undefined;
}

const MAX_PATHS = 200;

interface Entry {
  at: number;
  head: Place;
  body: Place;
  answer: Place | undefined;
}

type Head = Omit<Recorded, 'body'>;

/** Takes what the readers find, and puts it into order. */
export class RecordingBuilder {
  readonly #spool: Spool;
  readonly #entries: Entry[] = [];
  readonly #left: Partial<Record<Flaw, Left>> = {};
  readonly #methods = new Map<string, number>();
  readonly #targets = new Map<string, number>();
  /** Requests whose answer is still to come, by key. */
  #open = new Map<string, { entry: Entry | undefined; at: number | undefined; tookMs: number | undefined }>();
  #withoutTarget = 0;
  #withoutType = 0;
  #withCredentials = 0;
  #answers = 0;
  #statuses = 0;
  #answered = 0;
  #latencies = 0;

  readonly #wanted: (request: Recorded) => boolean;
  #unwanted = 0;

  /** @param wanted which requests are to be sent again; the others are counted */
  constructor(spool: Spool, wanted: (request: Recorded) => boolean) {
    this.#spool = spool;
    this.#wanted = wanted;
  }

  /** @param file whose part it is @param part from 1 */
  async take(found: Found, file: string, part: number): Promise<void> {
    switch (found.kind) {
      case 'flaw':
        return this.#leave(found.flaw, { file, part, why: found.why });
      case 'answer': {
        const open = this.#open.get(found.key);
        if (open === undefined)
          return this.#leave('not-live', { file, part, why: 'it is an answer to no request of the recording' });
        this.#open.delete(found.key);
        if (open.entry !== undefined)
          open.entry.answer = await this.#answer({ ...found.answer, ms: goReplayLatency(open, found) });
        return;
      }
      case 'request': {
        const { request, answer, awaits } = found;
        const { body, ...head } = request;
        if (!this.#wanted(request)) {
          this.#unwanted += 1;
          if (awaits !== undefined) this.#open.set(request.key, { entry: undefined, at: undefined, tookMs: undefined });
          return;
        }
        this.#count(request);
        const entry: Entry = {
          at: request.at ?? Number.NaN,
          head: await this.#spool.add(Buffer.from(JSON.stringify(head))),
          body: await this.#spool.add(body),
          answer: answer === undefined ? undefined : await this.#answer(answer),
        };
        this.#entries.push(entry);
        if (awaits !== undefined) this.#open.set(request.key, { entry, at: request.at, tookMs: awaits.tookMs });
      }
    }
  }

  /** The whole, in the order of its times; where some have none, in that of the files. */
  async finish(sources: readonly string[]): Promise<Recording> {
    await this.#spool.flush();
    this.#open = new Map();
    const entries = this.#entries;
    const timed = entries.length > 0 && entries.every(({ at }) => !Number.isNaN(at));
    if (timed) entries.sort((a, b) => a.at - b.at);
    const wholeSeconds = timed && entries.every(({ at }) => at % SECOND === 0);
    if (wholeSeconds) spread(entries);
    const [first, last] = [entries[0], entries.at(-1)];
    const ranked = (counts: Map<string, number>) => [...counts].toSorted((a, b) => b[1] - a[1]);
    return new Recording(this.#spool, entries, {
      sources,
      requests: entries.length,
      unwanted: this.#unwanted,
      left: this.#left,
      span: timed && first !== undefined && last !== undefined ? { from: first.at, to: last.at } : undefined,
      wholeSeconds,
      methods: ranked(this.#methods).map(([method, requests]) => ({ method, requests })),
      targets: ranked(this.#targets).map(([path, requests]) => ({ path, requests })),
      withoutTarget: this.#withoutTarget,
      withoutType: this.#withoutType,
      withCredentials: this.#withCredentials,
      answers: this.#answers,
      statuses: this.#answers > 0 && this.#statuses === this.#answers,
      latencies: this.#answered > 0 && this.#latencies === this.#answered,
      peak: timed ? busiestMinute(entries) : undefined,
    });
  }

  #leave(flaw: Flaw, first: Left['first']): void {
    const before = this.#left[flaw];
    this.#left[flaw] = before === undefined ? { count: 1, first } : { ...before, count: before.count + 1 };
  }

  #count({ method, target, headers }: Recorded): void {
    const add = (counts: Map<string, number>, name: string) => {
      if (counts.size < MAX_PATHS || counts.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
    };
    add(this.#methods, method);
    if (target === undefined) this.#withoutTarget += 1;
    else add(this.#targets, target.split('?', 1)[0] ?? target);
    if (headerValue(headers, 'content-type') === undefined) this.#withoutType += 1;
    if (headers.some((name, i) => i % 2 === 0 && isCredential(name.toLowerCase()))) this.#withCredentials += 1;
  }

  async #answer(answer: RecordedAnswer): Promise<Place> {
    this.#answers += 1;
    // What was not answered has no status that could be missing.
    if (answer.status !== undefined || answer.outcome !== 'answered') this.#statuses += 1;
    if (answer.outcome === 'answered') {
      this.#answered += 1;
      if (answer.ms !== undefined) this.#latencies += 1;
    }
    return this.#spool.add(Buffer.from(JSON.stringify(answer)));
  }
}

/** Requests of one second evenly over it: all at once is what nobody sent. */
function spread(entries: Entry[]): void {
  for (let from = 0; from < entries.length; ) {
    const second = entries[from]?.at;
    let to = from;
    while (to < entries.length && entries[to]?.at === second) to += 1;
    for (let i = from; i < to; i += 1) (entries[i] as Entry).at += ((i - from) / (to - from)) * SECOND;
    from = to;
  }
}

function busiestMinute(entries: readonly Entry[]): RecordingFacts['peak'] {
  const at = (i: number) => entries[i]?.at ?? 0;
  if (at(entries.length - 1) - at(0) < MINUTE) return undefined;
  let most = { from: 0, requests: 0 };
  for (let from = 0, to = 0; from < entries.length; from += 1) {
    while (to < entries.length && at(to) < at(from) + MINUTE) to += 1;
    if (to - from > most.requests) most = { from: at(from), requests: to - from };
  }
  return most;
}

/** Requests that can be sent again, in the order of their times. */
export class Recording {
  readonly #spool: Spool;
  readonly #entries: readonly Entry[];
  readonly facts: RecordingFacts;

  constructor(spool: Spool, entries: readonly Entry[], facts: RecordingFacts) {
    this.#spool = spool;
    this.#entries = entries;
    this.facts = facts;
  }

  /** When a request was made, milliseconds since the epoch, spread where times are whole seconds; NaN where that is not recorded. */
  at(index: number): number {
    return this.#entries[index]?.at ?? Number.NaN;
  }

  /** The first request that was made no sooner than this. */
  firstFrom(at: number): number {
    return Math.max(
      0,
      this.#entries.findIndex((entry) => entry.at >= at),
    );
  }

  async request(index: number): Promise<Recorded> {
    const { head, body } = this.#entry(index);
    const read = JSON.parse((await this.#spool.read(head)).toString()) as Head;
    return { ...read, at: read.at, target: read.target, body: await this.#spool.read(body) };
  }

  /** What was answered then. */
  async answer(index: number): Promise<RecordedAnswer | undefined> {
    const { answer } = this.#entry(index);
    if (answer === undefined) return undefined;
    return JSON.parse((await this.#spool.read(answer)).toString()) as RecordedAnswer;
  }

  close(): Promise<void> {
    return this.#spool.close();
  }

  #entry(index: number): Entry {
    const entry = this.#entries[index];
    if (entry === undefined) throw new Error(`the recording has no request ${index}`);
    return entry;
  }
}
