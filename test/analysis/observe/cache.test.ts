import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { boundCache, captureCache, dropCaptures, withFilesThere } from '../../../src/analysis/observe/cache.ts';

const folder = mkdtempSync(join(tmpdir(), 'shadowctl-cache-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the captures longest unused go first; those in use stay whatever their size', async () => {
  const paths = Array.from({ length: 5 }, (_, i) => {
    const part = join(folder, `0${i % 2}`);
    mkdirSync(part, { recursive: true });
    const path = join(part, `${i}.jsonl`);
    writeFileSync(path, 'x'.repeat(100));
    utimesSync(path, 1000 + i, 1000 + i);
    return path;
  });
  const there = () => paths.map((path) => existsSync(path));
  expect(await boundCache(folder, [], 5_000_000, 500)).toBe(0);
  expect(await boundCache(folder, [paths[0] ?? ''], 5_000_000, 250)).toBe(300);
  expect(there()).toEqual([true, false, false, false, true]);
  expect(await boundCache(folder, paths.slice(4), 6_000_000, 0)).toBe(100);
  expect(there()).toEqual([false, false, false, false, true]);
  expect(await boundCache(join(folder, 'nowhere'), [], 0)).toBe(0);
});

test('work whose files were deleted meanwhile is done once more, and only then', async () => {
  const path = join(folder, 'read.jsonl');
  const fails = async (there: boolean) => {
    let tries = 0;
    const work = withFilesThere(async (reads) => {
      tries += 1;
      writeFileSync(path, '');
      reads([path]);
      if (!there) rmSync(path);
      if (tries === 1) throw new Error('no files found');
      return tries;
    });
    return work.catch((error: Error) => error.message);
  };
  expect([await fails(false), await fails(true)]).toEqual([2, 'no files found']);
});

test('captures of one endpoint go, and those in common only with the last', async () => {
  const cache = join(folder, 'of');
  const owner = (endpoint: string) => ({ account: '000000000000', region: 'us-east-1', endpoint });
  const all = [captureCache(cache, owner('a')), captureCache(cache, owner('b')), join(cache, 'captures', '7d')];
  const there = () => all.map((one) => existsSync(one));
  for (const one of all) mkdirSync(one, { recursive: true });
  await dropCaptures(cache, owner('a'), false);
  expect(there()).toEqual([false, true, true]);
  await dropCaptures(cache, owner('b'), true);
  expect(there()).toEqual([false, false, false]);
});
