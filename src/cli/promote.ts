import { Command } from 'commander';
import { type App, type Host, lazy, type Outcome, type Run } from '../app.ts';
import { askedAgain, type AskedBy } from '../analysis/judge/earlier.ts';
import { shown, type Text, text } from '../base/text.ts';
import type { Judgement } from '../lifecycle/judge.ts';
import type { GuardOptions } from '../lifecycle/guarded-update/start.ts';
import type { OwnTraffic } from '../lifecycle/traffic/with-traffic.ts';
import { allowFlag } from './flags/comparator.ts';
import { pricedFlags, type PricedFlags, type PricedOptions, pricedOptions } from './flags/price.ts';
import { guardFlags, type GuardWords, parseGuard, parseLimits } from './flags/guard.ts';
import { placeFlags, type PlaceFlags, placeOf } from './flags/mirror.ts';
import { parseSeconds } from '../guard/quantities.ts';
import { PATIENCE } from './flags/patience.ts';
import type { MirrorMoveOptions } from './on-mirror/rollout.ts';
import { waiverFlags } from './flags/waivers.ts';
import { trafficFlags, type TrafficFlags, trafficOptions } from './flags/traffic.ts';
import { type JudgeFlags, judgeFlagValues } from './flags/judge-flags.ts';

export interface PromoteOptions extends PricedOptions {
  endpoint: string;
  guard: GuardOptions;
  /** Promotes against the verdict. */
  force: boolean;
  report: JudgeFlags;
  configName: string | undefined;
  traffic: OwnTraffic | undefined;
}

interface Flags extends PlaceFlags, GuardWords, TrafficFlags, PricedFlags {
  shadow?: string;
  steps: string;
  by?: string;
  patience?: string;
  from?: string;
  labels?: string;
  policy?: string;
  expect?: string;
  prediction?: string;
  allowCommand?: boolean;
  waive?: string[];
  reason?: string;
  configName?: string;
}

const HELP = `
The shadow is judged as it runs now, over the time since it was attached. Only a verdict of pass promotes. --waive takes a gate
out of the verdict, accept: window in the policy accepts what holds in this window, and --force promotes against the verdict;
the journal records which. --force does not override the examination of the alarms: --unguarded does. To go back, use shadowctl undo.
With --mirror a shadow of a mirror is judged by its records, and answers by steps until it is the live side; what answered
before stays as the way back.
Exit codes: 0 promoted, 1 the verdict is fail or the update was rolled back, 3 inconclusive: not proven; it says
what is missing.

Examples:
  $ shadowctl promote --endpoint weather --labels truth.csv:label --max-latency p99=250ms
  $ shadowctl promote --mirror records --steps 10%,50%,100%`;

/** Flags that say the same of a mirror, and those that only a mirror takes. */
const OF_MIRRORS = {
  takes: [
    ...[
      'from',
      'labels',
      'policy',
      'expect',
      'prediction',
      'allowCommand',
      'waive',
      'reason',
      'force',
      'bake',
      'notify',
    ],
    ...['max5xxRate', 'max4xxRate', 'maxLatency', 'plan', 'yes', 'format'],
  ],
  alone: ['shadow', 'steps', 'by', 'patience'],
};

export function promoteCommand(
  host: Host,
  start: Run<PromoteOptions> = run,
  onMirror: Run<MirrorPromoteFlags> = lazy(async () => ({
    run: (await import('./on-mirror/rollout.ts')).runPromote,
  })),
): Command {
  const command = placeFlags(new Command('promote'), 'the endpoint with the shadow')
    .option('--config-name <name>', 'name of the new endpoint config (default: derived from the endpoint and the time)')
    .optionsGroup('Judging:')
    .option('--from <time>', 'start of the window that is judged (default: when the shadow came into service)')
    .option('--labels <file[:column]>', 'the labels, as for shadowctl report')
    .option('--policy <file>', 'what the shadow must prove, as for shadowctl report')
    .option('--expect <what>', 'what the new model is expected to be, as for shadowctl report')
    .option('--prediction <path>', 'where predictions are in an answer, as for shadowctl report')
    .optionsGroup('Of a mirror:')
    .option('--shadow <name>', 'which shadow, where there are several')
    .option('--steps <steps>', 'what it answers, by rising shares and slices, ending with 100%', '10%,50%,100%')
    .option('--by <what>', 'keep with one side: session, header:NAME or cookie:NAME')
    .option('--patience <duration>', PATIENCE)
    .optionsGroup('Judging:');
  return pricedFlags(
    trafficFlags(guardFlags(forceFlag(waiverFlags(allowFlag(command)))).optionsGroup('Own traffic:'), {
      labels: false,
    }).optionsGroup('Other options:'),
  )
    .addHelpText('after', HELP)
    .action((flags: Flags, own: Command) =>
      placeOf(own, flags, OF_MIRRORS) === 'mirror'
        ? host.start(onMirror, parseOnMirror(flags))
        : host.start(start, parse(flags)),
    );
}

