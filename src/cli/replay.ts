import { resolve } from 'node:path';
import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { interrupted, usageError } from '../base/errors.ts';
import { parsePercent } from '../base/units.ts';
import type { LoadOptions, ReplayOptions, ReplayResult } from '../lifecycle/replay/replay.ts';
import type { Pace } from '../lifecycle/replay/plan.ts';
import type { TargetSpec } from '../lifecycle/replay/planned.ts';
import { pricedFlags, type PricedFlags, type PricedOptions, pricedOptions } from './flags/price.ts';
import { duration, wholeNumber, repeated } from './flags/values.ts';
import { writeJson } from './views/json.ts';

export interface ReplayCommandOptions extends PricedOptions {
  from: readonly string[];
  variant: string | undefined;
  only: string | undefined;
  target: TargetSpec;
  path: string | undefined;
  /** As they were typed: `NAME: VALUE`, the value may be `env:VARIABLE`. */
  headers: readonly string[];
  contentType: string | undefined;
  credentials: boolean;
  pace: Pace;
  count: number | undefined;
  concurrency: number | undefined;
  /** Milliseconds. */
  timeout: number;
  records: string;
  maxErrors: number | undefined;
  load: Omit<LoadOptions, 'limits'> | undefined;
  /** As they were typed: `p99=250ms`. */
  maxLatency: readonly string[];
  policy: string | undefined;
}

interface Flags extends PricedFlags {
  from: string[];
  variant?: string;
  only?: string;
  endpoint?: string;
  to?: string;
  targetVariant?: string;
  path?: string;
  header?: string[];
  contentType?: string;
  withCredentials?: boolean;
  speed?: string;
  rate?: string;
  count?: number;
  concurrency?: number;
  timeout?: number;
  records?: string;
  maxErrors?: string;
  load?: string | true;
  stepTime?: number;
  peak?: string;
  maxLatency?: string[];
  policy?: string;
}

const HELP = `
Each request is sent when it is due, whether or not those before were answered, and its latency counts from then: a model that
is slow shows it. What would be one too many under way is not sent, and counted. Answers of then and of now are kept as pairs;
production is what was recorded. Credentials of the recording are left out, and each request is marked: x-shadowctl-copy: replay,
and an Idempotency-Key. A replay proves nothing for promote.
--load asks whether the target holds a multiple of the recording's busiest minute: by steps, within --max-latency and --max-errors.
Exit codes: 0 all was sent, or every load holds; 1 a part was not sent or not kept, or a load does not hold; 3 a load is not decided.

Examples:
  $ shadowctl replay --from captures --endpoint weather --target-variant canary
  $ shadowctl replay --from requests.gor --to http://127.0.0.1:8080 --speed 2x
  $ shadowctl report --files replay
  $ shadowctl replay --from records --to http://127.0.0.1:8080/invocations --load 2x --max-latency p99=250ms

More: shadowctl help replay`;

export function replayCommand(host: Host, start: Run<ReplayCommandOptions> = run): Command {
  const command = new Command('replay')
    .requiredOption(
      '--from <path>',
      'a recording: captures, records of a mirror, files of GoReplay, JSON Lines; local or s3://; several times',
      repeated,
    )
    .option('--variant <name>', 'of captures of several variants: whose requests')
    .option('--only <path>', 'only requests on this path; * stands for any characters but /')
    .optionsGroup('Where to:')
    .option('--endpoint <name>', 'an endpoint of SageMaker')
    .option('--target-variant <name>', 'only this production variant of it')
    .option('--to <url>', 'a server, or sagemaker:NAME')
    .option('--path <path>', 'send to this path instead of the recorded one')
    .option(
      '--header <name:value>',
      'send this header, too; env:NAME as value takes a variable; several times',
      repeated,
    )
    .option('--content-type <type>', 'content type of requests recorded without one')
    .option('--with-credentials', 'send the recorded credentials again (default: they are left out)')
    .optionsGroup('How fast:')
    .option('--speed <factor>', 'recorded speed times this, like 2x; max: as fast as they are answered (default: 1x)')
    .option('--rate <requests>', 'evenly spaced requests per second, like 50/s')
    .option('--count <requests>', 'send only this many requests, from the first', wholeNumber('--count', 1))
    .option(
      '--concurrency <requests>',
      'maximum number of requests in flight (default: 256)',
      wholeNumber('--concurrency', 1, 10_000),
    )
    .option('--timeout <duration>', 'an answer that takes longer is given up (default: 1m)', duration('--timeout'))
    .option('--max-errors <share>', 'stop sending when a larger share fails (default: never; 1% with --load)')
    .optionsGroup('What is kept:')
    .option('--records <folder>', 'where the pairs are kept, for shadowctl report --files (default: replay)')
    .optionsGroup('Under load:')
    .option('--load [factors]', 'times the peak: 2x is 1x,1.5x,2x; or a list (default: 2x)')
    .option('--step-time <duration>', 'how long each load is held (default: 2m)', duration('--step-time'))
    .option('--peak <requests>', "the peak, in place of the recording's busiest minute, like 50/s")
    .option(
      '--max-latency <limit>',
      'what must hold under load: p50, p90 or p99, like p99=250ms; several times',
      repeated,
    )
    .option('--policy <file>', 'limits: of a policy, as for shadowctl report')
    .optionsGroup('Other options:');
  return pricedFlags(command)
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
}

