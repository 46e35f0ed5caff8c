import type { App, Outcome } from '../../app.ts';
import { askedAgain } from '../../analysis/judge/earlier.ts';
import { usageError } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { latencyMinutes } from '../../guard/alarms/plan.ts';
import type { MirrorRolloutResult } from '../../lifecycle/mirror/rollout.ts';
import type { MirrorRollout } from '../../mirror/router/state.ts';
import type { GuardOptions } from '../../lifecycle/guarded-update/start.ts';
import { mirrorNamed } from '../flags/mirror.ts';
import { begunWith, judgedBy } from './judged-by.ts';
import { writeJson } from '../views/json.ts';
import type { CommonOptions } from '../flags/common.ts';
import { type JudgeFlags, judgeFlagValues } from '../flags/judge-flags.ts';

/** What `rollout` and `promote` are told of a mirror. */
export interface MirrorMoveOptions extends CommonOptions {
  mirror: string;
  shadow: string | undefined;
  steps: readonly string[];
  by: string | undefined;
  /** A field of the requests whose slices are the steps. */
  slicesBy?: string | undefined;
  bakeSeconds: number;
  /** Undefined: as long as the policy may need. */
  patienceSeconds: number | undefined;
  guard: Pick<GuardOptions, 'limits' | 'alarms' | 'notify'>;
  report: JudgeFlags;
}

export interface MirrorRolloutFlags extends MirrorMoveOptions {
  go: 'start' | 'resume' | 'cancel';
}

/** Lets a shadow of a mirror answer by steps, or goes on with that, or takes it back. */
export async function runRollout(app: App, options: MirrorRolloutFlags): Promise<Outcome> {
  const { cancelMirrorRollout, resumeMirrorRollout, startMirrorRollout } = await import(
    '../../lifecycle/mirror/rollout.ts'
  );
  const { sessionOf } = await import('../session.ts');
  const session = sessionOf(app, options);
  const run = {
    start: async () => startMirrorRollout(session, await moveOf(app, options)),
    resume: () =>
      resumeMirrorRollout(session, {
        mirror: mirrorNamed(app.cwd, options.mirror),
        notify: options.guard.notify,
        plan: options.plan,
        judgedAgain: (rollout) => judgedAgain(app, options, rollout),
      }),
    cancel: async () => cancelMirrorRollout(session, await moveOf(app, options)),
  };
  return tell(app, options, await run[options.go]());
}

/** Judges a shadow of a mirror, and where it passes makes it the live side by steps. */
export async function runPromote(app: App, options: MirrorMoveOptions & { force: boolean }): Promise<Outcome> {
  const { promoteMirror } = await import('../../lifecycle/mirror/promote.ts');
  const { sessionOf } = await import('../session.ts');
  const { mirror, force, report } = options;
  const result = await promoteMirror(sessionOf(app, options), { ...(await moveOf(app, options)), force });
  if (result.kind !== 'refused') return tell(app, options, result);
  const failed = result.judgement.outcome === 'fail';
  if (options.format === 'json') {
    const { refusalFacts } = await import('../views/refusal.ts');
    writeJson(app.io, 'promote', { mirror, ...refusalFacts(result.judgement) });
  }
  app.io.err(
    `The mirror of ${mirror} stays as it is. ${failed ? 'End the shadow:' : result.judgement.earlier.length > 0 ? 'Ask again what failed, or end the shadow:' : 'Watch it until it is decided, or end the shadow:'}`,
  );
  const on = asked(options, result.shadow);
  const { earlier } = result.judgement;
  if (earlier.length > 0) {
    const { labels, policy, expect, prediction } = { ...report, ...askedAgain(earlier) };
    const { variants: _, ...flags } = on;
    app.io.err(text`  ${shown('promote', { ...flags, shadow: result.shadow, labels, policy, expect, prediction })}`);
  } else if (!failed) app.io.err(text`  ${shown('report', { ...on, watch: true })}`);
  app.io.err(text`  ${shown('keep', { mirror, shadow: result.shadow })}`);
  app.io.err('--force promotes against the verdict; the history records that.');
  return failed ? 'no' : 'inconclusive';
}

/** What was judged and how, as it was typed. */
function asked({ mirror, report }: MirrorMoveOptions, found: string) {
  return { mirror, variants: `live,${found}`, ...judgeFlagValues(report) };
}

/** What a rollout began with, and the patience of the command that goes on with it. */
function judgedAgain(
  app: App,
  { patienceSeconds }: MirrorMoveOptions,
  { judgedBy: begun, bakeSeconds }: MirrorRollout,
) {
  const { there, report } = begunWith(app, begun);
  return judgedOf(there, { report, patienceSeconds, bakeSeconds });
}