type MirrorPromoteFlags = MirrorMoveOptions & { force: boolean };

/** Each step of a mirror is watched for as long as a stage of a guarded update. */
const BAKE = '5m';

function parseOnMirror(flags: Flags): MirrorPromoteFlags {
  return {
    mirror: flags.mirror ?? '',
    shadow: flags.shadow,
    steps: flags.steps.split(','),
    by: flags.by,
    bakeSeconds: parseSeconds('--bake', flags.bake ?? BAKE),
    patienceSeconds: flags.patience === undefined ? undefined : parseSeconds('--patience', flags.patience),
    guard: parseLimits(flags),
    report: reportOf(flags),
    force: flags.force === true,
    ...pricedOptions(flags),
  };
}

function forceFlag(command: Command): Command {
  return command.option('--force', 'promote even if the verdict is not pass');
}

function parse(flags: Flags): PromoteOptions {
  const traffic = trafficOptions(flags);
  return {
    endpoint: flags.endpoint ?? '',
    guard: parseGuard(flags),
    force: flags.force === true,
    report: reportOf(flags),
    configName: flags.configName,
    traffic,
    ...pricedOptions(flags),
  };
}

function reportOf(flags: Flags): PromoteOptions['report'] {
  return {
    from: flags.from,
    labels: flags.labels,
    policy: flags.policy,
    expect: flags.expect,
    prediction: flags.prediction,
    allowCommand: flags.allowCommand === true,
    waivers: { waive: flags.waive ?? [], reason: flags.reason },
  };
}

/** Judges the shadow, and where it passes puts its model into production under guardrails. */
export async function run(app: App, options: PromoteOptions): Promise<Outcome> {
  const { promote } = await import('../lifecycle/promote.ts');
  const { guardedSession, reportFinished, reportPlanned } = await import('./guarded.ts');
  const { endpoint, format } = options;
  const result = await promote(guardedSession(app, options), {
    ...options,
    judging: await judging(app, options),
  });
  if (result.kind === 'planned') return reportPlanned(app, 'promote', format, result.plan);
  if (result.kind === 'finished') return reportFinished(app, 'promote', format, result);
  const failed = result.judgement.outcome === 'fail';
  if (format === 'json') {
    const { writeJson } = await import('./views/json.ts');
    const { refusalFacts } = await import('./views/refusal.ts');
    writeJson(app.io, 'promote', { endpoint, ...refusalFacts(result.judgement) });
  }
  const { earlier } = result.judgement;
  const open =
    earlier.length > 0
      ? 'Ask again what failed, or end the shadow:'
      : 'Watch it until it is decided, or end the shadow:';
  app.io.err(`${endpoint} stays as it is. ${failed ? 'End the shadow:' : open}`);
  if (earlier.length > 0) for (const line of againLines(options, result.judgement)) app.io.err(line);
  else if (!failed) app.io.err(text`  ${shown('report', { ...asked(options), watch: true })}`);
  app.io.err(text`  ${shown('keep', { endpoint })}`);
  app.io.err('--force promotes against the verdict; the journal records that.');
  return failed ? 'no' : 'inconclusive';
}

/** The command that asks again what failed before. */
function againLines(options: PromoteOptions, { earlier }: Judgement): Text[] {
  const { labels, policy, expect, prediction } = { ...options.report, ...askedAgain(earlier) };
  return [text`  ${shown('promote', { ...asked(options), labels, policy, expect, prediction })}`];
}

/** What was judged and how, as it was typed. */
function asked({ endpoint, report }: PromoteOptions) {
  return { endpoint, ...judgeFlagValues(report) };
}

async function judging(app: App, { report, endpoint }: PromoteOptions) {
  const { loadReportPolicy, withAnswers, withExpectation } = await import('./flags/judging.ts');
  const { labelSource } = await import('./flags/labels.ts');
  const { readMoment } = await import('./flags/moment.ts');
  const { withComparator } = await import('./flags/comparator.ts');
  const { withWaivers } = await import('./flags/waivers.ts');
  const { policyFrom, ...loaded } = await loadReportPolicy(app, report.policy, endpoint);
  const judged = await withComparator(app, loaded, {
    comparator: undefined,
    comparatorSample: undefined,
    comparatorTime: undefined,
    allowCommand: report.allowCommand,
  });
  return {
    from: report.from === undefined ? undefined : readMoment(report.from, '--from'),
    labels: report.labels === undefined ? undefined : labelSource(report.labels, app.cwd),
    policyFrom,
    ...judged,
    policy: withAnswers(withExpectation(withWaivers(judged.policy, report.waivers), report.expect), {
      prediction: report.prediction,
      answers: undefined,
    }),
    asked: askedBy(report),
  };
}

function askedBy({ labels, policy, expect, prediction }: PromoteOptions['report']): AskedBy {
  return { labels, policy, expect, prediction };
}