function parse(flags: Flags): ReplayCommandOptions {
  const { from, variant, only, path, contentType, count, concurrency, timeout = 60_000, policy } = flags;
  const load = parseLoad(flags);
  const forLoad = {
    '--step-time': flags.stepTime,
    '--peak': flags.peak,
    '--max-latency': flags.maxLatency,
    '--policy': policy,
  };
  const idle = Object.entries(forLoad).find(([, value]) => value !== undefined)?.[0];
  if (load === undefined && idle !== undefined)
    throw usageError(`${idle} is for loads, and none is asked for.`, 'Add --load 2x, or leave it out.');
  const ofOne = { '--speed': flags.speed, '--rate': flags.rate, '--count': count, '--records': flags.records };
  const other = Object.entries(ofOne).find(([, value]) => value !== undefined)?.[0];
  if (load !== undefined && other !== undefined)
    throw usageError(
      `--load says by itself what is sent when, and keeps no pairs: ${other} does nothing there.`,
      'Leave it out.',
    );
  if (path !== undefined && !path.startsWith('/'))
    throw usageError(`--path: "${path}" is not a valid path.`, 'Write it like /invocations.');
  return {
    from,
    variant,
    only,
    target: parseTarget(flags),
    path,
    headers: flags.header ?? [],
    contentType,
    credentials: flags.withCredentials === true,
    pace: parsePace(flags),
    count,
    concurrency,
    timeout,
    records: flags.records ?? 'replay',
    maxErrors: flags.maxErrors === undefined ? undefined : parseShare(flags.maxErrors),
    load,
    maxLatency: flags.maxLatency ?? [],
    policy,
    ...pricedOptions(flags),
  };
}

function parseTarget({ endpoint, to, targetVariant, path }: Flags): TargetSpec {
  if ((endpoint === undefined) === (to === undefined))
    throw usageError(
      endpoint === undefined ? 'Nothing says where the requests are sent.' : '--endpoint and --to both say where.',
      'Name an endpoint with --endpoint NAME, or a server with --to http://HOST:PORT.',
    );
  const [, named] = /^sagemaker:([A-Za-z0-9](?:-*[A-Za-z0-9])*)$/.exec(to ?? '') ?? [];
  const name = endpoint ?? named;
  if (name !== undefined) {
    if (path !== undefined) throw usageError('--path: an endpoint has one path, for invocations.', 'Leave it out.');
    return { kind: 'sagemaker', endpoint: name, variant: targetVariant };
  }
  if (targetVariant !== undefined)
    throw usageError('--target-variant is for endpoints of SageMaker.', 'Name the endpoint with --endpoint NAME.');
  const url = to ?? '';
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol))
    throw usageError(
      `--to: "${url}" is not the address of a server.`,
      'Give a URL like http://127.0.0.1:8080, or sagemaker:NAME for an endpoint.',
    );
  if (parsed.username !== '' || parsed.password !== '')
    throw usageError(
      '--to: the URL holds a user or a password, which lists of processes and records would show.',
      "Leave it out, and send the header: --header 'Authorization: env:NAME'",
    );
  if (parsed.search !== '' || parsed.hash !== '')
    throw usageError(`--to: "${url}" has a query or a fragment; requests bring their own.`, 'Leave it out.');
  return { kind: 'http', url };
}

