import type { App, Outcome } from '../../app.ts';
import { stopEmulator } from '../../emulator/daemon/process.ts';
import { type DirOptions, folderOf } from './folder.ts';
import { writeJson } from '../views/json.ts';

export interface StopOptions extends DirOptions {
  format: 'text' | 'json';
}

/** Ends the emulator and waits until it has ended. That none runs is as good. */
export async function run(app: App, options: StopOptions): Promise<Outcome> {
  const dir = await folderOf(app, options);
  const stopped = await stopEmulator(dir);
  if (options.format === 'json')
    writeJson(app.io, 'emulator-stop', { stopped: stopped !== undefined, pid: stopped?.pid ?? null, dir });
  app.io.err(
    stopped === undefined
      ? `No emulator runs in ${dir}.`
      : `The emulator (process ${stopped.pid}) has stopped; its state is kept in ${dir}.`,
  );
  return 'done';
}
