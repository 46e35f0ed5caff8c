import { cp, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FIXTURES, type TestWorld, testWorld } from '../support/world.ts';

/** What version 0.1 wrote; see fixtures/v0.1/README.md. */
export const OLD = join(FIXTURES, 'v0.1');

/** Puts a journal of 0.1 into the world's project, as that of the endpoint `weather`. */
export async function withJournal(world: TestWorld, name: string): Promise<void> {
  const folder = join(world.root, '.shadowctl/000000000000/us-east-1');
  await mkdir(folder, { recursive: true });
  await cp(join(OLD, 'journals', `${name}.jsonl`), join(folder, 'weather.jsonl'));
}

/** The project that 0.1 left, with the emulator it keeps, ten minutes after 0.1 last worked on it. */
export async function oldProject(): Promise<TestWorld> {
  const dir = join(await mkdtemp(join(tmpdir(), 'shadowctl-compat-')), 'emulator');
  await cp(join(OLD, 'project/state/emulator'), dir, { recursive: true });
  const world = await testWorld({ dir }, Date.UTC(2025, 5, 4, 9, 37));
  await cp(join(OLD, 'project/state/000000000000'), join(world.root, '.shadowctl/000000000000'), { recursive: true });
  return world;
}
