import type { Clock } from '../base/clock.ts';
import { environmentError } from '../base/errors.ts';
import type { Recorded } from './events.ts';
import { breakLease, leaseHolder, type OnWaiting, takeLease } from './lease.ts';
import type { ObjectPort } from './objects.ts';
import { recordedOf } from './recorded.ts';
import type { DocumentStore, JournalPlace, JournalRoot, JournalStore, StateRoot, Stored, StoreLock } from './store.ts';

/** With so many events that lie one by one, they are written together. */
const TOGETHER_FROM = 40;
/** So many objects are fetched at a time. */
const AT_ONCE = 16;

export interface ObjectStateOptions {
  /** How long to wait for another's lock, milliseconds. */
  lockTimeout: number;
  /** Ends the waiting. */
  signal?: AbortSignal | undefined;
  onWaiting?: OnWaiting | undefined;
}

/**
 * State in a store of objects. Of each endpoint `<account>/<region>/<endpoint>/` holds `events/000000000001.json` and so on, an
 * object an event, each written on the condition that there is none of its number. Whoever writes the next number is the only
 * one who may do what it announces. Those of batches lie likewise below `batches/`, each with its days in `days/`.
 */
export function objectState(port: ObjectPort, clock: Clock, options: ObjectStateOptions): StateRoot {
  const batches = below(port, BATCHES);
  return {
    ...objectJournals(port, clock, options),
    batches: {
      journals: objectJournals(batches, clock, options),
      days: ({ account, region, endpoint }) => objectDocuments(batches, `${account}/${region}/${endpoint}/days/`),
    },
  };
}

/** Below it lies what is kept of batches, as that of endpoints lies beside it. */
const BATCHES = 'batches/';

/** The objects under a folder of a store. */
function below(port: ObjectPort, folder: string): ObjectPort {
  return {
    uri: (key) => port.uri(folder + key),
    list: async (prefix, after) =>
      (await port.list(folder + prefix, after && folder + after)).map((key) => key.slice(folder.length)),
    folders: (prefix) => port.folders(folder + prefix),
    get: (key) => port.get(folder + key),
    put: (key, text, condition) => port.put(folder + key, text, condition),
    delete: (key, etag) => port.delete(folder + key, etag),
  };
}

function objectJournals(port: ObjectPort, clock: Clock, options: ObjectStateOptions): JournalRoot {
  const objects = { ...port, event: readingOnce(port) };
  return {
    place: objects.uri('').replace(/\/$/, ''),
    store: (place: JournalPlace) =>
      objectStore(objects, clock, `${place.account}/${place.region}/${place.endpoint}/`, options),
    accounts: async () => (await objects.folders('')).filter((name) => /^\d{12}$/.test(name)),
    endpoints: async (account, region) => (await objects.folders(`${account}/${region}/`)).toSorted(),
  };
}

/** Documents as objects. Each is replaced only as it was read: two writers would else lose what one of them wrote. */
function objectDocuments(port: ObjectPort, folder: string): DocumentStore {
  const keyOf = (name: string) => `${folder}${name}.json`;
  return {
    path: port.uri(folder),
    names: async () =>
      (await port.list(folder))
        .filter((key) => key.endsWith('.json'))
        .map((key) => key.slice(folder.length, -'.json'.length))
        .toSorted(),
    read: async (name) => (await port.get(keyOf(name)))?.text,
    async write(name, text) {
      const before = await port.get(keyOf(name));
      const written = await port.put(keyOf(name), text, before === undefined ? 'absent' : { etag: before.etag });
      if (written === undefined)
        throw environmentError(
          `Another command has written ${port.uri(keyOf(name))} at this moment. Nothing was written.`,
          'Run the command again.',
        );
    },
    remove: async (name) => void (await port.delete(keyOf(name))),
  };
}

/** What is written once never changes: it is fetched once. */
function readingOnce(port: ObjectPort): (key: string) => Promise<string | undefined> {
  const known = new Map<string, string>();
  return async (key) => {
    const text = known.get(key) ?? (await port.get(key))?.text;
    if (text !== undefined) known.set(key, text);
    return text;
  };
}

/** A store whose events are fetched once. */
type EventPort = ObjectPort & { event(key: string): Promise<string | undefined> };

