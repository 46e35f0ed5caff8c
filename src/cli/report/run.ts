import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Outcome as Verdict } from '../../analysis/judge/verdict.ts';
import type { App, Outcome } from '../../app.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { requireTarget, writeWhole } from '../../base/disk.ts';
import { usageError } from '../../base/errors.ts';
import { shown } from '../../base/text.ts';
import { readDuration, timeOfDay } from '../../base/units.ts';
import { type JudgeOptions, looksAt } from '../../lifecycle/judge.ts';
import { watchInterrupted, watchLost, withInterruptAdvice } from '../../lifecycle/interrupt.ts';
import { tellOverdue } from '../../lifecycle/shadow/time-box.ts';
import { recordWaivers } from '../../lifecycle/waivers.ts';
import type { AskedBy } from '../../analysis/judge/earlier.ts';
import { watchEndpoint } from '../../lifecycle/watch.ts';
import { renderers } from '../../report/render.ts';
import type { RenderOptions, Report } from '../../report/report.ts';
import { plain } from '../../ui/io.ts';
import { sessionOf } from '../session.ts';
import { showDoing } from '../views/doing.ts';
import { liveText } from '../views/look.ts';
import { withProgress } from '../../ui/progress.ts';
import { askedFlags } from './asked.ts';
import { elsewhereFor } from './engine.ts';
import type { ReportOptions } from './options.ts';
import { labelRequest, writeLabelRows } from './label-next.ts';
import { judgeOptions } from './judge-options.ts';
import { rejectUnusedFlags } from './saved.ts';
import { showReport } from '../views/show-report.ts';
import { isTime } from '../flags/moment.ts';

const ENDINGS: Record<Verdict, Outcome> = { pass: 'done', fail: 'no', inconclusive: 'inconclusive' };

/** Looks, judges, shows. @returns `done` for pass, `no` for fail, `inconclusive` for neither, or nothing to compare */
export async function run(app: App, flags: ReportOptions): Promise<Outcome> {
  const options = await ofMirror(app, fromPath(app, flags));
  for (const option of ['output', 'save'] as const)
    if (options[option] !== undefined) requireTarget(resolve(app.cwd, options[option]), `--${option}`);
  for (const path of options.files === undefined ? [] : [options.files, ...(options.also ?? [])])
    rejectUnusedFlags(resolve(app.cwd, path), options);
  const labels = labelRequest(app.cwd, options);
  const released = await judgedAsReleased(app, options);
  const wanted = {
    ...(await judgeOptions(app, { ...options, ...released?.by })),
    labelNext: labels?.next,
    elsewhere: await elsewhereFor(app, options),
  };
  const look = looksAt(app, wanted, options.watch !== undefined);
  let looks = 0;
  const lookShown = () => {
    looks += 1;
    // In a pipe, what is being done is said of the first look: a line a look is enough afterwards.
    if (looks > 1 && !app.io.interactive) return look();
    return withProgress(app.io, 'collecting', (progress) => look((doing) => showDoing(progress, doing)));
  };
  const looked =
    options.watch === undefined ? await lookShown() : await watch(app, options, { wanted, released }, lookShown);
  const report = { ...looked, earlier: await failedBefore(app, options, looked) };
  await showReport(app, report, options, {
    asked: askedFlags(options),
    release: released?.release,
    full: options.full,
  });
  if (options.mirror !== undefined && options.format === 'text') await tellUnmirrored(app, options.mirror);
  if (options.save !== undefined) {
    await writeWhole(resolve(app.cwd, options.save), `${JSON.stringify(report.observations)}\n`);
    app.io.err(`Saved the observations to ${options.save}.`);
  }
  if (options.endpoint !== undefined && options.files === undefined) {
    const unwritten = await recordWaivers(app, options.endpoint, report);
    if (unwritten !== undefined) app.io.err(`warning: the journal does not say what was waived (${plain(unwritten)}).`);
    const { recordJudged } = await import('../../lifecycle/earlier.ts');
    const of = { endpoint: options.endpoint, config: undefined, command: 'report' as const };
    const unsaid = await recordJudged(app, of, report, askedBy(options));
    if (unsaid !== undefined) app.io.err(`warning: the journal does not say which gates failed (${plain(unsaid)}).`);
    await tellOverdue(sessionOf(app), options.endpoint);
  }
  if (options.files !== undefined) {
    const { notePass } = await import('../../lifecycle/mirror/passed.ts');
    const folder = resolve(app.cwd, options.files);
    const unwritten = await notePass(app.clock, { folder, words: options.files }, report);
    if (unwritten !== undefined)
      app.io.err(`warning: the history of ${options.files} does not say that it passed (${plain(unwritten)}).`);
    const unsaid = await noteFailed(app, options, report);
    if (unsaid !== undefined)
      app.io.err(`warning: the history of ${options.files} does not say which gates failed (${plain(unsaid)}).`);
  }
  if (labels !== undefined) await writeLabelRows(app, options, labels.rows());
  // Where nothing was judged nothing was proven: a pipeline must not go on because somebody took the shadow away.
  return report.verdict === undefined ? 'inconclusive' : ENDINGS[report.verdict.outcome];
}

