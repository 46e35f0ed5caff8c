import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { onDisk, writeWhole } from '../../src/base/disk.ts';
import { usageError } from '../../src/base/errors.ts';

const fails = (error: Error) =>
  onDisk('/there', 'Make room.', async () => {
    throw error;
  });

test.each([
  ['of Node', Object.assign(new Error('write failed'), { code: 'ENOSPC' })],
  ['that came out of a thread', new Error('ENOSPC: no space left on device, write')],
  ['of DuckDB', new Error('IO Error: Could not write file "/there/x": No space left on device')],
])('an error %s says that the disk is full', async (_, error) => {
  await expect(fails(error)).rejects.toMatchObject({
    kind: 'cannot-run',
    message: 'Could not write to /there: the disk is full (ENOSPC).',
  });
});

test('what is no fault of the disk stays what it is', async () => {
  const wrong = usageError('wrong', 'right');
  await expect(fails(wrong)).rejects.toBe(wrong);
  const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  await expect(fails(lost)).rejects.toBe(lost);
});

describe('a file that is written whole', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-disk-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('takes the place of the one before, under a link too, and leaves nothing beside it', async () => {
    writeFileSync(join(folder, 'real'), 'before', { mode: 0o600 });
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    const before = statSync(join(folder, 'real')).ino;
    await writeWhole(join(folder, 'link'), 'after');
    await writeWhole(join(folder, 'new'), 'new');
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe('after');
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    // It was not written into: whoever reads it meanwhile has all of the one before.
    expect(statSync(join(folder, 'real')).ino).not.toBe(before);
    expect(statSync(join(folder, 'real')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).toSorted()).toEqual(['link', 'new', 'real']);
  });

  test('names the file that was asked for where it cannot be written', async () => {
    await expect(writeWhole(join(folder, 'none', 'r.json'), '')).rejects.toThrow(/none\/r\.json'/);
  });

  test.skipIf(process.platform === 'win32')('what is no file is written as it is', async () => {
    await expect(writeWhole('/dev/null', 'words')).resolves.toBeUndefined();
  });
});
