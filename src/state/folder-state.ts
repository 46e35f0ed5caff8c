import { type FileHandle, open, readdir, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { onDisk } from '../base/disk.ts';
import { environmentError } from '../base/errors.ts';
import { readLock } from '../base/process-lock.ts';
import type { Recorded } from './events.ts';
import { claimWatch, lockHolder, takeLock } from './lock.ts';
import { recordedOf } from './recorded.ts';
import { folderDocuments } from './folder-documents.ts';
import type { JournalPlace, JournalRoot, JournalStore, StateRoot, Stored, StoreLock } from './store.ts';
import { keepPrivate, makePrivateFolder, requireNoLink, requireRegular } from '../base/private-folder.ts';

const ACCOUNT = /^\d{12}$/;

/**
 * State in a folder: journals are `<folder>/<account>/<region>/<endpoint>.jsonl`, a line an event; those of batches lie likewise
 * below `batches`, and their days in `batches/<account>/<region>/<batch>/days`.
 */
export function folderState(folder: string, clock: Clock): StateRoot {
  const batches = join(folder, BATCHES);
  return {
    ...folderJournals(folder, clock),
    batches: {
      journals: folderJournals(batches, clock),
      days: ({ account, region, endpoint }) => folderDocuments(join(batches, account, region, endpoint, 'days')),
    },
  };
}

const BATCHES = 'batches';

function folderJournals(folder: string, clock: Clock): JournalRoot {
  return {
    place: folder,
    store: ({ account, region, endpoint }: JournalPlace) =>
      fileStore(join(folder, account, region, `${endpoint}.jsonl`), clock),
    accounts: async () => (await readdir(folder).catch(() => [])).filter((name) => ACCOUNT.test(name)),
    async endpoints(account, region) {
      const files = await readdir(join(folder, account, region)).catch(() => []);
      return files
        .filter((file) => file.endsWith('.jsonl'))
        .map((file) => file.slice(0, -'.jsonl'.length))
        .toSorted();
    },
  };
}

/** The journal of one endpoint in a file; nothing is written before the first event. */
function fileStore(path: string, clock: Clock): JournalStore {
  return {
    path,
    read: async () => readLines(path),
    async locked(why, work) {
      await onDisk(dirname(path), ROOM, async () => makePrivateFolder(dirname(path)));
      const lock = await takeLock(`${path}.lock`, why, clock);
      const writer = lineWriter(path);
      const held: StoreLock = {
        after: lock.after,
        append: (event, before) => writer.append(event, before),
        // Whoever takes over a lock on this disk has seen that its process has ended.
        requireHeld: () => undefined,
        release: async () => {
          await writer.close();
          await lock.release();
        },
      };
      try {
        return await work(held);
      } finally {
        await held.release();
      }
    },
    holder: () => lockHolder(`${path}.lock`),
    async breakLock() {
      const state = await readLock(`${path}.lock`);
      if (state.kind === 'free') return undefined;
      await unlink(`${path}.lock`);
      return state.kind === 'damaged' ? 'damaged' : state.holder;
    },
    async watching(why, work) {
      const claim = await claimWatch(`${path}.watcher`, why, clock.now());
      try {
        return await work();
      } finally {
        await claim?.release();
      }
    },
    watcher: () => lockHolder(`${path}.watcher`),
  };
}

/** Appends lines, each flushed to disk before it counts. The file is opened by the first: who only looks leaves none behind. */
function lineWriter(path: string) {
  let file: FileHandle | undefined;
  return {
    async append(event: Recorded, before: number) {
      await onDisk(dirname(path), ROOM, async () => {
        if (file === undefined) {
          requireNoLink(path);
          keepPrivate(path);
          file = await open(path, 'a', 0o600);
          await mend(file, await readLines(path));
        }
        await appendLine(file, `${JSON.stringify(lineOf(event))}\n`);
        if (before === 0) await syncFolder(dirname(path));
      });
    },
    async close() {
      await file?.close();
      file = undefined;
    },
  };
}

const ROOM =
  'What was announced and not written down was not done. Make room, or the folder writable, and give the command again: it first asks AWS what stands.';

/** A line that a full disk takes only in part must not stand before the next one. */
async function appendLine(file: FileHandle, line: string): Promise<void> {
  const { size } = await file.stat();
  try {
    await file.appendFile(line);
    await file.sync();
  } catch (error) {
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
}

/** An event of a newer version is kept as that version wrote it. */
function lineOf(event: Recorded): object {
  return event.type === 'unknown' ? event.content : event;
}

interface Lines extends Stored {
  /** Bytes up to and including the last whole line; what follows is torn. */
  whole: number;
  /** The last whole line lacks its line feed. */
  unended: boolean;
}

/**
 * A torn last line is left out: it was being written when the program was killed, so its flush never returned and what
 * it announced was never begun.
 */
async function readLines(path: string): Promise<Lines> {
  requireRegular(path, 'journal');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { events: [], notes: [], whole: 0, unended: false };
    throw environmentError(
      `The journal ${path} cannot be read: ${(error as Error).message}`,
      'Check the permissions of the file.',
      error,
    );
  }
  const found: Lines = { events: [], notes: [], whole: 0, unended: false };
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const last = index === lines.length - 1;
    if (line.trim() !== '') {
      const read = recordedOf(line, path, `line ${index + 1}`, last);
      if (read === 'torn') {
        found.notes.push({ kind: 'incomplete-line', path });
        return found;
      }
      found.events.push(read);
    }
    found.whole += Buffer.byteLength(line) + (last ? 0 : 1);
    found.unended = last && line !== '';
  }
  return found;
}

/** Cuts a torn line off, so that the next event starts a line of its own. */
async function mend(file: FileHandle, content: Lines): Promise<void> {
  const { size } = await file.stat();
  if (size > content.whole) await file.truncate(content.whole);
  if (content.unended) await file.appendFile('\n');
}

/** Makes the name of a new file survive a crash; systems that cannot sync a folder do without. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
