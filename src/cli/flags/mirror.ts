import { resolve } from 'node:path';
import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import type { MirrorName } from '../../lifecycle/mirror/look.ts';

/** What `placeFlags` adds. */
export interface PlaceFlags {
  endpoint?: string;
  mirror?: string;
}

/** Adds the two flags that say where a command works: an endpoint of SageMaker, or a mirror. */
export function placeFlags(command: Command, endpoint = 'the endpoint'): Command {
  return command
    .option('--endpoint <name>', endpoint)
    .option('--mirror <folder>', 'or the mirror in front of a model, by the folder of its records');
}

/**
 * Which of the two was named; flags that belong to the other are refused, for they would do nothing.
 *
 * @param ofMirrors flags that a mirror takes, by their attribute names; those in `alone` an endpoint does not take
 * @throws Problem (usage) where none or both were named, or a flag does not belong there
 */
export function placeOf(
  command: Command,
  { endpoint, mirror }: PlaceFlags,
  ofMirrors: { takes: readonly string[]; alone?: readonly string[] },
): 'endpoint' | 'mirror' {
  if (endpoint === undefined && mirror === undefined)
    throw usageError(
      "required option '--endpoint <name>' not specified",
      'Name the endpoint; or a mirror, by the folder of its records: --mirror FOLDER.',
    );
  if (endpoint !== undefined && mirror !== undefined)
    throw usageError('--endpoint and --mirror both say where this is done.', 'Give one of them.');
  const { takes, alone = [] } = ofMirrors;
  for (const option of command.options) {
    const name = option.attributeName();
    if (name === 'endpoint' || name === 'mirror' || command.getOptionValueSource(name) !== 'cli') continue;
    if (mirror !== undefined && !takes.includes(name) && !alone.includes(name))
      throw usageError(`${option.long} is not of a mirror: it says something of SageMaker.`, 'Leave it out.');
    if (mirror === undefined && alone.includes(name))
      throw usageError(`${option.long} belongs to a mirror (--mirror FOLDER).`, 'Leave it out.');
  }
  return mirror === undefined ? 'endpoint' : 'mirror';
}

/** The mirror of this folder. */
export function mirrorNamed(cwd: string, words: string): MirrorName {
  return { folder: resolve(cwd, words), words };
}