function parsePace({ speed, rate }: Flags): Pace {
  if (speed !== undefined && rate !== undefined)
    throw usageError('--speed and --rate both say how fast.', 'Give one of them.');
  if (rate !== undefined) return { kind: 'rate', perSecond: parseRate(rate, '--rate') };
  if (speed === 'max') return { kind: 'max' };
  return { kind: 'recorded', factor: parseFactor(speed ?? '1x', '--speed', ', or max') };
}

function parseFactor(words: string, option: string, more = ''): number {
  const [, factor] = /^(\d+(?:\.\d+)?)x$/.exec(words.trim()) ?? [];
  if (factor === undefined || !(Number(factor) > 0))
    throw usageError(`${option}: "${words}" is not a factor.`, `Write it like 2x or 0.5x${more}.`);
  return Number(factor);
}

function parseRate(words: string, option: string): number {
  const [, rate] = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(words.trim()) ?? [];
  if (rate === undefined || !(Number(rate) > 0))
    throw usageError(`${option}: "${words}" is not a number of requests a second.`, 'Write it like 50/s.');
  return Number(rate);
}

function parseShare(words: string): number {
  const share = parsePercent(words);
  if (share === undefined || share < 0 || share >= 1)
    throw usageError(`--max-errors: "${words}" is not a share below 100%.`, 'Write it like 1% or 0.5%.');
  return share;
}

function parseLoad({ load, stepTime, peak }: Flags): ReplayCommandOptions['load'] {
  if (load === undefined) return undefined;
  const words = load === true ? '2x' : load;
  const factors = words.split(',').map((word) => parseFactor(word, '--load'));
  const [only = 1] = factors;
  const all = factors.length === 1 && only > 1 ? [1, (1 + only) / 2, only] : factors;
  if (all.some((factor, i) => i > 0 && factor <= (all[i - 1] ?? 0)))
    throw usageError(
      `--load ${words}: the factors must rise, so that a target that fails is asked no more.`,
      'Write them like 1x,1.5x,2x.',
    );
  return {
    factors: all,
    stepMs: stepTime ?? 120_000,
    peakPerSecond: peak === undefined ? undefined : parseRate(peak, '--peak'),
  };
}

/** Sends recorded requests again. */
export async function run(app: App, options: ReplayCommandOptions): Promise<Outcome> {
  const { checkName } = await import('../resources/naming.ts');
  const { replay } = await import('../lifecycle/replay/replay.ts');
  const { sessionOf } = await import('./session.ts');
  const { replayPlanFacts, replayPlanLines, recordsEventText, skippedLines } = await import('./views/replay.ts');
  const { io } = app;
  const { target, format, plan } = options;
  if (target.kind === 'sagemaker') {
    checkName('endpoint', target.endpoint, '--endpoint');
    if (target.variant !== undefined) checkName('variant', target.variant, '--target-variant');
  }
  const asked = await lifecycleOptions(app, options);
  const result = await replay(sessionOf(app, options), asked, {
    onRecords: (event) => io.alert(recordsEventText(event)),
  });
  if (result.kind === 'planned') {
    if (plan && format === 'json') writeJson(io, 'replay', { kind: 'plan', ...replayPlanFacts(result.plan) });
    else for (const line of replayPlanLines(io, result.plan)) io.out(line);
    return 'pending';
  }
  if (format === 'text') for (const line of skippedLines(io, result.plan.recording)) io.err(line);
  return tell(app, options, result);
}

async function lifecycleOptions(app: App, options: ReplayCommandOptions): Promise<ReplayOptions> {
  const { target, load, headers, concurrency, records, maxErrors, ...rest } = options;
  const limits = load === undefined ? undefined : await limitsOf(app, options);
  return {
    ...rest,
    target,
    headers: headers.flatMap((words) => parseHeader(app, words)),
    concurrency,
    records: load === undefined ? resolve(app.cwd, records) : undefined,
    maxErrors: limits?.errors ?? maxErrors,
    load: load === undefined || limits === undefined ? undefined : { ...load, limits },
  };
}

