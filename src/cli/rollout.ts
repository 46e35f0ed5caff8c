import { Command } from 'commander';
import { type App, type Host, lazy, type Outcome, type Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import { parsePercent, percent } from '../base/units.ts';
import type { GuardOptions } from '../lifecycle/guarded-update/start.ts';
import type { RolloutResult } from '../lifecycle/rollout/rollout.ts';
import { addCandidateFlags, type CandidateFlags, candidateFlags, candidateSpec } from './flags/candidate.ts';
import { adoptFlag } from './flags/common.ts';
import { pricedFlags, type PricedFlags, type PricedOptions, pricedOptions } from './flags/price.ts';
import { type GuardWords, limitFlags, parseLimits } from './flags/guard.ts';
import { placeFlags, type PlaceFlags, placeOf } from './flags/mirror.ts';
import { parseSeconds } from '../guard/quantities.ts';
import { PATIENCE } from './flags/patience.ts';
import { writeJson } from './views/json.ts';
import type { MirrorRolloutFlags } from './on-mirror/rollout.ts';
import type { SlicesFlags } from './rollout/by-slices.ts';

export interface RolloutOptions extends PricedOptions {
  endpoint: string;
  candidate: CandidateFlags;
  /** Shares of the requests, rising, the last being 1. */
  steps: readonly number[];
  bakeSeconds: number;
  /** How long beyond the bake a step that is not decided is watched on; undefined: as long as the policy may need. */
  patienceSeconds: number | undefined;
  policy: string | undefined;
  /** What takes the candidate back at once, in addition to the policy; and who is told. */
  guard: Pick<GuardOptions, 'limits' | 'baselineMinutes' | 'alarms' | 'notify'>;
  /** What to do with one that is under way. */
  go: 'start' | 'resume' | 'cancel';
  adopt: boolean;
}

interface Flags extends PlaceFlags, CandidateFlags, Omit<GuardWords, 'strategy' | 'bake' | 'force'>, PricedFlags {
  steps: string;
  shadow?: string;
  by?: string;
  variants?: string;
  from?: string;
  labels?: string;
  bake: string;
  patience?: string;
  policy?: string;
  resume?: boolean;
  cancel?: boolean;
  adopt?: boolean;
}

const HELP = `
The candidate runs as a second variant of the endpoint and takes a growing share of the requests. After each step but the last,
which makes it production (with no requests left for production there is nothing to compare), its errors and latency are judged against production's by the policy of shadowctl report;
predictions are not, because no request goes to both. A pass continues after --bake, a fail returns all requests to production at once. A step that is not decided is watched
on: the first one cannot pass before the policy's minutes are there (83 by default), and after --patience the rollout pauses.
SageMaker does not guard a change of weights: this command watches limits and alarms, minute by minute, while it runs. If a
limit is exceeded or an alarm is in ALARM, it returns all requests at once.
With --mirror a shadow of a mirror answers the requests of each step, slices (header:x-country=DE) in the order given; its records
judge it with its predictions, since every request remains a pair. When 100% has passed, too, the two sides are swapped.
With --endpoint and --by the callers choose the variant (TargetVariant), slice by slice: this command changes nothing. It judges
the slice that the candidate's variant answers by its captures beside production's of before, and says which goes next.
Exit codes: 0 all steps passed (or a slice), 1 failed and returned, 3 paused: --resume watches on, --cancel returns, as undo does.

Examples:
  $ shadowctl rollout --endpoint weather --artifact model.tar.gz --steps 10%,25%,50%,100% --bake 30m
  $ shadowctl rollout --endpoint weather --by country --labels labels.csv
  $ shadowctl rollout --mirror records --steps header:x-country=LI,10%,50%,100% --by header:X-User`;

/** Flags that say the same of a mirror, and those that only a mirror takes. */
const OF_MIRRORS = {
  takes: [
    'steps',
    'bake',
    'patience',
    'policy',
    'max5xxRate',
    'max4xxRate',
    'maxLatency',
    'notify',
    'resume',
    'cancel',
    'plan',
    'yes',
    'format',
    'by',
  ],
  alone: ['shadow'],
};

export function rolloutCommand(
  host: Host,
  start: Run<RolloutOptions> = run,
  onMirror: Run<MirrorRolloutFlags> = lazy(async () => ({
    run: (await import('./on-mirror/rollout.ts')).runRollout,
  })),
  bySlices: Run<SlicesFlags> = lazy(async () => ({ run: (await import('./rollout/by-slices.ts')).runSlices })),
): Command {
  const command = placeFlags(new Command('rollout'));
  const named = addCandidateFlags(command.optionsGroup('The new model:'))
    .optionsGroup('Moving traffic:')
    .option(
      '--steps <shares>',
      'rising shares of the requests, ending with 100%; of a mirror slices too',
      '10%,25%,50%,100%',
    )
    .option('--bake <duration>', 'minimum time that each step is watched', '10m')
    .option('--patience <duration>', PATIENCE)
    .option('--policy <file>', 'what the candidate must prove, as for shadowctl report')
    .option('--shadow <name>', 'of a mirror: which shadow, where there are several')
    .option(
      '--by <what>',
      'a field of the requests: of a mirror its slices are the steps by their risk (or keep with one side session, header:NAME or cookie:NAME); of an endpoint callers send its slices to a second variant, one by one',
    )
    .option(
      '--variants <production,candidate>',
      'with --by, of an endpoint: the two (default: the candidate has weight 0)',
    )
    .option('--from <time>', 'with --by, of an endpoint: since when captures of production count (default: -24h)')
    .option('--labels <file>', 'with --by, of an endpoint: what was really the case, as for shadowctl report');
  const limited = limitFlags(named, { rate5xx: '', rate4xx: '', increase: '', fleet: 'candidate' })
    .optionsGroup('Other options:')
    .option('--resume', 'continue a rollout that paused or was interrupted')
    .option('--cancel', 'return all requests to production and end the rollout');
  return pricedFlags(adoptFlag(limited))
    .addHelpText('after', HELP)
    .action((flags: Flags, own: Command) => {
      if (isBySlices(own, flags)) return host.start(bySlices, parseBySlices(own, flags));
      return placeOf(own, flags, OF_MIRRORS) === 'mirror'
        ? host.start(
            onMirror,
            parseOnMirror(
              flags,
              ['steps', 'bake'].some((one) => own.getOptionValueSource(one) === 'cli'),
              own.getOptionValueSource('steps') === 'cli',
            ),
          )
        : host.start(start, parse(flags));
    });
}

/** What belongs to slices that callers choose, beside the flags that these take. */
const OF_SLICES = {
  alone: ['variants', 'from', 'labels'],
  takes: ['endpoint', 'by', 'steps', 'bake', 'patience', 'policy', 'cancel', 'plan', 'format'],
};

/** Whether the callers of an endpoint choose the variant, by slices. @throws Problem (usage) for flags that do nothing there */
function isBySlices(own: Command, { endpoint, mirror, by }: Flags): boolean {
  const bySlices = endpoint !== undefined && mirror === undefined && by !== undefined;
  if (bySlices && !isField(by))
    throw usageError(
      `--by ${by}: who stays with one side is chosen behind a mirror; callers of an endpoint choose the variant themselves.`,
      'Name a field of the requests: --by country',
    );
  for (const option of own.options) {
    const name = option.attributeName();
    if (own.getOptionValueSource(name) !== 'cli') continue;
    if (!bySlices && OF_SLICES.alone.includes(name))
      throw usageError(
        `${option.long} goes with slices that callers choose: --endpoint NAME --by FIELD.`,
        'Leave it out.',
      );
    if (bySlices && ![...OF_SLICES.alone, ...OF_SLICES.takes].includes(name))
      throw usageError(
        `${option.long} says what shadowctl does with requests: with --by the callers of ${endpoint} choose the variant, and both stand already.`,
        'Leave it out.',
      );
  }
  return bySlices;
}

function parseBySlices(own: Command, flags: Flags): SlicesFlags {
  const { endpoint = '', by = '', variants, from, labels, policy } = flags;
  const [production, candidate, ...more] = variants?.split(',').map((one) => one.trim()) ?? [];
  if (variants !== undefined && (!production || !candidate || more.length > 0))
    throw usageError(
      `--variants ${variants}: name two, production first.`,
      'Write it like --variants AllTraffic,candidate',
    );
  const order =
    own.getOptionValueSource('steps') === 'cli' ? flags.steps.split(',').map((one) => one.trim()) : undefined;
  if (order !== undefined && (order.some((one) => one === '') || new Set(order).size !== order.length))
    throw usageError(
      `--steps ${flags.steps}: with --by they are slices, each once.`,
      'Write them like --steps LI,AT,DE',
    );
  return {
    endpoint,
    by,
    order,
    variants: production && candidate ? [production, candidate] : undefined,
    from,
    labels,
    policy,
    bakeSeconds: parseSeconds('--bake', flags.bake),
    patienceSeconds: flags.patience === undefined ? undefined : parseSeconds('--patience', flags.patience),
    go: flags.cancel === true ? 'cancel' : 'start',
    ...pricedOptions(flags),
  };
}

function parseOnMirror(flags: Flags, fixed: boolean, stepped: boolean): MirrorRolloutFlags {
  const go = goOf(flags);
  const asked = [flags.shadow, flags.by, flags.policy, flags.max5xxRate, flags.max4xxRate, flags.maxLatency];
  if (go !== 'start' && (fixed || asked.some((one) => one !== undefined)))
    throw usageError(
      `--${go} keeps the steps, the bake, the limits, the policy and the shadow that the rollout started with.`,
    );
  const slicesBy = flags.by !== undefined && isField(flags.by) ? flags.by : undefined;
  if (slicesBy !== undefined && stepped)
    throw usageError(
      `--by ${slicesBy} makes the steps: the slices by ${slicesBy}, the least risky first, and 100% in the end.`,
      'Leave --steps out, or name slices and shares there and leave --by out.',
    );
  return {
    mirror: flags.mirror ?? '',
    shadow: flags.shadow,
    steps: flags.steps.split(','),
    by: slicesBy === undefined ? flags.by : undefined,
    slicesBy,
    bakeSeconds: parseSeconds('--bake', flags.bake),
    patienceSeconds: flags.patience === undefined ? undefined : parseSeconds('--patience', flags.patience),
    guard: parseLimits(flags),
    report: {
      from: undefined,
      labels: undefined,
      policy: flags.policy,
      expect: undefined,
      allowCommand: false,
      waivers: { waive: [], reason: undefined },
    },
    go,
    ...pricedOptions(flags),
  };
}

/** A field of the requests, and nothing that says what stays with one side. */
function isField(words: string): boolean {
  return words.startsWith('$') || (/^[\w-]+( \d+)?$/.test(words) && words !== 'request' && words !== 'session');
}

function goOf(flags: Flags): RolloutOptions['go'] {
  if (flags.resume === true && flags.cancel === true)
    throw usageError('--resume continues and --cancel returns: give one of them.');
  return flags.resume === true ? 'resume' : flags.cancel === true ? 'cancel' : 'start';
}

function parse(flags: Flags): RolloutOptions {
  const go = goOf(flags);
  const named = flags.artifact ?? flags.algorithm ?? flags.image ?? flags.model ?? flags.modelPackage;
  if (go !== 'start' && named !== undefined)
    throw usageError(`--${go} applies to the rollout under way: it takes no model.`);
  const limit = [flags.max5xxRate, flags.max4xxRate, flags.maxLatency, flags.maxLatencyIncrease, flags.alarm];
  if (go !== 'start' && limit.some((one) => one !== undefined))
    throw usageError(`--${go} keeps the limits and alarms that the rollout started with.`);
  return {
    endpoint: flags.endpoint ?? '',
    candidate: candidateFlags(flags),
    steps: parseSteps(flags.steps),
    bakeSeconds: parseSeconds('--bake', flags.bake),
    patienceSeconds: flags.patience === undefined ? undefined : parseSeconds('--patience', flags.patience),
    policy: flags.policy,
    guard: parseLimits(flags),
    go,
    adopt: flags.adopt === true,
    ...pricedOptions(flags),
  };
}

/** `10%,25%,100%` as rising shares. @throws Problem 'usage' */
export function parseSteps(steps: string): number[] {
  const shares = steps.split(',').map((part) => {
    const share = parsePercent(part);
    if (share === undefined || !(share > 0) || share > 1) {
      throw usageError(`--steps ${steps}: "${part.trim()}" is not a share; write them like 10%,25%,50%,100%.`);
    }
    return share;
  });
  if (shares.some((share, index) => index > 0 && share <= (shares[index - 1] ?? 0)))
    throw usageError(`--steps ${steps}: the shares must rise.`);
  if (shares.at(-1) !== 1) throw usageError(`--steps ${steps}: the last step must be 100%.`);
  if (shares.length < 2)
    throw usageError(`--steps ${steps}: a single step is not a rollout.`, 'Use shadowctl canary, or name more steps.');
  return shares;
}

/** Gives the new model a growing share of the requests, or goes on with that, or takes it back. */
export async function run(app: App, options: RolloutOptions): Promise<Outcome> {
  const { cancelRollout, resumeRollout, startRollout } = await import('../lifecycle/rollout/rollout.ts');
  const { loadReportPolicy } = await import('./flags/judging.ts');
  const { sessionOf } = await import('./session.ts');
  const session = sessionOf(app, options);
  const { endpoint, patienceSeconds, guard, plan } = options;
  const { policy } = await loadReportPolicy(app, options.policy, endpoint);
  const judging = { endpoint, patienceSeconds, policy, notify: guard.notify, plan };
  const run = {
    start: () =>
      startRollout(session, { ...options, ...judging, candidate: candidateSpec(options.candidate, app.cwd) }),
    resume: () => resumeRollout(session, judging),
    cancel: () => cancelRollout(session, judging),
  };
  return report(app, options, await run[options.go]());
}

async function report(
  app: App,
  { format, go, endpoint: asked }: RolloutOptions,
  result: RolloutResult,
): Promise<Outcome> {
  const { rolloutFacts, rolloutLines, rolloutPlanFacts } = await import('./views/rollout.ts');
  if (result.kind === 'detaches-first') {
    const { reportDetachesFirst } = await import('./views/settled.ts');
    return reportDetachesFirst(app.io, format, result);
  }
  if (result.kind === 'planned') {
    if (result.plan === undefined && format === 'text')
      app.io.out(
        go === 'cancel'
          ? `--cancel would return all requests on ${asked} to production, and end the rollout.`
          : `--resume would continue the rollout on ${asked} where it stopped.`,
      );
    if (result.plan !== undefined && format === 'json') writeJson(app.io, 'rollout', rolloutPlanFacts(result.plan));
    return 'pending';
  }
  if (format === 'json') writeJson(app.io, 'rollout', rolloutFacts(result));
  else for (const line of rolloutLines(app.io, result)) app.io.out(line);
  const { ended, endpoint, share } = result;
  if (ended === 'paused') {
    app.io.err(`It stays at ${percent(share)}.`);
    app.io.err(text`  To continue: ${shown('rollout', { endpoint, resume: true })}`);
    app.io.err(text`  To go back: ${shown('rollout', { endpoint, cancel: true })}`);
    return 'inconclusive';
  }
  return ended === 'failed' ? 'no' : 'done';
}
