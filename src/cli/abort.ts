import { Command } from 'commander';
import type { App, Host, Outcome, Run } from '../app.ts';
import { commonFlags, type CommonFlags, type CommonOptions, commonOptions } from './flags/common.ts';
import { writeJson } from './views/json.ts';

export interface AbortOptions extends CommonOptions {
  endpoint: string;
}

interface Flags extends CommonFlags {
  endpoint: string;
}

const HELP = `
SageMaker has no call that stops an update. It does obey the alarms that guard the update, so shadowctl sets off one of
the alarms that it made, and restores that alarm's own rule when the old fleet has all traffic again. If it is killed, the next command restores it.
Exit codes: 0 the old fleet is back, 1 it is not.

Example:
  $ shadowctl abort --endpoint weather`;

export function abortCommand(host: Host, start: Run<AbortOptions> = run): Command {
  return commonFlags(new Command('abort').requiredOption('--endpoint <name>', 'the endpoint'))
    .addHelpText('after', HELP)
    .action((flags: Flags) => host.start(start, { endpoint: flags.endpoint, ...commonOptions(flags) }));
}

/** Stops an update that is under way, and shows how that ended. */
export async function run(app: App, options: AbortOptions): Promise<Outcome> {
  const { abort } = await import('../lifecycle/abort.ts');
  const { guardedSession, reportFinished } = await import('./guarded.ts');
  const result = await abort(guardedSession(app, options), options);
  if (result.kind === 'planned') {
    const { abortPlanLines } = await import('./views/plan.ts');
    const { place, ...plan } = result.plan;
    if (options.format === 'json')
      writeJson(app.io, 'abort', { account: place.account, region: place.region, ...plan });
    else for (const line of abortPlanLines(app.io, result.plan)) app.io.out(line);
    return 'pending';
  }
  reportFinished(app, 'abort', options.format, result);
  // What was asked for here is the way back.
  const { ending, update } = result.ended;
  return ending.running === update.previous ? 'done' : 'no';
}
