import { readdirSync, readFileSync } from 'node:fs';
import type * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { takeCensus } from '../../src/aws/census.ts';
import { ARTIFACT_005, type TestWorld, testWorld } from '../support/world.ts';

/* A disk that is full, or is read-only, from the nth line of the journal on; of that line it takes a half. */
const disk = { lines: Number.POSITIVE_INFINITY, code: 'ENOSPC' };
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    async open(path: string, ...more: []) {
      const file = await real.open(path, ...more);
      if (!path.endsWith('.jsonl')) return file;
      const append = file.appendFile.bind(file);
      file.appendFile = async (line) => {
        disk.lines -= 1;
        if (disk.lines >= 0) return append(line);
        await append(String(line).slice(0, 20));
        throw Object.assign(new Error(`${disk.code}: refused, write`), { code: disk.code, syscall: 'write' });
      };
      return file;
    },
  };
});

let world: TestWorld;
beforeEach(async () => {
  disk.lines = Number.POSITIVE_INFINITY;
  world = await testWorld();
});
afterEach(() => world.close());

const DEPLOY = `deploy --endpoint weather --artifact ${ARTIFACT_005} --algorithm linear-learner --yes`;
const NOTHING = { endpoints: [], models: [], endpointConfigs: [], alarms: [] };

test.each([
  [1, 'ENOSPC'],
  [4, 'ENOSPC'],
  [7, 'EROFS'],
  [10, 'EDQUOT'],
  [13, 'ENOSPC'],
])(
  'full after %i lines (%s): said plainly, no line is broken, and what AWS did meanwhile is found',
  async (lines, code) => {
    disk.lines = lines;
    disk.code = code;
    const full = await world.shadowctl(DEPLOY);
    expect(full, full.err).toMatchObject({ code: 2 });
    expect(full.err).toMatch(new RegExp(`^error: Could not write to .*\\(${code}\\)`, 'm'));
    expect(full.err).not.toContain('defect');
    disk.lines = Number.POSITIVE_INFINITY;
    const folder = join(world.root, '.shadowctl/000000000000/us-east-1');
    expect(readdirSync(folder)).toEqual(['weather.jsonl']);
    const kept = readFileSync(join(folder, 'weather.jsonl'), 'utf8').trimEnd().split('\n');
    expect(kept).toHaveLength(lines);
    for (const line of kept) expect(JSON.parse(line)).toBeTypeOf('object');
    await world.clock.sleep(1_800_000);
    const again = await world.shadowctl(DEPLOY);
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await world.shadowctl('cleanup --endpoint weather --yes')).toMatchObject({ code: 0 });
    expect(await takeCensus(world.aws)).toEqual(NOTHING);
  },
);
