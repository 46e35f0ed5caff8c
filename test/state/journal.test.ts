import {
  appendFile,
  type FileHandle,
  mkdir,
  mkdtemp,
  open as openFile,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { VirtualClock } from '../../src/base/clock.ts';
import { Problem } from '../../src/base/errors.ts';
import { type JournalEvent, recordFact } from '../../src/state/journal.ts';
import { folderJournal } from '../support/journal.ts';
import { lockHolder } from '../../src/state/lock.ts';

let stateDir: string;
const clock = new VirtualClock(Date.UTC(2026, 0, 5, 9));
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'shadowctl-journal-'));
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

const open = (endpoint = 'weather') =>
  folderJournal({ stateDir, account: '000000000000', region: 'us-east-1', endpoint, clock });
const run: JournalEvent = { type: 'run', run: 'r-1', command: 'deploy', by: 'me' };

test('what was appended is read back, in order, behind a line that says whose journal it is', async () => {
  const journal = await open();
  expect(journal.events()).toEqual([]);
  await journal.locked('test', async () => {
    await journal.append(run);
    await journal.append({ type: 'end', step: 'r-1/1', outcome: 'done' });
  });
  const again = await open();
  expect(again.events().map((event) => event.type)).toEqual(['open', 'run', 'end']);
  expect(again.events()[0]).toMatchObject({ version: 1, endpoint: 'weather', at: '2026-01-05T09:00:00.000Z' });
  expect(again.path).toBe(join(stateDir, '000000000000/us-east-1/weather.jsonl'));
});

test('looking writes nothing', async () => {
  const journal = await open();
  await expect(readFile(journal.path)).rejects.toThrow('ENOENT');
});

test('a torn last line is left out with a note, and the next event starts a line of its own', async () => {
  const first = await open();
  await first.locked('test', () => first.append(run));
  await appendFile(first.path, '{"type":"begin","run":"r-1","st');
  const second = await open();
  expect(second.events()).toHaveLength(2);
  expect(second.notes()[0]).toMatchObject({ kind: 'incomplete-line' });
  await second.locked('test', () => second.append({ ...run, run: 'r-2' }));
  const third = await open();
  expect(third.notes()).toEqual([]);
  expect(third.events().map((event) => (event.type === 'run' ? event.run : event.type))).toEqual([
    'open',
    'r-1',
    'r-2',
  ]);
});

test('a last line that only lacks its line feed counts', async () => {
  const first = await open();
  await first.locked('test', () => first.append(run));
  const text = await readFile(first.path, 'utf8');
  await writeFile(first.path, text.trimEnd());
  const second = await open();
  await second.locked('test', () => second.append({ ...run, run: 'r-2' }));
  expect((await open()).events()).toHaveLength(3);
});

test('a journal damaged in the middle is refused with the line', async () => {
  const journal = await open();
  await journal.locked('test', () => journal.append(run));
  await writeFile(journal.path, `garbage\n${await readFile(journal.path, 'utf8')}`);
  await expect(open()).rejects.toThrow(/damaged at line 1: not JSON: garbage/);
});

test('a journal of another version is refused', async () => {
  const journal = await open();
  await journal.locked('test', () => journal.append(run));
  await writeFile(journal.path, (await readFile(journal.path, 'utf8')).replace('"version":1', '"version":2'));
  await expect(open()).rejects.toThrow(/version 2/);
});

test('a name that would lead out of the folder is no name of an endpoint', async () => {
  await expect(open('../../etc/passwd')).rejects.toThrow(Problem);
});

test.each(['a/b', '../weather', '.weather', 'a.b', 'a b', 'weather\n/x', ''])('nor is %j', async (name) => {
  await expect(open(name)).rejects.toMatchObject({ kind: 'usage' });
});

test('without the lock nothing is written, before it and after it', async () => {
  const journal = await open();
  await expect(journal.append(run)).rejects.toThrow('without its lock');
  await journal.locked('test', () => journal.append(run));
  await expect(journal.append(run)).rejects.toThrow('without its lock');
  expect((await open()).events()).toHaveLength(2);
});

