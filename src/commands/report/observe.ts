import { join, resolve } from 'node:path';
import type { LogSelector } from '../../analysis/observe/logs.ts';
import { checkQuery } from '../../analysis/observe/check-query.ts';
import { collectFromFiles } from '../../analysis/observe/from-files.ts';
import { latestNoise } from '../../state/noise.ts';
import type { Observations, Task, Window } from '../../analysis/observations.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import type { ComparisonOptions } from '../../analysis/compare/options.ts';
import { parsePath } from '../../analysis/answers/path.ts';
import type { Path } from '../../analysis/answers/path.ts';
import type { Truth } from '../../analysis/answers/truth.ts';
import type { App } from '../../app.ts';
import { usage } from '../../base/errors.ts';
import { replay } from '../../state/replay.ts';
import { withProgress } from '../../ui/progress.ts';
import { withCalibration } from '../shared/calibration.ts';
import type { ReportOptions } from './command.ts';

/** Observations of a window from AWS, or from files. @throws Problem (usage) where the words of the call do not fit together */
export async function observe(
  app: App,
  options: ReportOptions,
  window: Window,
  inputs: { policy: Policy; truth: Truth | undefined },
): Promise<Observations> {
  const { endpoint, files, prediction } = options;
  const path = prediction === undefined || options.logsQuery !== undefined ? undefined : parsePath(prediction);
  if (!/^\d+(\.\d+)?\s*(KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/i.test(options.memory))
    throw usage(`--memory '${options.memory}' is no size.`, 'Write it like 1GB or 500MB.');
  const logs = readSelector(options);
  const cache = join((await app.project()).stateDir, 'cache');
  // What was measured of production against itself; its tolerance is taken over, so that both count the same.
  const known =
    endpoint === undefined || files !== undefined ? undefined : replay((await app.journal(endpoint)).events());
  const comparison: ComparisonOptions = {
    tolerance: inputs.policy.numbers.tolerance ?? latestNoise(known?.facts ?? [])?.numbers?.tolerance,
    // In logs the path has led to the answer already.
    path: logs === undefined ? path : undefined,
    task: options.task as Task | undefined,
    truth: inputs.truth,
    fields: inputs.policy.fields,
    memory: options.memory,
    spill: cache,
    signal: app.signal,
  };
  const { truth } = inputs;
  const seen = await withProgress(app.io, 'collecting', async (progress) => {
    const watched = { ...comparison, progress: (doing: string) => progress.update(doing) };
    if (files !== undefined) {
      const bounded = options.from !== undefined || options.to !== undefined;
      return collectFromFiles({
        path: resolve(app.cwd, files),
        variants: readVariants(options.variants),
        window: bounded ? window : undefined,
        comparison: watched,
      });
    }
    if (endpoint === undefined)
      throw usage('No endpoint is named.', 'Add --endpoint NAME, or --files PATH to judge what was saved.');
    // The clients of AWS are slow to load, and files need none.
    const { collect } = await import('../../analysis/observe/observe.ts');
    const seen = await collect(await app.aws(), app.clock, {
      endpoint,
      window,
      predictions: options.predictions,
      logs,
      cache,
      comparison: watched,
    });
    return known === undefined ? seen : withCalibration(seen, known, prediction);
  });
  return truth === undefined ? seen : { ...seen, notes: [...seen.notes, ...truthNotes(truth, seen)] };
}

/** What was wrong with the labels, and how many found no request. */
function truthNotes(truth: Truth, { predictions }: Observations): string[] {
  // Features may be sent many times, or never: only an id should be found.
  const unknown = truth.by === 'id' ? (predictions?.truth?.unknown ?? 0) : 0;
  if (unknown === 0) return [...truth.notes];
  return [
    ...truth.notes,
    `${unknown} of ${truth.size} labels belong to no compared answer: their requests are not of this window, were not captured, or do not exist.`,
  ];
}

/** Where predictions lie in the containers' logs; undefined where they are to come from captures. */
function readSelector(options: ReportOptions): LogSelector | undefined {
  const { source, logPattern, logsQuery, prediction, id, files } = options;
  if (source === 'captures') {
    if (logPattern === undefined && logsQuery === undefined && id === undefined) return undefined;
    throw usage('--log-pattern, --logs-query and --id say where predictions lie in logs.', 'Add --source logs.');
  }
  if (files !== undefined)
    throw usage(
      '--files and --source logs exclude each other.',
      'Logs are read from CloudWatch Logs: name --endpoint.',
    );
  if (logsQuery !== undefined) {
    if (logPattern !== undefined)
      throw usage('--log-pattern and --logs-query exclude each other.', 'Put a filter into the query.');
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

/** The same as a path into a JSON message. */
function pathOf(words: string): Path {
  return words.startsWith('$') ? parsePath(words) : words.split('.');
}

function readVariants(words: string | undefined): readonly [string, string] | undefined {
  if (words === undefined) return undefined;
  const [production, shadow, ...more] = words.split(',').map((name) => name.trim());
  if (!production || !shadow || more.length > 0)
    throw usage(`--variants '${words}' does not name two folders.`, 'Write it like --variants AllTraffic,shadow.');
  return [production, shadow];
}
