import { join, resolve } from 'node:path';
import type { App } from '../../app.ts';
import type { Notice } from '../../emulator/daemon/notice.ts';
import { runningEmulator } from '../../emulator/daemon/process.ts';
import { environmentError } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';

/** Where the emulator keeps its state; undefined is `.shadowctl/emulator` of the project. */
export interface DirOptions {
  dir: string | undefined;
}

/** The emulator's folder: the one that was named, or the project's own. */
export async function folderOf(app: App, options: DirOptions): Promise<string> {
  if (options.dir !== undefined) return resolve(app.cwd, options.dir);
  return join((await app.project()).stateDir, 'emulator');
}

/** The emulator that runs there; a `Problem` when none does. */
export async function needRunning(app: App, options: DirOptions): Promise<Notice> {
  const dir = await folderOf(app, options);
  const running = await runningEmulator(dir);
  if (running !== undefined) return running;
  throw environmentError(`No emulator runs in ${dir}.`, text`Start one with: ${shown('emulator start')}`);
}