test('the lock is released though the work fails, and the work gives its value', async () => {
  const journal = await open();
  const failed = journal.locked('test', async () => {
    await journal.append(run);
    throw new Error('broken');
  });
  await expect(failed).rejects.toThrow('broken');
  expect(await journal.locked('again', async () => 5)).toBe(5);
  // The file was closed, and is opened again.
  await journal.locked('again', () => journal.append({ ...run, run: 'r-2' }));
  expect((await open()).events()).toHaveLength(3);
});

test('a lock that nobody held is nothing to tell', async () => {
  const journal = await open();
  await journal.locked('test', () => journal.append(run));
  expect(journal.notes()).toEqual([]);
  expect(journal).toMatchObject({ endpoint: 'weather', account: '000000000000', region: 'us-east-1' });
});

test('every event stands on a line of its own, whatever the file looked like', async () => {
  const journal = await open();
  await journal.locked('test', () => journal.append(run));
  await journal.locked('test', () => journal.append(run));
  const lines = /^(\{.+\}\n){3}$/;
  expect(await readFile(journal.path, 'utf8')).toMatch(lines);
  // An editor has left blank lines, and one of blanks at the end.
  const text = await readFile(journal.path, 'utf8');
  await writeFile(journal.path, `\n${text.replace('\n', '\n \t\n')}   `);
  const edited = await open();
  expect(edited.notes()).toEqual([]);
  expect(edited.events()).toHaveLength(3);
  await edited.locked('test', () => edited.append(run));
  const again = await open();
  expect(again.events()).toHaveLength(4);
  expect(again.notes()).toEqual([]);
});

test('a byte that is no UTF-8 does no damage to what is appended', async () => {
  const journal = await open();
  await journal.locked('test', () => journal.append({ ...run, by: 'M?ller' }));
  const bytes = await readFile(journal.path);
  bytes[bytes.indexOf('?')] = 0xfc;
  await writeFile(journal.path, bytes);
  const again = await open();
  await again.locked('test', () => again.append(run));
  expect((await open()).events()).toHaveLength(3);
});

test('what is torn behind letters of several bytes is cut off where it begins', async () => {
  const journal = await open();
  await journal.locked('test', () => journal.append({ ...run, by: 'Müller 雨' }));
  const whole = await readFile(journal.path, 'utf8');
  await appendFile(journal.path, '{"type":"begin","é');
  const torn = await open();
  expect(torn.notes()).toEqual([{ kind: 'incomplete-line', path: journal.path }]);
  await torn.locked('test', () => torn.append({ ...run, run: 'r-2' }));
  const text = await readFile(journal.path, 'utf8');
  expect(text.startsWith(whole)).toBe(true);
  expect(text.slice(whole.length)).toMatch(/^\{"type":"run","run":"r-2".*\}\n$/);
});

test('a file of a torn line alone begins anew', async () => {
  const journal = await open();
  await mkdir(dirname(journal.path), { recursive: true });
  await writeFile(journal.path, '{"type":"op');
  const torn = await open();
  expect(torn.events()).toEqual([]);
  await torn.locked('test', () => torn.append(run));
  expect(await readFile(journal.path, 'utf8')).toMatch(/^\{"type":"open".*\}\n\{"type":"run".*\}\n$/);
});

test('of a damaged line its beginning is told', async () => {
  const journal = await open();
  await mkdir(dirname(journal.path), { recursive: true });
  await writeFile(journal.path, `${'x'.repeat(60)}yz\n`);
  await expect(open()).rejects.toThrow(`damaged at line 1: not JSON: ${'x'.repeat(60)}.`);
});

test('a line that is JSON and no event is damage, at the end too', async () => {
  const journal = await open();
  await journal.locked('test', () => journal.append(run));
  await appendFile(journal.path, '5');
  await expect(open()).rejects.toMatchObject({
    kind: 'cannot-run',
    message: expect.stringContaining('line 3: 5 was found'),
  });
});

test('a file that cannot be read is told as such', async () => {
  const journal = await open();
  await mkdir(journal.path, { recursive: true });
  await expect(open()).rejects.toMatchObject({
    kind: 'cannot-run',
    message: expect.stringMatching(/weather\.jsonl is not a regular file/),
  });
});

