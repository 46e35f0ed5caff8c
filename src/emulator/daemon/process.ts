import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { environmentError } from '../../base/errors.ts';
import { spawnEmulator } from './spawn.ts';
import { type Notice, readNotice, removeNotice } from './notice.ts';
import { holderOf } from '../storage/lock.ts';
import { getJson } from './request.ts';
import { EMULATED, emulatedAccount, emulatedRole } from '../../base/settings.ts';

// How a command finds, starts and stops the emulator's process. Nothing here loads the emulator itself.

/** Where the emulator listens by default. */
export const DEFAULT_PORT = 4599;

/** How long a start or a stop may take, in ms. */
const PATIENCE = 15_000;

/** The emulator that runs in `dir` and answers; undefined when there is none. */
export async function runningEmulator(dir: string): Promise<Notice | undefined> {
  const notice = await readNotice(dir);
  if (notice === undefined) return undefined;
  const holder = await holderOf(resolve(dir));
  if (holder?.pid !== notice.pid) return undefined;
  return (await answers(notice.url)) ? notice : undefined;
}

/**
 * The emulator of `dir`, started in the background if it does not run. `flags` are those of `emulator start`; `entry` is
 * the program's file. Rejects with a `Problem` that shows what the process output when it does not come up.
 */
export async function ensureEmulator(
  dir: string,
  options: { flags?: readonly string[]; entry?: string } = {},
): Promise<Notice & { started: boolean }> {
  const running = await runningEmulator(dir);
  if (running !== undefined) return { ...running, started: false };
  const child = await spawnEmulator(dir, options);
  const deadline = systemClock.now() + PATIENCE;
  let last = false;
  while (!last) {
    // Read before looking, so that what came up in between is still seen.
    last = systemClock.now() > deadline || (child.ended() && (await holderOf(resolve(dir))) === undefined);
    const ready = await runningEmulator(dir);
    if (ready !== undefined) {
      // Two commands may start one at the same moment: the folder's lock lets one through, and both use that one.
      if (ready.pid !== child.pid) child.kill();
      return { ...ready, started: ready.pid === child.pid };
    }
    if (!last) await systemClock.sleep(5);
  }
  child.kill();
  throw environmentError(
    child.ended()
      ? `The emulator did not start: ${await child.output()}`
      : `The emulator did not answer within ${PATIENCE / 1000} s.`,
    `Its log is ${child.log}; \`shadowctl emulator start --foreground\` shows the same on the terminal.`,
  );
}

/** Asks the emulator of `dir` to end and waits until it has. Resolves to its notice, or undefined when none ran. */
export async function stopEmulator(dir: string): Promise<{ pid: number } | undefined> {
  const folder = resolve(dir);
  const holder = await holderOf(folder);
  if (holder === undefined) {
    await removeNotice(dir);
    return undefined;
  }
  if (holder.host !== hostname()) {
    throw environmentError(
      `The emulator of ${folder} runs as process ${holder.pid} on ${holder.host}, not on this host.`,
      `Stop it there. If it is gone, delete ${folder}/lock.`,
    );
  }
  try {
    process.kill(holder.pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw environmentError(
        `The emulator (process ${holder.pid} on ${holder.host}) cannot be stopped from here.`,
        undefined,
        error,
      );
    }
  }
  const deadline = systemClock.now() + PATIENCE;
  while ((await holderOf(folder)) !== undefined) {
    if (systemClock.now() > deadline) {
      throw environmentError(
        `The emulator (process ${holder.pid}) has not ended within ${PATIENCE / 1000} s of being asked to.`,
        `Look at ${folder}/emulator.log, or end it with: kill -9 ${holder.pid}`,
      );
    }
    await systemClock.sleep(10);
  }
  await removeNotice(dir);
  return { pid: holder.pid };
}

/**
 * What points an AWS client at the emulator. Undefined means: must not be set, or real credentials would be used.
 * @param projectRegion `region:` of shadowctl.yaml, which the environment overrides
 */
export function emulatorEnvironment(
  url: string,
  env: Readonly<Record<string, string | undefined>>,
  projectRegion?: string,
): Record<string, string | undefined> {
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || projectRegion || EMULATED.region;
  // Twelve digits choose an account of the emulator; anything else may be a real key, which has no business there.
  const account = emulatedAccount(env);
  const chosen = account === env.AWS_ACCESS_KEY_ID;
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: chosen ? env.AWS_ACCESS_KEY_ID : 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    SAGEMAKER_ROLE_ARN: env.SAGEMAKER_ROLE_ARN || emulatedRole(account),
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await getJson(`${url}/_shadowctl/health`)).status === 200;
  } catch {
    return false;
  }
}
