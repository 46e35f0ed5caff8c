import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Builds the program as it is installed into `folder` (a stale `dist/` must not be what is tested); gives the file to run. */
export function buildInto(folder: string): string {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), join(folder, 'dist')], { stdio: 'pipe' });
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  return join(folder, 'bin/shadowctl.js');
}

/** The same, in a new folder of its own. */
export function builtProgram(): { entry: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-built-'));
  return { entry: buildInto(folder), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
