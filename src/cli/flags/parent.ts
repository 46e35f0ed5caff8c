import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';

/** The flags of a subcommand and, where they were given before its name or are taken by it, of its parent. */
export function flagsWithParent<Flags extends object>(command: Command): Flags {
  const own = command.opts<Flags>();
  const { parent } = command;
  if (parent === null) return own;
  const given = Object.entries(parent.opts()).filter(([name]) => parent.getOptionValueSource(name) === 'cli');
  return { ...own, ...Object.fromEntries(given) };
}

/** The endpoint, which a command with subcommands cannot have commander demand. @throws Problem (usage) */
export function endpointOf({ endpoint }: { endpoint?: string | undefined }): string {
  if (endpoint === undefined) throw usageError('--endpoint is missing.', 'Name the endpoint: --endpoint NAME');
  return endpoint;
}
