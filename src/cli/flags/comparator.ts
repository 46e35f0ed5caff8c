import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { Comparator } from '../../analysis/compare/comparator/compare.ts';
import { MOST_PAIRS } from '../../analysis/answers/comparator.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import type { App } from '../../app.ts';
import { Problem, usageError } from '../../base/errors.ts';
import { parseDuration } from '../../base/units.ts';
import { allow, isAllowed } from '../../state/allowed-commands.ts';
import { plain } from '../../ui/io.ts';
import { asksYes } from '../confirm.ts';
import { wholeNumber } from './values.ts';

/** What the flags say about a comparator. */
export interface ComparatorFlags {
  /** A command, for the shell. */
  comparator: string | undefined;
  comparatorSample: number | undefined;
  /** A duration, as it was written. */
  comparatorTime: string | undefined;
  allowCommand: boolean;
}

/** The options of a command that runs a comparator of the user's own. */
export function comparatorFlags(command: Command): Command {
  return allowFlag(
    command
      .option(
        '--comparator <command>',
        'compare answers with a program of your own: pairs as JSON Lines in, a number from 0 (unlike) to 1 (alike) out for each',
      )
      .option(
        '--comparator-sample <count>',
        'ask it about this many pairs at most, chosen at random (default: 1000)',
        wholeNumber('--comparator-sample', 1),
      )
      .option('--comparator-time <duration>', 'stop it after this time (default: 10m)'),
  );
}

/** The option of every command that may run the policy's comparator. */
export function allowFlag(command: Command): Command {
  return command.option(
    '--allow-command',
    'run the comparator that the policy names (answers.command) without asking, and remember that',
  );
}

/** What a policy was made from. */
interface Loaded {
  policy: Policy;
  commandFile: string | undefined;
}

/**
 * The policy with what the flags say, and its comparator where one is to be run. A command from a flag was typed by the
 * user; one that stands in a file runs only where somebody has allowed it.
 *
 * @throws Problem: (usage) where a flag is wrong, or nobody can be asked; (no) where the answer is no
 */
export async function withComparator(
  app: Pick<App, 'cwd' | 'project' | 'io' | 'signal'>,
  { policy, commandFile }: Loaded,
  flags: ComparatorFlags,
): Promise<{ policy: Policy; comparator: Comparator | undefined }> {
  const command = flags.comparator ?? policy.answers.command;
  if (command === undefined) {
    const idle =
      flags.comparatorSample !== undefined
        ? '--comparator-sample'
        : flags.comparatorTime === undefined
          ? undefined
          : '--comparator-time';
    if (idle !== undefined)
      throw usageError(`${idle} bounds a comparator, and none was named.`, 'Add --comparator COMMAND.');
    return { policy, comparator: undefined };
  }
  if (command.trim() === '') throw usageError('--comparator names no command.', 'Write it like python3 compare.py.');
  const sample = flags.comparatorSample ?? policy.answers.sample;
  if (sample > MOST_PAIRS)
    throw usageError(`--comparator-sample ${sample} is more than ${MOST_PAIRS}.`, `Give it at most ${MOST_PAIRS}.`);
  const limits = { ...policy.answers.limits, time: timeOf(flags) ?? policy.answers.limits.time };
  const file = flags.comparator === undefined ? commandFile : undefined;
  if (file !== undefined) await permit(app, command, file, flags.allowCommand);
  return {
    policy: { ...policy, answers: { ...policy.answers, command, sample, limits } },
    comparator: { command, folder: file === undefined ? app.cwd : dirname(file), sample, ...limits, known: new Map() },
  };
}

/** The comparator for commands that only look: one that nobody has allowed does not run, and its gates stay open. */
export async function allowedComparator(
  app: Pick<App, 'cwd' | 'project' | 'io' | 'signal'>,
  loaded: Loaded,
): Promise<{ policy: Policy; comparator: Comparator | undefined }> {
  const { command } = loaded.policy.answers;
  const { stateDir } = await app.project();
  if (command !== undefined && loaded.commandFile !== undefined && !isAllowed(stateDir, command))
    return { policy: loaded.policy, comparator: undefined };
  const flags = { comparator: undefined, comparatorSample: undefined, comparatorTime: undefined, allowCommand: false };
  return withComparator(app, loaded, flags);
}

function timeOf({ comparatorTime: words }: ComparatorFlags): number | undefined {
  if (words === undefined) return undefined;
  const time = parseDuration(words);
  if (time === undefined || !(time > 0))
    throw usageError(`--comparator-time: "${words}" is not a duration.`, 'Write it like 90s or 10m.');
  return time;
}

/** Once for each command; one that was changed is another. */
async function permit(
  app: Pick<App, 'project' | 'io' | 'signal'>,
  command: string,
  file: string,
  allowed: boolean,
): Promise<void> {
  const { stateDir } = await app.project();
  if (isAllowed(stateDir, command)) return;
  const words = plain(JSON.stringify(command));
  if (!allowed) {
    const question = `${file} names a comparator, which would run on this machine as you: ${words}\nRun it, now and later? [y/N] `;
    const undone = 'Not run; nothing was compared or changed.';
    const yes = await asksYes(app, question, undone);
    if (yes === undefined)
      throw usageError(
        `${file} names a comparator that nobody has allowed to run: ${words}.`,
        'Look at the command, then add --allow-command; it is remembered until the command changes.',
      );
    if (!yes)
      throw new Problem('no', undone, {
        next: 'Take answers.command out of the policy to judge without it.',
      });
  }
  allow(stateDir, command);
}