test('a fact is recorded with its run', async () => {
  const journal = await open();
  await journal.locked('test', () =>
    recordFact({ journal, id: 'r-7' }, { name: 'alarm-restored', value: { alarm: 'a' } }),
  );
  expect(journal.events()[1]).toEqual({
    type: 'fact',
    run: 'r-7',
    name: 'alarm-restored',
    value: { alarm: 'a' },
    at: '2026-01-05T09:00:00.000Z',
  });
});

test('what could not be read back is not written', async () => {
  const journal = await open();
  const wrong = { type: 'fact', run: 'r', name: 'alarm-restored', value: { alarm: '' } } as const;
  await expect(journal.locked('test', () => journal.append(wrong))).rejects.toThrow('alarm: "" is not a name');
  expect((await open()).events().map((event) => event.type)).toEqual(['open']);
});

test('a second command is told who holds the lock, what for and since when', async () => {
  const [first, second] = [await open(), await open()];
  await first.locked('deploy --endpoint weather', async () => {
    await expect(second.locked('cleanup', async () => undefined)).rejects.toThrow(
      new RegExp(`locked by .*process ${process.pid}\\) for .deploy --endpoint weather. since 2026-01-05T09:00:00`),
    );
    expect(await lockHolder(`${first.path}.lock`)).toMatchObject({
      why: 'deploy --endpoint weather',
      pid: process.pid,
    });
  });
  expect(await lockHolder(`${first.path}.lock`)).toBeUndefined();
  await second.locked('cleanup', () => second.append(run));
});

test('the lock of a process that has died on this machine is taken over, with a note', async () => {
  const journal = await open();
  await mkdir(dirname(journal.path), { recursive: true });
  const dead = {
    id: 'x',
    by: 'me@here',
    host: hostname(),
    pid: 2 ** 22 + 1,
    why: 'deploy',
    since: '2026-01-05T08:00:00.000Z',
  };
  await writeFile(`${journal.path}.lock`, JSON.stringify(dead));
  await journal.locked('cleanup', () => journal.append(run));
  expect(journal.notes()[0]).toMatchObject({ kind: 'lock-taken-over', from: { by: 'me@here', why: 'deploy' } });
});

test('the lock of another machine is not', async () => {
  const journal = await open();
  await mkdir(dirname(journal.path), { recursive: true });
  const other = {
    id: 'x',
    by: 'me@there',
    host: 'there',
    pid: 2 ** 22 + 1,
    why: 'deploy',
    since: '2026-01-05T08:00:00.000Z',
  };
  await writeFile(`${journal.path}.lock`, JSON.stringify(other));
  await expect(journal.locked('cleanup', async () => undefined)).rejects.toThrow('me@there');
});

test('what another command wrote meanwhile is there once the lock is held', async () => {
  const [first, second] = [await open(), await open()];
  await first.locked('a', () => first.append(run));
  expect(second.events()).toEqual([]);
  await second.locked('b', async () => expect(second.events()).toHaveLength(2));
});

test('a damaged lock is told, with the file; it is not taken over', async () => {
  const journal = await open();
  await mkdir(dirname(journal.path), { recursive: true });
  await writeFile(`${journal.path}.lock`, 'null');
  const problem = await journal.locked('cleanup', async () => undefined).catch((error: unknown) => error);
  expect(problem).toMatchObject({
    message: expect.stringMatching(/weather\.jsonl\.lock is damaged: .* "null"/),
    next: expect.stringContaining('delete the file'),
  });
  expect(await lockHolder(`${journal.path}.lock`)).toBeUndefined();
});

test('every event is flushed to disk before it counts, and the folder of a new file too', async () => {
  const probe = await openFile(join(stateDir, 'probe'), 'w');
  const prototype = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const flushed: string[] = [];
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    flushed.push((await this.stat()).isDirectory() ? 'folder' : 'file');
  });
  try {
    const journal = await open();
    await journal.locked('test', async () => {
      await journal.append(run);
      // The line that opens the journal, the folder that names it, the event.
      expect(flushed).toEqual(['file', 'folder', 'file']);
      await journal.append({ ...run, run: 'r-2' });
      expect(flushed).toEqual(['file', 'folder', 'file', 'file']);
    });
  } finally {
    spy.mockRestore();
  }
});
