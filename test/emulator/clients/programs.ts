import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { buildInto } from '../../support/built.ts';
import { isWhole } from '../../support/sizes.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** What a program of this machine said and how it ended. */
export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a program to its end; the emulator of this process goes on answering meanwhile. */
export function program(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk) => void (said.out += String(chunk)));
    child.stderr.on('data', (chunk) => void (said.err += String(chunk)));
    child.once('error', fail);
    child.once('close', (code) => done({ code, ...said }));
  });
}

/** Whether a program of others can be run against ours: in `npm run peers`, where it is on this machine. */
export function peer(command: string, ...args: string[]): boolean {
  if (!isWhole('peers')) return false;
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** This process's surroundings with nothing of AWS in them, not even the machine's configuration files. */
export function surroundings(more: Record<string, string | undefined>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_') && !name.startsWith('VITEST'));
  return {
    ...Object.fromEntries(own),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    PYTHONDONTWRITEBYTECODE: '1',
    ...more,
  };
}

/** A new folder to run programs in, with the fixtures beside them. */
export async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'shadowctl-clients-'));
  await symlink(join(ROOT, 'fixtures'), join(made, 'fixtures'));
  return made;
}

/** Builds the program as it is installed into `to`; gives the folder that holds the command `shadowctl`. */
export async function installed(to: string): Promise<string> {
  const bin = dirname(buildInto(to));
  await writeFile(join(bin, 'shadowctl'), `#!/bin/sh\nexec "${process.execPath}" "${bin}/shadowctl.js" "$@"\n`, {
    mode: 0o755,
  });
  return bin;
}
