import { Command } from 'commander';
import { type App, type Host, lazy, type Outcome, type Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import { shown, text } from '../base/text.ts';
import type { RolloutReturned, WayBackOption } from '../lifecycle/undo.ts';
import type { Io } from '../ui/io.ts';
import type { GuardOptions } from '../lifecycle/guarded-update/start.ts';
import { pricedFlags, type PricedFlags, type PricedOptions, pricedOptions } from './flags/price.ts';
import { placeFlags, type PlaceFlags, placeOf } from './flags/mirror.ts';
import type { MirrorUndoFlags } from './on-mirror/back.ts';
import { guardFlags, guardIfAsked, type GuardWords, OLD_FORCE, oldForceFlag, withoutOldForce } from './flags/guard.ts';
import { writeJson } from './views/json.ts';

export interface UndoOptions extends PricedOptions {
  endpoint: string;
  /** Undefined: the config it ran before. */
  to: string | undefined;
  /** Only show what it can go back to. */
  list: boolean;
  wait: boolean;
  /** How the way back is guarded; undefined: all traffic at once, without alarms. */
  guard: GuardOptions | undefined;
  /** `--force` was given, which is called `--unguarded` now. */
  oldForce: boolean;
}

interface Flags extends PlaceFlags, Partial<GuardWords>, PricedFlags {
  to?: string | true;
  wait: boolean;
}

const HELP = `
The endpoint returns to the model that it served before, without a shadow that it may have carried. A second undo goes
further back, never forward; --to names any config that it has run.
In a rollout it does what rollout --cancel does: all requests go back to production, and the rollout ends.
Without --strategy all traffic goes back at once, without alarms: for an emergency. The flags of a guarded update need --strategy.
With --mirror the last change of who answers is taken back, at once: a candidate's part of the requests, else a promotion.
Exit codes: 0 returned, 1 the endpoint does not run the config that was asked for.

Examples:
  $ shadowctl undo --endpoint weather
  $ shadowctl undo --endpoint weather --to
  $ shadowctl undo --endpoint weather --to weather-config-1 --strategy canary --bake 10m
  $ shadowctl undo --mirror records`;

const OF_MIRRORS = { takes: ['plan', 'yes', 'format'] };

export function undoCommand(
  host: Host,
  start: Run<UndoOptions> = run,
  onMirror: Run<MirrorUndoFlags> = lazy(async () => ({ run: (await import('./on-mirror/back.ts')).runUndo })),
): Command {
  const back = placeFlags(new Command('undo')).option(
    '--to [config]',
    'the endpoint config to run (default: the one it ran before); without a name, lists those that it can run',
  );
  return pricedFlags(
    oldForceFlag(guardFlags(back, { strategy: 'go back with guardrails: ' }))
      .optionsGroup('Other options:')
      .option('--no-wait', 'do not wait until the endpoint has settled'),
  )
    .addHelpText('after', HELP)
    .action((flags: Flags, own: Command) =>
      placeOf(own, flags, OF_MIRRORS) === 'mirror'
        ? host.start(onMirror, { mirror: flags.mirror ?? '', ...pricedOptions(flags) })
        : host.start(start, parse(flags)),
    );
}

function parse(flags: Flags): UndoOptions {
  const guard = guardIfAsked(withoutOldForce(flags));
  if (guard !== undefined && !flags.wait)
    throw usageError(
      '--no-wait works only with an undo all at once; a guarded undo is watched (Ctrl-C ends only the watching).',
    );
  const { endpoint = '', to, wait } = flags;
  const oldForce = flags.force === true;
  return {
    endpoint,
    to: to === true ? undefined : to,
    list: to === true,
    wait,
    guard,
    oldForce,
    ...pricedOptions(flags),
  };
}

/** Takes an endpoint back to an earlier config, openly: shown, confirmed, written down. */
export async function run(app: App, options: UndoOptions): Promise<Outcome> {
  const { undo, undoGuarded, waysBack } = await import('../lifecycle/undo.ts');
  const { guardedSession, reportFinished, reportPlanned } = await import('./guarded.ts');
  const { reportPlainUpdate } = await import('./views/settled.ts');
  const { guard, format } = options;
  if (options.oldForce) app.io.err(OLD_FORCE);
  const session = guardedSession(app, options);
  if (options.list) return showWaysBack(app.io, options, await waysBack(session, options.endpoint));
  if (guard === undefined) {
    const returned = await undo(session, options);
    if (returned.kind === 'return-planned' || returned.kind === 'stopped')
      return showReturned(app.io, format, returned);
    return reportPlainUpdate(app.io, format, returned);
  }
  const result = await undoGuarded(session, { ...options, guard });
  return result.kind === 'planned'
    ? reportPlanned(app, 'undo', format, result.plan)
    : reportFinished(app, 'undo', format, result);
}

/** The way back out of a rollout. */
async function showReturned(io: Io, format: UndoOptions['format'], returned: RolloutReturned): Promise<Outcome> {
  const { rolloutLines, rolloutReturnFacts, rolloutReturnLines } = await import('./views/rollout.ts');
  const facts = rolloutReturnFacts(returned.kind === 'stopped' ? returned : returned.plan);
  if (returned.kind === 'return-planned') {
    if (format === 'json') writeJson(io, 'undo', { ...facts, steps: [], cost: null });
    else for (const line of rolloutReturnLines(io, returned.plan)) io.out(line);
    return 'pending';
  }
  const { rollout, config } = returned;
  const outcome = config === rollout.previous ? 'running' : config === undefined ? 'gone' : 'failed';
  if (format === 'json') writeJson(io, 'undo', { ...facts, outcome, config, asked: rollout.previous, created: [] });
  else for (const line of rolloutLines(io, returned)) io.out(line);
  return outcome === 'running' ? 'done' : 'no';
}

async function showWaysBack(
  io: Io,
  { endpoint, format }: Pick<UndoOptions, 'endpoint' | 'format'>,
  options: readonly WayBackOption[],
): Promise<Outcome> {
  if (format === 'json') writeJson(io, 'undo', options);
  else if (options.length === 0) io.err('The journal of this folder has no change of this endpoint.');
  else {
    const { records } = await import('../ui/records.ts');
    const { modelWords } = await import('./views/plan.ts');
    const rows = options.map(({ config, at, command, models, runsNow, missing, ended }) => [
      config,
      models === undefined ? '–' : modelWords(models),
      at === undefined ? 'before shadowctl' : `${at.slice(0, 16).replace('T', ' ')}, ${command ?? 'unknown'}`,
      runsNow
        ? 'runs now'
        : missing !== undefined
          ? `no: ${missing} no longer exists`
          : ended === undefined
            ? 'yes'
            : `yes, but its update ended: ${ended.replaceAll('-', ' ')}`,
    ]);
    io.out(await records(io, ['config', 'models', 'first run (UTC), by', 'can be restored'], rows));
    // Without --to, which would bring back a config as it was, with its shadow.
    const other = options.find(({ next, missing }) => next && missing === undefined);
    if (other !== undefined) {
      const { nextLines } = await import('./views/next.ts');
      for (const line of nextLines(io, text`${shown('undo', { endpoint })}`)) io.out(line);
    }
  }
  return 'done';
}