/** What a running mirror answered and mirrored nowhere is in no record: a report that lacks it says so. */
async function tellUnmirrored(app: App, mirror: string): Promise<void> {
  const { mirrorStatus } = await import('../../lifecycle/mirror/status.ts');
  const { unmirroredLines } = await import('../views/mirror-rollout.ts');
  const { wrap } = await import('../../ui/wrap.ts');
  const status = await mirrorStatus({ folder: resolve(app.cwd, mirror), words: mirror }).catch(() => undefined);
  for (const line of unmirroredLines(status?.counted))
    for (const part of wrap(line.trim(), app.io.columns, '  ')) app.io.err(part);
}

/** Gates that failed on this shadow before, and of which this report says nothing: `promote` asks for them. */
async function failedBefore(app: App, options: ReportOptions, report: Report): Promise<Report['earlier']> {
  const { endpoint, files } = options;
  const { mirror } = options;
  const { shadow } = report.observations;
  if (mirror !== undefined && shadow !== undefined && report.observations.sides === undefined) {
    const { mirrorEarlier } = await import('../../lifecycle/mirror/earlier.ts');
    const candidate = { shadow: shadow.name, side: undefined };
    return mirrorEarlier({ folder: resolve(app.cwd, mirror) }, candidate, report, askedBy(options));
  }
  if (endpoint === undefined || files !== undefined) return undefined;
  const { configOf, earlierOf } = await import('../../lifecycle/earlier.ts');
  const { replay } = await import('../../state/replay.ts');
  const config = configOf(replay((await app.journal(endpoint)).events()));
  return earlierOf(app, endpoint, config, report, askedBy(options));
}

/** Writes down which gates failed on a shadow of a mirror that is a candidate now. @returns why that was not possible */
async function noteFailed(app: App, options: ReportOptions, report: Report): Promise<string | undefined> {
  const { mirror } = options;
  const { shadow, sides, replayed } = report.observations;
  if (mirror === undefined || shadow === undefined || sides !== undefined || replayed !== undefined) return undefined;
  const { noteJudged } = await import('../../lifecycle/mirror/earlier.ts');
  const of = { candidate: { shadow: shadow.name, side: undefined }, command: 'report' } as const;
  const name = { folder: resolve(app.cwd, mirror), words: mirror };
  return noteJudged(app.clock, name, of, report, askedBy(options));
}

function askedBy({ labels, policy, expect, prediction }: ReportOptions): AskedBy {
  return { labels, policy, expect, prediction };
}

/** Where a release has attached the shadow: which, and by what it judges, as far as no flag says otherwise. */
interface Released {
  release: { id: string; endpoint: string };
  by: Pick<ReportOptions, 'labels' | 'policy'>;
}

/** A shadow that a release has attached is judged as the release does; what flags say counts all the same. */
async function judgedAsReleased(
  app: App,
  { endpoint, files, labels, policy }: ReportOptions,
): Promise<Released | undefined> {
  if (endpoint === undefined || files !== undefined) return undefined;
  const { judgedByRelease } = await import('../flags/release-settings.ts');
  const found = await judgedByRelease(app, endpoint);
  if (found === undefined) return undefined;
  const taken = [
    ...(labels === undefined && found.labels !== undefined ? [`labels ${found.labels}`] : []),
    ...(policy === undefined && found.policy !== undefined ? [`policy ${found.policy}`] : []),
  ];
  if (taken.length > 0) app.io.err(`note: judged as release ${found.release} judges it: ${taken.join(', ')}.`);
  return {
    release: { id: found.release, endpoint },
    by: { labels: labels ?? found.labels, policy: policy ?? found.policy },
  };
}

