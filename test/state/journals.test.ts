import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { journaledEndpoints } from '../../src/state/journals.ts';

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'shadowctl-journals-'));
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

test('the endpoints with a journal in this account and region, by name; locks and other files are none', async () => {
  const here = join(stateDir, '000000000000', 'us-east-1');
  const elsewhere = join(stateDir, '000000000000', 'eu-west-1');
  await mkdir(here, { recursive: true });
  await mkdir(elsewhere, { recursive: true });
  for (const file of ['weather.jsonl', 'air.jsonl', 'mars.jsonl', 'mars.jsonl.lock', 'notes.txt'])
    await writeFile(join(here, file), '');
  await writeFile(join(elsewhere, 'other.jsonl'), '');
  // A disk lists its files in an order of its own.
  expect(await journaledEndpoints(stateDir, '000000000000', 'us-east-1')).toEqual(['air', 'mars', 'weather']);
});

test('there are none where there is no state folder', async () => {
  expect(await journaledEndpoints(join(stateDir, 'never'), '000000000000', 'us-east-1')).toEqual([]);
});