async function moveOf(app: App, options: MirrorMoveOptions) {
  const { mirror, shadow, steps, by, slicesBy, bakeSeconds, guard, plan, report } = options;
  return {
    mirror: mirrorNamed(app.cwd, mirror),
    shadow,
    steps,
    by,
    slicesBy,
    bakeSeconds,
    limits: limitsOf(guard, bakeSeconds),
    judgedBy: await judgedBy(app, report),
    notify: guard.notify,
    plan,
    ...(await judgedOf(app, options)),
  };
}

async function judgedOf(
  app: App,
  { report, patienceSeconds, bakeSeconds }: Pick<MirrorMoveOptions, 'report' | 'patienceSeconds' | 'bakeSeconds'>,
) {
  const { loadReportPolicy, withAnswers, withExpectation } = await import('../flags/judging.ts');
  const { labelSource } = await import('../flags/labels.ts');
  const { readMoment } = await import('../flags/moment.ts');
  const { withComparator } = await import('../flags/comparator.ts');
  const { withWaivers } = await import('../flags/waivers.ts');
  const { patienceFor } = await import('../../lifecycle/rollout/times.ts');
  const { policyFrom, ...loaded } = await loadReportPolicy(app, report.policy);
  const { policy, comparator } = await withComparator(app, loaded, {
    comparator: undefined,
    comparatorSample: undefined,
    comparatorTime: undefined,
    allowCommand: report.allowCommand,
  });
  return {
    patienceSeconds: patienceSeconds ?? patienceFor(policy, bakeSeconds),
    judging: {
      from: report.from === undefined ? undefined : readMoment(report.from, '--from'),
      labels: report.labels === undefined ? undefined : labelSource(report.labels, app.cwd),
      policyFrom,
      comparator,
      policy: withAnswers(withExpectation(withWaivers(policy, report.waivers), report.expect), {
        prediction: report.prediction,
        answers: undefined,
      }),
      asked: { labels: report.labels, policy: report.policy, expect: report.expect, prediction: report.prediction },
    },
  };
}

/** @throws Problem (usage) where a mirror's records do not have the statistic */
function limitsOf({ limits }: Pick<GuardOptions, 'limits'>, bakeSeconds: number): MirrorRollout['limits'] {
  const { max5xxRate, max4xxRate, maxLatency } = limits;
  if (maxLatency !== undefined && !/^(Average|p50|p90|p99)$/.test(maxLatency.statistic))
    throw usageError(
      `--max-latency: a mirror's records do not have ${maxLatency.statistic} by the minute.`,
      'Write avg, p50, p90 or p99, as in p99=250ms.',
    );
  return {
    ...(max5xxRate === undefined ? {} : { rate5xx: max5xxRate }),
    ...(max4xxRate === undefined ? {} : { rate4xx: max4xxRate }),
    ...(maxLatency === undefined
      ? {}
      : {
          latency: {
            statistic: maxLatency.statistic,
            milliseconds: maxLatency.milliseconds,
            minutes: latencyMinutes(bakeSeconds),
          },
        }),
  };
}

async function tell(
  app: App,
  { format }: Pick<MirrorMoveOptions, 'format'>,
  result: MirrorRolloutResult,
): Promise<Outcome> {
  const { mirrorChangeFacts, mirrorChangeLines, mirrorPlanFacts, mirrorStoppedFacts, mirrorStoppedLines } =
    await import('../views/mirror-rollout.ts');
  const { io } = app;
  if (result.kind === 'planned') {
    const { plan } = result;
    if (plan.kind === 'mirror-rollout') {
      // As text it was drawn when it was made.
      if (format === 'json') writeJson(io, 'plan-of-mirror', mirrorPlanFacts(plan));
    } else if (format === 'json') writeJson(io, 'change-of-mirror', mirrorChangeFacts(plan, false));
    else for (const line of mirrorChangeLines(io, plan)) io.out(line);
    return 'pending';
  }
  if (format === 'json') writeJson(io, 'rollout-of-mirror', mirrorStoppedFacts(result));
  else for (const line of mirrorStoppedLines(io, result)) io.out(line);
  const { ended, mirror, now } = result;
  if (ended === 'paused') {
    io.err(`It stays at ${now}.`);
    io.err(text`  To continue: ${shown('rollout', { mirror, resume: true })}`);
    io.err(text`  To go back: ${shown('rollout', { mirror, cancel: true })}`);
    return 'inconclusive';
  }
  return ended === 'failed' ? 'no' : 'done';
}
