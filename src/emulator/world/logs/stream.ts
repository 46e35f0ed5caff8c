import type { Store, Table } from '../../storage/store.ts';
import type { LogEvent, LogStream, StoredLogEvent } from './logs.ts';

/** A chunk is closed once it is this large (bytes). */
const CHUNK = 256 * 1024;
/** Characters of messages that gather before they are written without being asked for. */
const GATHER = 64 * 1024;
/** What CloudWatch counts for an event besides its message (PutLogEvents' limits). */
export const EVENT_OVERHEAD = 26;

/** A run of events in the store's blobs, in order of arrival. */
export interface Chunk {
  key: string;
  /** Bytes of the blob that count: what follows them was written by a process that died before it recorded it. */
  bytes: number;
  first: number;
  last: number;
  lastSequence: number;
}

/** A stream as the store keeps it. */
export interface StreamRecord extends LogStream {
  id: string;
  /** Message bytes and overhead of every event. */
  storedBytes: number;
  chunks: Chunk[];
}

/** Line of a blob: timestamp, ingestion time, sequence, message. */
type Line = [number, number, number, string];

/** How a stream notifies the store of all streams. */
interface StreamEvents {
  /** A chunk grew: all chunks together must stay within bounds. */
  grown(): void;
  /** Events wait in memory: `write` must be called before long. */
  waiting(): void;
}

/** One stream: events wait here until they are in a blob; the blobs hold the rest. */
export class LogStreamStore {
  readonly record: StreamRecord;
  readonly #key: string;
  readonly #table: Table<StreamRecord>;
  readonly #store: Store;
  readonly #events: StreamEvents;
  #waiting: StoredLogEvent[] = [];
  /** Characters in `#waiting`. */
  #gathered = 0;
  #writing: StoredLogEvent[] = [];
  #done: Promise<void> = Promise.resolve();
  #open: Chunk | undefined;
  #deleted = false;
  #failure: unknown;

  constructor(key: string, record: StreamRecord, table: Table<StreamRecord>, store: Store, events: StreamEvents) {
    this.#key = key;
    this.record = record;
    this.#table = table;
    this.#store = store;
    this.#events = events;
  }

  append(events: readonly LogEvent[], ingestionTime: number, nextSequence: () => number): void {
    const { record } = this;
    for (const { timestamp: exact, message } of events) {
      // A simulated latency has fractions of a millisecond; a log has none.
      const timestamp = Math.floor(exact);
      this.#waiting.push({
        timestamp,
        message,
        ingestionTime: Math.floor(ingestionTime),
        sequence: nextSequence(),
        stream: record.name,
      });
      record.firstEventTimestamp = Math.min(record.firstEventTimestamp ?? timestamp, timestamp);
      record.lastEventTimestamp = Math.max(record.lastEventTimestamp ?? timestamp, timestamp);
      record.storedBytes += Buffer.byteLength(message) + EVENT_OVERHEAD;
      this.#gathered += message.length;
    }
    if (events.length === 0) return;
    record.lastIngestionTime = Math.floor(ingestionTime);
    if (this.#gathered >= GATHER) this.write();
    else this.#events.waiting();
  }

  /** Begins to move what waits into a blob, unless that is under way. */
  write(): void {
    if (this.#writing.length === 0 && this.#waiting.length > 0) this.#write();
  }

  /** Events in [startMs, endMs), in order of arrival. */
  async read(startMs: number, endMs: number): Promise<StoredLogEvent[]> {
    const within = (event: StoredLogEvent) => event.timestamp >= startMs && event.timestamp < endMs;
    // Taken at one moment, before anything is awaited: no event is seen twice or missed while it moves to a blob.
    const chunks = this.record.chunks
      .filter((chunk) => chunk.last >= startMs && chunk.first < endMs)
      .map((chunk) => ({ ...chunk }));
    const recent = [...this.#writing, ...this.#waiting].filter(within);
    const found: StoredLogEvent[] = [];
    for (const chunk of chunks) {
      const bytes = await this.#store.blobs.get(chunk.key, { start: 0, end: chunk.bytes - 1 });
      if (bytes === undefined) continue;
      for (const line of Buffer.from(bytes).toString('utf8').split('\n')) {
        if (line === '') continue;
        const [timestamp, ingestionTime, sequence, message] = JSON.parse(line) as Line;
        const event = { timestamp, message, ingestionTime, sequence, stream: this.record.name };
        if (within(event)) found.push(event);
      }
    }
    return [...found, ...recent];
  }

  /** Resolves when everything appended so far is in a blob. */
  async flush(): Promise<void> {
    while (this.#failure === undefined && (this.#writing.length > 0 || this.#waiting.length > 0)) {
      this.write();
      await this.#done;
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  async dropOldestChunk(): Promise<void> {
    const chunk = this.record.chunks.shift();
    if (chunk === undefined) return;
    if (chunk === this.#open) this.#open = undefined;
    this.#save();
    await this.#store.blobs.delete(chunk.key);
  }

  async delete(): Promise<void> {
    // The record goes at once: a stream of the same name may be made while the blobs are still on their way out.
    this.#deleted = true;
    this.#table.delete(this.#key);
    await this.flush();
    for (const chunk of this.record.chunks) await this.#store.blobs.delete(chunk.key);
  }

  #save(): void {
    if (!this.#deleted) this.#table.set(this.#key, this.record);
  }

  /** One write at a time; what comes meanwhile gathers for the next. */
  #write(): void {
    this.#writing = this.#waiting;
    this.#waiting = [];
    this.#gathered = 0;
    const events = this.#writing;
    const lines = events.map((one) =>
      JSON.stringify([one.timestamp, one.ingestionTime, one.sequence, one.message] satisfies Line),
    );
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    if (this.#open === undefined || this.#open.bytes >= CHUNK) {
      const sequence = events[0]?.sequence ?? 0;
      this.#open = {
        key: `logs/${this.record.id}/${String(sequence).padStart(16, '0')}`,
        bytes: 0,
        first: Number.POSITIVE_INFINITY,
        last: Number.NEGATIVE_INFINITY,
        lastSequence: 0,
      };
    }
    const chunk = this.#open;
    const written = () => {
      if (!this.record.chunks.includes(chunk)) this.record.chunks.push(chunk);
      chunk.bytes += bytes.length;
      for (const event of events) {
        chunk.first = Math.min(chunk.first, event.timestamp);
        chunk.last = Math.max(chunk.last, event.timestamp);
        chunk.lastSequence = event.sequence;
      }
      this.#writing = [];
      this.#save();
      this.#events.grown();
      if (this.#gathered >= GATHER) this.write();
      else if (this.#waiting.length > 0) this.#events.waiting();
    };
    // What could not be written waits for the next append; `flush` reports it.
    const failed = (failure: unknown) => {
      this.#waiting = [...events, ...this.#waiting];
      this.#gathered = GATHER;
      this.#writing = [];
      this.#open = undefined;
      this.#failure = failure;
    };
    this.#done = this.#store.blobs.append(chunk.key, bytes).then(written, failed);
  }
}
