import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** Makes a program of a TypeScript file of this folder, for processes that can be killed. Answers the program's path. */
export async function bundle(file: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shadowctl-storage-'));
  const outfile = join(folder, 'program.mjs');
  const entryPoints = [join(import.meta.dirname, file)];
  await build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  return outfile;
}

/** Starts it; `line` answers the next line it prints, rejects with its errors when it ends instead. */
export function start(
  program: string,
  ...args: string[]
): { child: ChildProcess; line(): Promise<string>; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let errors = '';
  let wake = () => {};
  child.stdout.on('data', (chunk: Buffer) => {
    text += String(chunk);
    wake();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += String(chunk);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      resolve(code);
      wake();
    });
  });
  return {
    child,
    ended,
    async line() {
      while (!text.includes('\n')) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(errors || 'it ended without a word');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const end = text.indexOf('\n');
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      return line;
    },
  };
}