/** Where the records are those of a mirror, what comes next is said of it, whichever flag named them. */
async function ofMirror(app: App, flags: ReportOptions): Promise<ReportOptions> {
  const { mirror, files, endpoint } = flags;
  if (mirror === undefined && files === undefined) return flags;
  const { isMirrorFolder, lastRun } = await import('../../analysis/observe/mirror/folder.ts');
  if (mirror !== undefined) {
    const other = endpoint === undefined ? (files === undefined ? undefined : '--files') : '--endpoint';
    if (other !== undefined) throw usageError(`${other} and --mirror both say what is judged.`, 'Give one of them.');
    if (!(await isMirrorFolder(resolve(app.cwd, mirror))))
      throw usageError(
        `${mirror} is not a folder with a mirror's records.`,
        'A mirror is named by the folder that it was started with: --records FOLDER.',
      );
    return { ...flags, files: mirror };
  }
  const run = await lastRun(resolve(app.cwd, files ?? ''));
  return run === undefined || (run.kind ?? 'mirror') !== 'mirror' ? flags : { ...flags, mirror: files };
}

/** `--from PATH` is what `--files PATH` is: no time is the name of anything. */
function fromPath(app: App, flags: ReportOptions): ReportOptions {
  const { from, files, also = [] } = flags;
  for (const path of also)
    if (!existsSync(resolve(app.cwd, path)))
      throw usageError(
        `There is nothing at ${path}.`,
        'One window has one --from. To add up several windows, name files from --save: --files A.json --files B.json',
      );
  if (files !== undefined || from === undefined || isTime(from) || !existsSync(resolve(app.cwd, from))) return flags;
  if (also.length === 0)
    app.io.err(`note: --from takes a time, and ${from} is a file or folder: it is read as --files ${from}.`);
  return { ...flags, files: from, from: undefined };
}

/** Shows every look but the last: on a terminal its first lines, drawn over each other; elsewhere a line each. Gives the last. */
async function watch(
  app: App,
  flags: ReportOptions,
  { wanted, released }: { wanted: JudgeOptions; released: Released | undefined },
  look: () => Promise<Report>,
): Promise<Report> {
  const pace = { every: readDuration(flags.every, '--every'), timeout: readDuration(flags.timeout, '--timeout') };
  // Elsewhere a line a look is enough: the last report says all.
  const live = flags.watch === 'show' && app.io.interactive ? liveText(app.io) : undefined;
  let summary: string | undefined;
  const on = askedFlags(flags);
  const again =
    flags.watch === 'show'
      ? shown('report', { ...on, watch: true })
      : shown('report', { ...on, 'until-decided': true });
  const looks = watchEndpoint(app, wanted, pace, look);
  const next = () =>
    withInterruptAdvice(
      app.signal,
      () => watchInterrupted(flags.endpoint ?? '', summary === undefined ? undefined : plain(summary), again),
      () => looks.next(),
    ).catch((error: unknown) => {
      const lost = error instanceof AwsProblem && error.aboutCredentials && summary !== undefined;
      throw lost && flags.endpoint !== undefined ? watchLost(error, flags.endpoint, again) : error;
    });
  for (let found = await next(); found.done !== true; found = await next()) {
    const seen = found.value;
    if (seen.kind === 'trouble') {
      const { message, next: renew } = seen.problem;
      app.io.err(`${timeOfDay(seen.at)} UTC  ${plain(message)} Looking again.`);
      // Without that no look will succeed.
      if (seen.problem instanceof AwsProblem && seen.problem.aboutCredentials && renew !== undefined) app.io.err(renew);
      continue;
    }
    const { report, last } = seen;
    summary = report.verdict?.summary;
    if (last) {
      live?.clear();
      return report;
    }
    if (live === undefined) app.io.err(`${timeOfDay(report.created)} UTC  ${plain(report.verdict?.summary ?? '')}`);
    else
      live.draw(await drawn(app, flags, report, { nextLook: report.created + pace.every, release: released?.release }));
  }
  throw new Error('the watching of an endpoint ended without a last look');
}

/** The first lines of a report, while it is waited for the next. @param nextLook milliseconds since the epoch */
async function drawn(
  { io }: App,
  flags: ReportOptions,
  report: Report,
  more: Pick<RenderOptions, 'nextLook' | 'release'>,
): Promise<string> {
  const render = await renderers.text();
  const { columns, color } = io;
  return render(report, { columns, color, asked: askedFlags(flags), ...more });
}
