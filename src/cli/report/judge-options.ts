import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Path } from '../../analysis/answers/path.ts';
import { parsePath } from '../../analysis/answers/path.ts';
import type { Task } from '../../analysis/predictions.ts';
import { checkQuery } from '../../analysis/observe/check-query.ts';
import { parseLinePattern } from '../../analysis/observe/line-pattern.ts';
import type { LogSelector } from '../../analysis/observe/logs.ts';
import type { App } from '../../app.ts';
import { usageError } from '../../base/errors.ts';
import { readDuration } from '../../base/units.ts';
import type { JudgeOptions, JudgeSource } from '../../lifecycle/judge.ts';
import type { WindowRequest } from '../../lifecycle/window.ts';
import { withWaivers } from '../flags/waivers.ts';
import { withComparator } from '../flags/comparator.ts';
import { labelSource } from '../flags/labels.ts';
import { loadReportPolicy, noteTask, withAnswers, withExpectation } from '../flags/judging.ts';
import type { LabelSource } from '../../lifecycle/labels.ts';
import type { ReportOptions } from './options.ts';
import { readMoment } from '../flags/moment.ts';

/** What the flags of `report` ask to be judged. @throws Problem (usage) where they do not fit together */
export async function judgeOptions(
  app: Pick<App, 'cwd' | 'project' | 'io' | 'signal'>,
  flags: ReportOptions,
): Promise<JudgeOptions> {
  const { prediction } = flags;
  noteTask(app.io, flags.task as Task | undefined);
  const { commandFile, ...given } = await loadReportPolicy(app, flags.policy, flags.endpoint);
  const source = readSource(app.cwd, flags);
  const { policy, comparator } = comparesAnswers(source)
    ? await withComparator(app, { policy: given.policy, commandFile }, flags)
    : { policy: given.policy, comparator: undefined };
  const logs = source.kind === 'endpoint' ? source.logs : undefined;
  return {
    source,
    window: readWindow(flags),
    ...given,
    // In logs the path leads to the line's answer, and is no part of it.
    comparator,
    policy: withWaivers(
      withAnswers(withExpectation(policy, flags.expect), {
        prediction: logs === undefined ? prediction : undefined,
        answers: flags.answers,
      }),
      flags,
    ),
    labels: flags.labels === undefined ? undefined : labelSource(flags.labels, app.cwd),
    task: flags.task as Task | undefined,
    memory: flags.memory,
    redact: flags.redact,
  };
}

/** Are there answers to compare? Not where metrics alone are judged, nor of a saved file, which contains sums. */
function comparesAnswers(source: JudgeSource): boolean {
  if (source.kind === 'endpoint') return source.predictions;
  return source.line !== undefined || statSync(source.path, { throwIfNoEntry: false })?.isFile() !== true;
}

function readSource(cwd: string, flags: ReportOptions): JudgeSource {
  const { endpoint, files, predictions } = flags;
  const logs = readSelector(flags);
  const line = flags.line === undefined ? undefined : parseLinePattern(flags.line);
  if (files !== undefined)
    return {
      kind: 'files',
      path: resolve(cwd, files),
      also: flags.also?.map((path) => resolve(cwd, path)),
      variants: readVariants(flags.variants, flags.live !== undefined),
      line,
      live: readLive(cwd, flags),
    };
  if (flags.live !== undefined)
    throw usageError(
      '--live says what is live where there are only captures of one model.',
      'Name these with --files PATH; an endpoint has a production variant.',
    );
  if (line !== undefined)
    throw usageError(
      '--line says how the lines of log files are written.',
      'Name them with --files PATH; logs in CloudWatch are read with --source logs.',
    );
  if (endpoint === undefined)
    throw usageError(
      'No endpoint was named.',
      'Add --endpoint NAME; or --mirror FOLDER for a mirror, --files PATH to judge what was saved.',
    );
  return { kind: 'endpoint', endpoint, predictions, logs };
}

/** Files are judged whole, unless one end of the window is given; an endpoint since its present shadow is in service. */
function readWindow({ files, from, to, last }: ReportOptions): WindowRequest | undefined {
  const request: WindowRequest = {
    from: from === undefined ? undefined : readMoment(from, '--from'),
    to: to === undefined ? undefined : readMoment(to, '--to'),
    length: last === undefined ? undefined : readDuration(last, '--last'),
  };
  if (files === undefined) return request;
  return from === undefined && to === undefined ? undefined : { ...request, from: request.from ?? 0 };
}

/** Where predictions lie in the containers' logs; undefined where they are to come from captures. */
function readSelector(options: ReportOptions): LogSelector | undefined {
  const { source, logPattern, logsQuery, prediction, id, files } = options;
  if (source === 'captures') {
    if (logPattern === undefined && logsQuery === undefined && id === undefined) return undefined;
    throw usageError('--log-pattern, --logs-query and --id say where predictions are in logs.', 'Add --source logs.');
  }
  if (files !== undefined)
    throw usageError(
      '--files and --source logs exclude each other.',
      'Logs are read from CloudWatch Logs: name --endpoint.',
    );
  if (logsQuery !== undefined) {
    if (logPattern !== undefined)
      throw usageError('--log-pattern and --logs-query exclude each other.', 'Put a filter into the query.');
    checkQuery(logsQuery);
    const columns = { prediction: columnName(prediction ?? 'prediction'), id: columnName(id ?? 'inferenceId') };
    return {
      pattern: undefined,
      prediction: pathOf(prediction ?? 'prediction'),
      id: pathOf(id ?? 'inferenceId'),
      query: { text: logsQuery, ...columns },
    };
  }
  return {
    pattern: logPattern,
    prediction: parsePath(prediction ?? '$.prediction'),
    id: parsePath(id ?? '$.inferenceId'),
  };
}

/** `$.user.id` and `user.id` are the column `user.id` of a query's results. */
function columnName(words: string): string {
  return words.replace(/^\$\.?/, '');
}

/** Reads words as a path into a JSON message. */
function pathOf(words: string): Path {
  return words.startsWith('$') ? parsePath(words) : words.split('.');
}

/** @throws Problem (usage) where it does not go with the other flags */
function readLive(
  cwd: string,
  { live, line, labelNext, comparator }: ReportOptions,
): 'nothing' | LabelSource | undefined {
  if (live === undefined) return undefined;
  const isNone = live.toLowerCase() === 'none';
  const other = line !== undefined ? '--line' : isNone && labelNext !== undefined ? '--label-next' : undefined;
  const asked = other ?? (isNone && comparator !== undefined ? '--comparator' : undefined);
  if (asked !== undefined)
    throw usageError(
      `${asked} does not go with --live ${live}.`,
      asked === '--line' ? 'Give a folder of captures.' : 'With nothing live there is nothing to compare answers with.',
    );
  return isNone ? 'nothing' : labelSource(live, cwd);
}

/** @param one of one model alone: the other is no folder */
function readVariants(words: string | undefined, one: boolean): readonly [string, string] | undefined {
  if (words === undefined) return undefined;
  if (one) return ['', words.trim()];
  const [production, shadow, ...more] = words.split(',').map((name) => name.trim());
  if (!production || !shadow || more.length > 0)
    throw usageError(`--variants '${words}' does not name two folders.`, 'Write it like --variants AllTraffic,shadow.');
  return [production, shadow];
}
