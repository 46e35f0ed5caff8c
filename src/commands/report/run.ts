import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { loadPolicy } from '../../analysis/observe/policy-file.ts';
import { judge } from '../../analysis/judge/judge.ts';
import { summarizeBoth } from '../../analysis/metrics.ts';
import type { Window } from '../../analysis/observations.ts';
import type { Outcome as Judged } from '../../analysis/judge/verdict.ts';
import type { App, Outcome } from '../../app.ts';
import { AwsProblem } from '../../aws/errors.ts';
import type { Report } from '../../report/report.ts';
import { renderers } from '../../report/render.ts';
import { plain } from '../../ui/io.ts';
import type { ReportOptions } from './command.ts';
import { loadTruth } from './inputs.ts';
import { observe } from './observe.ts';
import { redact } from './redact.ts';
import { refuseInVain } from './saved.ts';
import { decideWindow, isTime } from './window.ts';
import { readDuration, timeOfDay } from '../../base/units.ts';

const ENDINGS: Record<Judged, Outcome> = { pass: 'done', fail: 'no', inconclusive: 'inconclusive' };

/** Looks, judges, shows. @returns `done` for pass, `no` for fail, `inconclusive` for neither, or nothing to compare */
export async function run(app: App, words: ReportOptions): Promise<Outcome> {
  const options = fromPath(app, words);
  if (options.schema) {
    const { default: schema } = await import('../../report/report.schema.json', { with: { type: 'json' } });
    app.io.out(JSON.stringify(schema, null, 2));
    return 'done';
  }
  if (options.files !== undefined) refuseInVain(resolve(app.cwd, options.files), options);
  const look = await prepare(app, options);
  const report = options.watch === undefined ? await look() : await watch(app, options, look);
  await show(app, options, report);
  if (options.save !== undefined) {
    await writeFile(resolve(app.cwd, options.save), `${JSON.stringify(report.observations)}\n`);
    app.io.err(`Kept the observations in ${options.save}.`);
  }
  // Where nothing was judged nothing was proven: a pipeline must not go on because somebody took the shadow away.
  return report.verdict === undefined ? 'inconclusive' : ENDINGS[report.verdict.outcome];
}

/** `--from PATH` is what `--files PATH` is: no time is the name of anything. */
function fromPath(app: App, options: ReportOptions): ReportOptions {
  const { from, files } = options;
  const isPath = from !== undefined && !isTime(from) && existsSync(resolve(app.cwd, from));
  return isPath && files === undefined ? { ...options, files: from, from: undefined } : options;
}

/** Reads what stays the same from look to look; the start of the window is fixed by the first. */
async function prepare(app: App, options: ReportOptions): Promise<() => Promise<Report>> {
  const { policy, source } = await loadPolicy(app.cwd, options.policy, () => app.project());
  let from: number | undefined;
  return async () => {
    const now = app.clock.now();
    const window: Window =
      options.files !== undefined && options.from === undefined
        ? decideWindow({ ...options, from: '1970-01-01' }, now)
        : decideWindow(options, now);
    from ??= window.from;
    // Labels may arrive late: they are read at every look.
    const truth =
      options.labels === undefined ? undefined : await loadTruth(app, options.labels, options.watch !== undefined);
    const seen = await observe(app, options, { from, to: window.to }, { policy, truth });
    const observations = options.redact ? redact(seen) : seen;
    return {
      schema: 'shadowctl-report/1',
      created: now,
      observations,
      summaries: summarizeBoth(observations),
      policy,
      policyFrom: isAbsolute(source) ? relative(app.cwd, source) : source,
      verdict: judge(observations, policy),
    };
  };
}

/**
 * Looks until the first decision; the bounds hold for all looks together, so waiting for it is no cheating. Ends
 * without one at the timeout, or where there is nothing to wait for.
 */
async function watch(app: App, options: ReportOptions, look: () => Promise<Report>): Promise<Report> {
  const every = readDuration(options.every, '--every');
  const deadline = app.clock.now() + readDuration(options.timeout, '--timeout');
  for (;;) {
    const last = app.clock.now() + every > deadline;
    const report = await lookOrWait(app, look, last);
    if (report === undefined) {
      await app.clock.sleep(every, app.signal);
      continue;
    }
    const { verdict } = report;
    if (verdict === undefined || verdict.outcome !== 'inconclusive' || last) return report;
    app.io.err(`${timeOfDay(report.created)} UTC  ${plain(verdict.summary)}`);
    if (options.watch === 'show' && options.output === undefined) await show(app, options, report);
    await app.clock.sleep(every, app.signal);
  }
}

/** One look; undefined where AWS is out of reach or out of breath for now, which the next look may not find. */
async function lookOrWait(app: App, look: () => Promise<Report>, last: boolean): Promise<Report | undefined> {
  try {
    return await look();
  } catch (error) {
    if (last || !(error instanceof AwsProblem && error.transient)) throw error;
    app.io.err(`${timeOfDay(app.clock.now())} UTC  ${plain(error.message)}. Looking again.`);
    return undefined;
  }
}

async function show(app: App, options: ReportOptions, report: Report): Promise<void> {
  const render = await renderers[options.format]();
  // A file is no terminal: it gets eighty columns and no colour.
  const toFile = options.output !== undefined;
  const text = await render(report, { columns: toFile ? 80 : app.io.columns, color: !toFile && app.io.color });
  if (options.output === undefined) return app.io.out(text);
  await writeFile(resolve(app.cwd, options.output), `${text}\n`);
  app.io.err(`Wrote ${options.output}.`);
}
