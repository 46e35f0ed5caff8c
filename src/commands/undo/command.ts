import { Command } from 'commander';
import { type Host, lazy, type Run } from '../../app.ts';
import { usage } from '../../base/errors.ts';
import { oneOf } from '../../cli/flags/values.ts';
import { guardFlags, guardIfAsked, type GuardOptions, type GuardWords } from '../../cli/flags/guard.ts';

export interface UndoOptions {
  endpoint: string;
  /** Undefined: the config it ran before. */
  to: string | undefined;
  plan: boolean;
  yes: boolean;
  wait: boolean;
  format: 'text' | 'json';
  /** How the way back is guarded; undefined: all traffic at once, without alarms. */
  guard: GuardOptions | undefined;
}

interface Flags extends Partial<GuardWords> {
  endpoint: string;
  to?: string;
  plan?: boolean;
  yes?: boolean;
  wait: boolean;
  format: 'text' | 'json';
}

const HELP = `
Without --strategy all traffic goes back at once, without alarms: when it burns. The flags of a guarded update need --strategy.
Exit codes: 0 returned, 1 it does not run the config that was asked for.

Examples:
  $ shadowctl undo --endpoint weather
  $ shadowctl undo --endpoint weather --to weather-config-1 --strategy canary --bake 10m`;

export function undoCommand(host: Host, run: Run<UndoOptions> = lazy(() => import('./run.ts'))): Command {
  const back = new Command('undo')
    .requiredOption('--endpoint <name>', 'the endpoint')
    .option('--to <config>', 'the endpoint config to run (default: the one it ran before)');
  return guardFlags(back, 'go back under guardrails: ')
    .optionsGroup('Else:')
    .option('--plan', 'only show what would be done; exit 4 when there is something to do')
    .option('-y, --yes', 'do not ask')
    .option('--no-wait', 'do not wait until the endpoint has settled')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json']), 'text')
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(run, parse(flags)));
}

function parse(flags: Flags): UndoOptions {
  const guard = guardIfAsked(flags);
  if (guard !== undefined && !flags.wait)
    throw usage('--no-wait goes with an undo all at once; a guarded one is watched (Ctrl-C ends only the watching).');
  return {
    endpoint: flags.endpoint,
    to: flags.to,
    plan: flags.plan === true,
    yes: flags.yes === true,
    wait: flags.wait,
    format: flags.format,
    guard,
  };
}
