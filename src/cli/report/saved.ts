import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RUNS_FOLDER } from '../../analysis/mirrored/run.ts';
import { usageError } from '../../base/errors.ts';
import type { ReportOptions } from './options.ts';

/**
 * What these words ask of a saved file, which nobody can do with it: it holds sums, and no single answer is left that a
 * label could be laid beside.
 */
function unusedFlags(options: ReportOptions): string[] {
  const asked: [flag: string, asked: boolean][] = [
    ['--labels', options.labels !== undefined],
    ['--label-next', options.labelNext !== undefined],
    ['--prediction', options.prediction !== undefined],
    ['--answers', options.answers !== undefined],
    ['--comparator', options.comparator !== undefined],
    ['--comparator-sample', options.comparatorSample !== undefined],
    ['--comparator-time', options.comparatorTime !== undefined],
    ['--task', options.task !== undefined],
    ['--variants', options.variants !== undefined],
    ['--live', options.live !== undefined],
    ['--no-predictions', !options.predictions],
    ['--from', options.from !== undefined],
    ['--to', options.to !== undefined],
  ];
  return asked.flatMap(([flag, is]) => (is ? [flag] : []));
}

/**
 * Refuses what does nothing with files, instead of leaving it aside without a word.
 *
 * @param path of a saved file, or of a folder of captures
 * @throws Problem (usage)
 */
export function rejectUnusedFlags(path: string, options: ReportOptions): void {
  // A mirror that runs adds to its records.
  if (options.watch !== undefined && !existsSync(join(path, RUNS_FOLDER)))
    throw usageError(
      `${options.watch === 'show' ? '--watch' : '--until-decided'} looks at an endpoint repeatedly; ${path} does not change.`,
      'Leave it out, or name --endpoint instead of --files.',
    );
  if (options.endpoint !== undefined)
    throw usageError(
      `--endpoint ${options.endpoint} and the files at ${path} exclude each other: files are judged without AWS.`,
      'Leave one of them out.',
    );
  // One log may hold the lines of both models.
  if (options.line !== undefined) return;
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return;
  const flags = unusedFlags(options);
  if (flags.length === 0) return;
  const pairs = flags.some((flag) => flag !== '--from' && flag !== '--to');
  throw usageError(
    `${flags.join(', ')} ${flags.length === 1 ? 'has' : 'have'} no effect on ${path}: a saved file contains the sums of one window${pairs ? ', not the single answers' : ''}.`,
    flags.includes('--labels')
      ? 'Give the labels to the report that saves (report --endpoint NAME --labels … --save FILE), or keep a folder of captures and name that with --files.'
      : `Give ${flags.length === 1 ? 'it' : 'them'} to the report that saves (with --save), or keep a folder of captures and name that with --files.`,
  );
}
