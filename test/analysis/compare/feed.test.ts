import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { readChunk } from '../../../src/analysis/compare/ingest/feed.ts';
import { Tally, total } from '../../../src/analysis/compare/tally.ts';

const folder = mkdtempSync(join(tmpdir(), 'feed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(['plain', 'gzip'])('a line that is too long is lost once, and those around it are not: %s', async (kind) => {
  // Longer than the buffer several times over, so that it comes in many pieces.
  const text = Buffer.from(`one\n${'x'.repeat(5_000_000)}\ntwo\n${'y'.repeat(3_000_000)}\nthree`);
  const path = join(folder, kind);
  writeFileSync(path, kind === 'gzip' ? gzipSync(text) : text);
  const lines: [string, number][] = [];
  const lost: string[] = [];
  await readChunk(
    { path, from: 0, to: text.length },
    {
      lines(bytes, start, end, base) {
        for (let at = start; at < end; ) {
          const newline = bytes.indexOf(10, at);
          lines.push([bytes.toString('utf8', at, newline), base + at - start]);
          at = newline + 1;
        }
      },
      lost: (why, where) => void lost.push(`${why}: ${where.slice(0, 3)}`),
    },
    1_000_000,
  );
  expect(lines).toEqual([
    ['one', 0],
    ['two', 5_000_005],
    ['three', 8_000_010],
  ]);
  expect(lost).toEqual(['a line longer than 1000000 bytes: xxx', 'a line longer than 1000000 bytes: yyy']);
});

test('reasons are counted, come through the door of a thread, and add up', () => {
  const [one, other] = [new Tally(), new Tally()];
  one.lost('not JSON', 'a');
  other.lost('torn', 'b');
  other.lost('torn', 'c');
  other.lostBefore(5, [{ why: 'not JSON', count: 4 }]);
  expect(total([structuredClone(one), structuredClone(other)])).toMatchObject({
    unreadable: 8,
    unreadableBy: [
      { why: 'not JSON', count: 5 },
      { why: 'torn', count: 2 },
    ],
  });
});
