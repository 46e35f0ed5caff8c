import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where downloaded captures are kept. */
export interface CapturesPlace {
  /** Undefined: nowhere. */
  folder: string | undefined;
  /** Told after the first captures were kept there. */
  firstKept?: ((captures: string) => void) | undefined;
}

/** Whoever downloads captures. */
interface Keeper {
  project(): Promise<{ stateDir: string }>;
  /** Without it they are kept in the state folder of the project. */
  captures?(): Promise<CapturesPlace>;
}

/** Where this one keeps them. */
export async function capturesPlace(keeper: Keeper): Promise<CapturesPlace> {
  return (await keeper.captures?.()) ?? { folder: join((await keeper.project()).stateDir, 'cache') };
}

/**
 * Does work with a folder for downloaded captures: that of the project, or where nothing is to be kept one that is gone
 * afterwards.
 */
export async function withCapturesCache<T>(keeper: Keeper, work: (folder: string) => Promise<T>): Promise<T> {
  const { folder, firstKept } = await capturesPlace(keeper);
  if (folder === undefined) {
    const passing = await mkdtemp(join(tmpdir(), 'shadowctl-captures-'));
    try {
      return await work(passing);
    } finally {
      await rm(passing, { recursive: true, force: true });
    }
  }
  const captures = join(folder, 'captures');
  const had = existsSync(captures);
  try {
    return await work(folder);
  } finally {
    if (!had && existsSync(captures)) firstKept?.(captures);
  }
}
