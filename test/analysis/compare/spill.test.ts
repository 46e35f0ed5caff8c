import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withSpill } from '../../../src/analysis/compare/spill.ts';

test('what a killed process has left is removed, what a live one has is kept, and nothing of its own stays', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'shadowctl-spill-'));
  const live = [`spill-${process.ppid}`, `spill-${process.ppid}-a1`, 'captures'];
  const dead = ['spill-2147483647', 'spill-2147483646-b2'];
  for (const name of [...live, ...dead]) mkdirSync(join(parent, name));
  const seen = await Promise.all(
    [1, 2].map(() =>
      withSpill(parent, async (folder) => {
        writeFileSync(join(folder, 'columns'), '');
        expect(readdirSync(folder)).toEqual(['columns']);
        return folder;
      }),
    ),
  );
  expect(new Set(seen).size).toBe(2);
  expect(seen.some((folder) => existsSync(folder))).toBe(false);
  expect(readdirSync(parent).toSorted()).toEqual(live.toSorted());
  rmSync(parent, { recursive: true });
});
