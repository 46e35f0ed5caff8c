import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** The program as it is installed, built into a folder of its own: a stale `dist/` must not be what is tested. */
export function builtProgram(): { entry: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-built-'));
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), join(folder, 'dist')], { stdio: 'pipe' });
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  return { entry: join(folder, 'bin/shadowctl.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
