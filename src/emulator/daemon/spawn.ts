import { spawn } from 'node:child_process';
import { open, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makePrivateFolder, requireNoLink } from '../../base/private-folder.ts';

interface Spawned {
  pid: number | undefined;
  /** The file that holds what it prints. */
  log: string;
  ended(): boolean;
  /** What it printed on its way out, in one line. */
  output(): Promise<string>;
  kill(): void;
}

/** Starts `emulator start --foreground` as a process of its own, which outlives this one and prints into a file. */
export async function spawnEmulator(
  dir: string,
  options: { flags?: readonly string[]; entry?: string },
): Promise<Spawned> {
  const folder = resolve(dir);
  makePrivateFolder(folder);
  const log = join(folder, 'emulator.log');
  requireNoLink(log);
  const before = await stat(log).then(
    ({ size }) => size,
    () => 0,
  );
  // Grows by a few lines a start; a long `--verbose` past is cut off.
  const output = await open(log, before > 10_000_000 ? 'w' : 'a', 0o600);
  const entry = options.entry ?? process.argv[1] ?? '';
  const argv = [entry, 'emulator', 'start', '--foreground', '--dir', folder, ...(options.flags ?? [])];
  const child = spawn(process.execPath, argv, {
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
    windowsHide: true,
  });
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.once('error', () => {
    ended = true;
  });
  child.unref();
  await output.close();
  return {
    pid: child.pid,
    log,
    ended: () => ended,
    async output() {
      const text = (await readFile(log)).subarray(before > 10_000_000 ? 0 : before).toString();
      const lines = text.split('\n').map((line) => line.trim());
      return (
        lines
          .filter((line) => line !== '')
          .slice(-4)
          .join(' ')
          .replace(/^error: /, '') || 'it printed nothing.'
      );
    },
    kill: () => void child.kill('SIGTERM'),
  };
}
