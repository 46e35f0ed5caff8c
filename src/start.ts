import { existsSync, mkdirSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { isAbsolute, join } from 'node:path';
import { helpWidth, overview, VERSION } from './overview.ts';
import { columnsOf, type ProcessStreams } from './ui/io.ts';

/**
 * What needs no command: the text that the version or the overview is asked for with; undefined where the whole program
 * has to answer. Loading that takes as long as starting Node does.
 */
export function quickAnswer(argv: readonly string[], streams: Omit<ProcessStreams, 'stdin'>): string | undefined {
  if (argv.length > 1) return undefined;
  switch (argv[0]) {
    case undefined:
    case 'help':
    case '-h':
    case '--help':
      return `${overview(helpWidth(columnsOf(streams)))}\n`;
    case '-V':
    case '--version':
      return `${VERSION}\n`;
    default:
      return undefined;
  }
}

/**
 * Lets Node (22.1 and newer) keep what it compiles from one call to the next. What lies in the cache is run as it is, so
 * it lies in a folder of the user's own, not in the temporary folder that Node would take and that all users share. A
 * folder that cannot be written is no error: Node then compiles as without it. NODE_COMPILE_CACHE and
 * NODE_DISABLE_COMPILE_CACHE work as Node says.
 */
export function keepCompiledCode(env: Readonly<Record<string, string | undefined>>): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
  if (enableCompileCache === undefined) return;
  const caches = env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, '.cache')) || env.LOCALAPPDATA;
  // Without a home nothing is kept; nor below whatever folder one stands in.
  if (!caches || !isAbsolute(caches)) return;
  const own = join(caches, 'shadowctl');
  const folder = join(own, 'compiled');
  // Made here, level by level: where the system will have none (as in /proc), Node would try without end.
  if ([caches, own, folder].every(existsOrMade)) enableCompileCache(folder);
}

function existsOrMade(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: 0o700 });
    return true;
  } catch {
    return existsSync(folder);
  }
}
