import { type Clock, systemClock } from '../../../base/clock.ts';
import type { Store } from '../../storage/store.ts';
import { type StreamRecord, LogStreamStore } from './stream.ts';
import type { LogGroup, LogStore, LogTarget, StoredLogEvent } from './logs.ts';

/** How many bytes of log the emulator keeps in all; then the oldest chunks go. */
const MAX_BYTES = 32 * 2 ** 20;
/**
 * How long events may wait in memory, in ms of the machine's time, whatever clock the emulator has: what a kill -9 may
 * cost. What PutLogEvents has acknowledged is written before it answers.
 */
const GATHER_MS = 1_000;

/** Log groups, streams and events. Events are in the store's blobs, in chunks; only what is not written yet is in memory. */
export function createLogStore(store: Store, clock: Clock): LogStore {
  const groups = store.table<LogGroup>('log-groups');
  const records = store.table<StreamRecord>('log-streams');
  const streams = new Map<string, LogStreamStore>();
  let sequence = 0;
  let ids = 0;
  let trimming = false;

  const nextSequence = () => {
    sequence += 1;
    return sequence;
  };

  /** Keeps all chunks together within bounds. */
  const trim = () => {
    if (trimming) return;
    const chunks = [...streams.values()].flatMap((stream) =>
      stream.record.chunks.slice(0, 1).map((oldest) => ({ stream, oldest })),
    );
    let total = 0;
    for (const stream of streams.values()) for (const chunk of stream.record.chunks) total += chunk.bytes;
    if (total <= MAX_BYTES || chunks.length === 0) return;
    const victim = chunks.reduce((a, b) => (b.oldest.lastSequence < a.oldest.lastSequence ? b : a));
    trimming = true;
    void victim.stream.dropOldestChunk().finally(() => {
      trimming = false;
      trim();
    });
  };

  let gathering: AbortController | undefined;
  const writeAll = () => {
    gathering?.abort();
    gathering = undefined;
    for (const stream of streams.values()) stream.write();
  };
  const writeSoon = () => {
    if (gathering !== undefined) return;
    gathering = new AbortController();
    systemClock.sleep(GATHER_MS, gathering.signal).then(writeAll, () => {});
  };

  const adopt = (key: string, record: StreamRecord): LogStreamStore => {
    const stream = new LogStreamStore(key, record, records, store, { grown: trim, waiting: writeSoon });
    streams.set(key, stream);
    return stream;
  };

  const createStream = (target: LogTarget): LogStreamStore => {
    ids += 1;
    const record: StreamRecord = {
      name: target.stream,
      creationTime: clock.now(),
      id: ids.toString(36),
      storedBytes: 0,
      chunks: [],
    };
    records.set(streamKey(target), record);
    return adopt(streamKey(target), record);
  };

  for (const [key, record] of records.entries()) {
    adopt(key, record);
    ids = Math.max(ids, Number.parseInt(record.id, 36));
    for (const chunk of record.chunks) sequence = Math.max(sequence, chunk.lastSequence);
  }
  // Events of a process that died may have taken numbers that no record mentions.
  if (records.size > 0) sequence += 1_000_000;

  const inGroup = (account: string, region: string, group: string) => {
    const prefix = streamKey({ account, region, group, stream: '' });
    return records.entries(prefix).map(([key]) => streams.get(key) as LogStreamStore);
  };
  const withSize = (group: LogGroup): LogGroup => ({
    ...group,
    storedBytes: inGroup(group.account, group.region, group.name).reduce((sum, one) => sum + one.record.storedBytes, 0),
  });

  return {
    append(target, events) {
      const key = groupKey(target.account, target.region, target.group);
      if (groups.get(key) === undefined) {
        const { account, region, group: name } = target;
        groups.set(key, { name, account, region, creationTime: clock.now(), tags: {}, storedBytes: 0 });
      }
      const stream = streams.get(streamKey(target)) ?? createStream(target);
      stream.append(events, clock.now(), nextSequence);
    },
    group(account, region, name) {
      const group = groups.get(groupKey(account, region, name));
      return group === undefined ? undefined : withSize(group);
    },
    groups: (account, region) => groups.entries(`${account}/${region}/`).map(([, group]) => withSize(group)),
    setGroup: (group) => groups.set(groupKey(group.account, group.region, group.name), group),
    async deleteGroup(account, region, name) {
      if (!groups.delete(groupKey(account, region, name))) return false;
      for (const stream of inGroup(account, region, name)) {
        streams.delete(streamKey({ account, region, group: name, stream: stream.record.name }));
        await stream.delete();
      }
      return true;
    },
    stream: (target) => streams.get(streamKey(target))?.record,
    streams: (account, region, group) => inGroup(account, region, group).map((stream) => stream.record),
    createStream: (target) => void createStream(target),
    async deleteStream(target) {
      const stream = streams.get(streamKey(target));
      if (stream === undefined) return false;
      streams.delete(streamKey(target));
      await stream.delete();
      return true;
    },
    async read({ account, region, name }, window) {
      const days = groups.get(groupKey(account, region, name))?.retentionInDays;
      const kept = days === undefined ? Number.NEGATIVE_INFINITY : clock.now() - days * 86_400_000;
      const start = Math.max(window.startMs ?? Number.NEGATIVE_INFINITY, kept);
      const end = window.endMs ?? Number.POSITIVE_INFINITY;
      const chosen =
        window.streams === undefined
          ? inGroup(account, region, name)
          : window.streams.flatMap((stream) => streams.get(streamKey({ account, region, group: name, stream })) ?? []);
      const parts: StoredLogEvent[][] = [];
      for (const stream of chosen) parts.push(await stream.read(start, end));
      return parts.flat().sort((a, b) => a.timestamp - b.timestamp || a.sequence - b.sequence);
    },
    async flush() {
      writeAll();
      for (const stream of streams.values()) await stream.flush();
    },
  };
}

function groupKey(account: string, region: string, name: string): string {
  return `${account}/${region}/${name}`;
}

/** Names hold slashes, never NUL. */
function streamKey(target: LogTarget): string {
  return `${target.account}/${target.region}/${target.group}\u0000${target.stream}`;
}
