import { resolve } from 'node:path';
import type { Outcome as Verdict } from '../../analysis/judge/verdict.ts';
import type { App, Outcome } from '../../app.ts';
import { requireTarget } from '../../base/disk.ts';
import type { CommandLine } from '../../base/text.ts';
import { readDuration, timeOfDay } from '../../base/units.ts';
import { type BatchReportRequest, judgeBatch } from '../../lifecycle/batch/report.ts';
import type { Report } from '../../report/report.ts';
import { plain } from '../../ui/io.ts';
import { withProgress } from '../../ui/progress.ts';
import { withComparator } from '../flags/comparator.ts';
import { loadReportPolicy, withAnswers, withExpectation } from '../flags/judging.ts';
import { labelSource } from '../flags/labels.ts';
import { withWaivers } from '../flags/waivers.ts';
import { sessionOf } from '../session.ts';
import { showReport } from '../views/show-report.ts';
import { showDoing } from '../views/doing.ts';
import type { BatchReportOptions } from './report-options.ts';

const ENDINGS: Record<Verdict, Outcome> = { pass: 'done', fail: 'no', inconclusive: 'inconclusive' };

/** Judges a batch by its days and shows it. @returns `done` for pass, `no` for fail, `inconclusive` for neither */
export async function run(app: App, options: BatchReportOptions): Promise<Outcome> {
  if (options.output !== undefined) requireTarget(resolve(app.cwd, options.output), '--output');
  const request = await requestOf(app, options);
  const session = sessionOf(app);
  const look = () =>
    withProgress(app.io, 'comparing', (progress) =>
      judgeBatch(session, request, (doing) => showDoing(progress, doing)),
    );
  let report = await look();
  if (options.until === 'pass') {
    const every = readDuration(options.every, '--every');
    while (goesOn(report)) {
      app.io.err(`${timeOfDay(report.created)} UTC  ${plain(report.verdict?.summary ?? '')}`);
      await session.clock.sleep(every, session.signal);
      report = await look();
    }
  }
  await showReport(app, report, options, { asked: askedFlags(options), full: options.full });
  return report.verdict === undefined ? 'inconclusive' : ENDINGS[report.verdict.outcome];
}

/** Whether more days are to come that may decide. */
function goesOn({ verdict, batch }: Report): boolean {
  return verdict?.outcome === 'inconclusive' && batch?.over === false;
}

async function requestOf(app: App, options: BatchReportOptions): Promise<BatchReportRequest> {
  const { commandFile, policyFrom, policy: given } = await loadReportPolicy(app, options.policy);
  const { policy, comparator } = await withComparator(app, { policy: given, commandFile }, options);
  const { prediction, answers } = options;
  return {
    batch: options.batch,
    policy: withWaivers(withAnswers(withExpectation(policy, options.expect), { prediction, answers }), options),
    policyFrom,
    labels: options.labels === undefined ? undefined : labelSource(options.labels, app.cwd),
    comparator,
    memory: options.memory,
    redact: options.redact,
    length: readDuration(options.for, '--for'),
  };
}

/** The flags as they were typed, for the next step. */
function askedFlags(flags: BatchReportOptions): CommandLine['options'] {
  const typed: CommandLine['options'] = {
    batch: flags.batch,
    labels: flags.labels,
    policy: flags.policy,
    expect: flags.expect,
    answers: flags.answers,
    prediction: flags.prediction,
    for: flags.for === '14d' ? undefined : flags.for,
    redact: flags.redact ? true : undefined,
    comparator: flags.comparator,
    'comparator-sample': flags.comparatorSample,
    'comparator-time': flags.comparatorTime,
    'allow-command': flags.allowCommand ? true : undefined,
    waive: flags.waive.length === 0 ? undefined : flags.waive,
    reason: flags.reason,
  };
  return Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== undefined));
}
