import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../base/json.ts';
import { makePrivateFolder, requireNoLink } from '../base/private-folder.ts';

/**
 * Commands in files that somebody has allowed to run, by the SHA-256 of what they are and of the state folder that
 * remembers them: its path and its inode. A folder that came with somebody else's files allows nothing.
 */
const FILE = 'allowed-commands.json';

/** Has this command been allowed in this state folder? What cannot be read has allowed nothing. */
export function isAllowed(stateDir: string, command: string): boolean {
  return allowed(stateDir).includes(digest(stateDir, command));
}

/** Remembers that it has. @throws where the disk refuses */
export function allow(stateDir: string, command: string): void {
  makePrivateFolder(stateDir);
  requireNoLink(join(stateDir, FILE));
  const all = new Set([...allowed(stateDir), digest(stateDir, command)]);
  writeFileSync(join(stateDir, FILE), `${JSON.stringify({ allowed: [...all] }, null, 2)}\n`, { mode: 0o600 });
}

function allowed(stateDir: string): readonly unknown[] {
  try {
    const found: unknown = JSON.parse(readFileSync(join(stateDir, FILE), 'utf8'));
    return isObject(found) && Array.isArray(found.allowed) ? found.allowed : [];
  } catch {
    return [];
  }
}

function digest(stateDir: string, command: string): string {
  const inode = statSync(stateDir, { bigint: true, throwIfNoEntry: false })?.ino ?? 0n;
  return createHash('sha256').update(`${command}\n${stateDir}\n${inode}`).digest('hex');
}
