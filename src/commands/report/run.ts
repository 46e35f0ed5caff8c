import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { collect } from '../../analysis/collect/collect.ts';
import { judge } from '../../analysis/judge.ts';
import { loadPolicy } from '../../analysis/collect/policy-file.ts';
import { summarizeBoth } from '../../analysis/metrics.ts';
import type { Task } from '../../analysis/observations.ts';
import { parsePath } from '../../analysis/predictions/path.ts';
import type { App, Outcome } from '../../app.ts';
import type { Report } from '../../report/report.ts';
import { renderers } from '../../report/render.ts';
import { withProgress } from '../../ui/progress.ts';
import type { ReportOptions } from './command.ts';
import { loadTruth } from './inputs.ts';
import { decideWindow } from './window.ts';

/** Looks, judges, shows. @returns `done` for pass or nothing to compare, `no` for fail, `inconclusive` */
export async function run(app: App, options: ReportOptions): Promise<Outcome> {
  const report = await makeReport(app, options);
  const render = await renderers[options.format]();
  // A file is no terminal: it gets eighty columns and no colour.
  const toFile = options.output !== undefined;
  const text = await render(report, { columns: toFile ? 80 : app.io.columns, color: !toFile && app.io.color });
  if (options.output === undefined) app.io.out(text);
  else {
    await writeFile(resolve(app.cwd, options.output), `${text}\n`);
    app.io.err(`Wrote ${options.output}.`);
  }
  if (report.verdict === undefined) return 'done';
  return ({ pass: 'done', fail: 'no', inconclusive: 'inconclusive' } as const)[report.verdict.outcome];
}

async function makeReport(app: App, options: ReportOptions): Promise<Report> {
  const now = app.clock.now();
  const window = decideWindow(options, now);
  const path = options.prediction === undefined ? undefined : parsePath(options.prediction);
  const { policy } = await loadPolicy(app.cwd, options.policy, () => app.project());
  const truth = options.labels === undefined ? undefined : await loadTruth(app, options.labels);
  const observations = await withProgress(app.io, 'collecting', async (progress) =>
    collect(await app.aws(), app.clock, {
      endpoint: options.endpoint,
      window,
      tolerance: policy.numbers.tolerance,
      path,
      task: options.task as Task | undefined,
      truth,
      predictions: options.predictions,
      signal: app.signal,
      progress: (doing) => progress.update(doing),
    }),
  );
  return {
    schema: 'shadowctl-report/1',
    created: now,
    observations,
    summaries: summarizeBoth(observations),
    policy,
    verdict: judge(observations, policy),
  };
}