/** `NAME: VALUE`. @throws Problem (usage) */
function parseHeader(app: App, words: string): string[] {
  const at = words.indexOf(':');
  const [name, said] = [words.slice(0, Math.max(0, at)).trim(), words.slice(at + 1).trim()];
  const [, variable] = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(said) ?? [];
  const value = variable === undefined ? said : (app.env[variable] ?? '');
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || !/^[\t -~\x80-\xff]*$/.test(value))
    throw usageError(
      `--header: "${words}" is not a header.`,
      "Write it like 'X-Tenant: a', or 'Authorization: env:TOKEN'.",
    );
  if (variable !== undefined && value === '')
    throw usageError(`--header: the environment variable ${variable}, which ${name} takes its value from, is not set.`);
  return [name, value];
}

/** What a load must hold: what the flags say, and beside them the policy. @throws Problem (usage) without any limit on latency */
async function limitsOf(
  app: App,
  { maxLatency, maxErrors, policy: file, target }: ReplayCommandOptions,
): Promise<LoadOptions['limits']> {
  const { parseLatencyLimit } = await import('../guard/quantities.ts');
  const { loadReportPolicy } = await import('./flags/judging.ts');
  const { policy } = await loadReportPolicy(app, file, target.kind === 'sagemaker' ? target.endpoint : undefined);
  const { mean: _, ...demanded } = policy.limits.latency;
  const typed = maxLatency.map((words) => {
    const { statistic, milliseconds } = parseLatencyLimit('--max-latency', words);
    if (statistic !== 'p50' && statistic !== 'p90' && statistic !== 'p99')
      throw usageError(`--max-latency ${words}: a load is held against p50, p90 and p99.`, 'Write it like p99=250ms.');
    return [statistic, milliseconds] as const;
  });
  const latency = { ...demanded, ...Object.fromEntries(typed) };
  if (Object.values(latency).every((one) => one === undefined))
    throw usageError(
      'Nothing says how slow answers may be under load.',
      'Specify it with --max-latency p99=250ms, or with limits: { latency: { p99: 250ms } } in the policy.',
    );
  return { latency, errors: maxErrors ?? policy.limits.errors ?? 0.01 };
}

async function tell(
  app: App,
  { format }: Pick<ReplayCommandOptions, 'format'>,
  result: Exclude<ReplayResult, { kind: 'planned' }>,
): Promise<Outcome> {
  const { io } = app;
  const { loadFacts, loadLines, replayFacts, replayLines } = await import('./views/replay.ts');
  const { loadOutcome } = await import('../lifecycle/replay/load.ts');
  if (result.kind === 'sent') {
    if (format === 'json') writeJson(io, 'replay', replayFacts(result));
    else for (const line of replayLines(io, result)) io.out(line);
    if (result.stopped === 'interrupted')
      throw interrupted(
        `Interrupted: ${result.counts.due} of ${result.plan.requests} requests were sent${result.plan.records === undefined ? '' : `, and their pairs are kept in ${result.plan.records}`}.`,
        'To send all of them, run it again with another folder for --records.',
      );
    return isWhole(result) ? 'done' : 'no';
  }
  const outcome = loadOutcome(result.steps, result.plan.load?.steps.length ?? 0);
  if (format === 'json') writeJson(io, 'replay', loadFacts(result, outcome));
  else for (const line of await loadLines(io, result, outcome)) io.out(line);
  if (result.stopped === 'interrupted')
    throw interrupted('Interrupted: what was not held to its end is not known.', 'Run it again for all steps.');
  return outcome === 'holds' ? 'done' : outcome === 'fails' ? 'no' : 'inconclusive';
}

/** All that was to be sent was sent, and kept. */
function isWhole({ plan, counts, stopped, recordsLost }: Extract<ReplayResult, { kind: 'sent' }>): boolean {
  const left = Object.keys(plan.recording.left).some((flaw) => flaw !== 'not-live');
  return !left && stopped === undefined && counts.unsent === 0 && counts.lost === 0 && recordsLost === 0;
}
