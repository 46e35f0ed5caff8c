import { expect, test } from 'vitest';
import { onDisk } from '../../src/base/disk.ts';
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
