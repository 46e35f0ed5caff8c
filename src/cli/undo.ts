import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { usageError } from '../base/errors.ts';
import type { GuardOptions } from '../lifecycle/guarded-update/start.ts';
import { commonFlags, type CommonFlags, type CommonOptions, commonOptions } from './flags/common.ts';
import { guardFlags, guardIfAsked, type GuardWords } from './flags/guard.ts';

export interface UndoOptions extends CommonOptions {
  endpoint: string;
  /** Undefined: the config it ran before. */
  to: string | undefined;
  wait: boolean;
  /** How the way back is guarded; undefined: all traffic at once, without alarms. */
  guard: GuardOptions | undefined;
}

interface Flags extends Partial<GuardWords>, CommonFlags {
  endpoint: string;
  to?: string;
  wait: boolean;
}

const HELP = `
Without --strategy all traffic goes back at once, without alarms: for an emergency. The flags of a guarded update need --strategy.
Exit codes: 0 returned, 1 the endpoint does not run the config that was asked for.

Examples:
  $ shadowctl undo --endpoint weather
  $ shadowctl undo --endpoint weather --to weather-config-1 --strategy canary --bake 10m`;

export function undoCommand(host: Host, start: Run<UndoOptions> = run): Command {
  const back = new Command('undo')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .option('--to <config>', 'the endpoint config to run (default: the one it ran before)');
  return commonFlags(
    guardFlags(back, 'go back with guardrails: ')
      .optionsGroup('Other options:')
      .option('--no-wait', 'do not wait until the endpoint has settled'),
  )
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, parse(flags)));
}

function parse(flags: Flags): UndoOptions {
  const guard = guardIfAsked(flags);
  if (guard !== undefined && !flags.wait)
    throw usageError(
      '--no-wait works only with an undo all at once; a guarded undo is watched (Ctrl-C ends only the watching).',
    );
  return { endpoint: flags.endpoint, to: flags.to, wait: flags.wait, guard, ...commonOptions(flags) };
}

/** Takes an endpoint back to an earlier config, openly: shown, confirmed, written down. */
export async function run(app: App, options: UndoOptions): Promise<Outcome> {
  const { undo, undoGuarded } = await import('../lifecycle/undo.ts');
  const { guardedSession, reportFinished } = await import('./guarded.ts');
  const { reportPlainUpdate } = await import('./views/settled.ts');
  const { guard, format } = options;
  const session = guardedSession(app, options);
  if (guard === undefined) return reportPlainUpdate(app.io, format, await undo(session, options));
  const result = await undoGuarded(session, { ...options, guard });
  return result.kind === 'planned' ? 'pending' : reportFinished(app, format, result);
}