function objectStore(
  objects: EventPort,
  clock: Clock,
  folder: string,
  { lockTimeout: most, signal, onWaiting }: ObjectStateOptions,
): JournalStore {
  const path = objects.uri(folder);
  const lockKey = `${folder}lock.json`;
  const watchKey = `${folder}watcher.json`;
  return {
    path,
    read: () => readAll(objects, folder, path),
    async locked(why, work) {
      const lease = await takeLease(objects, clock, lockKey, why, { most, signal, onWaiting });
      const lock: StoreLock = {
        after: lease.after,
        async append(event, before) {
          await lease.renewed();
          const key = eventKey(folder, before + 1);
          if ((await objects.put(key, lineOf(event), 'absent')) === undefined)
            throw environmentError(
              `Another command has written to ${path} since: event ${before + 1} is there already. Nothing was done.`,
              'Run the command again: it looks at what stands, and goes on from there.',
            );
        },
        requireHeld: () => lease.require(),
        release: () => lease.release(),
      };
      try {
        return await lease.whileHeld(async () => {
          await putTogether(objects, folder, path);
          return work(lock);
        });
      } finally {
        await lease.release();
      }
    },
    holder: () => leaseHolder(objects, lockKey),
    breakLock: () => breakLease(objects, lockKey),
    async watching(why, work) {
      const lease = await takeLease(objects, clock, watchKey, why, { most: 0 }).catch(() => undefined);
      if (lease === undefined) return work();
      try {
        return await lease.whileHeld(work);
      } finally {
        await lease.release();
      }
    },
    watcher: () => leaseHolder(objects, watchKey),
  };
}

async function readAll(objects: EventPort, folder: string, path: string): Promise<Stored> {
  const { before, single } = await listed(objects, folder);
  const upTo = before.length;
  const texts = await inTurns(single, (number) => objects.event(eventKey(folder, number)));
  const missing = single.findIndex((number, i) => number !== upTo + i + 1 || texts[i] === undefined);
  if (missing >= 0)
    throw environmentError(
      `The journal ${path} is damaged: event ${upTo + missing + 1} is missing.`,
      'Restore the object that was deleted (a bucket with versions keeps it).',
    );
  const events = [...before, ...texts].map((line, i) => recordedOf(line ?? '', path, `event ${i + 1}`) as Recorded);
  return { events, notes: [] };
}

/** The lines of the events that were put together last, and the numbers of those after them, ascending. */
async function listed(objects: EventPort, folder: string): Promise<{ before: string[]; single: number[] }> {
  const last = (await objects.list(`${folder}upto/`)).at(-1);
  const upTo = last === undefined ? 0 : numberOf(last);
  const before = ((last && (await objects.event(last))) ?? '').split('\n').filter((line) => line !== '');
  if (before.length !== upTo)
    throw environmentError(
      `The journal is damaged: ${objects.uri(last ?? folder)} holds ${before.length} events.`,
      'Restore that object.',
    );
  return { before, single: (await objects.list(`${folder}events/`, eventKey(folder, upTo))).map(numberOf) };
}

/**
 * Many events that lie one by one are written together, too, so that reading takes a few requests. They stay where they are: an
 * event that were gone could be written again by whoever has slept since, and would announce what must not be done.
 */
async function putTogether(objects: EventPort, folder: string, path: string): Promise<void> {
  const { single } = await listed(objects, folder);
  const last = single.at(-1);
  if (single.length < TOGETHER_FROM || last === undefined) return;
  const { events } = await readAll(objects, folder, path);
  const text = events.slice(0, last).map((event) => `${lineOf(event)}\n`);
  await objects.put(upToKey(folder, last), text.join(''), 'absent');
}

function numberOf(key: string): number {
  return Number(/(\d{12})\.jsonl?$/.exec(key)?.[1] ?? Number.NaN);
}

/** An event of a newer version is kept as that version wrote it. */
function lineOf(event: Recorded): string {
  return JSON.stringify(event.type === 'unknown' ? event.content : event);
}

/** Twelve digits, so that keys lie in the order of their numbers. */
function eventKey(folder: string, number: number): string {
  return `${folder}events/${String(number).padStart(12, '0')}.json`;
}

function upToKey(folder: string, number: number): string {
  return `${folder}upto/${String(number).padStart(12, '0')}.jsonl`;
}

async function inTurns<One, Result>(list: readonly One[], work: (one: One) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < list.length; start += AT_ONCE)
    results.push(...(await Promise.all(list.slice(start, start + AT_ONCE).map(work))));
  return results;
}
