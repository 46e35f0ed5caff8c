import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readBody } from '../../../src/emulator/http/body.ts';

const MIB = 2 ** 20;
const AT_MOST = 40 * MIB;

test('large bodies of several requests are held up to a bound together; small ones always, and room comes back', async () => {
  const begin = () => {
    const stream = new PassThrough({ highWaterMark: 64 * MIB });
    return { stream, body: readBody(stream as never, 64 * MIB, AT_MOST) };
  };
  const [one, two, small] = [begin(), begin(), begin()];
  one.stream.write(Buffer.alloc(30 * MIB));
  await new Promise(setImmediate);
  for (let sent = 0; sent < 20; sent += 1) two.stream.write(Buffer.alloc(MIB));
  expect(await two.body).toBe('busy');
  small.stream.end(Buffer.alloc(15 * MIB));
  expect(await small.body).toHaveLength(15 * MIB);
  one.stream.end();
  expect(await one.body).toHaveLength(30 * MIB);
  // One whose client has gone holds nothing any more.
  const gone = begin();
  gone.stream.write(Buffer.alloc(30 * MIB));
  await new Promise(setImmediate);
  gone.stream.destroy();
  expect(await gone.body).toBeUndefined();
  const again = begin();
  again.stream.end(Buffer.alloc(35 * MIB));
  expect(await again.body).toHaveLength(35 * MIB);
});
