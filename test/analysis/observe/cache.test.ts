import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { boundCache } from '../../../src/analysis/observe/cache.ts';

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
