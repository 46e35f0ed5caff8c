import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { LifecycleEvent } from '../../src/lifecycle/events.ts';
import { readPayloads } from '../../src/lifecycle/traffic/payloads.ts';

const folder = mkdtempSync(join(tmpdir(), 'payloads-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(file: string, bytes: Uint8Array | string) {
  writeFileSync(join(folder, file), bytes);
  const events: LifecycleEvent[] = [];
  const session = {
    folder,
    signal: new AbortController().signal,
    aws: () => Promise.reject(new Error('nothing is in S3')),
    emit: (event: LifecycleEvent) => void events.push(event),
  };
  const { rows, contentType } = await readPayloads(session, { file, option: 'data' });
  return { contentType, bodies: rows.map(({ body }) => body), events };
}

describe('the bytes of a payload file', () => {
  const text = '5,größe\r\n4,"a\r\nb"\r\n';
  const found = { contentType: 'text/csv', bodies: ['5,größe', '4,"a\r\nb"'], events: [] };

  test.each([
    ['a byte order mark', `\u{FEFF}${text}`],
    ['UTF-16', Buffer.from(`\u{FEFF}${text}`, 'utf16le')],
    ['UTF-16 the other way round', Buffer.from(`\u{FEFF}${text}`, 'utf16le').swap16()],
  ])('%s', async (_, bytes) => expect(await read('x.csv', bytes)).toEqual(found));

  test('old line ends', async () => expect((await read('x.csv', '1,2\r3,4\r')).bodies).toEqual(['1,2', '3,4']));

  test('what is not sent as it stands is told', async () => {
    const { bodies, events } = await read('x.json', '[{"a":1},{"a":2}]');
    expect(bodies).toEqual(['{"a":1}', '{"a":2}']);
    expect(events).toEqual([{ kind: 'payloads-read', source: 'x.json', form: 'list', rows: 2 }]);
  });

  test.each([
    ['Latin-1', Buffer.from('1,ok\n2,größe\n', 'latin1'), 'line 2 of x.csv holds bytes that are not UTF-8'],
    ['gzip', gzipSync('1,2'), 'x.csv is a gzip file, not text'],
    ['a picture', Buffer.from('89504e470d0a1a0a', 'hex'), 'x.csv is a picture, not text'],
    ['a Parquet file', Buffer.from('PAR1....'), 'x.csv is a Parquet file, not text'],
    [
      'more than InvokeEndpoint takes',
      `1\n${'1'.repeat(6 * 1024 * 1024 + 1)}\n`,
      'line 2 of x.csv is larger than the 6 MB',
    ],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(read('x.csv', bytes)).rejects.toThrow(message);
  });

  test('the replacement character is text where it is meant', async () => {
    expect((await read('x.csv', '1,\u{FFFD}\n')).bodies).toEqual(['1,\u{FFFD}']);
  });
});
